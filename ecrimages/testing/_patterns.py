"""The patterns of ECR's names, shared by the validation of arguments and of requests."""

from __future__ import annotations

import re

__all__ = ["DIGEST", "IMAGE_DIGEST", "REGION_NAME", "REGISTRY_ID", "REPOSITORY_NAME", "TAG", "matches"]

REGION_NAME = re.compile("[a-z0-9]+(-[a-z0-9]+)*")
REGISTRY_ID = re.compile("[0-9]{12}")
REPOSITORY_NAME = re.compile("(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*/)*[a-z0-9]+(?:[._-]+[a-z0-9]+)*")
# The digest of an image, and what ECR accepts as a digest in a request.
IMAGE_DIGEST = re.compile("sha256:[0-9a-f]{64}")
DIGEST = re.compile("[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+")
# https://github.com/opencontainers/distribution-spec/blob/main/spec.md has the characters, ECR the length.
TAG = re.compile("[a-zA-Z0-9_][a-zA-Z0-9._-]{0,299}")


def matches(pattern: re.Pattern[str], value: object) -> bool:
    """Return whether a value is a string that matches a pattern as a whole."""
    return isinstance(value, str) and pattern.fullmatch(value) is not None
