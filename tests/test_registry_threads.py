from __future__ import annotations

import contextvars
import gc
import itertools
import os
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

from ecrimages import Client, ECRImagesError, Image, ImagePage
from ecrimages.testing import FakeECR, Fault

DENIED = Fault.error("AccessDeniedException", "no")
# Images per repository; the interrupts are tried with pages of two.
COUNTS = {"team/a": 1, "team/b": 0, "team/c": 5, "team/d": 2, "team/e": 3}


@pytest.fixture
def expected(ecr: FakeECR) -> list[Image]:
    """The images of five repositories, in order."""
    images = []
    for name, count in COUNTS.items():
        ecr.add_repository(name)
        added = [ecr.add_image(name) for _ in range(count)]
        images += sorted(added, key=lambda image: image.digest)
    return images


def workers() -> list[str]:
    """Return the names of the library's threads."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("ecrimages")]


def wait_for_no_workers() -> None:
    """Wait until the library has no thread; fail after some seconds."""
    deadline = time.monotonic() + 5
    while left := workers():
        assert time.monotonic() < deadline, left
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """No test leaves a thread of the library, and none relies on the garbage collector for that."""
    gc.collect()
    gc.disable()
    try:
        yield
        wait_for_no_workers()
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
    ecr.inject_faults(*[Fault.delay(0.1)] * 8)
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
    for delay in (0, 0.1):
        ecr.inject_faults(None, None, *[Fault.delay(delay)] * 4)
        images: Any = client.registry_images(page_size=1)
        next(images)
        del images
        wait_for_no_workers()

        for _ in client.registry_images(page_size=1):
            break
        wait_for_no_workers()


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
    wait_for_no_workers()

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

BREAKS_OFF = """
import sys, threading
import ecrimages

def listing():
    return ecrimages.registry_images(page_size=1, max_workers=4)

def broken_off_by_break():
    for image in listing():
        break

def kept():
    global images
    images = listing()
    next(images)

def exited():
    for image in listing():
        sys.exit()

def interrupted():
    try:
        for image in listing():
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass

def read_in_a_thread():
    thread = threading.Thread(target=kept)
    thread.start()
    thread.join()

{how}()
"""


@pytest.mark.usefixtures("expected")
@pytest.mark.parametrize("how", ["broken_off_by_break", "kept", "exited", "interrupted", "read_in_a_thread"])
def test_a_program_that_breaks_off_ends(ecr: FakeECR, how: str) -> None:
    """It waits for the requests in flight, at most, and prints nothing."""
    # The first image, and others with which the workers are busy then.
    ecr.inject_faults(None, None, *[Fault.delay(0.5)] * 8)
    program = BREAKS_OFF.replace("{how}", how)
    begin = time.monotonic()

    ended = run(program, ecr)

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    # Each request takes half a second; the rest is the start of Python on a busy machine.
    assert time.monotonic() - begin < 20
    assert len(ecr.requests) <= 2 + 4 + 4


FORKS = """
import os, sys, warnings
import ecrimages

warnings.simplefilter("ignore")
images = ecrimages.registry_images(page_size=1, max_workers=3)
came = [next(images) for _ in range({before})]
child = os.fork()
came += images
digests = [image.digest for image in came]
print("child" if child == 0 else "parent", digests == {expected}, flush=True)
if child:
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.parametrize("before", [0, 1, 4])
@pytest.mark.parametrize("delay", [0, 0.1], ids=["idle", "in flight"])
def test_a_fork_in_the_middle_of_a_listing(ecr: FakeECR, expected: list[Image], before: int, delay: float) -> None:
    """Child and parent each get the rest, the child over connections and threads of its own."""
    ecr.inject_faults(None, None, *[Fault.delay(delay)] * 6)
    program = FORKS.format(before=before, expected=[image.digest for image in expected])

    ended = run(program, ecr)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert sorted(ended.stdout.splitlines()) == ["child True", "parent True"]


def run(program: str, ecr: FakeECR) -> subprocess.CompletedProcess[str]:
    """Run a program that finds the fake in its environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", program],
        env={**environment, **ecr.environment()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# Interrupts


class Interrupt(BaseException):
    """What a signal handler raises."""


class Interrupts:
    """Raises `Interrupt` in the library's code, in one thread, before a line of it runs for the nth time."""

    def __init__(self, number: float) -> None:
        self.left = number

    def __enter__(self) -> None:
        self._before = sys.gettrace()
        sys.settrace(self._trace)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _trace(self, frame: FrameType, event: str, _: object) -> Any:
        if not str(frame.f_globals.get("__name__")).startswith("ecrimages._"):
            return None
        if event == "line":
            self.left -= 1
            if self.left == -1:
                raise Interrupt
        return self._trace


LISTINGS: dict[str, Callable[[Client], Iterator[Any]]] = {
    "images": lambda client: client.registry_images(page_size=2, max_workers=3),
    "pages": lambda client: client.registry_images(page_size=2, max_workers=2).pages(),
    "names": lambda client: client.registry_images((name for name in COUNTS), page_size=2, max_workers=2),
    "skip": lambda client: client.registry_images(page_size=2, max_workers=2, failed="skip"),
}
# Of a retryable error the page comes with the next request. A repository without images may fail otherwise.
FAULTS = {"team/c": (None, Fault.truncated()), "team/b": (DENIED,)}


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


def interrupted_at(ecr: FakeECR, client: Client, what: str, number: float) -> tuple[list[Image], set[str], float]:
    """Interrupt a listing at a line, and read on; return the images, the repositories that failed, and lines left."""
    if what != "skip":
        for name, faults in FAULTS.items():
            ecr.inject_faults(*faults, repository_name=name)
    items, came, errors, interrupts = LISTINGS[what](client), list[Image](), list[BaseException](), Interrupts(number)
    try:
        with interrupts:
            read_on(items, came, errors)
    except Interrupt as interrupt:
        # An interrupt while an error is raised has it as its context.
        if isinstance(interrupt.__context__, ECRImagesError):
            errors.append(interrupt.__context__)
    read_on(items, came, errors)
    return came, {str(getattr(error, "repository_name", error)) for error in errors}, interrupts.left


def check_interrupts(ecr: FakeECR, expected: list[Image], what: str, runs: int | None) -> None:
    """Interrupt a listing at that many lines, evenly spread, or at each."""
    client = Client(ecr.client())
    *_, left = interrupted_at(ecr, client, what, 10**6)
    lines = int(10**6 - left)
    assert lines > 500
    for number in range(0, lines, 1 if runs is None else lines // runs):
        came, failed, _ = interrupted_at(ecr, client, what, number)

        assert came == expected, number
        assert failed == (set() if what == "skip" else FAULTS.keys()), number


@pytest.mark.parametrize("what", LISTINGS)
def test_a_listing_resumes_after_an_interrupt(ecr: FakeECR, expected: list[Image], what: str) -> None:
    """Whichever line of the library is interrupted: no image is lost, none comes twice, and no error is lost."""
    check_interrupts(ecr, expected, what, 40)


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


@pytest.mark.slow
@pytest.mark.parametrize("what", LISTINGS)
def test_a_listing_resumes_after_an_interrupt_anywhere(ecr: FakeECR, expected: list[Image], what: str) -> None:
    """The same for each line in turn."""
    check_interrupts(ecr, expected, what, None)


def test_the_callers_thread_takes_no_lock_of_pythons(ecr: FakeECR, expected: list[Image]) -> None:
    """An interrupt in a `threading.Condition` may leave it locked: workers, and with them the program, would hang."""
    ecr.inject_faults(*[Fault.delay(0.02)] * 9)
    images, entered = Client(ecr.client()).registry_images(page_size=1, max_workers=3), list[list[str]]()

    def trace(frame: FrameType, _event: str, _: object) -> None:
        if frame.f_code.co_filename == threading.__file__ and frame.f_code.co_name == "__enter__":
            entered.append([f"{Path(caller.filename).name}:{caller.name}" for caller in traceback.extract_stack(frame)])

    sys.settrace(trace)
    try:
        came = list(images)
    finally:
        sys.settrace(None)

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
