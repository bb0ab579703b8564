"""The boto3 client that an application hands in, whatever stubs are installed: checked, never run.

Where boto3 has no types, pyright's strict mode complains of boto3 itself. What is off here is that alone.
"""

# pyright: strict, reportMissingTypeStubs=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

from typing import assert_type

import boto3
from mypy_boto3_ecr import ECRClient

import ecrimages


def typed(ecr: ECRClient) -> None:
    assert_type(ecrimages.Client(ecr), ecrimages.Client)
    ecrimages.Client(ecr=ecr, registry_id="123456789012")


def optional(ecr: ECRClient | None) -> None:
    ecrimages.Client(ecr)


ecrimages.Client()
ecrimages.Client(None)
ecrimages.Client(boto3.client("ecr"))
ecrimages.Client(boto3.client("ecr", region_name="eu-central-1"), registry_id="123456789012")
ecrimages.Client(boto3.Session().client("ecr"))

session = boto3.Session(profile_name="prod")
client = session.client("ecr")
assert_type(ecrimages.Client(client), ecrimages.Client)

ecrimages.Client("ecr")  # wrong
ecrimages.Client(42)  # wrong
ecrimages.Client(object())  # wrong
ecrimages.Client(ecrimages.Client())  # wrong
ecrimages.Client(ECRClient)  # wrong
