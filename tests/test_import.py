from __future__ import annotations

import json
import subprocess
import sys

import pytest

# The errors here are subclasses of botocore's; everything else of botocore is imported for the first request.
CLIENT_MACHINERY = {
    "boto3",
    "botocore.client",
    "botocore.config",
    "botocore.endpoint",
    "botocore.httpsession",
    "botocore.session",
    "http.client",
    "http.server",
    "s3transfer",
    "urllib3",
}


# What needs no boto3, and what does.
IMPORT = """
import ecrimages

assert all(hasattr(ecrimages, name) for name in ecrimages.__all__)
ecrimages.Client()
ecrimages.describe_images("team/app")
ecrimages.Image.from_dict
report()
"""
FAKE = """
from ecrimages.testing import FakeECR

with FakeECR() as ecr:
    ecr.add_image("team/app")
    report()
    ecr.client()
    report()
"""
REPORT = """
import json, sys

def report():
    print(json.dumps(list(sys.modules)))
"""


@pytest.fixture(scope="module")
def modules() -> list[set[str]]:
    """The names of the modules that a new Python has at each report."""
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", REPORT + IMPORT + FAKE], check=True, capture_output=True, text=True
    )
    return [set(json.loads(line)) for line in run.stdout.splitlines()]


def test_the_import_leaves_boto3_alone(modules: list[set[str]]) -> None:
    """Neither the import, with each public name, nor a listing that is not read yet loads what a request needs."""
    assert "ecrimages" in modules[0]
    assert modules[0] & CLIENT_MACHINERY == set()


def test_the_fake_leaves_boto3_alone_until_a_client_is_made(modules: list[set[str]]) -> None:
    """`ecrimages.testing` can be imported and run without boto3; `client()` needs it."""
    _, before, after = modules

    assert {name for name in before if name.partition(".")[0] in {"boto3", "s3transfer", "urllib3"}} == set()
    assert before & {"botocore.client", "botocore.session"} == set()
    assert {"boto3", "botocore.client", "botocore.session"} <= after
