from __future__ import annotations

import json
from typing import Any

import pytest
from samples import digest

from ecrimages.testing import FakeECR
from testing.expected import ABSENT, digests, listed

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DIGEST_PATTERN = "[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+"
D1, D2 = digest(1), digest(2)
INVALID = "Invalid request parameters"
NOT_FOUND = ("ImageNotFound", "Requested image not found")


def delete(client: Any, *image_ids: dict[str, str]) -> tuple[Any, Any]:
    """Delete images; return the deleted ids, and the failures."""
    response = client.batch_delete_image(repositoryName="team/app", imageIds=list(image_ids))
    return response["imageIds"], response["failures"]


def get(client: Any, *image_ids: dict[str, str]) -> tuple[Any, Any]:
    """Get manifests; return the images and the failures."""
    response = client.batch_get_image(repositoryName="team/app", imageIds=list(image_ids))
    return response["images"], response["failures"]


@pytest.mark.parametrize(
    ("image_id", "failure"),
    [
        ({"imageTag": "gone"}, NOT_FOUND),
        ({"imageDigest": ABSENT}, NOT_FOUND),
        ({"imageTag": "gone", "imageDigest": D1}, NOT_FOUND),
        (
            {"imageTag": "v1", "imageDigest": ABSENT},
            ("ImageTagDoesNotMatchDigest", f"{INVALID}: given tag does not map to the given digest"),
        ),
        (
            {"imageDigest": "invalid"},
            ("InvalidImageDigest", f"{INVALID}: image digest should satisfy the regex '{DIGEST_PATTERN}'"),
        ),
        ({}, ("MissingDigestAndTag", f"{INVALID}: both tag and digest cannot be null")),
    ],
)
@pytest.mark.parametrize("call", [delete, get])
def test_one_id_fails_and_the_others_do_not(
    shared: FakeECR, shared_client: Any, call: Any, image_id: Any, failure: tuple[str, str]
) -> None:
    """Both operations report the ids that they cannot resolve."""
    shared.add_image("team/app", tags=["v1"], digest=D1)
    shared.add_image("team/app", digest=D2)

    done, failures = call(shared_client, image_id, {"imageDigest": D2})

    assert failures == [{"imageId": image_id, "failureCode": failure[0], "failureReason": failure[1]}]
    assert len(done) == 1
    assert D1 in digests(shared_client)


TAG_1, TAG_2 = {"imageDigest": D1, "imageTag": "latest"}, {"imageDigest": D1, "imageTag": "t2"}


@pytest.mark.parametrize(
    ("image_ids", "deleted", "remaining"),
    [
        ([{"imageDigest": D1}], [TAG_1, TAG_2], None),
        ([{"imageTag": "latest"}], [TAG_1], ["t2"]),
        ([{"imageTag": "latest", "imageDigest": D1}], [TAG_1], ["t2"]),
        ([{"imageTag": "latest"}, {"imageTag": "t2"}], [TAG_1, TAG_2], None),
        ([{"imageTag": "latest"}, {"imageDigest": D1}], [TAG_1, TAG_2], None),
        ([{"imageDigest": D1}, {"imageTag": "t2"}], [TAG_1, TAG_2], None),
        ([{"imageDigest": D1}, {"imageDigest": D1}], [TAG_1, TAG_2], None),
        ([{"imageTag": "latest"}, {"imageTag": "latest"}], [TAG_1], ["t2"]),
    ],
)
def test_images_and_tags_are_deleted(
    shared: FakeECR, shared_client: Any, image_ids: Any, deleted: Any, remaining: list[str] | None
) -> None:
    """An image goes with its last tag, and what two ids of a request delete is deleted once."""
    shared.add_image("team/app", tags=["latest", "t2"], digest=D1)

    assert delete(shared_client, *image_ids) == (deleted, [])
    tags = [detail["imageTags"] for detail in listed(shared_client) if detail["imageDigest"] == D1]
    assert tags == ([] if remaining is None else [remaining])


def test_an_untagged_image_is_deleted(ecr: FakeECR, client: Any) -> None:
    """Its id in the response has no tag."""
    ecr.add_image("team/app", digest=D1)

    assert delete(client, {"imageDigest": D1}) == ([{"imageDigest": D1}], [])


@pytest.mark.parametrize("image_id", [{"imageDigest": D1}, {"imageTag": "amd64"}])
def test_a_child_manifest_is_deleted_after_its_index_only(ecr: FakeECR, client: Any, image_id: dict[str, str]) -> None:
    """While the index exists, ECR refuses to delete the image, by its last tag too."""
    ecr.add_image("team/app", tags=["amd64"], digest=D1)
    index = ecr.add_index("team/app", [D1])

    refused = delete(client, image_id)
    allowed = delete(client, {"imageDigest": index.digest}, image_id)

    failure = {
        "imageId": image_id,
        "failureCode": "ImageReferencedByManifestList",
        "failureReason": f"Requested image referenced by manifest list: [{index.digest}]",
    }
    assert refused == ([], [failure])
    assert allowed == ([{"imageDigest": index.digest}, {"imageDigest": D1, "imageTag": "amd64"}], [])


def test_the_manifest_of_an_image(ecr: FakeECR, client: Any) -> None:
    """The sizes of config and layers add up to the size of the image."""
    ecr.add_image("team/app", tags=["v1"], digest=D1, size_in_bytes=5_000_000)

    [image], _ = get(client, {"imageTag": "v1"})

    manifest = json.loads(image.pop("imageManifest"))
    assert image == {
        "registryId": "123456789012",
        "repositoryName": "team/app",
        "imageId": {"imageTag": "v1", "imageDigest": D1},
        "imageManifestMediaType": OCI_MANIFEST,
    }
    assert (manifest["schemaVersion"], manifest["mediaType"]) == (2, OCI_MANIFEST)
    assert manifest["config"]["mediaType"] == "application/vnd.oci.image.config.v1+json"
    [layer] = manifest["layers"]
    assert layer["mediaType"] == "application/vnd.oci.image.layer.v1.tar+gzip"
    assert layer["size"] + manifest["config"]["size"] == 5_000_000
    assert "subject" not in manifest


def test_manifests_of_other_kinds(ecr: FakeECR, client: Any) -> None:
    """Docker images, referrers, images without media types and archived ones."""
    docker = "application/vnd.docker.distribution.manifest.v2+json"
    ecr.add_image("team/app", tags=["docker"], manifest_media_type=docker)
    ecr.add_image("team/app", tags=["referrer"], subject_manifest_digest=D2)
    ecr.add_image("team/app", tags=["old"], manifest_media_type=None, artifact_media_type=None)
    ecr.add_image("team/app", tags=["archived"], status="ARCHIVED")

    images, failures = get(client, *[{"imageTag": t} for t in ("docker", "referrer", "old", "archived")])

    manifests = [json.loads(image["imageManifest"]) for image in images]
    assert [manifest["mediaType"] for manifest in manifests] == [docker, OCI_MANIFEST, OCI_MANIFEST]
    assert manifests[0]["layers"][0]["mediaType"] == "application/vnd.docker.image.rootfs.diff.tar.gzip"
    assert manifests[1]["subject"]["digest"] == D2
    [failure] = failures
    assert (failure["imageId"], failure["failureCode"]) == ({"imageTag": "archived"}, "ImageInaccessible")


def test_the_manifest_of_an_index(ecr: FakeECR, client: Any) -> None:
    """It names its child manifests, also one that a test has replaced; one of `add_image()` has none."""
    ecr.add_image("team/app", digest=D1)
    ecr.add_index("team/app", [D1], tags=["index"])
    ecr.add_image("team/app", tags=["empty"], manifest_media_type=OCI_INDEX)

    [index, empty], _ = get(client, {"imageTag": "index"}, {"imageTag": "empty"})

    manifest = json.loads(index["imageManifest"])
    assert index["imageManifestMediaType"] == manifest["mediaType"] == OCI_INDEX
    [child] = manifest["manifests"]
    assert (child["mediaType"], child["digest"]) == (OCI_MANIFEST, D1)
    assert json.loads(empty["imageManifest"])["manifests"] == []
