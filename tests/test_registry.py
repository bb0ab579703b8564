from __future__ import annotations

import copy
import itertools
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.config import Config
from samples import needs_image_status
from waiting import held_until

import ecrimages
from ecrimages import (
    AccessDeniedError,
    Client,
    ECRImagesError,
    Image,
    MalformedResponseError,
    RegistryIterator,
    RepeatedTokenError,
    RepositoryNotFoundError,
    ServerError,
)
from ecrimages.testing import FakeECR, Fault

# Images per repository. The pages of two images that they have: 1, 1 (empty), 4, 1, 3.
COUNTS = {"team/a": 1, "team/b": 0, "team/c": 7, "team/d": 2, "team/e": 6}
DENIED = Fault.error("AccessDeniedException", "no")


@pytest.fixture
def expected(ecr: FakeECR) -> list[Image]:
    """The images of five repositories, in order: by repository, and by digest as the fake has them."""
    return filled(ecr, COUNTS)


def filled(ecr: FakeECR, counts: dict[str, int]) -> list[Image]:
    """Add repositories with so many images; return these in order."""
    images = []
    for name, count in counts.items():
        ecr.add_repository(name)
        added = [ecr.add_image(name, tags=[f"v{number}"]) for number in range(count)]
        images += sorted(added, key=lambda image: image.digest)
    return images


def of(images: list[Image], *names: str) -> list[Image]:
    """Return the images of some repositories."""
    return [image for image in images if image.repository_name in names]


def read(images: Iterator[Any], errors: list[Any] | None = None) -> list[Any]:
    """Return what an iterator yields; it is called again after each error, which is added to `errors`."""
    came = []
    while True:
        try:
            came.append(next(images))
        except StopIteration:
            return came
        except ECRImagesError as error:
            if errors is None:
                raise
            errors.append(error)


def listings(ecr: FakeECR) -> list[tuple[str, Any]]:
    """Return the repository and the token of each request."""
    return [
        (request.parameters.get("repositoryName", ""), request.parameters.get("nextToken")) for request in ecr.requests
    ]


def requested(ecr: FakeECR) -> list[str]:
    """Return the repository of each request for images."""
    return [name for name, _ in listings(ecr) if name]


def short_list(ecr: FakeECR, count: int) -> Fault:
    """Return a fault that ends the list of repositories after so many, with a token for the rest."""
    token = ecr.client().describe_repositories(maxResults=count)["nextToken"]
    return Fault.edit(lambda document: document.update(repositories=document["repositories"][:count], nextToken=token))


# repository_names()


def test_boto3_takes_a_truncated_list_for_a_shorter_registry(ecr: FakeECR, boto3_client: Any) -> None:
    """The reason for repository_names(): boto3 returns 0 or 100 of 250 names without an error, we raise."""
    for number in range(250):
        ecr.add_repository(f"team/app-{number:03}")
    shorter = []
    for page in range(2):
        ecr.inject_faults(*[None] * page, Fault.truncated())
        listed = boto3_client.get_paginator("describe_repositories").paginate().build_full_result()
        shorter.append(len(listed.get("repositories", [])))

    ecr.inject_faults(Fault.truncated())
    with pytest.raises(MalformedResponseError):
        list(Client(boto3_client).repository_names())

    assert shorter == [0, 100]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.truncated(), MalformedResponseError),
        (Fault.html(status=200), MalformedResponseError),
        (Fault.closed(), ECRImagesError),
        (Fault.reset(), ECRImagesError),
        (Fault.server_error(), ServerError),
        (Fault.repeated_token(), RepeatedTokenError),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_broken_list_of_repositories_is_raised_and_resumable(
    ecr: FakeECR, client: Client, expected: list[Image], fault: Fault, error: type[ECRImagesError]
) -> None:
    """It is raised in both modes, and the page that failed is requested again."""
    for images in (client.registry_images(), client.registry_images(failed="skip")):
        ecr.inject_faults(Fault.empty_page(), fault, operation="DescribeRepositories")
        errors = list[Any]()

        assert read(images, errors) == expected
        assert [isinstance(caught, error) for caught in errors] == [True]
        assert errors[0].repository_name is None
        assert not images.failures


def test_a_broken_list_comes_after_the_repositories_that_were_listed_before(
    ecr: FakeECR, client: Client, expected: list[Image]
) -> None:
    """No repository is lost, in neither mode."""
    for failed in ("raise", "skip"):
        ecr.inject_faults(short_list(ecr, 3), Fault.truncated(), operation="DescribeRepositories")
        images, came = client.registry_images(failed=failed), list[Image]()

        with pytest.raises(MalformedResponseError):
            came.extend(images)
        before = list(came)
        came.extend(images)

        assert before == of(expected, "team/a", "team/b", "team/c")
        assert came == expected


def test_names_are_requested_as_they_are_needed(ecr: FakeECR, client: Client) -> None:
    """Nothing is requested before the first next(), and no second page of names while enough are known."""
    expected = filled(ecr, {f"team/{number:02}": 1 for number in range(30)})
    ecr.inject_faults(short_list(ecr, 25), operation="DescribeRepositories")
    before = len(ecr.requests)
    images = client.registry_images(max_workers=2)
    assert len(ecr.requests) == before

    first = next(images)

    assert [request.operation for request in ecr.requests[before:]].count("DescribeRepositories") == 1
    assert ecr.requests[before].operation == "DescribeRepositories"
    assert [first, *images] == expected
    assert [request.operation for request in ecr.requests[before:]].count("DescribeRepositories") == 2


# Order, names and pages


@pytest.mark.parametrize(("max_workers", "page_size"), [(1, 1), (2, 2), (3, 1000), (10, 1), (8, 2)])
def test_all_images_come_in_order(client: Client, expected: list[Image], max_workers: int, page_size: int) -> None:
    """Repositories in their order, the images of each in that of the service."""
    images = list(client.registry_images(max_workers=max_workers, page_size=page_size))

    assert images == expected


def test_order_does_not_depend_on_which_response_comes_first(
    ecr: FakeECR, client: Client, expected: list[Image]
) -> None:
    """Images of a slow repository come before those of a fast one that follows it."""
    ecr.inject_faults(held_until(lambda: requested(ecr).count("team/e") == 3), repository_name="team/a")
    ecr.inject_faults(None, held_until(lambda: "team/d" in requested(ecr)), repository_name="team/c")

    assert list(client.registry_images(page_size=2)) == expected


def test_the_functions_of_the_module(default_session: FakeECR) -> None:
    """Both are functions too, on a client that the library makes, with up to 32 workers."""
    expected = filled(default_session, COUNTS)

    assert list(ecrimages.registry_images(max_workers=32)) == expected
    assert list(ecrimages.repository_names()) == list(COUNTS)


def test_repositories_come_in_the_order_of_their_names(ecr: FakeECR, client: Client, expected: list[Image]) -> None:
    """Names can be any iterable, are not sorted, and spare the list of repositories."""
    names = ["team/e", "team/b", "team/a"]

    for given in (names, tuple(names), iter(names), dict.fromkeys(names), (name for name in names)):
        assert list(client.registry_images(given)) == of(expected, "team/e") + of(expected, "team/a")

    assert {request.operation for request in ecr.requests} == {"DescribeImages"}


def test_a_repository_can_be_named_twice(client: Client, expected: list[Image]) -> None:
    """Its images come twice: names are not compared."""
    assert list(client.registry_images(["team/d", "team/d"])) == of(expected, "team/d") * 2


def test_no_names_are_no_images(ecr: FakeECR, client: Client) -> None:
    """An empty list of names is not the whole registry, and needs no request."""
    assert list(client.registry_images([])) == list(client.registry_images(iter(()))) == []
    assert ecr.requests == ()


def test_an_empty_registry(ecr: FakeECR, client: Client) -> None:
    """It takes the one request for its list, and is finished then."""
    images = client.registry_images()

    assert list(images) == []
    assert len(ecr.requests) == 1
    assert repr(images) == "<RegistryIterator: 0 images yielded, 0 failures, finished>"


def test_an_exception_of_the_names_passes_through(client: Client, expected: list[Image]) -> None:
    """It comes from next(), and no repository that was named before it is lost."""

    def names() -> Iterator[str]:
        yield from ("team/a", "team/c")
        raise LookupError("of the application")

    images, came = client.registry_images(names()), list[Image]()
    with pytest.raises(LookupError, match="of the application"):
        came.extend(images)
    came.extend(images)

    assert came == of(expected, "team/a", "team/c")


@pytest.mark.usefixtures("expected")
def test_names_that_ask_for_the_next_image(client: Client) -> None:
    """The iterator refuses to lose images: the names must not depend on images of the same listing."""

    class Names:
        given = iter(["team/a", "team/c", "team/d"])

        def __iter__(self) -> Iterator[str]:
            return self

        def __next__(self) -> str:
            name = next(self.given)
            if name == "team/c":
                next(images)
            return name

    images = client.registry_images(Names(), page_size=1)

    with pytest.raises(RuntimeError, match="Use one iterator for each"):
        next(images)


def test_malformed_names(client: Client, expected: list[Image]) -> None:
    """A list with one is refused at the call; of an iterator, it is an error in its turn."""
    names: Any = ["team/a", "Team/B:latest", 3, "team/d"]
    with pytest.raises(ValueError, match="'Team/B:latest'"):
        client.registry_images(names)
    with pytest.raises(TypeError, match="iterable of strings"):
        client.registry_images("team/a")
    images, came, errors = client.registry_images(iter(names)), list[Image](), list[Exception]()
    for _ in range(3):
        try:
            came.extend(images)
        except (TypeError, ValueError) as error:
            errors.append(error)

    assert came == of(expected, "team/a", "team/d")
    assert [type(error) for error in errors] == [ValueError, TypeError]


def test_a_malformed_name_in_the_list_of_repositories_is_a_malformed_response(
    ecr: FakeECR, client: Client, expected: list[Image]
) -> None:
    """It is no ValueError, since the caller did not give it; thousands of them do no harm either."""
    bad = [{"repositoryName": "A"}] * 2000
    ecr.inject_faults(Fault.edit(lambda document: document["repositories"].extend(bad)))

    images = client.registry_images(failed="skip")

    assert list(images) == expected
    assert isinstance(images.failures["A"], MalformedResponseError)


@needs_image_status
def test_every_request_has_the_arguments(ecr: FakeECR) -> None:
    """Filters, page size and registry go with each request, the registry with the list too."""
    for number in range(3):
        ecr.add_image("team/app", tags=[f"v{number}"], status="ARCHIVED", registry_id="111111111111")
    client = Client(ecr.client(), registry_id="111111111111")

    images = list(client.registry_images(tag_status="TAGGED", image_status="ARCHIVED", page_size=2))

    assert len(images) == 3
    assert [request.parameters.get("registryId") for request in ecr.requests] == ["111111111111"] * 3
    assert [request.parameters["maxResults"] for request in ecr.requests] == [1000, 2, 2]
    assert [request.parameters["filter"] for request in ecr.requests[1:]] == [
        {"tagStatus": "TAGGED", "imageStatus": "ARCHIVED"}
    ] * 2


def test_pages(client: Client, expected: list[Image]) -> None:
    """A page has its repository; one without images has one empty page."""
    pages = list(client.registry_images(page_size=2).pages())

    assert [image for page in pages for image in page.images] == expected
    assert [(page.repository_name, len(page.images)) for page in pages] == [
        ("team/a", 1),
        ("team/b", 0),
        *[("team/c", 2)] * 3,
        ("team/c", 1),
        ("team/d", 2),
        *[("team/e", 2)] * 3,
    ]
    assert len({page.request_id for page in pages} - {None}) == 10


def test_images_and_pages_share_one_position(client: Client, expected: list[Image]) -> None:
    """The rest of a page is a page, and what came by page does not come by image."""
    images = client.registry_images(page_size=3)
    came = list(itertools.islice(images, 3))

    rest = next(images.pages())
    came += [*rest.images, *next(images.pages()).images, *images]

    assert (rest.repository_name, len(rest.images)) == ("team/c", 1)
    assert came == expected
    assert [*images, *images.pages()] == []


def test_empty_pages_with_a_token_are_passed_over(ecr: FakeECR, client: Client, expected: list[Image]) -> None:
    """A page that a filter has emptied is no end, and is not handed out."""
    ecr.inject_faults(Fault.empty_page(), Fault.empty_page(), repository_name="team/c")
    ecr.inject_faults(Fault.empty_page(), operation="DescribeRepositories")

    pages = list(client.registry_images().pages())

    assert [image for page in pages for image in page.images] == expected
    assert len(pages) == len(COUNTS)


# Errors


@pytest.mark.parametrize(
    ("name", "names"), [*((name, None) for name in COUNTS), ("team/a", list(COUNTS)), ("team/c", list(COUNTS))]
)
def test_a_failing_repository_loses_no_other(
    ecr: FakeECR, client: Client, expected: list[Image], name: str, names: Any
) -> None:
    """Its error comes in its turn, or is among the failures; all other images come in order."""
    others = of(expected, *(COUNTS.keys() - {name}))
    ecr.inject_faults(DENIED, DENIED, repository_name=name)

    images, errors = client.registry_images(names), list[Any]()
    came = read(images, errors)
    skipping = client.registry_images(names, failed="skip")

    assert came == list(skipping) == others
    assert [type(error) for error in errors] == [AccessDeniedError]
    assert errors[0].repository_name == name
    assert not images.failures
    assert {name: type(error) for name, error in skipping.failures.items()} == {name: AccessDeniedError}


def test_an_error_comes_when_its_turn_has_come(ecr: FakeECR, client: Client, expected: list[Image]) -> None:
    """After the images of the repository that came before it, and after all of those before."""
    ecr.inject_faults(None, None, DENIED, repository_name="team/c")
    images, came = client.registry_images(page_size=2), list[Image]()

    with pytest.raises(AccessDeniedError):
        came.extend(images)
    assert came == of(expected, "team/a") + of(expected, "team/c")[:4]
    came.extend(images)

    assert came == [*of(expected, "team/a"), *of(expected, "team/c")[:4], *of(expected, "team/d", "team/e")]


@pytest.mark.parametrize(
    ("fault", "page"),
    [
        (Fault.server_error(), 0),
        (Fault.truncated(), 1),
        (Fault.html(), 2),
        (Fault.html(status=200), 3),
        (Fault.closed(), 1),
        (Fault.reset(), 3),
    ],
    ids=["ServerException", "truncated", "HTML 502", "HTML", "closed", "reset"],
)
def test_a_retryable_error_resumes_at_its_page(
    ecr: FakeECR, client: Client, expected: list[Image], fault: Fault, page: int
) -> None:
    """No image is lost, none comes twice, and only the failed page is requested again."""
    ecr.inject_faults(*[None] * page, fault, repository_name="team/c")
    errors = list[Any]()

    came = read(client.registry_images(page_size=2), errors)

    assert came == expected
    assert [(error.retryable, error.repository_name) for error in errors] == [(True, "team/c")]
    assert requested(ecr).count("team/c") == 5
    assert len(requested(ecr)) == 11


def test_an_error_that_stays_is_raised_each_time(ecr: FakeECR, client: Client, expected: list[Image]) -> None:
    """A program that resumes gets the same retryable error until the page comes."""
    ecr.inject_faults(*[Fault.server_error()] * 4, repository_name="team/c")
    errors = list[Any]()

    assert read(client.registry_images(), errors) == expected
    assert [type(error) for error in errors] == [ServerError] * 4


def test_a_repeated_token_fails_its_repository(ecr: FakeECR, client: Client, expected: list[Image]) -> None:
    """A pagination loop is an error of its repository."""
    ecr.inject_faults(None, Fault.repeated_token(), repository_name="team/c")
    images = client.registry_images(page_size=2, failed="skip")

    came = list(images)

    assert came == [image for image in expected if image not in of(expected, "team/c")[2:]]
    assert isinstance(images.failures["team/c"], RepeatedTokenError)


def test_a_listed_repository_that_was_deleted_has_no_images(
    ecr: FakeECR, client: Client, expected: list[Image]
) -> None:
    """It is no error, in neither mode; the images that came before its deletion come."""
    gone = Fault.error("RepositoryNotFoundException", "The repository does not exist")
    for name in ("team/a", "team/e"):
        ecr.inject_faults(gone, gone, repository_name=name)
    ecr.inject_faults(None, gone, None, gone, repository_name="team/c")
    rest = of(expected, "team/c")[:2] + of(expected, "team/d")

    skipping = client.registry_images(page_size=2, failed="skip")

    assert read(client.registry_images(page_size=2)) == list(skipping) == rest
    assert not skipping.failures


def test_a_given_repository_that_does_not_exist_is_an_error(client: Client, expected: list[Image]) -> None:
    """The caller named it."""
    names = ["team/a", "team/none", "team/d"]
    errors = list[Any]()

    came = read(client.registry_images(names), errors)
    skipping = client.registry_images(names, failed="skip")

    assert came == list(skipping) == of(expected, "team/a", "team/d")
    assert [error.repository_name for error in errors] == ["team/none"]
    assert isinstance(errors[0], RepositoryNotFoundError)
    assert list(skipping.failures) == ["team/none"]


@pytest.mark.usefixtures("expected")
def test_failures_are_of_the_moment(ecr: FakeECR, client: Client) -> None:
    """The mapping that was returned does not change, and cannot be changed; errors of it can be pickled."""
    ecr.inject_faults(DENIED, repository_name="team/a")
    images = client.registry_images(failed="skip")
    before = images.failures
    next(images)
    failures: Any = images.failures

    assert (len(before), list(failures)) == (0, ["team/a"])
    with pytest.raises(TypeError):
        failures["team/b"] = None
    assert str(pickle.loads(pickle.dumps(failures["team/a"]))) == str(failures["team/a"])


# What is fetched when


@pytest.mark.parametrize("exists", [True, False], ids=["pages", "failures"])
def test_what_is_fetched_ahead_is_bounded(ecr: FakeECR, client: Client, exists: bool) -> None:
    """However slow the first page or the consumer: at most 4 pages a worker wait, and failed repositories like them.

    Names are read when their repositories are requested. While no image is asked for, nothing is requested.
    """
    if exists:
        filled(ecr, {f"team/{number}": 2 for number in range(10)})
    first = ecr.add_image("team/first")
    # One place is kept for the next page of the repository that is first.
    fetched = 7
    ecr.inject_faults(held_until(lambda: len(ecr.requests) >= fetched), repository_name="team/first")
    given = ["team/first"]

    def endless() -> Iterator[str]:
        yield given[0]
        for number in itertools.cycle(range(10)):
            given.append(f"team/{number}")
            yield given[-1]

    with client.registry_images(endless(), max_workers=2, page_size=1) as images:
        assert len(given) == 1
        assert next(images) == first
        # What was started when the first page came, and more if there is no bound.
        time.sleep(0.05)

        assert fetched <= len(ecr.requests) <= 8
        if exists:
            for number in range(1, 40):
                next(images)
                assert len(ecr.requests) - 1 - number <= 8
                assert len(given) - 1 - number / 2 <= 8


def test_a_long_repository_at_the_head_does_not_idle_the_others(ecr: FakeECR, client: Client) -> None:
    """The other workers fetch what follows while a page of it is slow, and it does not wait for them."""
    expected = filled(ecr, {"team/a": 12, **{f"team/b{number:02}": 1 for number in range(14)}})
    ecr.inject_faults(None, held_until(lambda: "team/b13" in requested(ecr)), repository_name="team/a")
    assert list(client.registry_images(max_workers=4, page_size=1)) == expected

    is_last = held_until(lambda: requested(ecr).count("team/a") == 24)
    for number in range(14):
        ecr.inject_faults(is_last, repository_name=f"team/b{number:02}")
    assert list(client.registry_images(max_workers=4, page_size=1)) == expected


def test_the_first_image_comes_after_two_requests(ecr: FakeECR, client: Client, expected: list[Image]) -> None:
    """One for the list of repositories, one for the first page: no other is waited for."""
    has_come = threading.Event()
    for name in COUNTS.keys() - {"team/a"}:
        ecr.inject_faults(held_until(has_come.is_set), repository_name=name)

    with client.registry_images() as images:
        assert next(images) == expected[0]
        has_come.set()


# Arguments


@pytest.mark.parametrize(
    ("pool", "given", "workers"), [(10, None, 8), (3, None, 3), (20, None, 8), (3, 2, 2), (12, 12, 12), (1, None, 1)]
)
def test_the_number_of_workers(ecr: FakeECR, pool: int, given: int | None, workers: int) -> None:
    """Eight, or the connections of the client if those are fewer; up to these if it is given. All are used."""
    filled(ecr, {f"team/{number:03}": 1 for number in range(2 * workers)})
    boto3_client = ecr.client(Config(max_pool_connections=pool))
    lock, all_are_used, in_flight, most = threading.Lock(), threading.Barrier(workers, timeout=60), 0, 0

    def begin(**_: object) -> None:
        nonlocal in_flight, most
        with lock:
            in_flight += 1
            most = max(most, in_flight)
        all_are_used.wait()

    def end(**_: object) -> None:
        nonlocal in_flight
        with lock:
            in_flight -= 1

    boto3_client.meta.events.register("before-call.ecr.DescribeImages", begin)
    boto3_client.meta.events.register("after-call.ecr.DescribeImages", end)

    assert len(list(Client(boto3_client).registry_images(max_workers=given))) == 2 * workers
    assert most == workers


def test_more_workers_than_connections(ecr: FakeECR) -> None:
    """The error shows how to make the boto3 client."""
    client = Client(ecr.client())

    with pytest.raises(ValueError, match=r"at most 10, .* not 11: .*config=Config\(max_pool_connections=11\)"):
        client.registry_images(max_workers=11)
    with pytest.raises(ValueError, match=r"at most 32"):
        ecrimages.registry_images(max_workers=33)


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (ValueError, {"max_workers": 0}),
        (ValueError, {"max_workers": -1}),
        (ValueError, {"page_size": 0}),
        (ValueError, {"page_size": 1001}),
        (ValueError, {"failed": "ignore"}),
        (ValueError, {"tag_status": "tagged"}),
        (ValueError, {"image_status": "GONE"}),
        (ValueError, {"registry_id": "123"}),
        (TypeError, {"max_workers": "8"}),
        (TypeError, {"max_workers": 2.0}),
        (TypeError, {"max_workers": True}),
        (TypeError, {"page_size": "1"}),
        (TypeError, {"repository_names": 3}),
    ],
    ids=str,
)
def test_wrong_arguments(error: type[Exception], arguments: Any) -> None:
    """They are refused at the call, by name, before any request."""
    with pytest.raises(error, match=next(iter(arguments))):
        Client().registry_images(**arguments)


# The object


@pytest.mark.usefixtures("expected")
def test_its_repr(ecr: FakeECR, client: Client) -> None:
    """It has how many images were yielded, how many repositories failed, and the state."""
    ecr.inject_faults(DENIED, repository_name="team/a")
    images = client.registry_images(page_size=4, failed="skip")
    texts = [repr(images)]
    next(images)
    texts.append(repr(images))
    next(images.pages())
    texts += [repr(images), repr(images.pages())]
    list(images)
    texts.append(repr(images))
    images.close()
    texts.append(repr(images))

    assert texts == [
        "<RegistryIterator: 0 images yielded, 0 failures, not started>",
        "<RegistryIterator: 1 images yielded, 1 failures, more to come>",
        "<RegistryIterator: 4 images yielded, 1 failures, more to come>",
        "<pages of <RegistryIterator: 4 images yielded, 1 failures, more to come>>",
        "<RegistryIterator: 15 images yielded, 1 failures, finished>",
        "<RegistryIterator: 15 images yielded, 1 failures, closed>",
    ]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_it_cannot_be_copied(duplicate: Callable[[Any], Any]) -> None:
    """Two copies would share what is left."""
    images = Client().registry_images()

    for iterator in (images, images.pages()):
        with pytest.raises(TypeError, match="cannot be copied or pickled"):
            duplicate(iterator)


def test_it_is_the_class_that_people_import() -> None:
    """`RegistryIterator` is an iterator of its own."""
    images = Client().registry_images()

    assert isinstance(images, RegistryIterator)
    assert iter(images) is images


@pytest.mark.usefixtures("expected")
def test_after_close_next_is_an_error(client: Client) -> None:
    """Also with images of a page at hand; the failures and the count remain."""
    images = client.registry_images()
    with images:
        list(itertools.islice(images, 3))
    images.close()

    for iterator in (images, images.pages()):
        with pytest.raises(RuntimeError, match="closed"):
            next(iterator)
    assert repr(images) == "<RegistryIterator: 3 images yielded, 0 failures, closed>"


def test_a_pool_of_any_number_of_connections(ecr: FakeECR) -> None:
    """A pool of size 0 has no limit, and so there is none for the workers."""
    added = ecr.add_image("team/app")
    client = Client(ecr.client(Config(max_pool_connections=0)))

    with client.registry_images(max_workers=100) as images:
        assert list(images) == [added]
    with client.registry_images() as images:
        assert list(images) == [added]
