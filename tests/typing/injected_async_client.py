"""The client that an application hands to AsyncClient, whatever stubs are installed: checked, never run.

aiobotocore has no types of its own; types-aiobotocore-ecr has them for its ECR client.
"""

# pyright: strict, reportMissingTypeStubs=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

from typing import assert_type

import boto3
from aiobotocore.session import get_session

import ecrimages


async def of_aiobotocore() -> None:
    async with get_session().create_client("ecr", region_name="eu-central-1") as ecr:
        assert_type(ecrimages.AsyncClient(ecr), ecrimages.AsyncClient)
        ecrimages.AsyncClient(ecr=ecr, registry_id="123456789012")
        async for image in ecrimages.AsyncClient(ecr).describe_images("team/app"):
            assert_type(image, ecrimages.Image)


ecrimages.AsyncClient(boto3.client("ecr"))
ecrimages.AsyncClient(boto3.Session(profile_name="prod").client("ecr"), max_workers=2)
