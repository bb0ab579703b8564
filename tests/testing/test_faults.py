from __future__ import annotations

import http.client
import json
import threading
import time
from functools import partial
from typing import Any, NamedTuple

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from samples import digest

from ecrimages.testing import FakeECR, Fault
from testing.expected import JSON_TYPE, OTHER_REGISTRY, RawResponse, digests, error, post

HTML = b"<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
EXPIRED = "The security token included in the request is expired"


class Listing(NamedTuple):
    """An operation that lists, its parameters, and the name of the list in its response."""

    operation: str
    parameters: dict[str, Any]
    key: str


LISTINGS = [
    Listing("describe_images", {"repositoryName": "team/app"}, "imageDetails"),
    Listing("describe_repositories", {}, "repositories"),
    Listing("list_images", {"repositoryName": "team/app"}, "imageIds"),
]
every_listing = pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.operation)


@pytest.fixture(scope="module")
def ecr(shared: FakeECR) -> FakeECR:
    """One fake for all tests here: each of them takes the faults that it injects."""
    for number in range(3):
        shared.add_image("team/app", digest=digest(number))
        shared.add_repository(f"team/app-{number}")
    return shared


@pytest.fixture(scope="module")
def client(shared_client: Any) -> Any:
    """One client for all tests here."""
    return shared_client


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.throttling(), ("ThrottlingException", "Rate exceeded", 400)),
        (Fault.server_error(), ("ServerException", "An internal server error has occured", 500)),
        (Fault.expired_token(), ("ExpiredTokenException", EXPIRED, 400)),
        (Fault.error("OptInRequired", "Sign up", status=403), ("OptInRequired", "Sign up", 403)),
        (Fault.error("com.amazonaws.ecr#Code", "text"), ("Code", "text", 400)),
        (Fault.error("Code"), ("Code", "", 400)),
        (Fault.html(), ("502", "Bad Gateway", 502)),
        (Fault.html(status=503), ("503", "Service Unavailable", 503)),
        (Fault.body(b'{"__type": "Mine", "message": "text"}', status=418), ("Mine", "text", 418)),
    ],
)
@every_listing
def test_an_error_instead_of_a_response(
    ecr: FakeECR, client: Any, fault: Fault, expected: Any, listing: Listing
) -> None:
    """boto3 raises it once, whatever the operation."""
    ecr.inject_faults(fault)
    call = getattr(client, listing.operation)

    assert error(call, **listing.parameters) == expected
    assert len(call(**listing.parameters)[listing.key]) >= 3


@pytest.mark.parametrize("status", [400, 403])
def test_access_denied(ecr: FakeECR, client: Any, status: int) -> None:
    """The message names the operation and the repository of the request."""
    ecr.inject_faults(*[Fault.access_denied(status=status)] * 2)

    code, message, http_status = error(client.describe_images, repositoryName="team/app")
    _, other_message, _ = error(client.describe_repositories)

    assert (code, http_status) == ("AccessDeniedException", status)
    assert message == (
        "User: arn:aws:iam::123456789012:user/someone is not authorized to perform: ecr:DescribeImages on "
        "resource: arn:aws:ecr:us-east-1:123456789012:repository/team/app because no identity-based policy "
        "allows the ecr:DescribeImages action"
    )
    assert "ecr:DescribeRepositories on resource: arn:aws:ecr:us-east-1:123456789012:repository/* " in other_message


@pytest.mark.parametrize(("registry_id", "policy"), [("111111111111", "identity"), (OTHER_REGISTRY, "resource")])
def test_access_to_a_registry_denied(registry_id: str, policy: str) -> None:
    """The message has the caller's account, the registry of the request, and whose policy does not allow it."""
    with FakeECR(registry_id="111111111111", region_name="cn-north-1") as ecr:
        ecr.inject_faults(Fault.access_denied())

        _, message, _ = error(ecr.client().describe_images, registryId=registry_id, repositoryName="team/app")

    assert message == (
        "User: arn:aws-cn:iam::111111111111:user/someone is not authorized to perform: ecr:DescribeImages on "
        f"resource: arn:aws-cn:ecr:cn-north-1:{registry_id}:repository/team/app because no {policy}-based policy "
        "allows the ecr:DescribeImages action"
    )


@pytest.mark.parametrize("fault", [Fault.html(status=200), Fault.truncated(), Fault.truncated(0), Fault.body(b"")])
@every_listing
def test_what_boto3_reads_as_an_empty_list(ecr: FakeECR, client: Any, fault: Fault, listing: Listing) -> None:
    """boto3 returns a response without the list, and no error."""
    ecr.inject_faults(fault)

    response = getattr(client, listing.operation)(**listing.parameters)

    assert listing.key not in response


def test_status_type_and_body_are_those_of_the_fault(ecr: FakeECR) -> None:
    """Down to the bytes."""
    whole = post(ecr)
    ecr.inject_faults(Fault.html(status=200), Fault.html(), Fault.body(b"\0", status=299), Fault.truncated(0.25))

    responses = [post(ecr) for _ in range(4)]

    assert whole[:2] == (200, JSON_TYPE)
    assert responses == [
        RawResponse(200, "text/html", HTML),
        RawResponse(502, "text/html", HTML),
        RawResponse(299, JSON_TYPE, b"\0"),
        RawResponse(200, JSON_TYPE, whole.body[: len(whole.body) // 4]),
    ]


def test_a_connection_that_is_closed_within_the_body(ecr: FakeECR) -> None:
    """Fewer bytes arrive than were announced."""
    whole = post(ecr).body
    ecr.inject_faults(Fault.closed(0.5))

    with pytest.raises(http.client.IncompleteRead) as caught:
        post(ecr)

    assert caught.value.partial == whole[: len(whole) // 2]
    assert caught.value.expected == len(whole) - len(whole) // 2


def test_a_connection_that_is_reset(ecr: FakeECR, client: Any) -> None:
    """There is no response, and the next request gets a new connection."""
    digests(client)
    ecr.inject_faults(Fault.reset(), Fault.reset())

    with pytest.raises(ConnectionClosedError):
        digests(client)
    with pytest.raises(ConnectionResetError):
        post(ecr)

    assert len(digests(client)) == 3


def test_a_delayed_response(ecr: FakeECR, client: Any) -> None:
    """A delay that is longer than the client's time-out is one; the client waits for a shorter one."""
    with FakeECR() as other:
        other.inject_faults(Fault.delay(3600))
        with pytest.raises(ReadTimeoutError):
            other.client(Config(read_timeout=0.05)).describe_repositories()
    ecr.inject_faults(Fault.delay(0.05))
    start = time.monotonic()

    assert len(digests(client)) == 3
    assert time.monotonic() - start >= 0.05


@every_listing
def test_an_edited_response(ecr: FakeECR, client: Any, listing: Listing) -> None:
    """The change is in one response only; what the FakeECR holds stays as it is."""
    ecr.inject_faults(Fault.edit(lambda document: document[listing.key].clear()))
    call = getattr(client, listing.operation)

    assert call(**listing.parameters)[listing.key] == []
    assert len(call(**listing.parameters)[listing.key]) >= 3


class Blocked(BaseException):
    """An exception such as that of pytest.fail()."""


@pytest.mark.parametrize("exception", [KeyError("imageDetials"), Blocked()])
@pytest.mark.parametrize("outcome", [None, AssertionError("the test")])
def test_an_edit_that_raises_fails_the_test(exception: BaseException, outcome: Exception | None) -> None:
    """The client gets an error at once, and the end of the with statement raises it."""

    def change(_: Any) -> None:
        raise exception

    def test() -> None:
        with FakeECR() as ecr:
            ecr.inject_faults(*[Fault.edit(change)] * 2)
            found.extend(error(ecr.client().describe_repositories) for _ in range(2))
            if outcome is not None:
                raise outcome

    found: list[object] = []
    with pytest.raises(RuntimeError, match=r"^a request to FakeECR failed with ") as caught:
        test()

    assert found == [("InternalFailure", f"FakeECR failed with {exception!r}", 500)] * 2
    assert caught.value.__cause__ is exception
    assert caught.value.__context__ is outcome or outcome is None


def test_an_interrupt_stays_an_interrupt() -> None:
    """A failed request does not replace Ctrl+C."""

    def interrupted() -> None:
        with FakeECR() as ecr:
            ecr.inject_faults(Fault.edit(lambda document: document["missing"]))
            error(ecr.client().describe_repositories)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()


@pytest.mark.slow
def test_edits_that_block_do_not_add_up() -> None:
    """The end of the with statement waits for all threads together: two seconds, and not ten."""
    released = threading.Event()
    try:
        with FakeECR() as ecr:
            ecr.inject_faults(*[Fault.edit(lambda _: released.wait(60))] * 5)
            client = ecr.client(Config(read_timeout=0.1))
            for _ in range(5):
                with pytest.raises(ReadTimeoutError):
                    client.describe_repositories()
            start = time.monotonic()

        assert time.monotonic() - start < 10
    finally:
        released.set()


@every_listing
def test_an_empty_page(ecr: FakeECR, client: Any, listing: Listing) -> None:
    """It has a new token for the page that was requested, the first or a later one."""
    call = getattr(client, listing.operation)
    expected = call(**listing.parameters)[listing.key]
    ecr.inject_faults(Fault.empty_page(), None, Fault.empty_page(), Fault.empty_page())

    pages = list(
        client.get_paginator(listing.operation).paginate(**listing.parameters, PaginationConfig={"PageSize": 2})
    )

    assert [page[listing.key] for page in pages] == [
        [],
        expected[:2],
        [],
        [],
        *([expected[2:]] if len(expected) > 2 else []),
    ]


@pytest.mark.parametrize("fault", [Fault.empty_page(), Fault.repeated_token(), Fault.delay(0)])
def test_an_error_response_stays_one(ecr: FakeECR, client: Any, fault: Fault) -> None:
    """These faults change good responses only."""
    ecr.inject_faults(fault)

    code, _, _ = error(client.describe_images, repositoryName="team/app", nextToken="bad")

    assert code == "InvalidParameterException"


@pytest.mark.parametrize("fault", [Fault.empty_page(), Fault.repeated_token()])
def test_operations_without_pages_are_unaffected(ecr: FakeECR, fault: Fault) -> None:
    """BatchGetImage has no token to repeat, and no page to empty."""
    ecr.inject_faults(fault)
    body = json.dumps({"repositoryName": "team/app", "imageIds": [{"imageDigest": digest(1)}]}).encode()

    response = post(ecr, body, X_Amz_Target="AmazonEC2ContainerRegistry_V20150921.BatchGetImage")

    assert json.loads(response.body).keys() == {"images", "failures"}


@every_listing
def test_a_repeated_token(ecr: FakeECR, client: Any, listing: Listing) -> None:
    """The token of the request is the next one; a first page has none to repeat."""
    ecr.inject_faults(Fault.repeated_token(), Fault.repeated_token())
    call = getattr(client, listing.operation)

    first = call(**listing.parameters, maxResults=1)
    second = call(**listing.parameters, maxResults=1, nextToken=first["nextToken"])

    assert len(first[listing.key]) == len(second[listing.key]) == 1
    assert second["nextToken"] == first["nextToken"]


def outcomes(client: Any, *names: str) -> list[str]:
    """List repositories, or all names with None; return the code of each error, or `ok`."""
    found = []
    for name in names:
        try:
            if name:
                client.describe_images(repositoryName=name)
            else:
                client.describe_repositories()
            found.append("ok")
        except ClientError as caught:
            found.append(caught.response["Error"]["Code"])
    return found


def test_faults_are_queued(ecr: FakeECR, client: Any) -> None:
    """One per request, in order, None for a good response; further faults follow."""
    ecr.inject_faults(None, Fault.error("A"))
    ecr.inject_faults()
    ecr.inject_faults(Fault.error("B"), None, Fault.error("C"))

    assert outcomes(client, *["team/app"] * 7) == ["ok", "A", "B", "ok", "C", "ok", "ok"]


def test_faults_of_a_repository_or_an_operation(ecr: FakeECR, client: Any) -> None:
    """Each has a queue of its own, and the most specific one comes first."""
    ecr.inject_faults(Fault.error("All"))
    ecr.inject_faults(Fault.error("Operation"), operation="DescribeImages")
    ecr.inject_faults(None, Fault.error("Repository"), repository_name="team/app")
    ecr.inject_faults(Fault.error("Both"), repository_name="team/app", operation="DescribeImages")
    ecr.inject_faults(Fault.error("Names"), operation="DescribeRepositories")

    found = outcomes(client, "team/app", "team/app", "team/app", "team/app", "team/app-1", "", "team/app")

    assert found == ["Both", "ok", "Repository", "Operation", "All", "Names", "ok"]


def test_describe_repositories_is_about_the_repositories_that_it_names(ecr: FakeECR, client: Any) -> None:
    """A fault of a repository applies to a request that names it among others."""
    ecr.inject_faults(Fault.throttling(), repository_name="team/app-1")

    client.describe_repositories()
    code, _, _ = error(client.describe_repositories, repositoryNames=["team/app", "team/app-1"])

    assert code == "ThrottlingException"


@pytest.mark.parametrize(
    "wrong",
    ["throttling", Fault.throttling, Fault, [Fault.throttling()], 3, False],
    ids=["name", "method", "class", "list", "number", "false"],
)
def test_only_faults_can_be_injected(ecr: FakeECR, client: Any, wrong: Any) -> None:
    """With one wrong argument, none of the faults is queued."""
    with pytest.raises(TypeError, match=r"^faults must be Fault objects such as Fault\.throttling"):
        ecr.inject_faults(Fault.throttling(), wrong)

    assert outcomes(client, "team/app") == ["ok"]


@pytest.mark.parametrize(
    ("arguments", "error_class", "text"),
    [
        ({"operation": "DescribeImage"}, ValueError, "operation must be one of BatchDeleteImage, Batch"),
        ({"operation": ["DescribeImages"]}, ValueError, "operation must be one of BatchDeleteImage, Batch"),
        ({"repository_name": "Team"}, ValueError, "repository_name must be 2 to 256 characters"),
        ({"repository_name": 1}, TypeError, "repository_name must be a string"),
    ],
)
def test_where_faults_apply_is_validated(ecr: FakeECR, arguments: Any, error_class: type[Exception], text: str) -> None:
    """A typing error would otherwise leave a test without its fault."""
    with pytest.raises(error_class, match=f"^{text}"):
        ecr.inject_faults(Fault.throttling(), **arguments)


@pytest.mark.parametrize("make", [Fault.truncated, Fault.closed])
@pytest.mark.parametrize("fraction", [-0.1, 1, 2.0])
def test_a_fraction_is_less_than_all(make: Any, fraction: float) -> None:
    """The whole body would be no fault."""
    with pytest.raises(ValueError, match=r"^fraction must be 0.0 to less than 1.0, not "):
        make(fraction)


@pytest.mark.parametrize(
    ("make", "error_class"),
    [(Fault.delay, ValueError), (Fault.body, TypeError), (Fault.edit, TypeError)],
    ids=["delay", "body", "edit"],
)
def test_arguments_of_faults(make: Any, error_class: type[Exception]) -> None:
    """They are validated before a request meets the fault."""
    with pytest.raises(error_class, match=r"^(seconds|body|change) must "):
        make(-1)


@pytest.mark.parametrize("status", [99, 600, "400", None, True, 400.0])
@pytest.mark.parametrize("make", [partial(Fault.error, "X"), partial(Fault.body, b""), Fault.html, Fault.access_denied])
def test_the_status_of_a_fault(make: Any, status: Any) -> None:
    """A client would see a closed connection, and the server a traceback."""
    with pytest.raises(ValueError if status in (99, 600) else TypeError, match=r"^status must be an int from 200 to "):
        make(status=status)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Fault.error(400), "code must be a string, not 400"),  # type: ignore[arg-type]
        (lambda: Fault.error("X", 400), "message must be a string, not 400"),  # type: ignore[arg-type]
        (lambda: Fault.delay("1"), "seconds must be a number, not '1'"),  # type: ignore[arg-type]
        (lambda: Fault.truncated("0.5"), "fraction must be a number, not '0.5'"),  # type: ignore[arg-type]
    ],
)
def test_the_types_of_the_arguments_of_faults(make: Any, text: str) -> None:
    """The message names the argument."""
    with pytest.raises(TypeError, match=f"^{text}$"):
        make()


@pytest.mark.parametrize("seconds", [float("inf"), float("nan")])
def test_a_delay_is_finite(seconds: float) -> None:
    """A request would never end."""
    with pytest.raises(ValueError, match=r"^seconds must be finite"):
        Fault.delay(seconds)


def test_the_repr_of_a_fault() -> None:
    """It has the kind of the fault."""
    assert repr(Fault.throttling()) == "Fault(name='ThrottlingException')"
    assert repr(Fault.truncated()) == "Fault(name='truncated')"
