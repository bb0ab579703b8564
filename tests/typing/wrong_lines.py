"""Mistakes that people make, one a line: a type checker must report each marked line, and no other."""

# pyright: strict

from __future__ import annotations

import boto3

import ecrimages
from ecrimages import Image, ImageId, ImagePage, ImageScanStatus, ScanStatus, SeverityCounts, TagStatus
from ecrimages.testing import FakeECR, Fault

client = ecrimages.Client()

ecrimages.Client(boto3.client("s3"))  # wrong
ecrimages.Client(boto3.client("ecr-public"))  # wrong
ecrimages.Client(boto3.Session())  # wrong
ecrimages.Client(boto3)  # wrong
ecrimages.Client(None, "123456789012")  # wrong
ecrimages.Client(registry_id=123456789012)  # wrong
ecrimages.Client(region_name="eu-central-1")  # wrong

ecrimages.describe_images()  # wrong
ecrimages.describe_images(None)  # wrong
ecrimages.describe_images("team/app", "TAGGED")  # wrong
ecrimages.describe_images("team/app", tag_status="tagged")  # wrong
ecrimages.describe_images("team/app", tag_status=True)  # wrong
ecrimages.describe_images("team/app", tag_status=ecrimages.ImageStatusFilter.ANY)  # wrong
ecrimages.describe_images("team/app", image_status="TAGGED")  # wrong
ecrimages.describe_images("team/app", image_status=ecrimages.ImageStatus.ARCHIVED)  # wrong
ecrimages.describe_images("team/app", page_size="1")  # wrong
ecrimages.describe_images("team/app", page_size=None)  # wrong
ecrimages.describe_images("team/app", limit=1.5)  # wrong
ecrimages.describe_images("team/app", start_token=b"token")  # wrong
ecrimages.describe_images("team/app", next_token="token")  # wrong
ecrimages.describe_images("team/app", registry_id=123456789012)  # wrong
ecrimages.describe_images("team/app", max_results=100)  # wrong
client.describe_images("team/app", tag_status="tagged")  # wrong
client.describe_images("team/app", page_size="1")  # wrong
client.describe_image("team/app")  # wrong
ecrimages.list_images("team/app")  # wrong

images = client.describe_images("team/app")
images[0]  # wrong
len(images)  # wrong
images.next_token = "token"  # wrong
images.page()  # wrong
next(images.pages()).digest  # wrong
sorted(images)  # wrong
max(images)  # wrong

ecrimages.get_image("team/app")  # wrong
ecrimages.get_image("team/app", "v1", tag="v1")  # wrong
ecrimages.get_image("team/app", tag="v1", digest="sha256:0f")  # wrong
ecrimages.get_image("team/app", tag=None)  # wrong
ecrimages.get_image("team/app", tag=1)  # wrong
client.get_image("team/app")  # wrong
client.get_image("team/app", tag="v1", digest="sha256:0f")  # wrong
ecrimages.image_exists("team/app")  # wrong
ecrimages.image_exists("team/app", tag="v1", digest="sha256:0f")  # wrong
client.image_exists("team/app", "v1", digest="sha256:0f")  # wrong
ecrimages.get_images("team/app", [1])  # wrong
ecrimages.get_images("team/app", [{"imageTag": "v1"}])  # wrong
ecrimages.get_images("team/app", ImageId(tag="v1"))  # wrong
ecrimages.get_images("team/app", ["v1"], missing="maybe")  # wrong
ecrimages.get_images("team/app", ["v1"], missing=None)  # wrong
ecrimages.get_images("team/app", ["v1"])[0]  # wrong
client.get_images("team/app", ["v1"], "skip")  # wrong
ecrimages.newest_images("team/app", "5")  # wrong
ecrimages.newest_images("team/app", limit=5)  # wrong
ecrimages.newest_images("team/app", tag_status="tagged")  # wrong


def of_image(image: Image, other: Image) -> None:
    image.diggest  # wrong
    image.image_digest  # wrong
    image["imageDigest"]  # wrong
    image.digest = "sha256:0f"  # wrong
    image.tags = ()  # wrong
    image.tags.append("v2")  # wrong
    image.tags[0] = "v2"  # wrong
    image.extra["newMember"] = 1  # wrong
    image.size_in_bytes + 1  # wrong
    image.pushed_at.years  # wrong
    image.last_recorded_pull_time.year  # wrong
    image.scan_status.status  # wrong
    image.scan_findings_summary.severity_counts  # wrong
    image.manifest_media_type.endswith("json")  # wrong
    image < other  # wrong
    sorted([image, other])  # wrong
    image.to_dict(True)  # wrong
    image.from_json("{}")  # wrong


def of_other_records(page: ImagePage, status: ImageScanStatus, counts: SeverityCounts) -> None:
    page.images.append(None)  # wrong
    page.next_token = None  # wrong
    status.status = ScanStatus.FAILED  # wrong
    counts["HIGH"] = 1  # wrong
    counts.high = 1  # wrong
    counts.severe  # wrong
    counts.update({"HIGH": 1})  # wrong


Image()  # wrong
ImageId("v1")  # wrong
ImageId(tag=1)  # wrong
ImageId(name="v1")  # wrong
ImagePage()  # wrong
SeverityCounts({"HIGH": "1"})  # wrong
TagStatus.Tagged  # wrong
ScanStatus.DONE  # wrong
ecrimages.ImageMissingError  # wrong

try:
    client.get_image("team/app", tag="v1")
except ecrimages.ImageNotFoundError as image_not_found:
    image_not_found.image_id.tag  # wrong
    image_not_found.path  # wrong
except ecrimages.ServiceError as service_error:
    service_error.status  # wrong
except ecrimages.ResponseError as response_error:
    response_error.code  # wrong


class MyImage(Image): ...  # wrong


with FakeECR() as ecr:
    FakeECR("123456789012")  # wrong
    ecr.add_image("team/app", tags="v1").digest.tag  # wrong
    ecr.add_image("team/app", tags=1)  # wrong
    ecr.inject_faults("throttling")  # wrong
    ecr.inject_faults(Fault.throttling)  # wrong
    ecr.requests.clear()  # wrong
