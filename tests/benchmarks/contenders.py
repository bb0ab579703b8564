"""Who reads the images: each contender as its own documentation would have it, up to four fields of an image.

The fields that a loop looks at are the same for all, so that nobody gains by putting off the work.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from images import REPOSITORY

__all__ = ["CONTENDERS", "OURS", "PAGE_SIZE", "Contender", "Facts", "boto3_client"]

OURS = "ecrimages"
REGION = "us-east-1"
ACCESS_KEY = SECRET_KEY = "benchmark"
PAGE_SIZE = 1000

Facts = tuple[str, tuple[str, ...], int, float]
"""Digest, tags, size in bytes and the time of the push in epoch seconds."""


class Contender(NamedTuple):
    """One way to read the images of a repository."""

    open: Callable[[str], Callable[[], Iterable[Any]]]
    """Takes the server's URL; what it returns lists all images, from the first, whenever it is called."""
    use: Callable[[Iterable[Any]], int]
    """Reads four fields of each image, and returns how many images there were."""
    facts: Callable[[Any], Facts]
    """Returns the same four fields of one image."""
    needs: tuple[str, ...] = ()
    """The packages that it takes, by the names under which they are imported."""


def boto3_client(url: str) -> Any:
    """Return a boto3 client for a server."""
    import boto3
    from botocore.config import Config

    session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)
    return session.client("ecr", endpoint_url=url, config=Config(retries={"mode": "standard"}))


def _open_ecrimages(url: str) -> Callable[[], Iterable[Any]]:
    from ecrimages import Client

    client = Client(boto3_client(url))
    return lambda: client.describe_images(REPOSITORY)


def _use_records(images: Iterable[Any]) -> int:
    count = 0
    for image in images:
        _ = image.digest, image.tags, image.size_in_bytes, image.pushed_at
        count += 1
    return count


def _facts_of_record(image: Any) -> Facts:
    return image.digest, image.tags, image.size_in_bytes, image.pushed_at.timestamp()


def _open_boto3(url: str, **parameters: Any) -> Callable[[], Iterable[Any]]:
    paginator = boto3_client(url).get_paginator("describe_images")

    def images() -> Iterator[Any]:
        for page in paginator.paginate(repositoryName=REPOSITORY, **parameters):
            yield from page["imageDetails"]

    return images


def _open_boto3_large_pages(url: str) -> Callable[[], Iterable[Any]]:
    return _open_boto3(url, PaginationConfig={"PageSize": PAGE_SIZE})


def _use_dicts(images: Iterable[Any]) -> int:
    count = 0
    for image in images:
        _ = image["imageDigest"], image.get("imageTags"), image["imageSizeInBytes"], image["imagePushedAt"]
        count += 1
    return count


def _facts_of_dict(image: Mapping[str, Any]) -> Facts:
    pushed_at = image["imagePushedAt"]
    seconds = pushed_at.timestamp() if isinstance(pushed_at, datetime) else float(pushed_at)
    return image["imageDigest"], tuple(image.get("imageTags", ())), image["imageSizeInBytes"], seconds


def _open_boto3_dataclass(url: str) -> Callable[[], Iterable[Any]]:
    caster = import_module("boto3_dataclass_ecr.caster").ECRCaster()
    paginator = boto3_client(url).get_paginator("describe_images")

    def images() -> Iterator[Any]:
        for page in paginator.paginate(repositoryName=REPOSITORY, PaginationConfig={"PageSize": PAGE_SIZE}):
            yield from caster.describe_images(page).imageDetails

    return images


def _use_boto3_dataclasses(images: Iterable[Any]) -> int:
    count = 0
    for image in images:
        # To ask for the tags of an image that has none is a KeyError.
        tags = image.imageTags if "imageTags" in image.boto3_raw_data else ()
        _ = image.imageDigest, tags, image.imageSizeInBytes, image.imagePushedAt
        count += 1
    return count


def _open_capo(url: str) -> Callable[[], Iterable[Any]]:
    capo: Any = import_module("capo_ecr")
    credentials = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY}
    client = capo.ECRClient(endpoint=url, region=REGION, credentials=credentials)
    return lambda: client.iter_describe_images(REPOSITORY, max_results=PAGE_SIZE)


def _use_capo(images: Iterable[Any]) -> int:
    count = 0
    for image in images:
        _ = (
            image["image_digest"],
            image.get("image_tags"),
            image["image_size_in_bytes"],
            image["image_pushed_at"],
        )
        count += 1
    return count


def _facts_of_capo(image: Mapping[str, Any]) -> Facts:
    return (
        image["image_digest"],
        tuple(image.get("image_tags", ())),
        image["image_size_in_bytes"],
        image["image_pushed_at"].timestamp(),
    )


def _open_boto3_json(url: str) -> Callable[[], Iterable[Any]]:
    """boto3 with the body read by json.loads() and its times made datetimes: what the library does, in dicts."""
    client = boto3_client(url)

    def read(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
        document = json.loads(response_dict["body"])
        for detail in document["imageDetails"]:
            _make_datetimes(detail, _TIMES)
            if "imageScanFindingsSummary" in detail:
                _make_datetimes(detail["imageScanFindingsSummary"], _SCAN_TIMES)
        customized_response_dict.update(document)
        response_dict["body"] = b"{}"

    client.meta.events.register("before-parse.ecr.DescribeImages", read)
    paginator = client.get_paginator("describe_images")

    def images() -> Iterator[Any]:
        for page in paginator.paginate(repositoryName=REPOSITORY, PaginationConfig={"PageSize": PAGE_SIZE}):
            yield from page["imageDetails"]

    return images


_TIMES = ("imagePushedAt", "lastRecordedPullTime", "lastArchivedAt", "lastActivatedAt")
_SCAN_TIMES = ("imageScanCompletedAt", "vulnerabilitySourceUpdatedAt")


def _make_datetimes(detail: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if name in detail:
            detail[name] = datetime.fromtimestamp(detail[name], UTC)


def _open_without_library(url: str) -> Callable[[], Iterable[Any]]:
    # Unsigned, without retries, and every response is trusted. A process without a boto3 client pays for page faults
    # that the others have behind them.
    boto3_client(url)
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    target = "AmazonEC2ContainerRegistry_V20150921.DescribeImages"
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}

    def images() -> Iterator[Any]:
        parameters = {"repositoryName": REPOSITORY, "maxResults": PAGE_SIZE}
        while True:
            connection.request("POST", "/", json.dumps(parameters), headers)
            document = json.loads(connection.getresponse().read())
            yield from document["imageDetails"]
            if not document.get("nextToken"):
                return
            parameters["nextToken"] = document["nextToken"]

    return images


CONTENDERS: Mapping[str, Contender] = {
    OURS: Contender(_open_ecrimages, _use_records, _facts_of_record),
    "boto3": Contender(_open_boto3_large_pages, _use_dicts, _facts_of_dict),
    "boto3 (default pages)": Contender(_open_boto3, _use_dicts, _facts_of_dict),
    "boto3 with json.loads": Contender(_open_boto3_json, _use_dicts, _facts_of_dict),
    "boto3-dataclass-ecr": Contender(
        _open_boto3_dataclass,
        _use_boto3_dataclasses,
        lambda image: _facts_of_dict(image.boto3_raw_data),
        needs=("boto3_dataclass_ecr",),
    ),
    "capo-ecr": Contender(_open_capo, _use_capo, _facts_of_capo, needs=("capo_ecr",)),
    "no library": Contender(_open_without_library, _use_dicts, _facts_of_dict),
}
