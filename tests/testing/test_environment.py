from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from samples import digest

from ecrimages import Client
from ecrimages.testing import FakeECR, Fault
from testing.expected import digests, error

# Machines on which a client would fail, or would send its requests elsewhere: to the real AWS.
CONFIG = """
[default]
ignore_configured_endpoint_urls = true
[profile ignoring]
ignore_configured_endpoint_urls = true
[profile elsewhere]
endpoint_url = http://127.0.0.1:9
use_fips_endpoint = true
"""
DEAD = "http://127.0.0.1:9"
MACHINES: dict[str, dict[str, str]] = {
    "other region": {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"},
    "session token": {"AWS_SESSION_TOKEN": "secret", "AWS_SECURITY_TOKEN": "secret"},
    "expired credentials": {"AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z"},
    "endpoint": {"AWS_ENDPOINT_URL": DEAD, "AWS_ENDPOINT_URL_ECR": DEAD},
    "ignored endpoints": {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    "variants": {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
    "account id": {"AWS_ACCOUNT_ID_ENDPOINT_MODE": "required"},
    "missing profile": {"AWS_PROFILE": "missing"},
    "old profile variable": {"AWS_DEFAULT_PROFILE": "elsewhere"},
    "ignoring profile": {"AWS_PROFILE": "ignoring"},
    "proxies": dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"), DEAD),
    "proxies with exceptions": {"http_proxy": DEAD, "no_proxy": "example.com"},
}
MACHINE = {name: value for settings in MACHINES.values() for name, value in settings.items()}
# No value of these means "not set": `activated()` removes them.
INVALID = {
    "AWS_MAX_ATTEMPTS": "0",
    "AWS_RETRY_MODE": "bogus",
    "AWS_CA_BUNDLE": "/none",
    "AWS_AUTH_SCHEME_PREFERENCE": "httpBearerAuth",
    "AWS_DEFAULTS_MODE": "bogus",
}
PROGRAM = """
import boto3
ecr = boto3.client("ecr")
print(ecr.meta.region_name, ecr.describe_images(repositoryName="team/app")["imageDetails"][0]["imageDigest"])
"""


@pytest.fixture
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """A machine with AWS settings of its own."""
    config = tmp_path / "config"
    config.write_text(CONFIG, encoding="utf-8")
    for name in [*os.environ]:
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    settings = {"AWS_CONFIG_FILE": str(config), "AWS_EC2_METADATA_DISABLED": "true", **request.param}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return dict(os.environ)


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES, indirect=True)
def test_environment(ecr: FakeECR, machine: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With these variables a new session of boto3 reaches the fake, whatever else is set."""
    ecr.add_image("team/app", digest=digest(1))
    for name, value in ecr.environment().items():
        monkeypatch.setenv(name, value)

    client: Any = boto3.Session().client("ecr")

    assert client.meta.region_name == "us-east-1"
    assert digests(client) == [digest(1)]
    [request] = ecr.requests
    assert "x-amz-security-token" not in request.headers
    assert "Credential=testing/" in request.headers["authorization"]


@pytest.mark.parametrize("machine", [MACHINE], ids=["all"], indirect=True)
def test_the_environment_of_a_subprocess(ecr: FakeECR, machine: dict[str, str]) -> None:
    """A program with these variables reaches the fake, from a machine with all of these settings."""
    ecr.add_image("team/app", digest=digest(1))

    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", PROGRAM],
        env={**machine, **ecr.environment()},
        capture_output=True,
        text=True,
        check=True,
    )

    assert run.stdout.split() == ["us-east-1", digest(1)]


@pytest.mark.parametrize("machine", [MACHINE | INVALID], ids=["worst"], indirect=True)
def test_activated(ecr: FakeECR, machine: dict[str, str]) -> None:
    """boto3 and new clients of this library reach the fake, and everything is restored at the end.

    A client of `client()` depends on no setting of the machine.
    """
    ecr.add_image("team/app", digest=digest(1))
    session = boto3.DEFAULT_SESSION
    found = [digests(ecr.client())]

    with ecr.activated():
        found += [digests(boto3.client("ecr")), [i.digest for i in Client().describe_images("team/app")]]
        assert boto3.DEFAULT_SESSION is not session

    assert found == [[digest(1)]] * 3
    assert not any("x-amz-security-token" in request.headers for request in ecr.requests)
    assert boto3.DEFAULT_SESSION is session
    assert dict(os.environ) == {**machine, "PYTEST_CURRENT_TEST": os.environ["PYTEST_CURRENT_TEST"]}


def test_activated_one_after_the_other() -> None:
    """Each test can have a FakeECR of its own, and they can be nested."""
    environment, session = dict(os.environ), boto3.DEFAULT_SESSION

    found = []
    for number in range(2):
        with FakeECR() as ecr, ecr.activated():
            ecr.add_image("team/app", digest=digest(number))
            with FakeECR(region_name="eu-west-1") as inner, inner.activated():
                inner.add_image("team/app", digest=digest(9))
                found.append(digests(boto3.client("ecr")))
            found.append(digests(boto3.client("ecr")))

    assert found == [[digest(9)], [digest(0)], [digest(9)], [digest(1)]]
    assert (dict(os.environ), boto3.DEFAULT_SESSION) == (environment, session)


def test_activated_restores_after_an_exception(ecr: FakeECR) -> None:
    """Also what the code under test has changed."""
    environment = dict(os.environ)

    def fail() -> None:
        with ecr.activated():
            os.environ["AWS_DEFAULT_REGION"] = "eu-west-1"
            del os.environ["AWS_ACCESS_KEY_ID"]
            boto3.setup_default_session(region_name="eu-west-1")
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fail()

    assert dict(os.environ) == environment


def test_a_client_makes_one_attempt(ecr: FakeECR, delays: list[float]) -> None:
    """Unless its settings say otherwise; botocore's retries are recorded."""
    ecr.add_image("team/app", digest=digest(1))
    ecr.inject_faults(*[Fault.throttling()] * 3)

    error(ecr.client().describe_images, repositoryName="team/app")
    error(ecr.client(Config(user_agent_extra="mine/1")).describe_images, repositoryName="team/app")
    found = digests(ecr.client(Config(retries={"mode": "standard", "total_max_attempts": 2})))

    assert found == [digest(1)]
    assert (len(ecr.requests), len(delays)) == (4, 1)
    assert "mine/1" in ecr.requests[1].headers["user-agent"]


def test_error_messages_are_those_of_production(ecr: FakeECR) -> None:
    """An error that is not retried reads as it does with the default settings of boto3."""
    messages = []
    for config in (None, Config(retries={"mode": "standard", "total_max_attempts": 3})):
        with pytest.raises(ClientError) as caught:
            ecr.client(config).describe_images(repositoryName="none")
        messages.append(str(caught.value))

    assert messages[0] == messages[1]
    assert "reached max retries" not in messages[0]


def test_settings_of_another_type(ecr: FakeECR) -> None:
    """The error names the class of the settings."""
    settings: Any = {"read_timeout": 5}

    with pytest.raises(TypeError, match=r"config must be a botocore\.config\.Config, .*not {'read_timeout': 5}"):
        ecr.client(settings)


def test_another_account_and_region() -> None:
    """The callers' account and region can be chosen."""
    with FakeECR(registry_id="210987654321", region_name="eu-central-1") as ecr:
        image = ecr.add_image("team/app")
        client: Any = ecr.client()
        [found] = client.describe_images(repositoryName="team/app")["imageDetails"]

    assert image.registry_id == found["registryId"] == ecr.registry_id == "210987654321"
    assert client.meta.region_name == ecr.region_name == "eu-central-1"
