"""An exception at any line of the package, and then the same iterator: no image lost, and none twice.

As of Ctrl-C in a notebook, of a time limit that a signal handler raises, or of MemoryError.
"""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest
from interrupting import Interrupt, Lines, Service, is_of_the_package
from samples import body_of, detail
from wire import Wire

from ecrimages import Client, ImageNotFoundError
from ecrimages.testing import FakeECR

COUNT = 5
TAGS = [f"v{number}" for number in range(COUNT)]
REPOSITORIES = {"team/app": COUNT, "team/b": 0, "team/c": 0}


class Mixed:
    """Takes a listing by image and by page in turn."""

    def __init__(self, client: Client) -> None:
        self._images = client.describe_images("team/app", page_size=2)
        self._pages = self._images.pages()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        by_page = " 1 images" in str(self._images) or " 3 images" in str(self._images)
        return next(self._pages) if by_page else next(self._images)


def flat(items: list[Any]) -> list[Any]:
    """Return what came, pages taken apart."""
    return [part for item in items for part in getattr(item, "images", [item])]


def everything_of(iterator: Iterator[Any]) -> list[Any]:
    """Return what an iterator yields, and the missing ids, though it is interrupted."""
    came: list[Any] = []
    while True:
        try:
            came.append(next(iterator))
        except StopIteration:
            return flat(came)
        except (Interrupt, MemoryError):
            continue
        except ImageNotFoundError as error:
            came.append(error.image_id)


def interrupted(iterator: Iterator[Any], exception: type[BaseException], number: int) -> list[Any]:
    """Return what an iterator yields though an exception is raised at a line."""

    def run() -> Iterator[list[Any]]:
        # CPython leaves an exception current that a trace function raised at the end of a `with`: in a generator of its
        # own, it does not become the context of later ones.
        with Lines(number, exception):
            yield everything_of(iterator)

    [came] = run()
    return came


WAYS: dict[str, Callable[[Client], Iterator[Any]]] = {
    "describe_images": lambda client: client.describe_images("team/app", page_size=2),
    "limit": lambda client: client.describe_images("team/app", page_size=2, limit=3),
    "pages": lambda client: client.describe_images("team/app", page_size=2).pages(),
    "mixed": Mixed,
    "get_images, raise": lambda client: client.get_images("team/app", [*TAGS[:3], "gone", "gone2", *TAGS[3:]]),
    "get_images, skip": lambda client: client.get_images("team/app", ["gone", *TAGS, "gone2"], missing="skip"),
    "an iterator of ids": lambda client: client.get_images(
        "team/app", (tag for tag in ["v0", "v1", "v0", "gone", *TAGS[2:]])
    ),
    "repository_names": lambda client: client.repository_names(),
}


def check_lines(
    make: Callable[[], Iterator[Any]],
    exception: type[BaseException],
    check: Callable[[], object] = lambda: None,
    *,
    step: int,
) -> None:
    """Run an iterator to its end once for each of every so many lines, with an exception there; compare what came."""
    everything_of(make())  # What is cached on first use is no part of the lines below.
    with Lines() as lines:
        expected = everything_of(make())
    assert len(expected) >= 3

    for number in range(1, lines.count + 1, step):
        came = interrupted(make(), exception, number)

        assert came == expected, f"interrupted at line event {number} of {lines.count}"
        check()


# All lines take a minute: `nox -s slow` runs them.
STEPS = pytest.mark.parametrize("step", [47, pytest.param(1, marks=pytest.mark.slow)])


@STEPS
@pytest.mark.parametrize(
    ("way", "exception"),
    [*((way, Interrupt) for way in WAYS), ("describe_images", MemoryError), ("limit", MemoryError)],
)
def test_an_interrupt_at_each_line_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, way: str, exception: type[BaseException], step: int
) -> None:
    """Whatever the line, the same iterator yields the rest."""
    monkeypatch.setattr("ecrimages._lookup.IMAGE_IDS_PER_REQUEST", 3)
    client = Client(Service(REPOSITORIES))  # type: ignore[arg-type]

    check_lines(lambda: WAYS[way](client), exception, step=step)


@STEPS
@pytest.mark.parametrize("missing", ["raise", "skip"])
def test_an_interrupt_while_a_batch_is_halved_loses_nothing(missing: Any, step: int) -> None:
    """Where the text does not tell the missing id, no half of a batch is lost."""
    client = Client(Service(REPOSITORIES, names_missing_ids=False))  # type: ignore[arg-type]
    ids = ["v0", "v1", "gone", "v2", "v3"]

    check_lines(lambda: client.get_images("team/app", ids, missing=missing), Interrupt, step=step)


def client_without_network() -> Any:
    """Return a boto3 client whose requests are responded to in this thread."""

    def respond(asked: dict[str, Any]) -> bytes:
        start = int(asked.get("nextToken", 0))
        token = {"nextToken": str(start + 2)} if start + 2 < COUNT else {}
        return body_of(*[detail(number) for number in range(start, min(start + 2, COUNT))], **token)

    return Wire(respond).client


@pytest.mark.parametrize("step", [131, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("by_page", [False, True])
def test_an_interrupt_at_each_line_of_a_real_call(by_page: bool, step: int) -> None:
    """The lines that run in the middle of botocore lose nothing, and the application's next call is unaffected."""
    boto3_client = client_without_network()
    client = Client(boto3_client)
    expected = boto3_client.describe_images(repositoryName="team/app")

    def make() -> Iterator[Any]:
        listing = client.describe_images("team/app", page_size=2)
        return listing.pages() if by_page else listing

    def check() -> None:
        assert boto3_client.describe_images(repositoryName="team/app") == expected

    check_lines(make, Interrupt, check, step=step)


# Python's own locks do not survive an exception in the middle of them, and neither does a pool of connections.
NOT_THE_LIBRARYS = ("queue.py", "threading.py", "hooks.py", "weakref.py")


@pytest.mark.slow
# An object of urllib3's that was interrupted in its __init__ has no attributes to close it by.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs the signals of a Unix")
@pytest.mark.parametrize("way", ["describe_images", "pages", "get_images"])
def test_real_signals_lose_nothing(ecr: FakeECR, way: str) -> None:
    """A signal handler that raises at any time while the library runs, in C and in botocore too, loses no image."""
    expected = sorted((ecr.add_image("team/app", tags=[f"v{n}"]) for n in range(30)), key=lambda image: image.digest)
    client = Client(ecr.client())
    ways: dict[str, Callable[[], Iterator[Any]]] = {
        "describe_images": lambda: client.describe_images("team/app", page_size=1),
        "pages": lambda: client.describe_images("team/app", page_size=1).pages(),
        "get_images": lambda: client.get_images("team/app", iter([image.digest for image in expected])),
    }
    interrupts = 0

    def interrupt(_number: int, frame: FrameType | None) -> None:
        nonlocal interrupts
        while frame is not None:
            name, function = frame.f_code.co_filename, frame.f_code.co_name
            if name.endswith(NOT_THE_LIBRARYS) or function in ("_put_conn", "_get_conn"):
                break
            if is_of_the_package(frame):
                interrupts += 1
                raise Interrupt
            frame = frame.f_back
        signal.setitimer(signal.ITIMER_REAL, 0.0002)

    def armed(iterator: Iterator[Any]) -> Iterator[Any]:
        class Armed:
            def __iter__(self) -> Iterator[Any]:
                return self

            def __next__(self) -> Any:
                signal.setitimer(signal.ITIMER_REAL, random.random() * 0.003 + 1e-6)
                return next(iterator)

        return Armed()

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        while interrupts < 500:
            came = everything_of(armed(ways[way]()))
            signal.setitimer(signal.ITIMER_REAL, 0)
            assert sorted(came, key=lambda image: image.digest) == expected
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
