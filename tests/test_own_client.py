"""The boto3 client that a Client(), and the functions of the module, make themselves."""

from __future__ import annotations

import ctypes
import functools
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from forking import in_child
from test_secrets import TLS, tls  # noqa: F401

import ecrimages
from ecrimages import Client, ConfigurationError, CredentialsError, TransportError
from ecrimages.testing import FakeECR, Fault

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork()")
# Python warns of a fork beside threads, such as the fake's.
beside_threads = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The boto3 clients that are made while a test runs."""
    clients: list[Any] = []
    original = boto3.Session.client

    def client(*arguments: Any, **keywords: Any) -> Any:
        clients.append(original(*arguments, **keywords))
        return clients[-1]

    monkeypatch.setattr(boto3.Session, "client", client)
    return clients


def test_it_is_made_on_first_use(default_session: FakeECR, made: list[Any]) -> None:
    """Standard mode with 8 attempts, a short connect time-out and the library's user agent."""
    default_session.add_image("team/app")
    client = Client()
    before = len(made), repr(client)

    list(client.describe_images("team/app"))
    list(client.describe_images("team/app"))

    [boto3_client] = made
    config = boto3_client.meta.config
    assert before == (0, "<Client: region not resolved yet>")
    assert repr(client) == "<Client: region 'us-east-1'>"
    assert config.retries == {"mode": "standard", "total_max_attempts": 8}
    assert config.connect_timeout <= 10
    assert f"ecrimages/{ecrimages.__version__}" in default_session.requests[0].headers["user-agent"]


@pytest.mark.parametrize(
    ("environment", "profile", "expected"),
    [
        ({"AWS_MAX_ATTEMPTS": "20"}, "", {"mode": "standard", "total_max_attempts": 20}),
        ({"AWS_RETRY_MODE": "adaptive"}, "", {"mode": "adaptive", "total_max_attempts": 8}),
        ({"AWS_MAX_ATTEMPTS": "2", "AWS_RETRY_MODE": "legacy"}, "", {"mode": "legacy", "total_max_attempts": 2}),
        ({}, "max_attempts = 3", {"mode": "standard", "total_max_attempts": 3}),
        ({}, "retry_mode = adaptive", {"mode": "adaptive", "total_max_attempts": 8}),
    ],
    ids=str,
)
def test_what_the_environment_says_of_retries_holds(
    default_session: FakeECR,
    bare_environment: pytest.MonkeyPatch,
    made: list[Any],
    tmp_path: Path,
    environment: Any,
    profile: str,
    expected: Any,
) -> None:
    """The variables and the profile come before the library's own defaults."""
    config = tmp_path / "config"
    config.write_text(f"[default]\n{profile}\n", "utf-8")
    for name, value in {"AWS_CONFIG_FILE": str(config), **environment}.items():
        bare_environment.setenv(name, value)
    default_session.add_repository("team/app")

    list(Client().describe_images("team/app"))

    assert {name: made[0].meta.config.retries[name] for name in expected} == expected


def test_what_the_session_configures_holds(default_session: FakeECR, made: list[Any]) -> None:
    """A configuration for all clients of the default session comes before the library's own defaults."""
    session = botocore.session.Session()
    session.set_default_client_config(Config(retries={"mode": "legacy", "max_attempts": 1}, connect_timeout=3))
    boto3.setup_default_session(botocore_session=session)
    default_session.add_repository("team/app")

    list(ecrimages.describe_images("team/app"))

    config = made[0].meta.config
    assert (config.retries["mode"], config.retries["total_max_attempts"], config.connect_timeout) == ("legacy", 2, 3)
    assert config.max_pool_connections == 32
    assert f"ecrimages/{ecrimages.__version__}" in default_session.requests[0].headers["user-agent"]


def test_close_ends_only_its_own(default_session: FakeECR, made: list[Any]) -> None:
    """close() and `with` close the boto3 client that was made; the next call makes another."""
    default_session.add_repository("team/app")
    closed: list[int] = []

    with Client() as client:
        client.close()
        list(client.describe_images("team/app"))
        made[0].close = lambda: closed.append(0)
    list(client.describe_images("team/app"))

    assert closed == [0]
    assert len(made) == 2


def test_threads_make_one_client(default_session: FakeECR, made: list[Any]) -> None:
    """In however many threads it is first used, one boto3 client is made."""
    default_session.add_image("team/app")
    client, barrier = Client(), threading.Barrier(8)

    def list_images(_: int) -> int:
        barrier.wait()
        return len(list(client.describe_images("team/app")))

    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(list_images, range(8)))

    assert counts == [1] * 8
    assert len(made) == 1


@pytest.fixture
def profiles(bare_environment: pytest.MonkeyPatch) -> Iterator[dict[str, FakeECR]]:
    """Two fakes, each with a profile of its name and a registry of its own."""
    with FakeECR(registry_id="111111111111") as one, FakeECR(registry_id="222222222222") as two:
        fakes = {"one": one, "two": two}
        lines = []
        for name, ecr in fakes.items():
            ecr.add_image("team/app", tags=[name])
            lines += [f"[profile {name}]", "region = us-east-1", f"endpoint_url = {ecr.endpoint_url}"]
            lines += [f"aws_access_key_id = {name}", "aws_secret_access_key = testing"]
        Path(os.environ["AWS_CONFIG_FILE"]).write_text("\n".join(lines), "utf-8")
        bare_environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield fakes


def test_the_functions_follow_the_default_session(profiles: dict[str, FakeECR]) -> None:
    """After boto3.setup_default_session(), in threads too, the functions use the new session."""
    for name in [*profiles, *profiles]:
        boto3.setup_default_session(profile_name=name)

        [image] = ecrimages.describe_images("team/app")
        with ThreadPoolExecutor(4) as pool:
            again = list(pool.map(ecrimages.get_image, ["team/app"] * 8, [image.digest] * 8))

        assert {listed.tags for listed in (image, *again)} == {(name,)}


def test_a_client_stays_with_its_session(profiles: dict[str, FakeECR], made: list[Any]) -> None:
    """A Client() of one's own keeps the boto3 client that it has made."""
    boto3.setup_default_session(profile_name="one")
    client = Client()
    list(client.describe_images("team/app"))

    boto3.setup_default_session(profile_name="two")

    assert next(client.describe_images("team/app")).tags == ("one",)
    assert len(made) == 1
    assert len(profiles["two"].requests) == 0


def test_an_environment_that_is_mended(bare_environment: pytest.MonkeyPatch, ecr: FakeECR) -> None:
    """After an error, the next call looks at the environment again."""
    ecr.add_image("team/app")
    images = Client().describe_images("team/app")
    with pytest.raises(ConfigurationError):
        next(images)

    for name, value in ecr.environment().items():
        bare_environment.setenv(name, value)
    bare_environment.setattr(boto3, "DEFAULT_SESSION", None)

    assert len(list(images)) == 1


KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1"}
ROLE = {"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/x", "AWS_DEFAULT_REGION": "us-east-1"}
CONTAINER = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
REGION = "[default]\nregion = us-east-1\n"


@pytest.mark.parametrize(
    ("environment", "config", "error", "text"),
    [
        ({}, "", ConfigurationError, "You must specify a region. Set AWS_DEFAULT_REGION"),
        ({"AWS_DEFAULT_REGION": "us-east-1"}, "", CredentialsError, "Unable to locate credentials. Set AWS_PROFILE"),
        ({"AWS_PROFILE": "gone"}, "", ConfigurationError, r"profile \(gone\) could not be found. Check AWS_PROFILE"),
        ({**KEYS, "AWS_DEFAULT_REGION": ""}, "", ConfigurationError, "region"),
        ({**KEYS, "AWS_DEFAULT_REGION": "us east 1"}, "", ConfigurationError, "'us east 1'"),
        ({**KEYS, "AWS_DEFAULT_REGION": "-x/y"}, "", ConfigurationError, "'-x/y'"),
        (
            {**KEYS, "AWS_ENDPOINT_URL_ECR": "127.0.0.1:1"},
            "",
            ConfigurationError,
            "Invalid endpoint: 127.0.0.1:1. Check",
        ),
        ({**KEYS, "AWS_ENDPOINT_URL_ECR": "http://user:Planted@bad host"}, "", ConfigurationError, "Invalid endpoint"),
        ({**KEYS, "AWS_ENDPOINT_URL_ECR": "http://127.0.0.1:4566x"}, "", ConfigurationError, "Port"),
        ({**KEYS, "AWS_RETRY_MODE": "foo"}, "", ConfigurationError, "foo"),
        ({**KEYS, "AWS_MAX_ATTEMPTS": "many"}, "", ConfigurationError, "many"),
        (KEYS, "[default\nx", ConfigurationError, "parse"),
        (
            {**ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": "/gone"},
            "",
            CredentialsError,
            "could not be loaded: FileNotFoundError",
        ),
        ({**ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": "/"}, "", CredentialsError, "could not be loaded: IsADirectoryError"),
        (
            {CONTAINER: "http://127.0.0.1:1/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/gone"},
            REGION,
            CredentialsError,
            "could not be loaded: FileNotFoundError",
        ),
        ({CONTAINER: "http://example.com/x"}, REGION, CredentialsError, "Unsupported host 'example.com'"),
        ({}, f"{REGION}credential_process = /gone/program", CredentialsError, "FileNotFoundError"),
        ({}, f"{REGION}credential_process = /", CredentialsError, "PermissionError"),
        ({}, f"{REGION}credential_process = echo hello", CredentialsError, "JSONDecodeError"),
        ({}, f"{REGION}credential_process = echo []", CredentialsError, "'list' object"),
        ({}, f"{REGION}credential_process = false", CredentialsError, "custom-process"),
    ],
    ids=range(21),
)
def test_an_environment_that_is_wrong(
    bare_environment: pytest.MonkeyPatch,
    environment: dict[str, str],
    config: str,
    error: type[TransportError],
    text: str,
) -> None:
    """What botocore's providers and its making of a client let out raw is the library's error, with advice."""
    for name, value in environment.items():
        bare_environment.setenv(name, value)
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(config, "utf-8")

    with pytest.raises(error, match=text) as caught:
        next(Client().describe_images("team/app"))

    assert "Planted" not in str(caught.value)
    assert caught.value.retryable is False or error is CredentialsError


def listed(name: str) -> set[str]:
    """Return the repositories of the images that the functions list."""
    return {image.repository_name for image in ecrimages.describe_images(name)}


@needs_fork
@beside_threads
def test_a_forked_child_has_its_own_connection(default_session: FakeECR) -> None:
    """Children that were forked after a call list their own repositories, all at the same time."""
    names = [f"team/{number}" for number in range(3)]
    for name in names:
        default_session.add_image(name)
    listed(names[0])
    # On a connection that they shared, the second request would wait for the response to the first.
    barrier = threading.Barrier(3)
    default_session.inject_faults(*[Fault.edit(lambda _: barrier.wait(60))] * 3)

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda name: in_child(functools.partial(listed, name)), names))

    assert results == [{name} for name in names]
    assert listed(names[0]) == {names[0]}


@needs_fork
@beside_threads
def test_a_forked_child_has_its_own_connection_over_tls(
    tls: TLS,  # noqa: F811
    bare_environment: pytest.MonkeyPatch,
) -> None:
    """Over TLS too."""
    for name, value in {**KEYS, "AWS_ENDPOINT_URL_ECR": tls.url, "AWS_CA_BUNDLE": str(tls.authority)}.items():
        bare_environment.setenv(name, value)
    client = Client()

    def list_other(name: str) -> set[str]:
        return {image.repository_name for image in client.describe_images(name)}

    # The server has one thread: a connection that stays open would hold it.
    assert list_other("team/a") == {"team/a"}
    client.close()
    assert in_child(lambda: list_other("team/b")) == {"team/b"}


@needs_fork
@beside_threads
def test_a_fork_while_a_client_is_made(default_session: FakeECR, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that was forked while another thread made the client does not wait for that thread."""
    default_session.add_image("team/app")
    is_making, may_go_on = threading.Event(), threading.Event()
    original = boto3.Session.client

    def client(*arguments: Any, **keywords: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            is_making.set()
            may_go_on.wait(60)
        return original(*arguments, **keywords)

    monkeypatch.setattr(boto3.Session, "client", client)
    ours = Client()
    thread = threading.Thread(target=lambda: list(ours.describe_images("team/app")))
    thread.start()
    is_making.wait(60)

    result = in_child(lambda: len(list(ours.describe_images("team/app"))), seconds=30)
    may_go_on.set()
    thread.join()

    assert result == 1


def test_a_call_while_a_client_is_made(default_session: FakeECR, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal handler that calls while its thread makes the client does not wait for itself."""
    default_session.add_image("team/app")
    client = Client()
    inner: list[int] = []
    original = boto3.Session.client

    def interrupted(*arguments: Any, **keywords: Any) -> Any:
        monkeypatch.setattr(boto3.Session, "client", original)
        inner.append(len(list(client.describe_images("team/app"))))
        return original(*arguments, **keywords)

    monkeypatch.setattr(boto3.Session, "client", interrupted)

    assert len(list(client.describe_images("team/app"))) == 1
    assert inner == [1]


def test_a_client_that_was_pickled_makes_its_own(default_session: FakeECR, made: list[Any]) -> None:
    """An unpickled Client() has the registry of the one that was pickled, and no connection of it."""
    default_session.add_image("team/app")
    client = Client(registry_id="123456789012")
    list(client.describe_images("team/app"))

    twin = pickle.loads(pickle.dumps(client))

    assert len(list(twin.describe_images("team/app"))) == 1
    assert twin.registry_id == "123456789012"
    assert len(made) == 2


def test_the_functions_are_unpickled_in_another_process(default_session: FakeECR) -> None:
    """In a worker, an unpickled function is that of the worker's own module."""
    assert pickle.loads(pickle.dumps(ecrimages.describe_images)) == ecrimages.describe_images
    default_session.add_image("team/app")
    code = "import pickle, sys; print(len(list(pickle.load(sys.stdin.buffer)('team/app'))))"

    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], input=pickle.dumps(ecrimages.describe_images), capture_output=True, check=True
    )

    assert run.stdout == b"1\n"


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs the signals of a Unix")
@pytest.mark.parametrize("base", [Exception, TimeoutError, ConnectionError])
def test_a_time_limit_of_the_applications_comes_out(default_session: FakeECR, base: type[Exception]) -> None:
    """An exception that a signal handler raises in a call is the application's own, and is not retried."""

    def expire(*_: object) -> None:
        raise base("time limit")

    default_session.add_image("team/app")
    main_thread = threading.main_thread().ident or 0
    # While the main thread waits for the response.
    default_session.inject_faults(Fault.edit(lambda _: signal.pthread_kill(main_thread, signal.SIGALRM)))
    listing = Client().describe_images("team/app")
    before = signal.signal(signal.SIGALRM, expire)
    try:
        with pytest.raises(base, match=r"^time limit$") as caught:
            next(listing)
    finally:
        signal.signal(signal.SIGALRM, before)

    assert type(caught.value) is base
    assert len(default_session.requests) == 1
    # While the application handles it, another error is what it is.
    try:
        raise caught.value
    except base:
        default_session.inject_faults(*[Fault.reset()] * 8)
        with pytest.raises(TransportError) as reset:
            next(listing)
    assert reset.value.retryable is True


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="needs the signals of a Unix")
def test_a_time_limit_while_a_page_is_read_comes_out(default_session: FakeECR, monkeypatch: pytest.MonkeyPatch) -> None:
    """A TimeoutError in the middle of a page is not taken for a page that is read otherwise."""

    def expire(*_: object) -> None:
        raise TimeoutError

    default_session.add_image("team/app")
    listing = Client().describe_images("team/app")
    before = signal.signal(signal.SIGALRM, expire)
    try:
        with monkeypatch.context() as patch:
            patch.setattr("ecrimages._response._build", lambda: lambda _: signal.raise_signal(signal.SIGALRM))
            with pytest.raises(TimeoutError):
                next(listing)
    finally:
        signal.signal(signal.SIGALRM, before)

    assert len(list(listing)) == 1


def test_an_exception_from_nowhere_comes_out(default_session: FakeECR) -> None:
    """An exception of the application's that is raised in the middle of other code, as gevent does, is not retried."""

    class TimeLimitError(Exception):
        pass

    default_session.add_image("team/app")
    thread = ctypes.c_ulong(threading.get_ident())
    # While this thread waits for the response.
    default_session.inject_faults(
        Fault.edit(lambda _: ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(TimeLimitError)))
    )
    listing = Client().describe_images("team/app")

    with pytest.raises(TimeLimitError):
        next(listing)

    assert len(default_session.requests) == 1
    assert len(list(listing)) == 1
