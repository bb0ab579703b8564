"""The fixtures that the tests share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from ecrimages import Client
from ecrimages.testing import FakeECR


@pytest.fixture(autouse=True)
def tracing_goes_on() -> Iterator[None]:
    """Fail a test that leaves tracing off: the tests after it would count as not covered."""
    before = sys.gettrace()
    yield
    assert sys.gettrace() is before


@pytest.fixture
def ecr() -> Iterator[FakeECR]:
    """A running fake of ECR, without images."""
    with FakeECR() as ecr:
        yield ecr


@pytest.fixture
def boto3_client(ecr: FakeECR) -> Any:
    """A boto3 client of that ECR, which makes one attempt at each request."""
    return ecr.client()


@pytest.fixture
def client(boto3_client: Any) -> Client:
    """A client of that ECR."""
    return Client(boto3_client)


@pytest.fixture(scope="module")
def shared() -> Iterator[FakeECR]:
    """A running fake for all tests of a module that do not depend on what others do with it."""
    with FakeECR() as ecr:
        yield ecr


@pytest.fixture(scope="module")
def shared_client(shared: FakeECR) -> Any:
    """A client of it."""
    return Client(shared.client())


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long botocore would have waited before its retries, which do not wait here."""
    waited: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=waited.append))
    return waited


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment in which AWS is not configured, and boto3 has no session yet."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return monkeypatch


@pytest.fixture
def default_session(bare_environment: pytest.MonkeyPatch, tmp_path: Path, ecr: FakeECR) -> FakeECR:
    """The running fake, to which boto3's default session leads."""
    for name, value in ecr.environment().items():
        bare_environment.setenv(name, value)
    # A file that a test may write to: the fake's own is a part of the package.
    config = tmp_path / "config"
    config.write_text("[default]\n", encoding="utf-8")
    bare_environment.setenv("AWS_CONFIG_FILE", str(config))
    return ecr
