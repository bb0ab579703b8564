"""Fixtures of the tests of `ecrimages.testing`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config

from ecrimages.testing import FakeECR


@pytest.fixture
def ecr() -> Iterator[FakeECR]:
    """A running FakeECR without repositories."""
    with FakeECR() as ecr:
        yield ecr


@pytest.fixture
def client(ecr: FakeECR) -> Any:
    """A boto3 client for it that leaves the validation of parameters to the service."""
    return ecr.client(Config(parameter_validation=False))
