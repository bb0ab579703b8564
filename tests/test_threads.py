from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

import ecrimages
from ecrimages import (
    AccessDeniedError,
    Client,
    ECRImagesError,
    MalformedResponseError,
    ServerError,
    ThrottlingError,
)
from ecrimages.testing import FakeECR, Fault

THREADS = 8
IMAGES_PER_REPOSITORY = 7
PUSHED = datetime(2026, 1, 12, 15, 2, 26, tzinfo=timezone.utc)
LOCAL_CALL = "before-call.ecr.DescribeImages"

T = TypeVar("T")


def repository(number: int) -> str:
    """Return the name of the repository of one thread."""
    return f"team/app-{number}"


@pytest.fixture
def ecr() -> Any:
    """Give an ECR with a repository for each thread, each with images of its own."""
    with FakeECR() as ecr:
        for number in range(THREADS):
            for image in range(IMAGES_PER_REPOSITORY):
                ecr.add_image(
                    repository(number),
                    tags=[f"v{image}"],
                    pushed_at=PUSHED + timedelta(days=number, hours=image),
                    size_in_bytes=1000 * number + image,
                )
        yield ecr


def in_threads(work: Callable[[int], T]) -> list[T]:
    """Do the work in eight threads that begin together, and return what each gives."""
    barrier = threading.Barrier(THREADS)

    def begin(number: int) -> T:
        barrier.wait(timeout=30)
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def names(client: Client, number: int) -> list[tuple[str, int | None]]:
    """List one repository, page by page."""
    listing = client.describe_images(repository(number), page_size=2)
    return [(image.repository_name, image.size_in_bytes) for image in listing]


def expected_names(number: int) -> set[tuple[str, int]]:
    """Return what there is in one repository."""
    return {(repository(number), 1000 * number + image) for image in range(IMAGES_PER_REPOSITORY)}


def raw(boto3_client: Any, number: int) -> dict[str, Any]:
    """Return what boto3 gives for one repository, without what differs from one request to the next."""
    answer: dict[str, Any] = boto3_client.describe_images(repositoryName=repository(number))
    metadata = answer.pop("ResponseMetadata")
    assert metadata["HTTPStatusCode"] == 200
    assert metadata["RetryAttempts"] == 0
    assert metadata["RequestId"]
    assert metadata["HTTPHeaders"]["content-type"] == "application/x-amz-json-1.1"
    return answer


def test_threads_share_a_client(ecr: FakeECR) -> None:
    """Each of eight threads on one client gets its own images, all of them and once each."""
    client = Client(ecr.client())

    answers = in_threads(lambda number: [names(client, number) for _ in range(3)])

    for number, lists in enumerate(answers):
        for listed in lists:
            assert len(listed) == IMAGES_PER_REPOSITORY
            assert set(listed) == expected_names(number)


def test_raw_calls_beside_ours_are_untouched(ecr: FakeECR) -> None:
    """While some threads list through the library, boto3's own answers are those of a client of its own."""
    boto3_client = ecr.client()
    client = Client(boto3_client)
    untouched = [raw(ecr.client(), number) for number in range(THREADS)]

    def work(number: int) -> list[Any]:
        if number % 2:
            return [raw(boto3_client, number) for _ in range(5)]
        return [names(client, number) for _ in range(3)]

    answers = in_threads(work)

    for number, given in enumerate(answers):
        if number % 2:
            assert given == [untouched[number]] * 5
            assert all(isinstance(detail["imagePushedAt"], datetime) for detail in given[0]["imageDetails"])
        else:
            assert [set(listed) for listed in given] == [expected_names(number)] * 3


def test_a_fault_stays_in_its_thread(ecr: FakeECR) -> None:
    """Of eight threads some meet faults: each fault comes out once, and every listing is complete at last."""
    client = Client(ecr.client())
    faults = [Fault.throttling(), Fault.html(status=200), Fault.access_denied(), Fault.server_error()]
    ecr.inject_faults(*[step for fault in faults for step in (fault, None, None)])

    def work(number: int) -> tuple[list[tuple[str, int | None]], list[type[ECRImagesError]]]:
        listing = client.describe_images(repository(number), page_size=2)
        listed, errors = [], []
        while True:
            try:
                for image in listing:
                    listed.append((image.repository_name, image.size_in_bytes))  # noqa: PERF401
            except ECRImagesError as error:
                errors.append(type(error))
            else:
                return listed, errors

    answers = in_threads(work)

    for number, (listed, _) in enumerate(answers):
        assert len(listed) == IMAGES_PER_REPOSITORY
        assert set(listed) == expected_names(number)
    met = [error for _, errors in answers for error in errors]
    assert {error: met.count(error) for error in met} == dict.fromkeys(
        [ThrottlingError, MalformedResponseError, AccessDeniedError, ServerError], 1
    )


def test_raw_errors_beside_ours_are_boto3s_own(ecr: FakeECR) -> None:
    """An error in a raw call is the plain one of that client, and a page of HTML its empty answer."""
    boto3_client = ecr.client()
    list(Client(boto3_client).describe_images(repository(0)))

    ecr.inject_faults(Fault.html(status=200), Fault.access_denied(), Fault.html())
    of_html = boto3_client.describe_images(repositoryName=repository(0))
    with pytest.raises(ClientError) as denied:
        boto3_client.describe_images(repositoryName=repository(0))
    with pytest.raises(ClientError) as bad_gateway:
        boto3_client.describe_images(repositoryName=repository(0))

    assert of_html.keys() == {"ResponseMetadata"}
    assert not isinstance(denied.value, ECRImagesError)
    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    assert bad_gateway.value.response["Error"]["Code"] == "502"


def test_a_raw_call_that_is_cut_short_is_not_tried_again(ecr: FakeECR) -> None:
    """The retries that the library adds are for its own calls."""
    boto3_client = ecr.client(Config(retries={"mode": "standard", "total_max_attempts": 3}))
    list(Client(boto3_client).describe_images(repository(0)))
    before = len(ecr.requests)

    ecr.inject_faults(Fault.truncated())
    boto3_client.describe_images(repositoryName=repository(0))

    assert len(ecr.requests) == before + 1


def test_the_handlers_are_inert_before_and_after(ecr: FakeECR) -> None:
    """What the same boto3 client gives to others is what one that the library never met gives."""
    boto3_client = ecr.client()
    untouched = raw(ecr.client(), 3)

    client = Client(boto3_client)
    before = raw(boto3_client, 3)
    listing = client.describe_images(repository(3), page_size=2)
    next(listing)
    between_pages = raw(boto3_client, 3)
    list(listing)
    with pytest.raises(ecrimages.RepositoryNotFoundError):
        next(client.describe_images("team/none"))
    after = raw(boto3_client, 3)
    pages = boto3_client.get_paginator("describe_images").paginate(
        repositoryName=repository(3), PaginationConfig={"PageSize": 2}
    )

    assert [before, between_pages, after] == [untouched] * 3
    assert [detail for page in pages for detail in page["imageDetails"]] == untouched["imageDetails"]


@pytest.mark.parametrize(
    "event",
    [
        "provide-client-params.ecr.DescribeImages",
        "before-parameter-build.ecr.DescribeImages",
        LOCAL_CALL,
        "before-call",
        "request-created.ecr.DescribeImages",
        "before-sign.ecr.DescribeImages",
        "before-send.ecr.DescribeImages",
        "before-send",
        "before-parse.ecr.DescribeImages",
        "before-parse",
        "response-received.ecr.DescribeImages",
        "needs-retry.ecr.DescribeImages",
        "needs-retry",
        "after-call.ecr.DescribeImages",
        "after-call",
    ],
)
@pytest.mark.parametrize("fails", [False, True], ids=["answered", "refused"])
def test_a_raw_call_in_the_middle_of_ours(ecr: FakeECR, event: str, fails: bool) -> None:
    """An event handler of the application may use the same client: it gets boto3's answer, we get ours."""
    boto3_client: Any = ecr.client()
    untouched = raw(ecr.client(), 5)
    answers: list[dict[str, Any]] = []
    errors: list[Exception] = []
    nested: list[None] = []

    def call_in_the_middle(**_: object) -> None:
        if nested:
            return
        nested.append(None)
        try:
            with pytest.raises(ParamValidationError):
                boto3_client.describe_images()
            if fails:
                with pytest.raises(ClientError) as caught:
                    boto3_client.describe_images(repositoryName="team/none")
                errors.append(caught.value)
            answers.append(raw(boto3_client, 5))
        finally:
            nested.clear()

    boto3_client.meta.events.register(event, call_in_the_middle)

    listed = names(Client(boto3_client), 2)

    assert len(listed) == IMAGES_PER_REPOSITORY
    assert set(listed) == expected_names(2)
    assert answers == [untouched] * 4
    assert not any(isinstance(error, ECRImagesError) for error in errors)


def test_a_call_of_ours_in_the_middle_of_ours(ecr: FakeECR) -> None:
    """An event handler may use the library too, on the same client, with raw calls around it."""
    boto3_client = ecr.client()
    client = Client(boto3_client)
    answers: list[Any] = []
    nested: list[None] = []

    def call_in_the_middle(**_: object) -> None:
        if not nested:
            nested.append(None)
            answers.append(raw(boto3_client, 5))
            answers.append(names(client, 6))
            answers.append(raw(boto3_client, 5))
            nested.clear()

    boto3_client.meta.events.register("before-send.ecr.DescribeImages", call_in_the_middle)

    listed = names(client, 2)

    assert set(listed) == expected_names(2)
    assert set(answers[1]) == expected_names(6)
    assert answers[0] == answers[2] == raw(ecr.client(), 5)


def test_a_nested_fault_does_not_become_ours(ecr: FakeECR) -> None:
    """A raw call in the middle that is cut short neither fails our call nor is tried again."""
    boto3_client = ecr.client(Config(retries={"mode": "standard", "total_max_attempts": 3}))
    answers: list[Any] = []
    nested: list[None] = []

    def call_in_the_middle(**_: object) -> None:
        if not nested:
            nested.append(None)
            ecr.inject_faults(Fault.html(status=200))
            answers.append(boto3_client.describe_images(repositoryName=repository(5)))
            nested.clear()

    boto3_client.meta.events.register(LOCAL_CALL, call_in_the_middle)

    page = next(Client(boto3_client).describe_images(repository(2)).pages())

    assert {image.repository_name for image in page.images} == {repository(2)}
    assert [answer.keys() for answer in answers] == [{"ResponseMetadata"}]
    assert len(ecr.requests) == 2


def test_a_raw_call_in_a_thread_with_our_context(ecr: FakeECR) -> None:
    """A thread that an event handler starts in a copy of its context gets boto3's answer too."""
    boto3_client = ecr.client()
    untouched = raw(ecr.client(), 5)
    answers: list[Any] = []
    nested = threading.local()

    def call(number: int) -> None:
        nested.is_on = True
        answers.append(raw(boto3_client, number))

    def call_in_a_thread(**_: object) -> None:
        if not getattr(nested, "is_on", False):
            thread = threading.Thread(target=copy_context().run, args=(call, 5))
            thread.start()
            thread.join()

    boto3_client.meta.events.register("before-send.ecr.DescribeImages", call_in_a_thread)

    listed = names(Client(boto3_client), 2)

    assert set(listed) == expected_names(2)
    assert answers == [untouched] * 4


def test_handlers_of_the_application_see_the_body(ecr: FakeECR) -> None:
    """What a handler of the application reads of a body, or changes in it, is as in a raw call."""
    boto3_client = ecr.client()
    bodies: list[bytes] = []

    def rename(response_dict: dict[str, Any], **_: object) -> None:
        bodies.append(response_dict["body"])
        response_dict["body"] = response_dict["body"].replace(b"team/app-1", b"team/other")

    client = Client(boto3_client)
    list(client.describe_images(repository(0)))
    boto3_client.meta.events.register("before-parse.ecr.DescribeImages", rename)

    [listed, raw_answer] = [list(client.describe_images(repository(1))), raw(boto3_client, 1)]

    assert bodies[0] == bodies[1]
    assert {image.repository_name for image in listed} == {"team/other"}
    assert {detail["repositoryName"] for detail in raw_answer["imageDetails"]} == {"team/other"}


def test_handlers_of_the_application_are_called(ecr: FakeECR) -> None:
    """Headers, parameters and retries that the application's handlers bring in have their effect."""
    boto3_client = ecr.client()
    events: Any = boto3_client.meta.events
    events.register(LOCAL_CALL, lambda params, **_: params["headers"].update({"X-Planted": "1"}))
    events.register(
        "provide-client-params.ecr.DescribeImages", lambda params, **_: {**params, "maxResults": 5}
    )
    events.register("needs-retry.ecr.DescribeImages", lambda attempts, **_: 0.001 if attempts == 1 else None)

    page = next(Client(boto3_client).describe_images(repository(0)).pages())

    assert len(page.images) == 5
    assert [request.headers["x-planted"] for request in ecr.requests] == ["1", "1"]


def test_a_handler_that_answers_itself(ecr: FakeECR) -> None:
    """An answer that a handler of the application gives instead of the service's is listed."""
    boto3_client = ecr.client()
    canned = boto3_client.describe_images(repositoryName=repository(4))
    http: Any = type("Response", (), {"status_code": 200})()
    events: Any = boto3_client.meta.events
    events.register(LOCAL_CALL, lambda **_: (http, canned))

    listed = names(Client(boto3_client), 4)

    assert set(listed) == expected_names(4)
    assert len(ecr.requests) == 1


def test_an_error_of_a_handler_comes_out(ecr: FakeECR) -> None:
    """An exception of the application's own handler is neither swallowed nor translated."""
    boto3_client = ecr.client()

    def refuse(**_: object) -> None:
        raise LookupError("planted")

    client = Client(boto3_client)
    boto3_client.meta.events.register_first(LOCAL_CALL, refuse)
    listing = client.describe_images(repository(0))

    with pytest.raises(LookupError, match="planted"):
        next(listing)
    boto3_client.meta.events.unregister(LOCAL_CALL, refuse)

    assert len(list(listing)) == IMAGES_PER_REPOSITORY


def test_two_clients_on_one_boto3_client(ecr: FakeECR) -> None:
    """Several objects of the library may share a boto3 client, from eight threads at their first use."""
    boto3_client = ecr.client()

    answers = in_threads(lambda number: names(Client(boto3_client), number))

    assert [set(listed) for listed in answers] == [expected_names(number) for number in range(THREADS)]
    assert len(ecr.requests) == THREADS * 4


def test_the_first_use_makes_one_boto3_client(ecr: FakeECR, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight threads that use a fresh `Client()` at once make one boto3 client, which all of them use."""
    for name, value in ecr.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    made: list[object] = []
    make: Any = boto3.client

    def count(*args: Any, **kwargs: Any) -> object:
        made.append(args)
        return make(*args, **kwargs)

    monkeypatch.setattr(boto3, "client", count)
    client = Client()

    answers = in_threads(lambda number: names(client, number))

    assert [set(listed) for listed in answers] == [expected_names(number) for number in range(THREADS)]
    assert made == [("ecr",)]


def test_asyncio(ecr: FakeECR) -> None:
    """Many listings at once in `asyncio.to_thread()`, with raw calls between, are each as if alone."""
    boto3_client = ecr.client()
    client = Client(boto3_client)

    async def list_all() -> list[Any]:
        ours = [asyncio.to_thread(names, client, number) for number in range(THREADS)]
        theirs = [asyncio.to_thread(raw, boto3_client, number) for number in range(THREADS)]
        return await asyncio.gather(*ours, *theirs)

    answers = asyncio.run(list_all())

    untouched = ecr.client()
    assert [set(listed) for listed in answers[:THREADS]] == [expected_names(n) for n in range(THREADS)]
    assert answers[THREADS:] == [raw(untouched, number) for number in range(THREADS)]
