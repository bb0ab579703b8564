from __future__ import annotations

import json
import subprocess
import sys

import pytest

# The errors here are subclasses of botocore's; all else of it waits until there is something to ask for.
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


def modules_after(code: str) -> set[str]:
    """Return the names of the modules that a new Python has after it has run some code."""
    report = "import json, sys; print(json.dumps(list(sys.modules)))"
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", f"{code}\n{report}"], check=True, capture_output=True, text=True
    )
    return set(json.loads(run.stdout))


@pytest.mark.parametrize(
    "code",
    [
        "import ecrimages",
        "import ecrimages; ecrimages.Client()",
        "import ecrimages; ecrimages.describe_images('team/app')",
        "import ecrimages; ecrimages.Image.from_dict",
    ],
)
def test_the_import_leaves_boto3_alone(code: str) -> None:
    """Neither the import nor a listing that is not read yet loads what it takes to make a request."""
    assert modules_after(code) & CLIENT_MACHINERY == set()


def test_the_fake_leaves_boto3_alone_until_a_client_is_made() -> None:
    """`ecrimages.testing` can be imported and run without boto3; `client()` needs it."""
    running = "from ecrimages.testing import FakeECR\nwith FakeECR() as ecr:\n    ecr.add_image('team/app')"

    before = modules_after(running)
    after = modules_after(f"{running}\n    ecr.client()")

    assert {name for name in before if name.partition(".")[0] in {"boto3", "s3transfer", "urllib3"}} == set()
    assert before & {"botocore.client", "botocore.session"} == set()
    assert {"boto3", "botocore.client", "botocore.session"} <= after


def test_each_name_is_there_after_the_import() -> None:
    """Nothing has to be imported from a private module."""
    code = "import ecrimages\nassert all(hasattr(ecrimages, name) for name in ecrimages.__all__)"

    assert "ecrimages" in modules_after(code)
