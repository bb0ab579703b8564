"""The functions of the module: methods of one `Client` that all callers share, as in Python's `random`."""

from __future__ import annotations

from typing import Final

from ecrimages._client import Client

__all__ = ["describe_images", "get_image", "get_images", "image_exists", "newest_images"]

_client = Client()

describe_images: Final = _client.describe_images
get_image: Final = _client.get_image
get_images: Final = _client.get_images
image_exists: Final = _client.image_exists
newest_images: Final = _client.newest_images
