"""Print which accounts have a tag: `tag_in_accounts.py team/app v1.2.3`."""

import sys

import ecrimages

ACCOUNTS = ["123456789012", "210987654321", "345678901234"]

repository_name, tag = sys.argv[1:]
for account in ACCOUNTS:
    try:
        exists = ecrimages.image_exists(repository_name, tag, registry_id=account)
        print(account, "yes" if exists else "no")
    except ecrimages.ServiceError as error:
        print(account, error.code)
