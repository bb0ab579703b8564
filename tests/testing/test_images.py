from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from samples import digest, needs_image_status

from ecrimages import Client, Image, ImageScanFindingsSummary, ImageScanStatus, SeverityCounts
from ecrimages.testing import FakeECR
from testing.expected import ABSENT, OTHER_REGISTRY, digests, listed

PUSHED = datetime(2026, 1, 12, 15, 2, 26, 123000, tzinfo=UTC)
INDEX = "application/vnd.oci.image.index.v1+json"


@needs_image_status
def test_an_image_looks_like_a_pushed_one_by_default(ecr: FakeECR, client: Any) -> None:
    """Without further arguments an image has the fields that ECR reports after a push."""
    before = datetime.now(UTC)

    images = [ecr.add_image("team/app") for _ in range(3)]

    details = listed(client)
    assert len({detail.pop("imageDigest") for detail in details}) == 3
    assert all(before <= detail.pop("imagePushedAt") <= datetime.now(UTC) for detail in details)
    assert details[0] == {
        "registryId": "123456789012",
        "repositoryName": "team/app",
        "imageSizeInBytes": 30_000_000,
        "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactMediaType": "application/vnd.oci.image.config.v1+json",
        "imageStatus": "ACTIVE",
    }
    assert all(image.tags == () for image in images)


@needs_image_status
def test_every_field_is_reported(ecr: FakeECR, client: Any) -> None:
    """Each argument arrives under ECR's name."""
    ecr.add_image(
        "team/app",
        tags=["v1", "latest"],
        digest=digest(1),
        pushed_at=PUSHED,
        size_in_bytes=3_000_000_000,
        manifest_media_type="application/vnd.docker.distribution.manifest.v2+json",
        artifact_media_type="application/vnd.docker.container.image.v1+json",
        status="ARCHIVED",
        scan_status=ImageScanStatus(status="COMPLETE", description="done"),
        scan_findings_summary=ImageScanFindingsSummary(
            scan_completed_at=PUSHED, severity_counts=SeverityCounts({"HIGH": 2})
        ),
        last_recorded_pull_time=PUSHED,
        subject_manifest_digest=digest(2),
        last_archived_at=PUSHED,
        last_activated_at=PUSHED,
        registry_id=OTHER_REGISTRY,
    )

    details = listed(client, registryId=OTHER_REGISTRY, filter={"imageStatus": "ANY"})

    assert details == [
        {
            "registryId": OTHER_REGISTRY,
            "repositoryName": "team/app",
            "imageDigest": digest(1),
            "imageTags": ["v1", "latest"],
            "imagePushedAt": PUSHED,
            "imageSizeInBytes": 3_000_000_000,
            "imageManifestMediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "artifactMediaType": "application/vnd.docker.container.image.v1+json",
            "imageStatus": "ARCHIVED",
            "imageScanStatus": {"status": "COMPLETE", "description": "done"},
            "imageScanFindingsSummary": {
                "imageScanCompletedAt": PUSHED,
                "findingSeverityCounts": {"HIGH": 2},
            },
            "lastRecordedPullTime": PUSHED,
            "subjectManifestDigest": digest(2),
            "lastArchivedAt": PUSHED,
            "lastActivatedAt": PUSHED,
        }
    ]


def test_none_leaves_a_field_out(ecr: FakeECR, client: Any) -> None:
    """A default can be turned off, as for an image that was pushed before ECR had the field."""
    ecr.add_image("team/app", size_in_bytes=None, manifest_media_type=None, artifact_media_type=None, status=None)

    [detail] = listed(client)

    assert sorted(detail) == ["imageDigest", "imagePushedAt", "registryId", "repositoryName"]


def test_the_added_images_equal_the_listed_ones(ecr: FakeECR) -> None:
    """Images are returned as a client lists them, fields that are unknown to the library included."""
    pushed = ecr.add_image("team/app", tags=["v1"], findings={"LOW": 1}, digest=digest(1))
    known = Image(
        registry_id="123456789012",
        repository_name="team/app",
        digest=digest(2),
        pushed_at=PUSHED,
        extra={"newField": {"deep": [1]}},
    )
    ecr.add_images([known])

    images = list(Client(ecr.client()).describe_images("team/app"))

    assert images == [pushed, known]
    assert images[1].extra == known.extra


@pytest.mark.parametrize("counts", [{}, {"CRITICAL": 1, "LOW": 3}])
def test_findings_complete_a_scan(ecr: FakeECR, client: Any, counts: dict[str, int]) -> None:
    """Counts of findings set the status and the summary of the scan."""
    ecr.add_image("team/app", pushed_at=PUSHED, findings=counts)

    [detail] = listed(client)

    assert detail["imageScanStatus"]["status"] == "COMPLETE"
    assert detail["imageScanFindingsSummary"] == {
        "imageScanCompletedAt": PUSHED,
        "vulnerabilitySourceUpdatedAt": PUSHED,
        "findingSeverityCounts": counts,
    }


def test_an_index_has_no_config(ecr: FakeECR) -> None:
    """The default of the artifact media type suits the manifest media type."""
    image = ecr.add_image("team/app", manifest_media_type=INDEX)

    assert image.artifact_media_type is None


def test_a_tag_moves_to_the_image_that_is_added_last(ecr: FakeECR, client: Any) -> None:
    """A tag is on one image only; the image that loses it keeps its other tags."""
    ecr.add_image("team/app", tags=["v1", "latest"], digest=digest(1))
    ecr.add_image("team/app", tags=["v2", "latest"], digest=digest(2))
    ecr.add_image("team/app", tags=["v2"], digest=digest(3))

    details = listed(client)

    assert [detail.get("imageTags") for detail in details] == [["v1"], ["latest"], ["v2"]]


def test_an_image_with_the_same_digest_is_replaced(ecr: FakeECR, client: Any) -> None:
    """The earlier image is gone with its tags and fields."""
    ecr.add_image("team/app", tags=["v1", "v2"], digest=digest(1), size_in_bytes=1)
    digests(client)
    ecr.add_image("team/app", tags=["v2", "v3"], digest=digest(1), size_in_bytes=2)

    [detail] = listed(client)

    assert (detail["imageTags"], detail["imageSizeInBytes"]) == (["v2", "v3"], 2)


def test_tag_image(ecr: FakeECR, client: Any) -> None:
    """A tag can be put on another image, or on one that has it already."""
    ecr.add_image("team/app", tags=["v1", "latest"], digest=digest(1))
    ecr.add_image("team/app", digest=digest(2))

    ecr.tag_image("team/app", "latest", digest(2))
    ecr.tag_image("team/app", "v1", digest(1))

    assert [detail["imageTags"] for detail in listed(client)] == [["v1"], ["latest"]]
    assert digests(client, imageIds=[{"imageTag": "latest"}]) == [digest(2)]


@pytest.mark.parametrize(
    ("arguments", "error_class", "text"),
    [
        (("team/app", "v 1", digest(1)), ValueError, "^tag must be 1 to 300 characters"),
        (("team/app", 1, digest(1)), TypeError, "^tag must be a string"),
        (("team/app", "v1", "v2"), ValueError, "^digest must be 'sha256:' and 64"),
        (("team/app", "v1", ABSENT), ValueError, "^the repository 'team/app' has no image with the digest"),
        (("team/none", "v1", digest(1)), ValueError, "^the repository 'team/none' has no image"),
        (("Team", "v1", digest(1)), ValueError, "^repository_name must be"),
    ],
)
def test_tag_image_validates_its_arguments(
    shared: FakeECR, shared_client: Any, arguments: Any, error_class: type[Exception], text: str
) -> None:
    """An error leaves the tags as they are."""
    shared.add_image("team/app", tags=["v1"], digest=digest(1))

    with pytest.raises(error_class, match=text):
        shared.tag_image(*arguments)

    assert listed(shared_client)[0]["imageTags"] == ["v1"]


@needs_image_status
def test_an_index(ecr: FakeECR, client: Any) -> None:
    """An index has the size of its largest child manifest, and no config."""
    small = ecr.add_image("team/app", size_in_bytes=10)
    large = ecr.add_image("team/app", size_in_bytes=20)
    unknown = ecr.add_image("team/app", size_in_bytes=None)

    index = ecr.add_index("team/app", [small, large.digest, unknown], tags=["v1"], pushed_at=PUSHED)

    [detail] = listed(client, imageIds=[{"imageTag": "v1"}])
    assert detail == {
        "registryId": "123456789012",
        "repositoryName": "team/app",
        "imageDigest": index.digest,
        "imageTags": ["v1"],
        "imagePushedAt": PUSHED,
        "imageSizeInBytes": 20,
        "imageManifestMediaType": INDEX,
        "imageStatus": "ACTIVE",
    }


@pytest.mark.parametrize(
    ("arguments", "error_class", "text"),
    [
        ({"children": []}, ValueError, "children must not be empty"),
        ({"children": digest(1)}, TypeError, "children must be an iterable of images or digests"),
        ({"children": None}, TypeError, "children must be an iterable of images or digests"),
        ({"children": [1]}, TypeError, "each of children must be a string"),
        ({"children": [ABSENT]}, ValueError, "has no image with the digest"),
        ({"manifest_media_type": "text/plain"}, ValueError, "manifest_media_type must be application/vnd"),
        ({"registry_id": OTHER_REGISTRY}, ValueError, "has no image with the digest"),
        ({"tags": "v1"}, TypeError, "tags must be an iterable of strings"),
    ],
)
def test_add_index_validates_its_arguments(
    shared: FakeECR, shared_client: Any, arguments: Any, error_class: type[Exception], text: str
) -> None:
    """The child manifests must have been added before."""
    shared.add_image("team/app", digest=digest(1))

    with pytest.raises(error_class, match=text):
        shared.add_index(**{"repository_name": "team/app", "children": [digest(1)], **arguments})

    assert digests(shared_client) == [digest(1)]


NAIVE = datetime(2026, 1, 1)
EXCLUSIVE = "findings, basic_scan_findings, and scan_status with scan_findings_summary exclude each other"


@pytest.mark.parametrize(
    ("arguments", "error_class", "text"),
    [
        ({"size": 1}, TypeError, "unexpected keyword argument 'size'"),
        ({"tags": "v1"}, TypeError, "tags must be an iterable of strings, not 'v1'"),
        ({"tags": 1}, TypeError, "tags must be an iterable of strings, not 1"),
        ({"tags": [1]}, TypeError, "each of tags must be a string, not 1"),
        ({"tags": [""]}, ValueError, "each of tags must be 1 to 300 characters that match "),
        ({"tags": ["team/app:v1"]}, ValueError, "each of tags must be 1 to 300 characters that match "),
        ({"tags": ["v1", "v1"]}, ValueError, "tags must differ, not ('v1', 'v1')"),
        ({"digest": 1}, TypeError, "digest must be a string, not 1"),
        ({"digest": "sha256:abc"}, ValueError, "digest must be 'sha256:' and 64 lower-case hex digits"),
        ({"digest": "sha256:" + "A" * 64}, ValueError, "digest must be 'sha256:' and 64 lower-case"),
        ({"digest": "sha512:" + "a" * 128}, ValueError, "digest must be 'sha256:' and 64 lower-case"),
        ({"subject_manifest_digest": "v1"}, ValueError, "subject_manifest_digest must be 'sha256:'"),
        ({"pushed_at": NAIVE}, ValueError, "pushed_at must be an aware datetime"),
        ({"pushed_at": 1, "findings": {}}, TypeError, "pushed_at must be an aware datetime, not 1"),
        ({"pushed_at": 1768230146}, TypeError, "pushed_at must be an aware datetime, not 1768230146"),
        ({"last_archived_at": "today"}, TypeError, "last_archived_at must be an aware datetime"),
        ({"size_in_bytes": "3"}, TypeError, "size_in_bytes must be an int, not '3'"),
        ({"size_in_bytes": True}, TypeError, "size_in_bytes must be an int, not True"),
        ({"size_in_bytes": -1}, ValueError, "size_in_bytes must not be negative, not -1"),
        ({"status": 1}, TypeError, "status must be an ImageStatus or a string, not 1"),
        ({"status": "archived"}, ValueError, "status must be 'ARCHIVED', not 'archived'"),
        ({"scan_status": "COMPLETE"}, TypeError, "scan_status must be an ImageScanStatus, not 'COMPLETE'"),
        ({"scan_findings_summary": {}}, TypeError, "scan_findings_summary must be an ImageScanFindings"),
        ({"findings": [1]}, TypeError, "findings must be a mapping such as {'CRITICAL': 1}, not [1]"),
        ({"findings": {"Critical": 1}}, ValueError, "a severity in findings must be 'CRITICAL', not 'Critical'"),
        ({"basic_scan_findings": {"low": 1}}, ValueError, "a severity in basic_scan_findings must be 'LOW', not 'low'"),
        ({"findings": {"LOW": "1"}}, TypeError, "the count of severity 'LOW' must be an int"),
        ({"basic_scan_findings": {"LOW": -1}}, ValueError, "basic_scan_findings must not be negative"),
        ({"findings": {}, "basic_scan_findings": {}}, TypeError, EXCLUSIVE),
        ({"findings": {}, "scan_status": ImageScanStatus()}, TypeError, EXCLUSIVE),
        ({"registry_id": "1"}, ValueError, "registry_id must be 12 digits, not '1'"),
        ({"registry_id": 1}, TypeError, "registry_id must be a string, not 1"),
        ({"repository_name": "Team/App"}, ValueError, "repository_name must be 2 to 256 characters"),
        ({"repository_name": "a"}, ValueError, "repository_name must be 2 to 256 characters"),
    ],
)
def test_add_image_validates_its_arguments(
    shared: FakeECR, shared_client: Any, arguments: dict[str, Any], error_class: type[Exception], text: str
) -> None:
    """A mistake is an error where it is made, and not in a later listing."""
    shared.add_repository("team/empty")

    with pytest.raises(error_class) as caught:
        shared.add_image(**{"repository_name": "team/empty", **arguments})

    assert text in str(caught.value)
    assert listed(shared_client, repositoryName="team/empty") == []


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"imageDigest": ABSENT}, "images must be Image objects, not {'imageDigest'"),
        (None, "images must be Image objects, not None"),
        ({"size_in_bytes": "3"}, "size_in_bytes must be an int, not '3'"),
        ({"registry_id": None}, "registry_id must be a string, not None"),
    ],
)
def test_add_images_validates_each_image(shared: FakeECR, shared_client: Any, wrong: Any, text: str) -> None:
    """The images before a wrong one were added."""
    fields: dict[str, Any] = {
        "registry_id": "123456789012",
        "repository_name": "team/some",
        "digest": digest(1),
        "pushed_at": PUSHED,
    }
    is_image = isinstance(wrong, dict) and "imageDigest" not in wrong

    with pytest.raises(TypeError) as caught:
        shared.add_images([Image(**fields), Image(**{**fields, **wrong}) if is_image else wrong])

    assert text in str(caught.value)
    assert digests(shared_client, repositoryName="team/some") == [digest(1)]


def test_a_repository_is_added_once(ecr: FakeECR, client: Any) -> None:
    """Adding a repository again keeps its images and changes its settings."""
    ecr.add_image("team/app", digest=digest(1))
    ecr.add_repository("team/app", image_tag_mutability="IMMUTABLE", scan_on_push=True)

    [repository] = client.describe_repositories()["repositories"]

    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert digests(client) == [digest(1)]


@pytest.mark.parametrize(
    ("arguments", "error_class", "text"),
    [
        ({"repository_name": "App"}, ValueError, "repository_name must be 2 to 256 characters"),
        ({"repository_name": 1}, TypeError, "repository_name must be a string"),
        ({"registry_id": "me"}, ValueError, "registry_id must be 12 digits"),
        ({"image_tag_mutability": "NEVER"}, ValueError, "image_tag_mutability must be one of MUTABLE, IMM"),
        ({"scan_on_push": 1}, TypeError, "scan_on_push must be a bool, not 1"),
    ],
)
def test_add_repository_validates_its_arguments(
    ecr: FakeECR, client: Any, arguments: Any, error_class: type[Exception], text: str
) -> None:
    """No repository is added then."""
    with pytest.raises(error_class, match=f"^{text}"):
        ecr.add_repository(**{"repository_name": "team/app", **arguments})

    assert client.describe_repositories()["repositories"] == []
