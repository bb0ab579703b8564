from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Literal, get_args

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from fault_cases import CASES, PUSHED, SHORT_BODY, Case, answer_with, bring_about, in_second

from ecrimages import (
    Client,
    CredentialsError,
    ECRImagesError,
    Image,
    ImageIterator,
    MalformedResponseError,
    RepeatedTokenError,
    ResponseError,
    ServiceError,
    ThrottlingError,
    TransportError,
)
from ecrimages.testing import FakeECR, Fault

# The middle page is the one that goes wrong.
PAGE_SIZE = 3
SIZES_OF_PAGES = [3, 3, 2]
Mode = Literal["legacy", "standard", "adaptive"]
RETRY_MODES = get_args(Mode)

PLAYED = [case for case in CASES if isinstance(case.fault, Fault) and case.name != "a time-out"]


@contextlib.contextmanager
def repository(config: Config | None = None) -> Iterator[tuple[FakeECR, Any, tuple[Image, ...]]]:
    """Give an ECR with three pages of images, a boto3 client of it, and the images in its order."""
    with FakeECR() as ecr:
        images = [
            ecr.add_image("team/app", tags=[f"v{number}"], pushed_at=PUSHED + timedelta(days=number))
            for number in range(sum(SIZES_OF_PAGES))
        ]
        yield ecr, ecr.client(config), tuple(sorted(images, key=lambda image: image.digest))


def listing(client: Client, start_token: str | None = None) -> ImageIterator:
    """Begin to list the repository."""
    return client.describe_images("team/app", page_size=PAGE_SIZE, start_token=start_token)


def check_error(error: ECRImagesError, case: Case) -> None:
    """Check that an error tells what, where and whether to try again, and what it came from."""
    assert type(error) is case.error
    assert case.says in str(error)
    assert "\n" not in str(error)
    assert getattr(error, "path", None) == case.path
    assert error.retryable is case.retryable
    if isinstance(error, ServiceError):
        assert isinstance(error.__cause__, ClientError)
    elif isinstance(error, TransportError):
        assert isinstance(error.__cause__, BotoCoreError)
    elif isinstance(error, ResponseError) and isinstance(case.fault, Fault):
        assert error.request_id is not None
        assert error.request_id in str(error)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_loses_no_image(case: Case) -> None:
    """The fault comes out as a typed error; the same iterator then gives what is left, each image once."""
    with repository(case.config) as (ecr, boto3_client, expected):
        iterator = listing(Client(boto3_client))
        images = [next(iterator) for _ in range(PAGE_SIZE)]
        bring_about(case, ecr, boto3_client)

        with pytest.raises(ECRImagesError) as caught:
            next(iterator)
        images += iterator

        check_error(caught.value, case)
        assert tuple(images) == expected
        assert list(iterator) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_loses_no_page(case: Case) -> None:
    """By page it is the same, and the failed page is the first to come after the error."""
    with repository(case.config) as (ecr, boto3_client, expected):
        iterator = listing(Client(boto3_client))
        pages = iterator.pages()
        read = [next(pages)]
        bring_about(case, ecr, boto3_client)

        with pytest.raises(ECRImagesError) as caught:
            next(pages)
        at_the_error = iterator.next_token
        read += pages

        check_error(caught.value, case)
        assert at_the_error == read[0].next_token
        assert tuple(image for page in read for image in page.images) == expected
        assert [len(page.images) for page in read] == SIZES_OF_PAGES
        assert [page.next_token is None for page in read] == [False, False, True]
        assert list(pages) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_listing_can_be_taken_up_at_a_saved_token(case: Case) -> None:
    """A new iterator that begins at the token saved before the fault gives what is left, each image once."""
    with repository(case.config) as (ecr, boto3_client, expected):
        client = Client(boto3_client)
        first = next(listing(client).pages())
        bring_about(case, ecr, boto3_client)

        with pytest.raises(ECRImagesError) as caught:
            list(listing(client, first.next_token))
        rest = tuple(listing(client, first.next_token))

        check_error(caught.value, case)
        assert first.images + rest == expected


# The first request has no token that could come again.
@pytest.mark.parametrize(
    "case", [case for case in CASES if case.error is not RepeatedTokenError], ids=lambda case: case.name
)
def test_a_fault_at_the_first_page_leaves_the_iterator_where_it_was(case: Case) -> None:
    """An iterator that fails at once has not begun, and gives all when it is asked again."""
    with repository(case.config) as (ecr, boto3_client, expected):
        iterator = listing(Client(boto3_client))
        bring_about(case, ecr, boto3_client)

        with pytest.raises(case.error):
            next(iterator)

        assert "0 images yielded, not started" in repr(iterator)
        assert iterator.next_token is None
        assert tuple(iterator) == expected


@pytest.mark.parametrize("case", PLAYED, ids=lambda case: case.name)
def test_a_fault_can_come_again_and_again(case: Case) -> None:
    """However often a page fails, the iterator stays where it is; no image of the failed page came out."""
    with repository() as (ecr, boto3_client, expected):
        iterator = listing(Client(boto3_client))
        images = [next(iterator) for _ in range(PAGE_SIZE)]
        ecr.inject_faults(*[case.fault if isinstance(case.fault, Fault) else None] * 3)

        for _ in range(3):
            with pytest.raises(case.error):
                next(iterator)
            assert f"{PAGE_SIZE} images yielded, more to come" in repr(iterator)
        images += iterator

        assert tuple(images) == expected
        assert len(ecr.requests) == len(SIZES_OF_PAGES) + 3


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        pytest.param(
            in_second("imageScanStatus", {"status": "NEW_STATUS"}),
            lambda image: image.scan_status.status == "NEW_STATUS",
            id="an unknown scan status",
        ),
        pytest.param(
            in_second("imageStatus", "FROZEN"), lambda image: image.status == "FROZEN", id="an unknown status"
        ),
        pytest.param(
            in_second("imageScanFindingsSummary", {"findingSeverityCounts": {"APOCALYPTIC": 1}}),
            lambda image: image.scan_findings_summary.severity_counts["APOCALYPTIC"] == 1,
            id="an unknown severity",
        ),
        pytest.param(
            in_second("newMember", {"deep": [1]}),
            lambda image: image.extra == {"newMember": {"deep": (1,)}},
            id="an unknown member",
        ),
        pytest.param(in_second("imageTags", None), lambda image: image.tags == (), id="tags null"),
        pytest.param(in_second("imageTags", []), lambda image: image.tags == (), id="no tags"),
        pytest.param(
            in_second("imageSizeInBytes", None), lambda image: image.size_in_bytes is None, id="size null"
        ),
        pytest.param(
            in_second("imageSizeInBytes", 3.0e9),
            lambda image: image.size_in_bytes == 3_000_000_000,
            id="a size with an exponent",
        ),
        pytest.param(
            in_second("imagePushedAt", 1.768230146e9),
            lambda image: image.pushed_at == PUSHED,
            id="a time with an exponent",
        ),
        pytest.param(
            answer_with(newMember=[1]), lambda image: image.extra == {}, id="an unknown member of the answer"
        ),
    ],
)
def test_what_is_no_fault(fault: Fault, seen: Callable[[Image], bool]) -> None:
    """Nulls, unknown members and unknown values in an answer are no reason to stop."""
    with repository() as (ecr, boto3_client, expected):
        ecr.inject_faults(None, fault)

        images = list(listing(Client(boto3_client)))

        assert [image.digest for image in images] == [image.digest for image in expected]
        assert seen(images[PAGE_SIZE + 1])
        assert len(ecr.requests) == len(SIZES_OF_PAGES)


@pytest.mark.parametrize("how_many", [1, 5])
def test_an_empty_page_that_leads_on_is_passed_over(how_many: int) -> None:
    """An empty page with a token is not the end, and does not come out of `pages()`."""
    with repository() as (ecr, boto3_client, expected):
        ecr.inject_faults(None, *[Fault.empty_page()] * how_many)

        pages = list(listing(Client(boto3_client)).pages())

        assert tuple(image for page in pages for image in page.images) == expected
        assert [len(page.images) for page in pages] == SIZES_OF_PAGES
        assert len(ecr.requests) == len(SIZES_OF_PAGES) + how_many


@pytest.mark.parametrize("token", [None, ""])
def test_no_token_is_the_end(token: str | None) -> None:
    """A null token and an empty one end the listing as an absent one does: to send it would begin again."""
    with repository() as (ecr, boto3_client, expected):
        ecr.inject_faults(None, answer_with(nextToken=token))

        images = tuple(listing(Client(boto3_client)))

        assert images == expected[: 2 * PAGE_SIZE]


def test_a_token_of_long_ago_is_a_repeated_one() -> None:
    """A token that leads back to an earlier page than the last is noticed too, and can be got over."""
    with repository() as (ecr, boto3_client, expected):
        iterator = listing(Client(boto3_client))
        first = next(iterator.pages())
        ecr.inject_faults(None, answer_with(nextToken=first.next_token))
        images = [*first.images, *(next(iterator) for _ in range(PAGE_SIZE))]

        with pytest.raises(RepeatedTokenError) as caught:
            next(iterator)
        images += iterator

        assert caught.value.token == first.next_token
        assert tuple(images) == expected


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Have botocore wait for nothing before it tries again, and record how long it would have."""
    waited: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=waited.append))
    return waited


def attempts(mode: Mode, total: int) -> Config:
    """Return the configuration of a client that makes so many attempts."""
    return Config(retries={"mode": mode, "total_max_attempts": total})


# Of throttling, adaptive mode makes a slower rate, and waits.
SEEN_BY_BOTOCORE = {
    "ServerException": Fault.server_error(),
    "502 with HTML": Fault.html(),
    "503 without a body": Fault.body(b"", status=503),
    "connection reset": Fault.reset(),
}
UNSEEN_BY_BOTOCORE = {
    "200 with half a body": Fault.truncated(),
    "200, closed in the body": Fault.closed(),
    "200 with HTML": Fault.html(status=200),
    "200 with no body": Fault.body(b""),
    "200 with a list": Fault.body(b"[]"),
}
TRANSIENT = [
    pytest.param(fault, id=name) for name, fault in {**SEEN_BY_BOTOCORE, **UNSEEN_BY_BOTOCORE}.items()
]


@pytest.mark.parametrize("mode", RETRY_MODES)
@pytest.mark.parametrize("total", [1, 2, 3])
@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_is_tried_again_as_often_as_configured(
    mode: Mode, total: int, fault: Fault, delays: list[float]
) -> None:
    """A page that stays cut short is asked for as often as one that the service fails to give."""
    with repository(attempts(mode, total)) as (ecr, boto3_client, expected):
        iterator = listing(Client(boto3_client))
        images = [next(iterator) for _ in range(PAGE_SIZE)]
        ecr.inject_faults(*[fault] * total)

        with pytest.raises(ECRImagesError) as caught:
            next(iterator)
        asked = len(ecr.requests) - 1
        images += iterator

        assert caught.value.retryable is True
        assert asked == total
        assert len(delays) == total - 1
        assert all(0 <= delay <= 2.0**number for number, delay in enumerate(delays))
        assert tuple(images) == expected


@pytest.mark.parametrize("mode", RETRY_MODES)
@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_that_passes_is_not_seen(mode: Mode, fault: Fault, delays: list[float]) -> None:
    """If the last attempt brings the page, the caller notices nothing."""
    with repository(attempts(mode, 3)) as (ecr, boto3_client, expected):
        ecr.inject_faults(None, fault, fault)

        images = tuple(listing(Client(boto3_client)))

        assert images == expected
        assert len(ecr.requests) == len(SIZES_OF_PAGES) + 2
        assert len(delays) == 2


@pytest.mark.parametrize("mode", RETRY_MODES)
def test_all_faults_are_counted_together(mode: Mode, delays: list[float]) -> None:
    """Attempts that botocore sees fail and those that it does not are of one count."""
    with repository(attempts(mode, 3)) as (ecr, boto3_client, expected):
        ecr.inject_faults(Fault.truncated(), Fault.server_error(), Fault.closed(), Fault.reset(), Fault.truncated())
        iterator = listing(Client(boto3_client))

        with pytest.raises(SHORT_BODY[0], match=SHORT_BODY[1]):
            next(iterator)
        asked = len(ecr.requests)

        assert asked == 3
        assert tuple(iterator) == expected
        assert len(delays) == 4


@pytest.mark.parametrize("mode", ["legacy", "standard"])
def test_throttling_is_tried_again_by_botocore(mode: Mode, delays: list[float]) -> None:
    """What botocore is configured to try again, it does, and no more than that."""
    with repository(attempts(mode, 3)) as (ecr, boto3_client, _):
        ecr.inject_faults(*[Fault.throttling()] * 3)

        with pytest.raises(ThrottlingError):
            next(listing(Client(boto3_client)))

        assert len(ecr.requests) == 3
        assert len(delays) == 2


@pytest.mark.parametrize("case", [case for case in PLAYED if not case.retryable], ids=lambda case: case.name)
def test_what_will_not_pass_is_not_tried_again(case: Case, delays: list[float]) -> None:
    """An answer that would be the same again, as with a member of a wrong type, is asked for once."""
    with repository(attempts("standard", 3)) as (ecr, boto3_client, _):
        iterator = listing(Client(boto3_client))
        next(iterator.pages())
        bring_about(case, ecr, boto3_client)

        with pytest.raises(case.error):
            next(iterator)

        assert len(ecr.requests) == 2
        assert delays == []


def test_a_delay_has_a_bound(delays: list[float]) -> None:
    """However many attempts are configured, no delay is longer than 20 seconds, as in botocore."""
    with repository(attempts("standard", 12)) as (ecr, boto3_client, _):
        ecr.inject_faults(*[Fault.truncated()] * 12)

        with pytest.raises(MalformedResponseError):
            next(listing(Client(boto3_client)))

        assert len(ecr.requests) == 12
        assert max(delays) <= 20


def test_credentials_that_are_not_there_are_told() -> None:
    """Without credentials the error says so, and no request is made."""
    with repository() as (ecr, _, _):
        session = botocore.session.Session()
        session.get_component("credential_provider").providers.clear()
        boto3_client = boto3.Session(botocore_session=session, region_name="us-east-1").client(
            "ecr", endpoint_url=ecr.endpoint_url
        )

        with pytest.raises(CredentialsError, match="Unable to locate credentials") as caught:
            next(listing(Client(boto3_client)))

        assert caught.value.retryable is False
        assert ecr.requests == ()
