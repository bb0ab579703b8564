"""The functions of the module: methods of one `Client` that all callers share, as in Python's `random`."""

from __future__ import annotations

from typing import Final

from ecrimages._client import Client
from ecrimages._own_client import OwnClient

__all__ = [
    "describe_images",
    "get_image",
    "get_images",
    "image_exists",
    "image_uri",
    "newest_images",
    "registry_images",
    "repository_names",
]


class _DefaultClient(Client):
    """The client of the module's functions: it follows `boto3.setup_default_session()`."""

    def __init__(self) -> None:
        super().__init__()
        self._source = OwnClient(follows_default_session=True)

    def __reduce__(self) -> str:
        # So that the functions can be tasks of a process pool: there they are those of the worker's own module.
        return "_client"


_client = _DefaultClient()

describe_images: Final = _client.describe_images
get_image: Final = _client.get_image
get_images: Final = _client.get_images
image_exists: Final = _client.image_exists
image_uri: Final = _client.image_uri
newest_images: Final = _client.newest_images
registry_images: Final = _client.registry_images
repository_names: Final = _client.repository_names
