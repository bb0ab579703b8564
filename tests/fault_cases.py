"""What can go wrong with a response, and the error that it becomes."""

from __future__ import annotations

import functools
import json
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.client import parse_headers
from types import SimpleNamespace
from typing import Any

import attrs
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import CredentialRetrievalError
from botocore.httpsession import URLLib3Session

from ecrimages import (
    AccessDeniedError,
    AuthenticationError,
    CredentialsError,
    ECRImagesError,
    MalformedResponseError,
    RepeatedTokenError,
    RequestTimeoutError,
    ServerError,
    ServiceError,
    ThrottlingError,
    TransportError,
)
from ecrimages.testing import FakeECR, Fault

__all__ = ["CASES", "Case", "bring_about", "in_second", "serve_once", "unused_address", "with_fields"]


def in_second(**fields: object) -> Fault:
    """Return a fault that sets fields of the second image of the page."""
    return Fault.edit(lambda response: response["imageDetails"][1].update(fields))


def without(name: str) -> Fault:
    """Return a fault that leaves out a field of the second image of the page."""
    return Fault.edit(lambda response: response["imageDetails"][1].pop(name))


def with_fields(**fields: object) -> Fault:
    """Return a fault that sets fields of the response."""
    return Fault.edit(lambda response: response.update(fields))


@functools.cache
def unused_socket() -> socket.socket:
    """Return a socket that does not listen, and keeps its port from others."""
    unused = socket.socket()
    unused.bind(("127.0.0.1", 0))
    return unused


def unused_address() -> str:
    """Return an address on this machine at which nobody listens, such as `127.0.0.1:40123`."""
    return f"127.0.0.1:{unused_socket().getsockname()[1]}"


def serve_once(respond: Callable[[bytes], bytes]) -> str:
    """Return the address of a server that responds to the headers of the first request, and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        # What is left unread when a socket is closed makes a reset of the close.
        with listener, listener.accept()[0] as connection, connection.makefile("rb") as request:
            request.readline()
            headers = parse_headers(request)
            request.read(int(headers.get("Content-Length", 0)))
            connection.sendall(respond(bytes(headers)))

    threading.Thread(target=serve, daemon=True).start()
    return f"127.0.0.1:{listener.getsockname()[1]}"


def detour(address: Callable[[], str]) -> Callable[[Any], None]:
    """Return a function that sends a client's next request to another address."""

    def bring_about(client: Any) -> None:
        def send_elsewhere(params: dict[str, Any], **_: object) -> None:
            client.meta.events.unregister("before-call.ecr", send_elsewhere)
            params["url"] = f"http://{address()}/"

        client.meta.events.register("before-call.ecr", send_elsewhere)

    return bring_about


def sent(response: bytes) -> Callable[[Any], None]:
    """Return a function that has a client's next request meet a server that sends these bytes."""
    return detour(lambda: serve_once(lambda _: response))


def time_out(client: Any) -> None:
    """Have a client's next request time out. The others have botocore's own time limit."""
    endpoint = client._endpoint
    http_session = endpoint.http_session
    seconds: Any = (60, 0.01)

    def send(request: Any) -> None:
        endpoint.http_session = http_session
        with socket.create_server(("127.0.0.1", 0)) as silent:
            request.url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            URLLib3Session(timeout=seconds).send(request)

    endpoint.http_session = SimpleNamespace(send=send)


def credentials_lost(client: Any) -> None:
    """Have the next refresh of a client's credentials fail, as when an instance does not provide them."""
    outcomes: list[Exception | None] = [CredentialRetrievalError(provider="test", error_msg="no response")]

    def refresh() -> dict[str, str]:
        if outcomes and (error := outcomes.pop()):
            raise error
        in_an_hour = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        return {"access_key": "a", "secret_key": "b", "token": "c", "expiry_time": in_an_hour}

    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    client._request_signer._credentials = RefreshableCredentials("a", "b", "c", long_ago, refresh, "test")


@attrs.frozen
class Case:
    """Something that goes wrong, and the error that it becomes."""

    name: str
    fault: Fault | Callable[[Any], None]
    error: type[ECRImagesError]
    text: str = ""
    path: str | None = None
    retryable: bool = False


def malformed(name: str, fault: Fault, text: str, path: str = "", *, retryable: bool = False) -> Case:
    """Return a case of a MalformedResponseError."""
    return Case(name, fault, MalformedResponseError, text, path, retryable)


def service(name: str, fault: Fault, error: type[ServiceError], text: str = "", *, retryable: bool = False) -> Case:
    """Return a case of a ServiceError."""
    return Case(name, fault, error, text, None, retryable)


TRUNCATED = "truncated"
CODE = "com.amazonaws.ecr#AccessDeniedException"
CASES = [
    service("throttling", Fault.throttling(), ThrottlingError, "Rate exceeded", retryable=True),
    service("ServerException", Fault.server_error(), ServerError, "HTTP 500", retryable=True),
    service("500 with HTML", Fault.html(status=500), ServerError, "HTTP 500", retryable=True),
    service("502 with HTML", Fault.html(), ServerError, "HTTP 502", retryable=True),
    service("503 without a body", Fault.body(b"", status=503), ServerError, "HTTP 503", retryable=True),
    service("504 with a list", Fault.body(b"[1]", status=504), ServerError, "HTTP 504", retryable=True),
    service("501", Fault.error("InternalFailure", "not implemented", status=501), ServerError, "not implemented"),
    service("408", Fault.body(b"", status=408), ServiceError, "HTTP 408", retryable=True),
    service("429 with HTML", Fault.html(status=429), ServiceError, "HTTP 429", retryable=True),
    service("403 with HTML", Fault.html(status=403), ServiceError, "HTTP 403"),
    service("400 without a body", Fault.body(b"", status=400), ServiceError, "HTTP 400"),
    service("400 that is not UTF-8", Fault.body(b"\xff{", status=400), ServiceError, "HTTP 400"),
    service("400 nested too deeply", Fault.body(b"[" * 200_000, status=400), ServiceError, "HTTP 400"),
    service("400 with a number for a code", Fault.body(b'{"__type": 1}', status=400), ServiceError, "HTTP 400"),
    service("400 with null", Fault.body(b"null", status=400), ServiceError, "HTTP 400"),
    service(
        "404 of a registry's endpoint",
        Fault.body(b'{"errors": [{"code": "NAME_UNKNOWN", "message": "page not found"}]}', status=404),
        ServiceError,
        "NAME_UNKNOWN",
    ),
    service("300 with JSON", Fault.body(b'{"imageDetails": "abc"}', status=300), ServiceError, "HTTP 300"),
    service("301 with JSON", Fault.body(b'{"imageDetails": []}', status=301), ServiceError, "HTTP 301"),
    service("304 without a body", Fault.body(b"", status=304), ServiceError, "HTTP 304"),
    service("an unknown code", Fault.error("NewException", "Something new"), ServiceError, "Something new"),
    service("expired credentials", Fault.expired_token(), AuthenticationError, "is expired"),
    service(
        "a wrong signature", Fault.error("InvalidSignatureException", "No"), AuthenticationError, "check the clock"
    ),
    service("an unsigned request", Fault.error("MissingAuthenticationToken", status=403), AuthenticationError),
    service("access denied, 400", Fault.access_denied(), AccessDeniedError, "is not authorized to perform"),
    service("access denied, 403", Fault.access_denied(status=403), AccessDeniedError, "HTTP 403"),
    service("a code with a prefix", Fault.error(CODE, "No", status=403), AccessDeniedError, "HTTP 403"),
    *[
        service(
            f"an error in {encoding}",
            Fault.body(json.dumps({"__type": "ThrottlingException", "message": "slow"}).encode(encoding), status=400),
            ThrottlingError,
            "slow",
            retryable=True,
        )
        for encoding in ("utf-8-sig", "utf-16")
    ],
    Case("credentials that are lost", credentials_lost, CredentialsError, "no response", retryable=True),
    Case("connection refused", detour(unused_address), TransportError, "Could not connect", retryable=True),
    Case("connection reset", Fault.reset(), TransportError, "Connection was closed", retryable=True),
    Case("no response at all", sent(b""), TransportError, "Connection was closed", retryable=True),
    Case("a response that is not HTTP", sent(b"SSH-2.0-OpenSSH\r\n"), TransportError, retryable=True),
    Case(
        "a chunk that is truncated",
        sent(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n{"imageDetails": ['),
        TransportError,
        "Connection was closed",
        retryable=True,
    ),
    Case(
        "a body without an end",
        sent(b'HTTP/1.1 200 OK\r\n\r\n{"imageDetails": ['),
        MalformedResponseError,
        TRUNCATED,
        path="",
        retryable=True,
    ),
    Case("a time-out", time_out, RequestTimeoutError, "Read timeout", retryable=True),
    # Some versions of botocore notice a body that is shorter than announced.
    Case("200, closed in the body", Fault.closed(), ECRImagesError, retryable=True),
    Case("200, closed before the body", Fault.closed(0), ECRImagesError, retryable=True),
    malformed("200 with HTML", Fault.html(status=200), "starting with '<html>", retryable=True),
    malformed("200 with half a body", Fault.truncated(), TRUNCATED, retryable=True),
    malformed("200 with no body", Fault.body(b""), TRUNCATED, retryable=True),
    malformed("200 that is not UTF-8", Fault.body(b"{\xff"), TRUNCATED, retryable=True),
    malformed("200 nested too deeply", Fault.body(b"[" * 200_000), TRUNCATED, retryable=True),
    malformed("200 with a list", Fault.body(b"[]"), "not a JSON object but []", retryable=True),
    malformed("200 with null", Fault.body(b"null"), "but None", retryable=True),
    malformed("200 with a string", Fault.body(b'"no"'), "but 'no'", retryable=True),
    malformed("no imageDetails", Fault.body(b"{}"), "missing", "imageDetails", retryable=True),
    malformed("another response", Fault.body(b'{"message": "no"}'), "missing", "imageDetails"),
    malformed("imageDetails null", with_fields(imageDetails=None), "missing", "imageDetails"),
    malformed("imageDetails no list", with_fields(imageDetails={}), "expected a list, not {}", "imageDetails"),
    malformed("an item no object", with_fields(imageDetails=[[]]), "expected an object, not []", "imageDetails[0]"),
    malformed("a required field missing", without("imageDigest"), "missing", "imageDetails[1].imageDigest"),
    malformed("a required field null", in_second(imagePushedAt=None), "missing", "imageDetails[1].imagePushedAt"),
    malformed(
        "a size that is text",
        in_second(imageSizeInBytes="1000"),
        "expected an integer",
        "imageDetails[1].imageSizeInBytes",
    ),
    malformed(
        "milliseconds", in_second(imagePushedAt=1_515_737_500_000), "between the years", "imageDetails[1].imagePushedAt"
    ),
    malformed("NaN", in_second(imagePushedAt=float("nan")), "between the years", "imageDetails[1].imagePushedAt"),
    malformed(
        "another repository", in_second(repositoryName="team/other"), "asked for", "imageDetails[1].repositoryName"
    ),
    *[
        malformed(f"nextToken {token!r}", with_fields(nextToken=token), "expected a string", "nextToken")
        for token in (1, True, ["token"], {"token": 1})
    ],
    Case("a repeated token", Fault.repeated_token(), RepeatedTokenError, "pagination loop"),
]


def bring_about(case: Case, ecr: FakeECR, boto3_client: Any) -> None:
    """Have the next request go wrong."""
    if isinstance(case.fault, Fault):
        ecr.inject_faults(case.fault)
    else:
        case.fault(boto3_client)
