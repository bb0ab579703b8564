"""Every public name as a caller would use it: checked by type checkers, never run."""

# pyright: strict

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, assert_type

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from mypy_boto3_ecr import ECRClient

import ecrimages
from ecrimages import (
    FindingSeverity,
    Image,
    ImageId,
    ImageIterator,
    ImagePage,
    ImageScanFindingsSummary,
    ImageScanStatus,
    ImageStatus,
    ImageStatusFilter,
    ScanStatus,
    SeverityCounts,
    TagStatus,
)
from ecrimages.testing import FakeECR, Fault, RecordedRequest

version: str = ecrimages.__version__

# Clients; those with a boto3 client are in injected_client.py.

client = ecrimages.Client()
assert_type(client, ecrimages.Client)
ecrimages.Client(registry_id="123456789012")
ecrimages.Client(None, registry_id=None)

# Listing, by the functions of the module and by the methods of a client.

assert_type(ecrimages.describe_images("team/app"), ImageIterator)
assert_type(client.describe_images("team/app"), ImageIterator)
ecrimages.describe_images(
    repository_name="team/app",
    tag_status="TAGGED",
    image_status="ANY",
    page_size=100,
    limit=10,
    start_token="token",
    registry_id="123456789012",
)
client.describe_images(
    "team/app",
    tag_status=TagStatus.UNTAGGED,
    image_status=ImageStatusFilter.ARCHIVED,
    page_size=1000,
    limit=None,
    start_token=None,
    registry_id=None,
)
ecrimages.describe_images("team/app", tag_status="UNTAGGED", image_status="ACTIVE")
ecrimages.describe_images("team/app", tag_status="ANY", image_status="ARCHIVED")
ecrimages.describe_images("team/app", tag_status=None, image_status="ACTIVATING")

for image in ecrimages.describe_images("team/app"):
    assert_type(image, Image)

images = client.describe_images("team/app")
assert_type(iter(images), Iterator[Image])
assert_type(next(images), Image)
assert_type(list(images), list[Image])
assert_type(images.next_token, str | None)
assert_type(images.pages(), Iterator[ImagePage])
for page in images.pages():
    assert_type(page, ImagePage)
    assert_type(page.images, tuple[Image, ...])
    assert_type(page.next_token, str | None)
    assert_type(page.request_id, str | None)


def any_iterator(images: Iterator[Image]) -> None: ...


any_iterator(images)

# One image, many, the newest.

assert_type(ecrimages.get_image("team/app", tag="v1"), Image)
assert_type(ecrimages.get_image("team/app", digest="sha256:0f", registry_id="123456789012"), Image)
assert_type(client.get_image("team/app", tag="v1", registry_id=None), Image)
assert_type(client.get_image(repository_name="team/app", digest="sha256:0f"), Image)

assert_type(ecrimages.get_images("team/app", ["v1", "sha256:0f"]), Iterator[Image])
assert_type(client.get_images("team/app", (ImageId(tag="v1"), "v2"), missing="skip"), Iterator[Image])
ecrimages.get_images("team/app", {"v1"}, missing="raise", registry_id="123456789012")
client.get_images(repository_name="team/app", image_ids=(image.digest for image in images))
client.get_images("team/app", [ImageId(tag="v1"), ImageId(digest="sha256:0f")])

assert_type(ecrimages.image_exists("team/app", tag="v1"), bool)
assert_type(ecrimages.image_exists("team/app", digest="sha256:0f", registry_id=None), bool)
assert_type(client.image_exists("team/app", tag="v1", registry_id="123456789012"), bool)
assert_type(client.image_exists(repository_name="team/app", digest="sha256:0f"), bool)

assert_type(ecrimages.newest_images("team/app"), list[Image])
assert_type(client.newest_images("team/app", 5), list[Image])
ecrimages.newest_images(
    "team/app",
    count=5,
    tag_status="TAGGED",
    image_status="ANY",
    page_size=100,
    registry_id="123456789012",
)
client.newest_images("team/app", tag_status=TagStatus.ANY, image_status=ImageStatusFilter.ANY)

# Records.


def fields_of_image(image: Image) -> None:
    assert_type(image.registry_id, str)
    assert_type(image.repository_name, str)
    assert_type(image.digest, str)
    assert_type(image.pushed_at, datetime)
    assert_type(image.tags, tuple[str, ...])
    assert_type(image.size_in_bytes, int | None)
    assert_type(image.scan_status, ImageScanStatus | None)
    assert_type(image.scan_findings_summary, ImageScanFindingsSummary | None)
    assert_type(image.manifest_media_type, str | None)
    assert_type(image.artifact_media_type, str | None)
    assert_type(image.last_recorded_pull_time, datetime | None)
    assert_type(image.subject_manifest_digest, str | None)
    assert_type(image.status, ImageStatus | None)
    assert_type(image.last_archived_at, datetime | None)
    assert_type(image.last_activated_at, datetime | None)
    assert_type(image.extra, Mapping[str, Any])
    assert_type(image.to_dict(), dict[str, Any])
    assert_type(image.to_dict(wire=True), dict[str, Any])
    assert_type({image: image.digest}, dict[Image, str])
    assert_type(sorted([image], key=lambda image: image.pushed_at), list[Image])
    if image.last_recorded_pull_time is not None:
        assert_type(image.last_recorded_pull_time.year, int)


def fields_of_scan(status: ImageScanStatus, summary: ImageScanFindingsSummary) -> None:
    assert_type(status.status, ScanStatus | None)
    assert_type(status.description, str | None)
    assert_type(status.extra, Mapping[str, Any])
    assert_type(summary.scan_completed_at, datetime | None)
    assert_type(summary.vulnerability_source_updated_at, datetime | None)
    assert_type(summary.severity_counts, SeverityCounts | None)
    assert_type(summary.extra, Mapping[str, Any])


def made_by_hand(pushed_at: datetime) -> None:
    status = ImageScanStatus(status=ScanStatus.COMPLETE, description="done", extra={"newMember": 1})
    summary = ImageScanFindingsSummary(
        scan_completed_at=pushed_at,
        vulnerability_source_updated_at=None,
        severity_counts=SeverityCounts({"HIGH": 1}),
        extra={},
    )
    bare = Image(registry_id="123456789012", repository_name="team/app", digest="sha256:0f", pushed_at=pushed_at)
    full = Image(
        registry_id="123456789012",
        repository_name="team/app",
        digest="sha256:0f",
        pushed_at=pushed_at,
        tags=["v1"],
        size_in_bytes=1,
        scan_status=status,
        scan_findings_summary=summary,
        manifest_media_type="application/vnd.oci.image.manifest.v1+json",
        artifact_media_type=None,
        last_recorded_pull_time=pushed_at,
        subject_manifest_digest=None,
        status=ImageStatus.ACTIVE,
        last_archived_at=None,
        last_activated_at=pushed_at,
        extra={"newMember": 1},
    )
    assert_type(Image.from_dict({"imageDigest": "sha256:0f"}), Image)
    assert_type(ImagePage(images=[bare, full], next_token=None, request_id="id"), ImagePage)
    ImageScanStatus()
    ImageScanFindingsSummary()
    ImagePage(images=())


assert_type(ImageId(tag="v1"), ImageId)
assert_type(ImageId(digest="sha256:0f").digest, str | None)
assert_type(ImageId(tag="v1", digest="sha256:0f").tag, str | None)

counts = SeverityCounts({"HIGH": 1, FindingSeverity.LOW: 2})
assert_type(SeverityCounts(), SeverityCounts)
assert_type(counts.critical, int)
assert_type(counts.high, int)
assert_type(counts.medium, int)
assert_type(counts.low, int)
assert_type(counts.informational, int)
assert_type(counts.undefined, int)
assert_type(counts["HIGH"], int)
assert_type(counts[FindingSeverity.HIGH], int)
assert_type(counts.get("NEW"), int | None)
assert_type(dict(counts), dict[str, int])
assert_type({counts: 1}, dict[SeverityCounts, int])

# Enumerations are strings, and the open ones take any.


def any_string(value: str) -> None: ...


any_string(TagStatus.TAGGED)
any_string(ImageStatusFilter.ANY)
any_string(ImageStatus.ACTIVATING)
any_string(ScanStatus.LIMIT_EXCEEDED)
any_string(FindingSeverity.CRITICAL)
assert_type(ImageStatus("FROZEN"), ImageStatus)
assert_type(ScanStatus("NEW"), ScanStatus)
assert_type(FindingSeverity("NEW"), FindingSeverity)

# Errors.

try:
    ecrimages.get_image("team/app", tag="v1")
except ecrimages.ImageNotFoundError as image_not_found:
    assert_type(image_not_found.image_id, ImageId | None)
    assert_type(image_not_found.repository_name, str | None)
    assert_type(image_not_found.registry_id, str | None)
except ecrimages.RepositoryNotFoundError as repository_not_found:
    assert_type(repository_not_found.repository_name, str | None)
    assert_type(repository_not_found.registry_id, str | None)
except (
    ecrimages.InvalidParameterError,
    ecrimages.ServerError,
    ecrimages.AccessDeniedError,
    ecrimages.AuthenticationError,
    ecrimages.ThrottlingError,
):
    pass
except ecrimages.ServiceError as service_error:
    assert_type(service_error.code, str)
    assert_type(service_error.message, str)
    assert_type(service_error.operation_name, str)
    assert_type(service_error.http_status, int | None)
    assert_type(service_error.request_id, str | None)
    assert_type(service_error.retryable, bool)
except (ecrimages.RequestTimeoutError, ecrimages.CredentialsError, ecrimages.ConfigurationError):
    pass
except ecrimages.TransportError as transport_error:
    assert_type(transport_error.retryable, bool)
except ecrimages.MalformedResponseError as malformed:
    assert_type(malformed.path, str)
    assert_type(malformed.request_id, str | None)
except ecrimages.RepeatedTokenError as repeated:
    assert_type(repeated.token, str)
    assert_type(repeated.request_id, str | None)
except ecrimages.ResponseError as response_error:
    assert_type(response_error.request_id, str | None)
except ecrimages.ECRImagesError as error:
    assert_type(error.retryable, bool)

service: type[ClientError] = ecrimages.ServiceError
transport: type[BotoCoreError] = ecrimages.TransportError
ecrimages.ServiceError({"Error": {"Code": "NewException"}}, "DescribeImages")
ecrimages.ImageNotFoundError({"Error": {"Code": "ImageNotFoundException"}})
ecrimages.TransportError("text", retryable=True)
ecrimages.MalformedResponseError("text", path="imageDetails[0]", retryable=True)
ecrimages.RepeatedTokenError("token", request_id="id")

# The ECR for tests.

with FakeECR() as ecr:
    assert_type(ecr, FakeECR)
    assert_type(ecr.client(), ECRClient)
    assert_type(ecr.client(Config(max_pool_connections=1)), ECRClient)
    assert_type(ecrimages.Client(ecr.client()), ecrimages.Client)
    assert_type(ecr.environment(), dict[str, str])
    assert_type(ecr.endpoint_url, str)
    assert_type(ecr.registry_id, str)
    assert_type(ecr.region_name, str)
    ecr.add_repository("team/app", registry_id="123456789012")
    assert_type(ecr.add_image("team/app", tags=["v1"], size_in_bytes=1), Image)
    ecr.add_images(ecrimages.describe_images("team/app"))
    ecr.inject_faults(None, Fault.throttling(), Fault.server_error(), Fault.expired_token())
    ecr.inject_faults(Fault.access_denied(status=403), Fault.error("NewException", "text", status=429))
    ecr.inject_faults(Fault.html(status=200), Fault.body(b"[]", status=200), Fault.truncated(0.9), Fault.closed())
    ecr.inject_faults(Fault.reset(), Fault.delay(0.1), Fault.empty_page(), Fault.repeated_token())
    ecr.inject_faults(Fault.edit(lambda document: document.pop("nextToken")))
    assert_type(Fault.reset().name, str)
    assert_type(ecr.requests, tuple[RecordedRequest, ...])
    assert_type(ecr.requests[0].operation, str)
    assert_type(ecr.requests[0].parameters, Mapping[str, Any])
    assert_type(ecr.requests[0].headers, Mapping[str, str])
FakeECR(registry_id="123456789012", region_name="eu-central-1")
