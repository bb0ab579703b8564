"""pytest for the project's root: `pytest README.md docs` runs the documentation's examples."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import pytest
from botocore.loaders import create_loader
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent

# pytest puts this directory first on the path. The tests import the installed package, which may be this one.
if sys.path[0] == str(ROOT):
    del sys.path[0]
sys.path.append(str(ROOT / "tests" / "docs"))

from page_examples import collect_pages as pytest_collect_file  # noqa: E402, F401

# All sessions of boto3 share ECR's model, which takes 0.1 s to read.
pytest.MonkeyPatch().setattr("botocore.session.create_loader", functools.cache(create_loader))

# How long an example takes depends on the machine.
untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ecrimages", untimed)
settings.register_profile("short", untimed, max_examples=25)
settings.register_profile("slow", untimed, max_examples=2_000)
settings.load_profile("ecrimages")
