"""Arguments that cannot be right raise at the call, before any request."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any
from unittest.mock import MagicMock, Mock

import attrs
import boto3
import pytest
from samples import digest, image
from wire import session

import ecrimages
from ecrimages import Client, ImageId
from ecrimages.testing import FakeECR

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@attrs.frozen
class Call:
    """A call of one of a client's methods."""

    method: str
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]

    def __str__(self) -> str:
        keywords = [f"{name}={value!r}"[:60] for name, value in self.keywords.items()]
        return f"{self.method}({', '.join([repr(value)[:60] for value in self.arguments] + keywords)})"


def call(method: str, *arguments: Any, **keywords: Any) -> Call:
    """Return a call."""
    return Call(method, arguments, keywords)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (call("describe_images", None), TypeError, "repository_name must be a string, such as 'team/app', not None"),
        (call("describe_images", "x"), ValueError, "repository_name must be 2 to 256"),
        (call("describe_images", "x" * 257), ValueError, "repository_name must be 2 to 256"),
        (call("describe_images", "Team/App"), ValueError, "lower-case letters"),
        (call("describe_images", "team/app:v1"), ValueError, "without registry, tag or digest"),
        (call("describe_images", "team//app"), ValueError, "not 'team//app'"),
        (call("describe_images", "team/app\n"), ValueError, "not 'team/app\\\\n'"),
        (
            call("describe_images", f"{HOST}/team/app:v1"),
            ValueError,
            "use repository_name='team/app' with registry_id='123456789012'",
        ),
        (call("describe_images", f"https://{HOST}/team/app"), ValueError, "use repository_name='team/app' with"),
        (call("describe_images", HOST), ValueError, r"use repository_name='\.\.\.' with"),
        (call("describe_images", "public.ecr.aws/lambda/python"), ValueError, "ECR Public"),
        (call("describe_images", "ab", page_size=0), ValueError, "page_size must be an int from 1 to 1000, not 0"),
        (call("describe_images", "ab", page_size=1001), ValueError, "from 1 to 1000, not 1001"),
        (call("describe_images", "ab", page_size=True), TypeError, "page_size must be an int"),
        (call("describe_images", "ab", page_size="9"), TypeError, "not '9'"),
        (call("describe_images", "ab", limit=-1), ValueError, "limit must be an int of 0 or more, not -1"),
        (call("describe_images", "ab", limit=1.0), TypeError, "limit must be an int of 0 or more"),
        (call("describe_images", "ab", start_token=""), ValueError, "or None for the first page, not ''"),
        (call("describe_images", "ab", start_token=1), TypeError, "start_token must be a string or None"),
        (call("describe_images", "ab", tag_status="tagged"), ValueError, "'TAGGED', 'UNTAGGED', 'ANY', not 'tagged'"),
        (call("describe_images", "ab", tag_status=1), TypeError, "tag_status must be TagStatus"),
        (call("describe_images", "ab", image_status="GONE"), ValueError, "image_status must be ImageStatusFilter"),
        (call("describe_images", "ab", registry_id=123456789012), TypeError, "registry_id must be a string of 12"),
        (call("describe_images", "ab", registry_id="1234"), ValueError, "12 digits, not '1234'"),
        (call("describe_images", "ab", registry_id="１２３４５６７８９０１２"), ValueError, "12 digits"),
        (call("get_image", "ab"), TypeError, "exactly one of an image id, 'tag' and 'digest' is required, got none"),
        (call("get_image", "ab", "v1", tag="v1"), TypeError, "got 'image_id' and 'tag'"),
        (call("image_exists", "ab", tag="v1", digest=digest(1)), TypeError, "got 'tag' and 'digest'"),
        (call("get_image", "ab", 1), TypeError, "an image id must be an ImageId, a tag or a digest, not 1"),
        (call("get_image", "ab", image()), TypeError, "not an Image: pass its digest"),
        (call("get_image", "ab", "sha256:1"), ValueError, "digest must be"),
        (call("get_image", "ab", tag="team/app:v1"), ValueError, "tag must be"),
        (call("get_images", "ab", ["team/app:v1"]), ValueError, "only 'sha256:…' is a digest"),
        (call("get_images", "ab", ["v1", None]), TypeError, "an image id must be"),
        (call("get_images", "ab", "v1"), TypeError, "image_ids must be an iterable"),
        (call("get_images", "ab", b"v1"), TypeError, "image_ids must be an iterable"),
        (call("get_images", "ab", {"imageTag": "v1"}), TypeError, "image_ids must be an iterable"),
        (call("get_images", "ab", ImageId(tag="v1")), TypeError, "image_ids must be an iterable"),
        (call("get_images", "ab", 1), TypeError, "image_ids must be an iterable"),
        (call("get_images", "ab", [], missing="ignore"), ValueError, "missing must be 'raise' or 'skip', not 'ignore'"),
        (call("newest_images", "ab", -1), ValueError, "count must be an int of 0 or more"),
        (call("newest_images", "ab", where="v1"), TypeError, "where must be a function that takes an Image"),
        (call("repository_names", registry_id="x"), ValueError, "12 digits"),
        (call("image_uri", "ab"), TypeError, "image must be an Image"),
        (call("image_uri", image(), tag="v2"), ValueError, r"one of the image's tags \('v1',\), not 'v2'"),
    ],
    ids=lambda value: str(value) if isinstance(value, Call) else "",
)
def test_a_wrong_argument_raises_at_the_call(
    shared: FakeECR, shared_client: Client, wrong: Call, error: type[Exception], message: str
) -> None:
    """The message says what is right, and what came."""
    with pytest.raises(error, match=message):
        getattr(shared_client, wrong.method)(*wrong.arguments, **wrong.keywords)

    assert shared.requests == ()


@pytest.mark.usefixtures("bare_environment")
def test_an_image_is_checked_before_a_client_is_made() -> None:
    """The argument is what is wrong, and not that there is no region."""
    with pytest.raises(TypeError, match="image must be an Image"):
        ecrimages.image_uri("ab")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(
            lambda: "ecr", r"ecr must be a boto3 ECR client, such as boto3.client\('ecr'\), not 'ecr'", id="str"
        ),
        pytest.param(Client, "not <Client: region not resolved yet>", id="Client"),
        pytest.param(lambda: boto3.Session, "not <class 'boto3.session.Session'>", id="session"),
        pytest.param(lambda: session().client("sts"), "ecr must be a boto3 ECR client", id="STS"),
        pytest.param(lambda: session().client("ecr-public"), "ecr must be a boto3 ECR client", id="ECR Public"),
        pytest.param(type("Only", (), {"describe_images": print}), "ecr must be a boto3 ECR client", id="one method"),
        pytest.param(
            type("Aio", (), {"__aenter__": 1, "describe_images": print}), r"ecrimages\.AsyncClient", id="async"
        ),
    ],
)
def test_what_is_no_boto3_ecr_client(make: Callable[[], Any], message: str) -> None:
    """It is refused when it is handed in, and the message says what is wanted."""
    with pytest.raises(TypeError, match=message):
        Client(make())


def test_the_registry_of_a_client_is_checked() -> None:
    """The default registry is an account id."""
    with pytest.raises(ValueError, match="registry_id must be an AWS account ID, 12 digits, not 'x'"):
        Client(registry_id="x")
    with pytest.raises(TypeError, match="registry_id must be a string of 12 digits, not 1"):
        Client(registry_id=1)  # type: ignore[arg-type]


def test_the_arguments_of_boto3s_client_are_explained() -> None:
    """Arguments that belong to boto3.client() are refused with the line that takes them."""
    arguments: Any = {"region_name": "eu-west-1", "verify": False}

    with pytest.raises(TypeError, match=r"Client\(boto3.client\('ecr', region_name=\.\.\., verify=\.\.\.\)\)"):
        Client(**arguments)
    profile: Any = {"profile_name": "prod", "verify": False}
    with pytest.raises(TypeError, match=r"\(boto3.Session\(profile_name=\.\.\.\).client\('ecr', verify=\.\.\.\)\)"):
        Client(**profile)


@pytest.mark.parametrize("mock", [Mock, MagicMock])
def test_a_mock_is_taken(mock: Any) -> None:
    """Mock and MagicMock stand in for a boto3 client."""
    ecr = mock()
    ecr.describe_images.return_value = {"imageDetails": [image().to_dict()]}
    ecr.describe_repositories.return_value = {"repositories": [{"repositoryName": "team/app"}]}

    client = Client(ecr)

    assert list(client.describe_images("team/app")) == [image()]
    assert client.get_image("team/app", tag="v1") == image()
    assert list(client.repository_names()) == ["team/app"]
    ecr.close.assert_not_called()


def test_a_client_around_a_boto3_client_cannot_be_pickled(client: Client) -> None:
    """The TypeError says to create the boto3 client in the worker."""
    with pytest.raises(TypeError, match="create the boto3 client in the worker"):
        pickle.dumps(client)


def test_the_repr_of_a_client(boto3_client: Any) -> None:
    """It tells the region, as far as it is known, and the registry."""
    assert repr(Client(boto3_client)) == "<Client: region 'us-east-1'>"
    assert repr(Client(registry_id="123456789012")) == "<Client: region not resolved yet, registry '123456789012'>"
