from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, NoReturn

import pytest

import ecrimages
from ecrimages import Client, Image, ImageId, ImageStatusFilter, TagStatus
from ecrimages._request import (
    IMAGES_PER_PAGE,
    check_int,
    check_registry_id,
    image_id_members,
    image_id_of,
    listing_request,
    repository_request,
)

DIGEST = "sha256:" + "0f" * 32

TWELVE_DIGITS = "an AWS account id, 12 digits"
TAG = "1 to 300 characters without white space, ':', '/' or '@'"
SHA256 = "'sha256:' and 64 lower-case hex digits"
REPOSITORY = (
    "2 to 256 lower-case letters and digits with '/', '.', '_' or '-' between them, "
    "without registry, tag and digest, such as 'team/app'"
)
TAG_STATUS = "TagStatus or one of 'TAGGED', 'UNTAGGED', 'ANY'"
IMAGE_STATUS = "ImageStatusFilter or one of 'ACTIVE', 'ARCHIVED', 'ACTIVATING', 'ANY'"
IMAGE_IDS = "an iterable of ImageId, tags and digests"

NOT_REPOSITORIES = [
    "",
    "a",
    "A",
    "Team/App",
    "team/app:v1",
    f"team/app@{DIGEST}",
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com/Team",
    "localhost:5000/team/app",
    "/team",
    "team/",
    "team//app",
    "team..app",
    "team___app",
    "-team",
    "team-",
    "team app",
    "team\n",
    "téam",
    "x" * 257,
]
REPOSITORIES = [
    "ab",
    "00",
    "team/app",
    "a/b",
    "team/app/sub/deep",
    "team.app",
    "team_app",
    "team__app",
    "team-app",
    "team---app",
    "te.am/a_p-p",
    "x" * 256,
]


class Wrong(NamedTuple):
    """Arguments that a call refuses: with what error, about which name, and what it says is allowed."""

    arguments: dict[str, Any]
    error_class: type[Exception]
    name: str
    allowed: str
    value: Any


def wrong(name: str, error_class: type[Exception], allowed: str, *values: Any) -> list[Wrong]:
    """Return the refusals of one argument."""
    return [Wrong({name: value}, error_class, name, allowed, value) for value in values]


def wrong_ids(name: str, error_class: type[Exception], allowed: str, *values: Any) -> list[Wrong]:
    """Return the refusals of one id among others."""
    return [Wrong({"image_ids": ["v1", value]}, error_class, name, allowed, value) for value in values]


WRONG_REGISTRIES = [
    *wrong("registry_id", ValueError, TWELVE_DIGITS, "", "1", "1234567890123", "12345678901x"),
    *wrong("registry_id", ValueError, TWELVE_DIGITS, "123456789012\n", "१२३४५६७८९०१२"),
    *wrong("registry_id", TypeError, "a string of 12 digits", 123456789012, b"123456789012"),
]
WRONG_REPOSITORIES = [
    *wrong("repository_name", ValueError, REPOSITORY, *NOT_REPOSITORIES),
    *wrong("repository_name", TypeError, "a string, such as 'team/app'", None, 1, b"team/app", ["team/app"]),
]
WRONG_CHOICES = [
    *WRONG_REPOSITORIES,
    *WRONG_REGISTRIES,
    *wrong("tag_status", ValueError, TAG_STATUS, "tagged", "", "ACTIVE", ImageStatusFilter.ACTIVE),
    *wrong("tag_status", TypeError, TAG_STATUS, True, 1, ["TAGGED"]),
    *wrong("image_status", ValueError, IMAGE_STATUS, "active", "", "TAGGED", TagStatus.TAGGED),
    *wrong("image_status", TypeError, IMAGE_STATUS, 1, b"ACTIVE"),
    *wrong("page_size", ValueError, "an int from 1 to 1000", 0, -1, 1001, 10**9),
    *wrong("page_size", TypeError, "an int from 1 to 1000", None, True, "10", 10.0),
]
WRONG_LISTINGS = [
    *WRONG_CHOICES,
    *wrong("limit", ValueError, "an int of 0 or more", -1, -(10**9)),
    *wrong("limit", TypeError, "an int of 0 or more", True, "10", 1.0),
    *wrong("start_token", ValueError, "a token of an earlier listing, or None for the first page", ""),
    *wrong("start_token", TypeError, "a string or None", 1, b"token", ["token"]),
]
WRONG_NEWEST = [
    *WRONG_CHOICES,
    *wrong("count", ValueError, "an int of 0 or more", -1),
    *wrong("count", TypeError, "an int of 0 or more", None, True, "1", 1.5),
]
WRONG_LOOKUPS = [
    *WRONG_REPOSITORIES,
    *WRONG_REGISTRIES,
    *wrong("image_ids", TypeError, IMAGE_IDS, None, 1, "v1", DIGEST, ImageId(tag="v1"), {"v1": "v2"}),
    *wrong_ids("tag", ValueError, TAG, "", "v 1", "team/app", "team@app", "x" * 301),
    *wrong_ids("digest", ValueError, SHA256, "sha256:", DIGEST[:-1], DIGEST.upper(), "app:v1", ":"),
    *wrong_ids("an image id", TypeError, "an ImageId, a tag or a digest", None, 1, b"v1", ["v1"]),
    *wrong("missing", ValueError, "'raise' or 'skip'", "maybe", "", None, True, ["skip"]),
]
WRONG_TAGS = [
    *WRONG_REPOSITORIES,
    *WRONG_REGISTRIES,
    *wrong("tag", ValueError, TAG, "", "v 1", "app:v1", DIGEST, "x" * 301),
    *wrong("tag", TypeError, "a string", 1, b"v1", ["v1"]),
]
WRONG_DIGESTS = [
    *wrong("digest", ValueError, SHA256, "", "v1", DIGEST[:-1], f"team/app@{DIGEST}"),
    *wrong("digest", TypeError, "a string", 1),
]


def name_of(case: Wrong) -> str:
    """Return what pytest calls a case."""
    return str(case.arguments)[:50]


class NoRequest:
    """A boto3 client that is not to be called."""

    def describe_images(self, **request: object) -> NoReturn:
        """Fail the test: the argument should have been refused before."""
        raise AssertionError(f"a request was made: {request}")


def client(**arguments: Any) -> Any:
    """Return a client that can only refuse arguments."""
    ecr: Any = NoRequest()
    return Client(ecr, **arguments)


def assert_refused(call: Callable[..., Any], case: Wrong, **right: Any) -> None:
    """Check that a call refuses an argument, and says which, what it may be, and what it was."""
    with pytest.raises(case.error_class) as caught:
        call(**{**right, **case.arguments})

    said = f"{case.name} must be {case.allowed}, not {case.value!r}"
    assert str(caught.value) == said


@pytest.mark.parametrize("case", WRONG_LISTINGS, ids=name_of)
def test_a_listing_refuses_what_cannot_be_right(case: Wrong) -> None:
    """`describe_images()` checks its arguments at the call, before any request and any `next()`."""
    assert_refused(client().describe_images, case, repository_name="team/app")


@pytest.mark.parametrize("case", WRONG_NEWEST, ids=name_of)
def test_the_newest_images_refuse_what_cannot_be_right(case: Wrong) -> None:
    """`newest_images()` checks its arguments before any request."""
    assert_refused(client().newest_images, case, repository_name="team/app")


@pytest.mark.parametrize("case", WRONG_LOOKUPS, ids=name_of)
def test_a_lookup_refuses_what_cannot_be_right(case: Wrong) -> None:
    """`get_images()` checks its arguments at the call, every id of a list included."""
    assert_refused(client().get_images, case, repository_name="team/app", image_ids=["v1"])


@pytest.mark.parametrize("call", [client().get_image, client().image_exists])
@pytest.mark.parametrize("case", WRONG_TAGS, ids=name_of)
def test_a_tag_that_cannot_be_right_is_refused(call: Callable[..., Any], case: Wrong) -> None:
    """`get_image()` and `image_exists()` check their arguments before any request."""
    assert_refused(call, case, repository_name="team/app", tag="v1")


@pytest.mark.parametrize("call", [client().get_image, client().image_exists])
@pytest.mark.parametrize("case", WRONG_DIGESTS, ids=name_of)
def test_a_digest_that_cannot_be_right_is_refused(call: Callable[..., Any], case: Wrong) -> None:
    """A digest is checked before any request, and never taken for a tag."""
    assert_refused(call, case, repository_name="team/app")


@pytest.mark.parametrize("call", [client().get_image, client().image_exists])
@pytest.mark.parametrize(
    ("arguments", "given"),
    [({}, "none"), ({"tag": None, "digest": None}, "none"), ({"tag": "v1", "digest": DIGEST}, "both")],
)
def test_one_image_is_named_by_tag_or_by_digest(
    call: Callable[..., Any], arguments: dict[str, Any], given: str
) -> None:
    """An image is asked for by one of the two; the error says whether none or both came."""
    with pytest.raises(TypeError, match=rf"^give tag or digest, as in tag='v1'; {given} of them came$"):
        call("team/app", **arguments)


@pytest.mark.parametrize("case", WRONG_REGISTRIES, ids=name_of)
def test_a_client_refuses_a_wrong_registry(case: Wrong) -> None:
    """The registry that a client is made for is checked when it is made."""
    assert_refused(client, case)


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (ecrimages.describe_images, {}),
        (ecrimages.get_image, {"tag": "v1"}),
        (ecrimages.get_images, {"image_ids": ["v1"]}),
        (ecrimages.image_exists, {"tag": "v1"}),
        (ecrimages.newest_images, {}),
    ],
)
def test_the_functions_of_the_module_check_too(call: Callable[..., Any], arguments: dict[str, Any]) -> None:
    """Without a client, credentials and a region, a wrong argument is what the error is about."""
    case = Wrong({"repository_name": "A"}, ValueError, "repository_name", REPOSITORY, "A")

    assert_refused(call, case, **arguments)


def test_the_ids_of_an_iterator_are_checked_when_they_are_needed() -> None:
    """An iterator of ids is not read at the call; the wrong id is an error while iterating."""
    images: Iterator[Image] = client().get_images("team/app", iter(["v1", ""]))

    with pytest.raises(ValueError, match=r"^tag must be .*, not ''$"):
        next(images)


@pytest.mark.parametrize(
    "arguments",
    [
        {"page_size": 1},
        {"page_size": 1000},
        {"limit": 0},
        {"limit": 10**9},
        {"start_token": "token"},
        {"tag_status": TagStatus.UNTAGGED, "image_status": ImageStatusFilter.ANY},
        {"registry_id": "123456789012"},
        dict.fromkeys(("limit", "start_token", "tag_status", "image_status", "registry_id")),
    ],
)
def test_a_listing_takes_what_can_be_right(arguments: dict[str, Any]) -> None:
    """The bounds themselves are right, and None stands for what was not given; no request is made."""
    images = client().describe_images("team/app", **arguments)

    assert iter(images) is images


@pytest.mark.parametrize("name", REPOSITORIES)
def test_repositories(name: str) -> None:
    """Each name that ECR's own pattern allows is taken as it is."""
    assert repository_request(name, registry_id=None) == {"repositoryName": name}


def test_the_registry_is_sent_if_it_is_given() -> None:
    """The account that owns the registry is part of the request."""
    request = repository_request("team/app", registry_id="012345678901")

    assert request == {"repositoryName": "team/app", "registryId": "012345678901"}


def test_a_listing_with_nothing_chosen_sends_the_repository_only() -> None:
    """What was not asked for is left to ECR."""
    request = listing_request(
        "team/app", tag_status=None, image_status=None, start_token=None, registry_id=None
    )

    assert request == {"repositoryName": "team/app"}


@pytest.mark.parametrize(
    ("tag_status", "image_status", "expected"),
    [
        ("TAGGED", None, {"tagStatus": "TAGGED"}),
        (TagStatus.UNTAGGED, None, {"tagStatus": "UNTAGGED"}),
        (None, "ARCHIVED", {"imageStatus": "ARCHIVED"}),
        (None, ImageStatusFilter.ACTIVATING, {"imageStatus": "ACTIVATING"}),
        ("ANY", ImageStatusFilter.ANY, {"tagStatus": "ANY", "imageStatus": "ANY"}),
    ],
)
def test_filters(tag_status: str | None, image_status: str | None, expected: dict[str, str]) -> None:
    """A filter is sent as ECR names it, as a plain string whether a string or a member was given."""
    request = listing_request(
        "team/app",
        tag_status=tag_status,
        image_status=image_status,
        start_token="token",
        registry_id="123456789012",
    )

    assert request == {
        "repositoryName": "team/app",
        "registryId": "123456789012",
        "filter": expected,
        "nextToken": "token",
    }
    assert {type(value) for value in request["filter"].values()} == {str}


@pytest.mark.parametrize(
    ("value", "image_id", "members"),
    [
        ("v1", ImageId(tag="v1"), {"imageTag": "v1"}),
        ("x" * 300, ImageId(tag="x" * 300), {"imageTag": "x" * 300}),
        (DIGEST, ImageId(digest=DIGEST), {"imageDigest": DIGEST}),
        (ImageId(tag="v1"), ImageId(tag="v1"), {"imageTag": "v1"}),
        (
            ImageId(tag="v1", digest=DIGEST),
            ImageId(tag="v1", digest=DIGEST),
            {"imageTag": "v1", "imageDigest": DIGEST},
        ),
    ],
)
def test_ids(value: ImageId | str, image_id: ImageId, members: dict[str, str]) -> None:
    """A digest is told from a tag, and an id is sent with what it has of the two."""
    assert image_id_of(value) == image_id
    assert image_id_members(image_id_of(value)) == members


@pytest.mark.parametrize(
    ("value", "lowest", "highest"), [(0, 0, None), (10**30, 0, None), (1, 1, 1), (7, 1, 9)]
)
def test_ints_within_their_bounds(value: int, lowest: int, highest: int | None) -> None:
    """The bounds belong to what is allowed, and there need not be a highest."""
    check_int("limit", value, lowest, highest)

    with pytest.raises(ValueError, match=rf"^limit must be an int .*, not {lowest - 1}$"):
        check_int("limit", lowest - 1, lowest, highest)


def test_a_registry_may_be_left_out() -> None:
    """None stands for the caller's own registry."""
    check_registry_id(None)
    check_registry_id("123456789012")


def test_a_listing_asks_for_the_largest_pages() -> None:
    """The default of `page_size` is the most that ECR gives: a tenth of the requests of its own default."""
    for call in (Client.describe_images, Client.newest_images):
        assert inspect.signature(call).parameters["page_size"].default == IMAGES_PER_PAGE
