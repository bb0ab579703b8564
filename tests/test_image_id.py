from __future__ import annotations

import pickle
from typing import Any

import pytest
from samples import digest

from ecrimages import ImageId, ImageURI

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
DIGEST = digest(1)


def test_an_id_has_a_tag_a_digest_or_both() -> None:
    """An id is a value: equal, hashable and printed by what it has."""
    both = ImageId(tag="v1", digest=DIGEST)

    assert (both.tag, both.digest) == ("v1", DIGEST)
    assert {ImageId(tag="v1"), ImageId(tag="v1")} == {ImageId(tag="v1")}
    assert repr(ImageId(tag="v1")) == "ImageId(tag='v1')"
    assert repr(ImageId(digest=DIGEST)) == f"ImageId(digest='{DIGEST}')"
    assert pickle.loads(pickle.dumps(both)) == both


@pytest.mark.parametrize("tag", ["", "x" * 301, "a b", "a\n", "team/app", "app:v1", "a@b", DIGEST])
def test_what_is_no_tag(tag: str) -> None:
    """A reference, white space and what is too long are no tags: only 'sha256:…' is a digest."""
    with pytest.raises(ValueError, match=r"tag must be 1 to 300 .*only 'sha256:…' is a digest.*not"):
        ImageId(tag=tag)


@pytest.mark.parametrize(
    "value", ["", "sha256:", DIGEST[:-1], DIGEST + "0", DIGEST.upper(), "sha512:" + "0" * 128, "v1"]
)
def test_what_is_no_digest(value: str) -> None:
    """ECR's digests are SHA-256, in lower case."""
    with pytest.raises(ValueError, match="digest must be 'sha256:' and 64 lower-case hex digits, not"):
        ImageId(digest=value)


@pytest.mark.parametrize(
    ("arguments", "error"), [({}, ValueError), ({"tag": 1}, TypeError), ({"digest": b"x"}, TypeError)]
)
def test_an_id_needs_one_of_them(arguments: Any, error: type[Exception]) -> None:
    """An id of nothing is none, and neither is one of another type."""
    with pytest.raises(error):
        ImageId(**arguments)


HOSTS = [
    HOST,
    "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
    "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com",
    "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
    "123456789012.dkr-ecr.us-east-1.on.aws",
    "123456789012.dkr-ecr-fips.us-east-1.on.aws",
    "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
    "123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov",
    "123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov",
    "123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk",
    "123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov",
    "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("suffix", ["", ":v1", f"@{DIGEST}", f":v1@{DIGEST}"])
def test_a_uri_is_taken_apart(host: str, suffix: str) -> None:
    """Every host form of every partition is read, with tag, digest or both, and printed as it was."""
    text = f"{host}/team/app{suffix}"

    uri = ImageURI.parse(text)

    assert str(uri) == text
    assert (uri.registry_id, uri.repository_name) == ("123456789012", "team/app")
    assert f".{uri.region_name}." in host
    assert uri.tag == ("v1" if ":v1" in suffix else None)
    assert uri.digest == (DIGEST if "@" in suffix else None)
    assert uri.image_id == ImageId(tag=uri.tag or (None if uri.digest else "latest"), digest=uri.digest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "team/app:v1",
        "public.ecr.aws/docker/library/python:3",
        "docker.io/library/python",
        f"https://{HOST}/team/app",
        f"{HOST}/",
        HOST,
        f"{HOST}/team/app:",
        f"{HOST}/team/app@",
        f"{HOST}/team/app:v1\n",
        f"{HOST}/team/app@sha256:0",
        f"{HOST}/team/app:v 1",
        f"{HOST}/Team/app",
        f"{HOST}.evil.example/team/app",
        f"evil.{HOST}/team/app",
        "12345678901.dkr.ecr.eu-west-1.amazonaws.com/team/app",
        "123456789012.dkr.ecr.eu-west-1.example.com/team/app",
        f"{HOST}/" + "x" * 257,
    ],
)
def test_what_is_no_uri(text: str) -> None:
    """What is not the URI of an image in ECR is a ValueError."""
    with pytest.raises(ValueError, match=r"."):
        ImageURI.parse(text)


def test_a_uri_is_a_value() -> None:
    """It is frozen, hashable and picklable, and its repr has its parts."""
    uri = ImageURI.parse(f"{HOST}/team/app:v1")

    assert {uri, ImageURI.parse(str(uri))} == {uri}
    assert pickle.loads(pickle.dumps(uri)) == uri
    assert repr(uri) == (
        "ImageURI(registry_id='123456789012', region_name='eu-west-1', repository_name='team/app', tag='v1')"
    )
    with pytest.raises(TypeError, match="must be a string, not None"):
        ImageURI.parse(None)  # type: ignore[arg-type]
