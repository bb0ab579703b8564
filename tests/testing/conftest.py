"""Fixtures of the tests of `ecrimages.testing`."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config

from ecrimages.testing import FakeECR


@pytest.fixture
def client(ecr: FakeECR) -> Any:
    """A boto3 client for it that leaves the validation of parameters to the service."""
    return ecr.client(Config(parameter_validation=False))


@pytest.fixture(scope="module")
def shared_client(shared: FakeECR) -> Any:
    """A boto3 client like `client` for it."""
    return shared.client(Config(parameter_validation=False))
