from __future__ import annotations

import functools
import json
import logging
import pickle
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import attrs
import boto3
import pytest
import trustme
from botocore.config import Config
from botocore.exceptions import ClientError
from fault_cases import CASES, PUSHED, Case, answer_with, bring_about, in_second, unused_address

from ecrimages import (
    AuthenticationError,
    Client,
    ECRImagesError,
    Image,
    MalformedResponseError,
    RepeatedTokenError,
    TransportError,
)
from ecrimages.testing import FakeECR, Fault

ACCESS_KEY = "AKIAPlantedAccessKey"
SECRET_KEY = "PlantedSecretAccessKey"
SESSION_TOKEN = "PlantedSessionToken/+FwoGZXIvYXdzE=="
NEXT_TOKEN = "PlantedNextToken=="
ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})
IMAGE = Image(
    registry_id="123456789012", repository_name="team/app", digest=f"sha256:{0:064x}", pushed_at=PUSHED
)
ANSWER = json.dumps({"imageDetails": [IMAGE.to_dict(wire=True)]}).encode()


def planted_client(ecr: FakeECR, config: Config | None = None) -> Any:
    """Return a boto3 client with credentials that are not to be seen anywhere."""
    return planted_session().client(
        "ecr", endpoint_url=ecr.endpoint_url, config=ONCE.merge(config or Config())
    )


@functools.cache
def planted_session() -> boto3.Session:
    """Return a session for all tests: a new one would read the service's model again."""
    return boto3.Session(ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, region_name="us-east-1")


class Shown(logging.Handler):
    """Keeps all that the library logs, and what is shown of errors and objects."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record: its text, and what it is made of."""
        self.texts += [self.format(record), repr(vars(record))]

    def add(self, error: ECRImagesError) -> None:
        """Keep all that can be seen of an error: also as a program prints it that dies of it."""
        printed = "".join(traceback.format_exception(error))
        self.texts += [str(error), repr(error), repr(vars(error)), printed]
        self.texts += [repr(pickle.dumps(error, protocol)) for protocol in (0, pickle.HIGHEST_PROTOCOL)]
        cause = error.__cause__
        self.texts += [str(cause), repr(cause), repr(getattr(cause, "response", None))]

    @property
    def planted(self) -> list[str]:
        """What has been seen and should not be."""
        return [text for text in self.texts if "Planted" in text]


@pytest.fixture
def shown() -> Iterator[Shown]:
    """Keep what the library logs at DEBUG, and what a test adds."""
    shown = Shown()
    logger = logging.getLogger("ecrimages")
    before = logger.level
    logger.addHandler(shown)
    logger.setLevel(logging.DEBUG)
    yield shown
    logger.removeHandler(shown)
    logger.setLevel(before)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_error_shows_a_secret(case: Case, shown: Shown) -> None:
    """Whatever goes wrong, no credential and no token is in message, repr, traceback, pickle or log."""
    with FakeECR() as ecr:
        for number in range(8):
            ecr.add_image("team/app", tags=[f"v{number}"])
        boto3_client = planted_client(ecr, case.config)
        client = Client(boto3_client)
        listing = client.describe_images("team/app", page_size=3)
        next(listing.pages())
        bring_about(case, ecr, boto3_client)

        with pytest.raises(ECRImagesError) as caught:
            next(listing)
        rest = list(listing)
        shown.add(caught.value)
        shown.texts += [repr(client), repr(listing), repr(rest), repr(pickle.dumps(rest))]

    assert len(rest) == 5
    assert ecr.requests[0].headers["x-amz-security-token"] == SESSION_TOKEN
    assert shown.planted == []


def quoted(headers: dict[str, str]) -> list[str]:
    """Return ways in which services and proxies quote the request that they refuse."""
    authorization = f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20260112, Signature=Planted0123456789abcdef"
    canonical = "\n".join(f"{name}:{value}" for name, value in sorted(headers.items()))
    return [
        f"The Canonical String for this request should have been\n'POST\n/\n\n{canonical}\n\nhost'",
        f"Authorization={authorization}",
        f"X-Amz-Security-Token: {SESSION_TOKEN}\r\nAuthorization: {authorization}",
        f"<html><pre>x-amz-security-token={SESSION_TOKEN}</pre></html>",
        json.dumps({"headers": headers, "X-Amz-Security-Token": SESSION_TOKEN}),
        f"http://user:PlantedPassword@proxy.example:3128/?X-Amz-Security-Token={SESSION_TOKEN}",
    ]


TEXTS = quoted({"host": "127.0.0.1", "x-amz-date": "20260112T150226Z", "x-amz-security-token": SESSION_TOKEN})


@pytest.mark.parametrize("number", range(len(TEXTS)))
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda text: Fault.error("InvalidSignatureException", text, status=403), id="an error"),
        pytest.param(lambda text: Fault.error(text, "No"), id="the code of an error"),
        pytest.param(lambda text: Fault.body(text.encode(), status=502), id="a 502"),
        pytest.param(lambda text: Fault.body(text.encode()), id="a 200"),
        pytest.param(lambda text: Fault.body(json.dumps(text).encode()), id="a string"),
        pytest.param(lambda text: Fault.body(json.dumps([text]).encode()), id="a list"),
        pytest.param(lambda text: in_second("imageDigest", [text]), id="a member"),
        pytest.param(lambda text: answer_with(nextToken=[text]), id="a token"),
    ],
)
def test_a_quoted_request_is_redacted(fault: Callable[[str], Fault], number: int, shown: Shown) -> None:
    """What an answer quotes of the signed request is kept out of the error, of its cause and of the log."""
    with FakeECR() as ecr:
        for image in range(2):
            ecr.add_image("team/app", tags=[f"v{image}"])
        ecr.inject_faults(fault(TEXTS[number]))

        with pytest.raises(ECRImagesError) as caught:
            next(Client(planted_client(ecr)).describe_images("team/app"))
        shown.add(caught.value)

    assert shown.planted == []


def test_the_cause_keeps_what_is_no_secret() -> None:
    """Redacted or not, the cause is botocore's own exception, with text and status."""
    with FakeECR() as ecr:
        ecr.inject_faults(Fault.error("InvalidSignatureException", TEXTS[0], status=403))

        with pytest.raises(AuthenticationError) as caught:
            next(Client(planted_client(ecr)).describe_images("team/app"))

    cause: Any = caught.value.__cause__
    assert "The Canonical String" in str(cause)
    assert "x-amz-security-token:[redacted]" in str(cause)
    assert cause.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert isinstance(cause, ClientError)


def test_the_password_of_a_proxy_does_not_come_out(shown: Shown) -> None:
    """If the proxy does not answer, its password is not in the error."""
    with FakeECR() as ecr:
        proxies = {"http": f"http://user:PlantedPassword@{unused_address()}"}
        client = Client(planted_client(ecr, Config(proxies=proxies)))

        with pytest.raises(TransportError) as caught:
            next(client.describe_images("team/app"))
        shown.add(caught.value)

    assert caught.value.retryable is True
    assert shown.planted == []


def test_the_password_of_an_endpoint_does_not_come_out(shown: Shown) -> None:
    """Nor is one that is written into the URL of an endpoint."""
    address = unused_address()
    url = f"http://user:PlantedPassword@{address}"
    boto3_client = planted_session().client("ecr", endpoint_url=url, config=ONCE)

    with pytest.raises(TransportError) as caught:
        next(Client(boto3_client).describe_images("team/app"))
    shown.add(caught.value)

    assert f"://[redacted]@{address}" in str(caught.value)
    assert shown.planted == []


def test_a_next_token_is_not_shown(shown: Shown) -> None:
    """A `nextToken` is not logged and in no message, though page and error hold it for who asks."""
    with FakeECR() as ecr:
        ecr.add_image("team/app")
        again = answer_with(nextToken=NEXT_TOKEN)
        ecr.inject_faults(again, Fault.body(json.dumps({"imageDetails": [], "nextToken": NEXT_TOKEN}).encode()))
        listing = Client(planted_client(ecr)).describe_images("team/app")
        page = next(listing.pages())

        with pytest.raises(RepeatedTokenError) as caught:
            next(listing)
        printed = "".join(traceback.format_exception(caught.value))
        shown.texts += [str(caught.value), repr(caught.value), printed, repr(listing)]

    assert page.next_token == listing.next_token == caught.value.token == NEXT_TOKEN
    assert len(shown.texts) > 4
    assert shown.planted == []


@pytest.mark.parametrize(
    "token",
    [
        " ",
        "null",
        "0",
        "a\"b\\c'd",
        "two\nlines\r\n",
        "\x00\x1b[2J",
        "https://user:password@elsewhere.example/?next=1",
        "../../etc/passwd",
        "%s {0} ${HOME}",
        "\u2028\U0001f40b",
        "\ud800",
        "x" * 100_000,
    ],
    ids=lambda token: ascii(token)[:20],
)
def test_a_next_token_is_opaque(token: str) -> None:
    """Whatever is in a token goes back to the service as it came."""
    with FakeECR() as ecr:
        ecr.add_image("team/app")
        ecr.inject_faults(answer_with(nextToken=token), Fault.body(b'{"imageDetails": []}'))

        images = list(Client(ecr.client()).describe_images("team/app"))

        assert len(images) == 1
        assert [request.parameters.get("nextToken") for request in ecr.requests] == [None, token]
        assert len({request.headers["host"] for request in ecr.requests}) == 1


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"imageDetails": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}", id="nested"),
        pytest.param(b'{"imageDetails": [{"registryId": ' + b"9" * 100_000 + b"}]}", id="digits"),
        pytest.param(b'{"imageDetails": "' + b"x" * 1_000_000 + b'"}', id="a long string"),
        pytest.param(b'{"imageDetails": [' + b"[]," * 100_000 + b"[]]}", id="a long list"),
        pytest.param(b'{"imageDetails": "\\u001b[2J\\r\\n\\u0000"}', id="control characters"),
    ],
)
def test_an_answer_can_do_no_more_than_be_refused(body: bytes) -> None:
    """An answer made to do harm is refused, with a message that is short and printable."""
    with FakeECR() as ecr:
        ecr.inject_faults(Fault.body(body))

        with pytest.raises(MalformedResponseError) as caught:
            next(Client(ecr.client()).describe_images("team/app"))

        assert len(str(caught.value)) < 500
        assert str(caught.value).isprintable()


class Answering(BaseHTTPRequestHandler):
    """Answers each request with one image."""

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


@attrs.frozen
class TLS:
    """A server with a certificate that no system knows, and the one that vouches for it."""

    url: str
    authority: Path


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[TLS]:
    """Give a TLS server on this machine."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = HTTPServer(("127.0.0.1", 0), Answering)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield TLS(f"https://127.0.0.1:{server.server_address[1]}", tmp_path / "authority.pem")
    server.shutdown()
    thread.join()
    server.server_close()


def tls_client(tls: TLS, verify: Any) -> Any:
    """Return a boto3 client of a TLS server, that makes one attempt."""
    return planted_session().client("ecr", endpoint_url=tls.url, config=ONCE, verify=verify)


def test_an_unknown_certificate_is_refused(tls: TLS) -> None:
    """A server whose certificate nobody vouches for gets no request, and to ask again would not help."""
    with pytest.raises(TransportError, match="SSL validation failed") as caught:
        next(Client(tls_client(tls, None)).describe_images("team/app"))

    assert caught.value.retryable is False


def test_the_tls_settings_are_the_boto3_clients(tls: TLS) -> None:
    """A boto3 client that knows the authority is used with it, and keeps its settings."""
    boto3_client = tls_client(tls, str(tls.authority))
    before = [dict(vars(boto3_client.meta.config)), boto3_client._endpoint.http_session._verify]

    images = list(Client(boto3_client).describe_images("team/app"))

    after = [dict(vars(boto3_client.meta.config)), boto3_client._endpoint.http_session._verify]
    assert images == [IMAGE]
    assert after == before
    assert after[1] == str(tls.authority)


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_who_turns_verification_off_has_it_off(tls: TLS) -> None:
    """A boto3 client that was told to trust everybody does so here too: the choice is the application's."""
    boto3_client = tls_client(tls, False)

    images = list(Client(boto3_client).describe_images("team/app"))

    assert images == [IMAGE]
    assert boto3_client._endpoint.http_session._verify is False
