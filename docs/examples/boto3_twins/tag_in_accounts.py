"""Print which accounts have a tag: `tag_in_accounts.py team/app v1.2.3`."""

import sys

import boto3
from botocore.exceptions import ClientError

ACCOUNTS = ["123456789012", "210987654321", "345678901234"]

repository_name, tag = sys.argv[1:]
client = boto3.client("ecr")
for account in ACCOUNTS:
    try:
        client.describe_images(
            registryId=account,
            repositoryName=repository_name,
            imageIds=[{"imageTag": tag}],
        )
        print(account, "yes")
    except client.exceptions.ImageNotFoundException:
        print(account, "no")
    except ClientError as error:
        print(account, error.response["Error"]["Code"])
