"""Audit the registries of all accounts of an AWS organization with Dask.

`organization.py` starts a local cluster, `organization.py tcp://…:8786` uses the
scheduler of an existing one.
"""

import sys

import boto3
from distributed import Client, as_completed

import ecrimages
from ecrimages import ECRImagesError, Image

REGIONS = ["us-east-1", "eu-west-1"]
ROLE = "arn:aws:iam::{account_id}:role/image-reader"

RegionAudit = tuple[list[Image], int]


def session_for(account_id: str) -> boto3.Session:
    """Return a session with the role of an account, for an hour."""
    # Not boto3.client(): the default session is not made for threads.
    response = (
        boto3.Session()
        .client("sts")
        .assume_role(
            RoleArn=ROLE.format(account_id=account_id), RoleSessionName="audit"
        )
    )
    credentials = response["Credentials"]
    return boto3.Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def audit_region(session: boto3.Session, account_id: str, region: str) -> RegionAudit:
    """Return the images with critical findings, and how many have none reported."""
    ecr_client = session.client("ecr", region_name=region)
    client = ecrimages.Client(ecr_client, registry_id=account_id)
    critical, not_reported = [], 0
    with client.registry_images() as images:
        for image in images:
            if image.severity_counts is None:
                not_reported += 1
            elif image.severity_counts.critical:
                critical.append(image)
    return critical, not_reported


def audit_account(account_id: str) -> dict[str, RegionAudit | ECRImagesError]:
    """Audit an account, on a worker: return the result or the error of each region."""
    session = session_for(account_id)
    results: dict[str, RegionAudit | ECRImagesError] = {}
    for region in REGIONS:
        try:
            results[region] = audit_region(session, account_id, region)
        except ECRImagesError as error:
            results[region] = error
    return results


def active_accounts() -> list[str]:
    """Return the ids of the organization's active accounts."""
    paginator = boto3.client("organizations").get_paginator("list_accounts")
    accounts = [
        account for page in paginator.paginate() for account in page["Accounts"]
    ]
    return [account["Id"] for account in accounts if account["Status"] == "ACTIVE"]


def report(name: str, result: RegionAudit | ECRImagesError) -> None:
    """Print the result of one region of an account."""
    if isinstance(result, ECRImagesError):
        print(f"{name}: {result}")
        return
    critical, not_reported = result
    for image in critical:
        print(f"{name}: {image.repository_name}@{image.digest}")
    print(f"{name}: {not_reported} images without reported findings")


def main(scheduler: str | None = None) -> None:
    """Audit all accounts, and print the results as they come."""
    with Client(scheduler) as dask:
        account_ids = active_accounts()
        futures = dask.map(audit_account, account_ids, pure=False)
        accounts = dict(zip(futures, account_ids, strict=True))
        for future in as_completed(futures):
            if error := future.exception():
                print(f"{accounts[future]}: {error}")
            else:
                for region, result in future.result().items():
                    report(f"{accounts[future]} {region}", result)
            future.release()


if __name__ == "__main__":
    main(*sys.argv[1:])
