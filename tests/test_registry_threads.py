from __future__ import annotations

import contextlib
import contextvars
import gc
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from interrupting import Interrupt, Lines, Service, is_of_the_package, traced
from samples import image as sample
from waiting import held_until, wait_until, workers

import ecrimages
from ecrimages import Client, ECRImagesError, Image, ImagePage
from ecrimages.testing import FakeECR, Fault

DENIED = Fault.error("AccessDeniedException", "no")
# Images per repository; the interrupts are tried with pages of two.
COUNTS = {"team/a": 1, "team/b": 0, "team/c": 5, "team/d": 2, "team/e": 3}


@pytest.fixture
def expected(ecr: FakeECR) -> list[Image]:
    """The images of five repositories, in order."""
    return filled(ecr)


def filled(ecr: FakeECR) -> list[Image]:
    """Add five repositories; return their images in order."""
    images = []
    for name, count in COUNTS.items():
        ecr.add_repository(name)
        images += sorted((ecr.add_image(name) for _ in range(count)), key=lambda image: image.digest)
    return images


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """No test leaves a thread of the library, and none relies on the garbage collector for that."""
    gc.disable()
    try:
        yield
        wait_until(lambda: not workers())
    finally:
        gc.enable()


# Threads


@pytest.mark.usefixtures("expected")
def test_threads_start_with_the_first_next(client: Client) -> None:
    """Neither the call nor `iter()`, `pages()` and `with` start one."""
    images = client.registry_images()
    images.pages()
    before = workers()

    with images:
        before += workers()
        next(iter(images))
        assert workers()

    assert before == workers() == []


def test_no_thread_is_left_at_the_end(client: Client, expected: list[Image]) -> None:
    """They have ended when the iterator has, though it is still there."""
    images = client.registry_images(page_size=1)
    assert list(images) == expected

    assert workers() == []
    assert list(images) == []


@pytest.mark.usefixtures("expected")
@pytest.mark.parametrize("page_size", [1, 1000])
def test_close_waits_for_the_threads(ecr: FakeECR, client: Client, page_size: int) -> None:
    """With requests in flight or not, none is left after close(), and no request follows."""
    images = client.registry_images(page_size=page_size)
    next(images)
    ecr.inject_faults(*[Fault.delay(0.05)] * 8)
    images.close()
    requests = len(ecr.requests)
    time.sleep(0.05)

    assert workers() == []
    assert len(ecr.requests) == requests
    images.close()


@pytest.mark.usefixtures("expected")
def test_an_exception_in_a_with_leaves_no_thread(client: Client) -> None:
    """The end of the `with` closes the iterator, and lets the exception through."""

    def read() -> None:
        with client.registry_images(page_size=1) as images:
            for _ in images:
                raise LookupError

    with pytest.raises(LookupError):
        read()

    assert workers() == []


@pytest.mark.usefixtures("expected")
def test_a_dropped_iterator_leaves_no_thread(ecr: FakeECR, client: Client) -> None:
    """With requests in flight or not, and without the garbage collector."""
    for delay in (0, 0.05):
        ecr.inject_faults(None, None, *[Fault.delay(delay)] * 4)
        images: Any = client.registry_images(page_size=1)
        next(images)
        del images
        wait_until(lambda: not workers())

        for _ in client.registry_images(page_size=1):
            break
        wait_until(lambda: not workers())


@pytest.mark.usefixtures("expected")
@pytest.mark.parametrize(
    "fault",
    [DENIED, Fault.truncated(), Fault.repeated_token(), Fault.reset(), Fault.server_error()],
    ids=lambda fault: str(fault.name),
)
def test_an_error_leaves_no_thread(ecr: FakeECR, client: Client, fault: Fault) -> None:
    """Neither when it is raised, nor when the iterator is dropped after it has resumed."""
    ecr.inject_faults(None, fault, repository_name="team/c")
    images: Any = client.registry_images(page_size=2)
    with pytest.raises(ECRImagesError):
        list(images)
    wait_until(lambda: not workers())

    next(images)
    del images


@pytest.mark.usefixtures("expected")
def test_a_skipped_error_leaves_no_thread(ecr: FakeECR, client: Client) -> None:
    """The errors that it holds do not keep an iterator that was dropped."""
    ecr.inject_faults(None, Fault.repeated_token(), repository_name="team/c")
    ecr.inject_faults(DENIED, repository_name="team/a")
    images: Any = client.registry_images(page_size=2, failed="skip", max_workers=1)
    for image in images:
        if image.repository_name == "team/e":
            break
    assert len(images.failures) == 2

    del images, image


def test_two_listings_at_once(client: Client, expected: list[Image]) -> None:
    """Each has its own threads, and can be read in a thread of its own."""
    first, second = client.registry_images(page_size=1), client.registry_images(page_size=2)
    pairs = list(itertools.zip_longest(first, second))
    came: list[list[Image]] = []
    threads = [
        threading.Thread(target=lambda: came.append(list(client.registry_images(page_size=1)))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert pairs == [(image, image) for image in expected]
    assert came == [expected] * 4


@pytest.mark.usefixtures("expected")
def test_each_fetch_runs_in_a_copy_of_the_callers_context(ecr: FakeECR) -> None:
    """An event handler of the client, such as a tracer's, sees the context variables; it cannot change them."""
    trace: contextvars.ContextVar[str] = contextvars.ContextVar("trace", default="none")
    seen: list[tuple[str, bool]] = []
    boto3_client: Any = ecr.client()

    def handler(**_: object) -> None:
        seen.append((trace.get(), threading.current_thread() is threading.main_thread()))
        trace.set("of a fetch")

    boto3_client.meta.events.register("before-call.ecr.*", handler)
    token = trace.set("of the caller")
    try:
        for _ in Client(boto3_client).registry_images(page_size=2):
            pass
        assert trace.get() == "of the caller"
    finally:
        trace.reset(token)

    assert set(seen) == {("of the caller", False)}
    assert len(seen) == len(ecr.requests)


# Processes


def run(program: str, ecr: FakeECR) -> subprocess.CompletedProcess[str]:
    """Run a program whose default session leads to a fake."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(  # noqa: S603
        [sys.executable, "-W", "error", "-c", program],
        env={**environment, **ecr.environment()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


BREAKS_OFF = """
import asyncio, sys, threading
import ecrimages

def listing():
    return ecrimages.registry_images(page_size=1, max_workers=4)

async def break_off():
    client = ecrimages.AsyncClient()
    async for image in client.describe_images("team/c", page_size=1):
        break
    async for image in client.registry_images(page_size=1):
        break

kept = []
def keep():
    kept.append(listing())
    next(kept[-1])

asyncio.run(break_off())
for image in listing():
    break
try:
    for image in listing():
        raise KeyboardInterrupt
except KeyboardInterrupt:
    pass
thread = threading.Thread(target=keep)
thread.start()
thread.join()
keep()

def generate():
    with listing() as images:
        yield from images

# Closed when Python clears the module, after all threads have ended.
suspended = generate()
next(suspended)
for image in listing():
    sys.exit()
"""


@pytest.mark.usefixtures("expected")
def test_a_program_that_breaks_off_ends(ecr: FakeECR) -> None:
    """Wherever it leaves a listing: it waits for the requests in flight, at most, and prints nothing."""
    # The workers are busy when the first image has come.
    ecr.inject_faults(*[Fault.delay(0.2)] * 20, repository_name="team/d")

    ended = run(BREAKS_OFF, ecr)

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert len(ecr.requests) <= 1 + 7 * (2 + 4 + 4)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_in_the_middle_of_a_listing(default_session: FakeECR) -> None:
    """Child and parent each get the rest at the same time, the child over connections and threads of its own."""
    expected = filled(default_session)
    for before, is_in_flight in ((0, False), (1, True), (4, False)):
        is_forked = threading.Event()
        if is_in_flight:
            default_session.inject_faults(held_until(is_forked.is_set), repository_name="team/c")
        images = ecrimages.registry_images(page_size=1, max_workers=3)
        came = list(itertools.islice(images, before))

        child = os.fork()
        if child == 0:
            signal.alarm(60)
            try:
                os._exit(0 if [*came, *images] == expected else 1)
            finally:
                os._exit(2)
        is_forked.set()

        assert [*came, *images] == expected
        assert os.waitpid(child, 0)[1] == 0


# Interrupts


# After a retryable error the page comes with the next request. A repository without images may fail otherwise.
ERRORS = {("team/c", 2): "ServerException", ("team/b", 0): "AccessDeniedException"}
LISTINGS: dict[str, Callable[[Client], Iterator[Any]]] = {
    "images": lambda client: client.registry_images(page_size=2, max_workers=3),
    "pages": lambda client: client.registry_images(page_size=2, max_workers=2).pages(),
    "names": lambda client: client.registry_images((name for name in COUNTS), page_size=2, max_workers=2),
}


def read_on(items: Iterator[Any], came: list[Image], errors: list[BaseException]) -> None:
    """Read an iterator to its end or to an interrupt."""
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except ECRImagesError as error:
            errors.append(error)
        else:
            came.extend(getattr(item, "images", [item]))


def interrupted_at(what: str, number: int | None) -> tuple[list[Image], set[str], int]:
    """Interrupt a listing at a line, and read on; return the images, the repositories that failed, and the lines."""
    service: Any = Service(COUNTS, errors=ERRORS)
    items, came, errors = LISTINGS[what](Client(service)), list[Image](), list[BaseException]()
    lines = Lines(number)
    try:
        with lines:
            read_on(items, came, errors)
    except Interrupt as interrupt:
        # An interrupt while an error is raised has it as its context.
        if isinstance(interrupt.__context__, ECRImagesError):
            errors.append(interrupt.__context__)
    read_on(items, came, errors)
    return came, {str(getattr(error, "repository_name", error)) for error in errors}, lines.count


@pytest.mark.parametrize("step", [163, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("what", LISTINGS)
def test_a_listing_resumes_after_an_interrupt(what: str, step: int) -> None:
    """Whichever line of the library is interrupted: no image is lost, none comes twice, and no error is lost."""
    expected = [sample(number, repositoryName=name) for name in COUNTS for number in range(COUNTS[name])]
    *_, lines = interrupted_at(what, None)
    assert lines > 500
    for number in range(1, lines, step):
        came, failed, _ = interrupted_at(what, number)

        assert came == expected, number
        assert failed == {"team/b", "team/c"}, number


def closed_at(number: int, function: str | None) -> tuple[list[Image], bool]:
    """Close a listing at a line, as a signal handler; return the images before that, and whether it was reached."""
    service: Any = Service(COUNTS)
    images, came, lines = Client(service).registry_images(page_size=2), list[Image](), itertools.count()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if not is_of_the_package(frame) or function not in (None, frame.f_code.co_name):
            return None
        if event == "line" and next(lines) == number:
            images.close()
        return trace

    def read() -> None:
        with traced(trace), contextlib.suppress(RuntimeError):
            came.extend(images)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    images.close()
    return came, next(lines) > number


@pytest.mark.parametrize("function", ["start", "wait", pytest.param(None, marks=pytest.mark.slow)])
def test_a_signal_handler_may_close_a_listing(function: str | None) -> None:
    """Whichever line of the library it comes at: nothing waits for ever, and no image was lost before."""
    expected = [sample(number, repositoryName=name) for name in COUNTS for number in range(COUNTS[name])]
    for number in itertools.count():
        came, was_reached = closed_at(number, function)

        assert came == expected[: len(came)], number
        if not was_reached:
            break


def test_a_page_that_was_fetched_twice_counts_once(client: Client) -> None:
    """An interrupt while a fetch starts may lead to a second one of the same page: the later outcome is ignored."""
    schedule = client.registry_images(["team/app"])._schedule
    state, fetch = schedule.next_fetch(schedule.with_names(schedule.start, ()), ())
    assert fetch is not None
    page = ImagePage(images=(), next_token="more", request_id=None, repository_name="team/app")

    after = schedule.received(state, fetch, page)

    assert after is not state
    assert schedule.received(after, fetch, page) is after
    assert schedule.failed(after, fetch, ECRImagesError("late")) is after


def test_the_callers_thread_takes_no_lock_of_pythons(ecr: FakeECR, expected: list[Image]) -> None:
    """An interrupt in a `threading.Condition` may leave it locked: workers, and with them the program, would hang."""
    ecr.inject_faults(*[Fault.delay(0.02)] * 9)
    images, entered = Client(ecr.client()).registry_images(page_size=1, max_workers=3), list[list[str]]()

    def trace(frame: FrameType, _event: str, _: object) -> None:
        if frame.f_code.co_filename == threading.__file__ and frame.f_code.co_name == "__enter__":
            entered.append([f"{Path(caller.filename).name}:{caller.name}" for caller in traceback.extract_stack(frame)])

    with traced(trace):
        came = list(images)

    assert came == expected
    # One thread has to be started.
    assert [names for names in entered if "threading.py:start" not in names] == []


MAIN_THREAD_ENDS = """
import threading
import ecrimages

has_begun = threading.Event()

def read():
    images = ecrimages.registry_images(page_size=1, max_workers=3)
    came = [next(images)]
    has_begun.set()
    threading.main_thread().join()
    came += images
    print([image.digest for image in came] == {expected})

threading.Thread(target=read).start()
has_begun.wait()
"""


def test_a_thread_that_outlives_the_main_thread(ecr: FakeECR, expected: list[Image]) -> None:
    """It goes on, although Python allows no executor then, and no new thread."""
    ended = run(MAIN_THREAD_ENDS.format(expected=[image.digest for image in expected]), ecr)

    assert (ended.stdout, ended.stderr) == ("True\n", "")


NO_MORE_THREADS = """
import threading, time
import boto3
import ecrimages

start, is_second, requests = threading.Thread.start, threading.Event(), []

def start_one_worker(thread):
    if thread.name == "ecrimages_1":
        # An executor has put the call into its queue by now. The first thread takes it.
        is_second.set()
        while len(requests) < 2:
            time.sleep(0.002)
        raise RuntimeError("can't start new thread")
    start(thread)

def before_call(**_):
    requests.append(None)
    is_second.wait()

threading.Thread.start = start_one_worker
client = boto3.client("ecr")
client.meta.events.register("before-call.ecr.DescribeImages", before_call)
with ecrimages.Client(client).registry_images(page_size=1, max_workers=3) as images:
    print([image.digest for image in images] == {expected})
"""


def test_a_process_that_can_start_no_more_threads(ecr: FakeECR, expected: list[Image]) -> None:
    """As in a container with a limit: the listing makes do with the threads that there are."""
    ended = run(NO_MORE_THREADS.format(expected=[image.digest for image in expected]), ecr)

    assert (ended.stdout, ended.stderr) == ("True\n", "")
