"""What can go wrong with a request, and the error that it is to be."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from http.client import parse_headers
from typing import Any

import attrs
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ConnectionClosedError, CredentialRetrievalError

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

__all__ = [
    "CASES",
    "PUSHED",
    "SHORT_BODY",
    "Case",
    "answer_with",
    "bring_about",
    "in_second",
    "unused_address",
]

PUSHED = datetime(2026, 1, 12, 15, 2, 26, tzinfo=timezone.utc)

Details = list[Any]


def in_details(change: Callable[[Details], object]) -> Fault:
    """Return a fault that changes `imageDetails`."""
    return Fault.edit(lambda answer: change(answer["imageDetails"]))


def in_second(name: str, value: object) -> Fault:
    """Return a fault that sets a member of the second image of the page."""
    return in_details(lambda details: details[1].__setitem__(name, value))


def without(name: str) -> Fault:
    """Return a fault that leaves a member of the second image of the page out."""
    return in_details(lambda details: details[1].pop(name))


def answer_with(**members: object) -> Fault:
    """Return a fault that changes members of the answer."""
    return Fault.edit(lambda answer: answer.update(members))


def of_a_short_body() -> tuple[type[ECRImagesError], str, str | None]:
    """Return the error of a body that is shorter than announced, which some versions of botocore notice."""
    with FakeECR() as ecr:
        ecr.add_repository("team/app")
        ecr.inject_faults(Fault.closed())
        try:
            ecr.client().describe_images(repositoryName="team/app")
        except ConnectionClosedError:
            return TransportError, "Connection was closed", None
    return MalformedResponseError, "bytes came", ""


SHORT_BODY = of_a_short_body()


def detour(url: str) -> Callable[[Any], None]:
    """Return what sends a client's next call somewhere else."""

    def bring_about(client: Any) -> None:
        def send_elsewhere(params: dict[str, Any], **_: object) -> None:
            client.meta.events.unregister("before-call.ecr", send_elsewhere)
            params["url"] = url

        client.meta.events.register("before-call.ecr", send_elsewhere)

    return bring_about


def unused_address() -> str:
    """Return an address on this machine at which nobody listens, as in `127.0.0.1:40123`."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{unused.getsockname()[1]}"


def refused(client: Any) -> None:
    """Have the next call of a client meet an address at which nobody listens."""
    detour(f"http://{unused_address()}/")(client)


def sent(answer: bytes) -> Callable[[Any], None]:
    """Return what has the next call of a client meet a server that sends these bytes and hangs up."""

    def bring_about(client: Any) -> None:
        listener = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            with listener, listener.accept()[0] as connection:
                # What is left unread when a socket is closed makes a reset of the close.
                with connection.makefile("rb") as request:
                    request.readline()
                    request.read(int(parse_headers(request)["Content-Length"]))
                connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        detour(f"http://127.0.0.1:{listener.getsockname()[1]}/")(client)

    return bring_about


def credentials_lost(client: Any) -> None:
    """Have the next refresh of a client's credentials fail, as when an instance does not hand them out."""
    outcomes: list[Exception | None] = [CredentialRetrievalError(provider="test", error_msg="no answer")]

    def refresh() -> dict[str, str]:
        if outcomes and (error := outcomes.pop()):
            raise error
        in_an_hour = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
        return {"access_key": "a", "secret_key": "b", "token": "c", "expiry_time": in_an_hour}

    client._request_signer._credentials = RefreshableCredentials("a", "b", "c", PUSHED, refresh, "test")


@attrs.frozen
class Case:
    """Something that goes wrong, and the error that it is to be."""

    name: str
    fault: Fault | Callable[[Any], None]
    error: type[ECRImagesError]
    says: str
    path: str | None = None
    retryable: bool = False
    config: Config = attrs.field(factory=Config)


CUT = "or was cut short"
CASES = [
    Case("throttling", Fault.throttling(), ThrottlingError, "Rate exceeded", retryable=True),
    Case("ServerException", Fault.server_error(), ServerError, "HTTP 500", retryable=True),
    Case("500 with HTML", Fault.html(status=500), ServerError, "HTTP 500", retryable=True),
    Case("502 with HTML", Fault.html(), ServerError, "HTTP 502", retryable=True),
    Case("503 without a body", Fault.body(b"", status=503), ServerError, "HTTP 503", retryable=True),
    Case("504 with a list", Fault.body(b"[1]", status=504), ServerError, "HTTP 504", retryable=True),
    Case("403 with HTML", Fault.html(status=403), ServiceError, "HTTP 403"),
    Case("400 without a body", Fault.body(b"", status=400), ServiceError, "HTTP 400"),
    Case("400 that is not UTF-8", Fault.body(b"\xff{", status=400), ServiceError, "HTTP 400"),
    Case("400 with numbers", Fault.body(b'{"__type": 1}', status=400), ServiceError, "HTTP 400"),
    Case("an unknown code", Fault.error("NewException", "Something new"), ServiceError, "Something new"),
    Case("expired credentials", Fault.expired_token(), AuthenticationError, "is expired"),
    Case(
        "unknown credentials",
        Fault.error("UnrecognizedClientException", "The security token included in the request is invalid."),
        AuthenticationError,
        "is invalid",
    ),
    Case(
        "a wrong signature", Fault.error("InvalidSignatureException", "No"), AuthenticationError, "No (Desc"
    ),
    Case(
        "an unsigned request",
        Fault.error("MissingAuthenticationTokenException", "Missing Authentication Token", status=403),
        AuthenticationError,
        "Missing Authentication Token",
    ),
    Case("access denied, 400", Fault.access_denied(), AccessDeniedError, "is not authorized to perform"),
    Case("access denied, 403", Fault.access_denied(status=403), AccessDeniedError, "HTTP 403"),
    Case(
        "access denied, 400, with a prefix",
        Fault.error("com.amazonaws.ecr#AccessDeniedException", "No"),
        AccessDeniedError,
        "HTTP 400",
    ),
    Case(
        "access denied, 403, with a prefix",
        Fault.error("com.amazonaws.ecr#AccessDeniedException", "No", status=403),
        AccessDeniedError,
        "HTTP 403",
    ),
    Case("credentials that are lost", credentials_lost, CredentialsError, "no answer", retryable=True),
    Case("connection refused", refused, TransportError, "Could not connect", retryable=True),
    Case("connection reset", Fault.reset(), TransportError, "Connection was closed", retryable=True),
    Case("no answer at all", sent(b""), TransportError, "Connection was closed", retryable=True),
    Case("an answer that is not HTTP", sent(b"SSH-2.0-OpenSSH\r\n"), TransportError, "", retryable=True),
    Case(
        "a chunk that is cut",
        sent(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n{"imageDetails": ['),
        TransportError,
        "Connection was closed",
        retryable=True,
    ),
    Case(
        "a body without an end",
        sent(b'HTTP/1.1 200 OK\r\n\r\n{"imageDetails": ['),
        MalformedResponseError,
        CUT,
        path="",
        retryable=True,
    ),
    Case(
        "a time-out",
        Fault.delay(3),
        RequestTimeoutError,
        "Read timeout",
        retryable=True,
        config=Config(read_timeout=0.4),
    ),
    Case("200, closed in the body", Fault.closed(), *SHORT_BODY, True),
    Case("200, closed before the body", Fault.closed(0), *SHORT_BODY, True),
    Case("200 with HTML", Fault.html(status=200), MalformedResponseError, "'<html>", "", True),
    Case("200 with half a body", Fault.truncated(), MalformedResponseError, CUT, "", True),
    Case("200 with no body", Fault.body(b""), MalformedResponseError, CUT, "", True),
    Case("200 that is not UTF-8", Fault.body(b"{\xff"), MalformedResponseError, CUT, "", True),
    Case("200 nested too deeply", Fault.body(b"[" * 200_000), MalformedResponseError, CUT, "", True),
    Case("200 with a list", Fault.body(b"[]"), MalformedResponseError, "not a JSON object but []", "", True),
    Case("200 with null", Fault.body(b"null"), MalformedResponseError, "but None", "", True),
    Case("200 with a string", Fault.body(b'"no"'), MalformedResponseError, "but 'no'", "", True),
    Case("no imageDetails", Fault.body(b"{}"), MalformedResponseError, "missing", "imageDetails"),
    Case(
        "imageDetails null", answer_with(imageDetails=None), MalformedResponseError, "missing", "imageDetails"
    ),
    Case(
        "imageDetails no list",
        answer_with(imageDetails={}),
        MalformedResponseError,
        "expected a list, not {}",
        "imageDetails",
    ),
    Case(
        "a null in imageDetails",
        in_details(lambda details: details.__setitem__(1, None)),
        MalformedResponseError,
        "expected an object, not None",
        "imageDetails[1]",
    ),
    *[
        Case(f"{name} {what}", fault, MalformedResponseError, "missing", f"imageDetails[1].{name}")
        for name in ("registryId", "repositoryName", "imageDigest", "imagePushedAt")
        for what, fault in (("missing", without(name)), ("null", in_second(name, None)))
    ],
    *[
        Case(
            f"{name} {value!r}",
            in_second(name, value),
            MalformedResponseError,
            expected,
            f"imageDetails[1].{name}",
        )
        for name, value, expected in (
            ("imageDigest", 7, "expected a string, not 7"),
            ("imagePushedAt", True, "expected a time"),
            ("imagePushedAt", "yesterday", "expected a time"),
            ("imagePushedAt", [1768230146], "expected a time"),
            # In the year 50,000; and milliseconds where seconds are due.
            ("imagePushedAt", 1_515_737_500_000, "between the years 1 and 9999"),
            ("imagePushedAt", 1e300, "between the years 1 and 9999"),
            ("imagePushedAt", float("nan"), "between the years 1 and 9999"),
            ("imagePushedAt", float("inf"), "between the years 1 and 9999"),
            ("lastArchivedAt", 1_515_737_500_000, "between the years 1 and 9999"),
            ("imageSizeInBytes", "1000", "expected an integer, not '1000'"),
            ("imageSizeInBytes", 0.5, "expected an integer"),
            ("imageSizeInBytes", float("nan"), "expected an integer"),
            ("imageTags", "v1", "expected a list of strings, not 'v1'"),
            ("imageStatus", 1, "expected a string, not 1"),
            ("imageScanStatus", "COMPLETE", "expected an object"),
        )
    ],
    Case(
        "a null among the tags",
        in_second("imageTags", ["v1", None]),
        MalformedResponseError,
        "expected a string, not None",
        "imageDetails[1].imageTags[1]",
    ),
    Case(
        "a count that is text",
        in_second("imageScanFindingsSummary", {"findingSeverityCounts": {"HIGH": "3"}}),
        MalformedResponseError,
        "expected an integer, not '3'",
        "imageDetails[1].imageScanFindingsSummary.findingSeverityCounts.HIGH",
    ),
    *[
        Case(
            f"nextToken {token!r}",
            answer_with(nextToken=token),
            MalformedResponseError,
            "expected a string",
            "nextToken",
        )
        for token in (1, True, ["token"], {"token": 1})
    ],
    Case("a repeated token", Fault.repeated_token(), RepeatedTokenError, "used already"),
]


def bring_about(case: Case, ecr: FakeECR, boto3_client: Any) -> None:
    """Have the next request go wrong."""
    if isinstance(case.fault, Fault):
        ecr.inject_faults(case.fault)
    else:
        case.fault(boto3_client)
