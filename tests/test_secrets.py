"""No secret is in message, repr, traceback, pickle or log; and no text of a service can do harm."""

from __future__ import annotations

import base64
import html
import json
import logging
import os
import pickle
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import Mock
from urllib.parse import quote, unquote

import attrs
import pytest
import trustme
from botocore.config import Config
from botocore.exceptions import ClientError, ProxyConnectionError
from fault_cases import CASES, Case, bring_about, serve_once, unused_address, with_fields
from samples import body_of, detail, digest, image
from wire import Wire, session

from ecrimages import (
    AuthenticationError,
    Client,
    CredentialsError,
    ECRImagesError,
    MalformedResponseError,
    RepeatedTokenError,
    ServiceError,
    TransportError,
)
from ecrimages.testing import FakeECR, Fault

ACCESS_KEY = "AKIAACCESSKEYID"
SECRET_KEY = "PlantedSecret/Access+Key"
# Nothing in it says that it is a secret: only its value does.
TOKEN = "PlantedSessionToken/+FwoGZXI=="
ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1}, proxies={})


def client_with_secrets(endpoint_url: str, config: Config = ONCE, token: str = TOKEN, **more: Any) -> Any:
    """Return a boto3 client with credentials that are not to be seen anywhere."""
    keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY, "aws_session_token": token}
    return session().client("ecr", endpoint_url=endpoint_url, config=ONCE.merge(config), **{**keys, **more})


class Shown(logging.Handler):
    """Keeps what the library logs, and what can be seen of errors."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record: its text, and what it is made of."""
        self.texts += [self.format(record), repr(vars(record))]

    def add(self, error: BaseException | None) -> None:
        """Keep what can be seen of an error, and of its causes and contexts."""
        if error is None:
            return
        self.texts += ["".join(traceback.format_exception(error)), str(error), repr(error)]
        self.texts.append(repr(getattr(error, "response", None)))
        self.texts.append(repr(vars(error)))
        if isinstance(error, ECRImagesError):
            self.texts += [repr(pickle.dumps(error, protocol)) for protocol in (0, pickle.HIGHEST_PROTOCOL)]
        self.add(error.__cause__)
        self.add(error.__context__)

    def check(self) -> None:
        """Raise AssertionError if a secret was seen, in whole or in part."""
        assert [text for text in self.texts if "Planted" in text] == []
        assert self.texts


@pytest.fixture
def shown() -> Iterator[Shown]:
    """What the library logs at DEBUG, and what a test adds."""
    shown = Shown()
    logger = logging.getLogger("ecrimages")
    before = logger.level
    logger.addHandler(shown)
    logger.setLevel(logging.DEBUG)
    yield shown
    logger.removeHandler(shown)
    logger.setLevel(before)


@pytest.fixture(scope="module")
def filled(shared: FakeECR) -> FakeECR:
    """A fake for tests that make one request each, for an image that it holds."""
    shared.add_image("team/app")
    return shared


@pytest.fixture(scope="module")
def secretive(filled: FakeECR) -> Client:
    """A client of it, with the credentials."""
    return Client(client_with_secrets(filled.endpoint_url))


@pytest.mark.parametrize("case", CASES[::5], ids=lambda case: case.name)
def test_no_error_shows_a_secret(ecr: FakeECR, case: Case, shown: Shown) -> None:
    """Whatever goes wrong, no credential is in message, repr, traceback, pickle or log."""
    for _ in range(6):
        ecr.add_image("team/app")
    boto3_client = client_with_secrets(ecr.endpoint_url)
    client = Client(boto3_client)
    listing = client.describe_images("team/app", page_size=3)
    next(listing.pages())
    bring_about(case, ecr, boto3_client)

    with pytest.raises(ECRImagesError) as caught:
        next(listing)
    shown.add(caught.value)
    shown.texts += [repr(client), repr(listing)]

    assert ecr.requests[0].headers["x-amz-security-token"].startswith("Planted")
    shown.check()


QUOTED = {
    "canonical request": f"POST\n/\n\nhost:x\nx-amz-security-token:{TOKEN}\n\nhost",
    "header": f"X-Amz-Security-Token: {TOKEN}\r\nHost: x",
    "CGI": f"HTTP_X_AMZ_SECURITY_TOKEN={TOKEN}",
    "JSON in JSON": json.dumps({"headers": json.dumps({"X-Amz-Security-Token": TOKEN})}),
    "pairs": f"[('X-Amz-Security-Token', '{TOKEN}')]",
    "HTML": f"&quot;X-Amz-Security-Token&quot;: &quot;{html.escape(TOKEN)}&quot;",
    "HTML table": f"<td>X-Amz-Security-Token</td><td>{TOKEN}</td>",
    "Node": f"x-amz-security-token: [ '{TOKEN}' ]",
    "URL": f"X-Amz-Security-Token%3D{quote(TOKEN, safe='')}",
    "lower-case URL": quote(TOKEN, safe="").replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d"),
    "base64": base64.b64encode(TOKEN.encode()).decode(),
    "bare": TOKEN,
    "escaped slashes": TOKEN.replace("/", r"\/"),
    "secret key": json.dumps({"SecretAccessKey": SECRET_KEY}),
    "short name": f"aws_secret_key={SECRET_KEY[::-1]}Planted",
    "another's key": json.dumps({"SecretAccessKey": "PlantedOfAnother", "SessionToken": "PlantedOfAnother"}),
    "signature": f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/x, Signature=Planted0123456789abcdef",
    "password": "http://user:PlantedPassword@proxy.example:3128/x",
    "password with a slash": "http://user:Planted/Password@proxy.example:3128",
    "password without a scheme": "proxy user:PlantedPassword@proxy.example:3128",
    "proxy": f"Proxy-Authorization: Basic PlantedBase64+{'x' * 8}==",
}
PLACES: dict[str, Callable[[str], Fault]] = {
    "message": lambda text: Fault.error("InvalidSignatureException", text, status=403),
    "code": lambda text: Fault.error(text, "No"),
    "502": lambda text: Fault.body(text.encode(), status=502),
    "error list": lambda text: Fault.body(json.dumps({"errors": [text]}).encode(), status=404),
    "200": lambda text: Fault.body(text.encode()),
    "string": lambda text: Fault.body(json.dumps(text).encode()),
    "field": lambda text: Fault.edit(lambda body: body["imageDetails"][0].update(imageDigest=[text])),
    "severity": lambda text: Fault.edit(
        lambda body: body["imageDetails"][0].update(imageScanFindingsSummary={"findingSeverityCounts": {text: "x"}})
    ),
    "repository": lambda text: Fault.edit(lambda body: body["imageDetails"][0].update(repositoryName=text)),
    "token": lambda text: with_fields(nextToken=[text]),
}


# The error has the text itself, or its repr; elsewhere a few texts are enough.
QUOTED_IN = [
    pytest.param(
        place,
        text,
        marks=[] if place in {"message", "field"} or text in {"header", "JSON in JSON", "bare"} else pytest.mark.slow,
    )
    for place in PLACES
    for text in QUOTED
]


@pytest.mark.parametrize(("place", "text"), QUOTED_IN)
def test_a_quoted_request_is_redacted(filled: FakeECR, secretive: Client, place: str, text: str, shown: Shown) -> None:
    """What a response quotes of the request, in whatever form and place, is kept out of the error and of its causes."""
    filled.inject_faults(PLACES[place](QUOTED[text]))

    with pytest.raises(ECRImagesError) as caught:
        next(secretive.describe_images("team/app"))
    shown.add(caught.value)

    shown.check()
    assert base64.b64encode(TOKEN.encode()).decode() not in "".join(shown.texts)


@pytest.mark.parametrize("place", PLACES)
def test_a_long_token_is_redacted_before_it_is_cut(filled: FakeECR, place: str, shown: Shown) -> None:
    """A value that is longer than an excerpt leaves no part of it."""
    token = "PlantedBegin" + "x" * 300 + "PlantedEnd"
    filled.inject_faults(PLACES[place](f"you sent {token}, sorry"))

    with pytest.raises(ECRImagesError) as caught:
        next(Client(client_with_secrets(filled.endpoint_url, token=token)).describe_images("team/app"))
    shown.add(caught.value)

    shown.check()


def test_a_secret_is_redacted_after_a_retry(ecr: FakeECR, shown: Shown, delays: list[float]) -> None:
    """What the second attempt brings is redacted like the first."""
    ecr.inject_faults(Fault.server_error(), Fault.error("X", f"{SECRET_KEY} {TOKEN}"))
    client = client_with_secrets(ecr.endpoint_url, Config(retries={"total_max_attempts": 2}))

    with pytest.raises(ServiceError) as caught:
        next(Client(client).describe_images("team/app"))
    shown.add(caught.value)

    shown.check()
    assert len(delays) == 1


def test_the_cause_keeps_what_is_no_secret(filled: FakeECR, secretive: Client) -> None:
    """The cause is botocore's own exception, with its text and status, but for the secret."""
    filled.inject_faults(PLACES["message"](QUOTED["canonical request"]))

    with pytest.raises(AuthenticationError) as caught:
        next(secretive.describe_images("team/app"))

    cause: Any = caught.value.__cause__
    assert isinstance(cause, ClientError)
    assert "x-amz-security-token:[redacted]" in str(cause)
    assert cause.response["ResponseMetadata"]["HTTPStatusCode"] == 403


CONTROL, OTHER = "contain a newline or another control character", "could not be loaded"


@pytest.mark.parametrize(
    ("credentials", "text"),
    [
        ({"token": "PlantedToken\n"}, CONTROL),
        ({"aws_access_key_id": "AKIAKEY\n"}, CONTROL),
        ({"aws_secret_access_key": "PlantedSecret\r\n"}, CONTROL),
        ({"token": "Planted\x00Token"}, CONTROL),
        ({"token": f"{TOKEN}\udcff"}, OTHER),
        ({"aws_secret_access_key": f"{SECRET_KEY}\udcff"}, OTHER),
    ],
    ids=["token", "key id", "secret key", "NUL", "token that is no UTF-8", "secret key that is no UTF-8"],
)
def test_malformed_credentials(filled: FakeECR, credentials: Any, text: str, shown: Shown) -> None:
    """A newline from a file, or bytes of the environment, are a CredentialsError before a request, without a secret."""
    requests = len(filled.requests)
    client = client_with_secrets(filled.endpoint_url, **credentials)

    with pytest.raises(CredentialsError, match=text) as caught:
        next(Client(client).describe_images("team/app"))
    shown.add(caught.value)

    shown.check()
    assert (caught.value.retryable, len(filled.requests)) == (False, requests)


def test_a_proxy_that_quotes_the_request(shown: Shown) -> None:
    """What a proxy returns of its own password, in Base64, is not shown."""

    def quote_headers(headers: bytes) -> bytes:
        return b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%b" % (len(headers), headers)

    proxies = {"http": f"http://user:PlantedPassword@{serve_once(quote_headers)}"}
    client = client_with_secrets("http://10.0.0.1", Config(proxies=proxies))

    with pytest.raises(ServiceError) as caught:
        next(Client(client).describe_images("team/app"))
    shown.add(caught.value)

    shown.check()
    assert base64.b64encode(b"user:PlantedPassword").decode() not in "".join(shown.texts)


@pytest.mark.parametrize("where", ["proxy", "endpoint"])
def test_the_password_in_a_url(where: str, shown: Shown) -> None:
    """A proxy or an endpoint that does not respond leaves its password out of the error."""
    url = f"http://user:PlantedPassword@{unused_address()}"
    config = Config(proxies={"http": url}) if where == "proxy" else Config()
    client = client_with_secrets("http://10.0.0.1" if where == "proxy" else url, config)

    with pytest.raises(TransportError, match=r"://\[redacted\]@127") as caught:
        next(Client(client).describe_images("team/app"))
    shown.add(caught.value)

    shown.check()
    assert caught.value.retryable is True


@pytest.mark.parametrize(("status", "is_retryable"), [(407, False), (403, False), (503, True), (429, True)])
def test_a_proxy_that_refuses_to_connect(status: int, is_retryable: bool) -> None:
    """What a proxy does not accept, such as a password or a host, does not pass, however often it is tried."""
    refusal = b"HTTP/1.1 %d Some Reason\r\nContent-Length: 0\r\n\r\n" % status
    proxies = {"https": f"http://{serve_once(lambda _: refusal)}"}
    client = client_with_secrets("https://10.0.0.1", Config(proxies=proxies))

    with pytest.raises(TransportError, match="proxy") as caught:
        next(Client(client).describe_images("team/app"))

    assert caught.value.retryable is is_retryable


class URL:
    """A URL that is no string, as those of HTTP clients."""

    def __repr__(self) -> str:
        return "http://user:PlantedPassword@proxy"


class Unprintable:
    """An object that has no text."""

    def __str__(self) -> str:
        raise ValueError


class RequestInfo(NamedTuple):
    """What an HTTP client says of a request that has failed."""

    url: object
    headers: dict[str, str]


class RefusedError(Exception):
    """An HTTP client's error, which refers to its request."""

    def __init__(self, request_info: RequestInfo) -> None:
        super().__init__(request_info)
        self.request_info = request_info
        self.url = request_info.url
        self.connection = Unprintable()

    def __str__(self) -> str:
        return f"407, url={self.request_info.url}"


def test_a_cause_that_refers_to_its_request(shown: Shown) -> None:
    """The objects that a cause of an error refers to are shown with it, as aiohttp's are."""
    client = client_with_secrets("http://10.0.0.1")
    refused = RefusedError(RequestInfo(URL(), {"x-amz-security-token": TOKEN}))
    client.describe_images = Mock(side_effect=ProxyConnectionError(proxy_url="http://proxy", error=refused))

    with pytest.raises(TransportError) as caught:
        next(Client(client).describe_images("team/app"))
    shown.add(caught.value)
    shown.add(refused)

    shown.check()
    assert str(refused) == "407, url=http://[redacted]@proxy"
    assert caught.value.retryable is False


def test_a_next_token_is_not_shown(ecr: FakeECR, shown: Shown) -> None:
    """It is not logged and in no message, though page and error have it as an attribute."""
    again = body_of(detail(1), nextToken="PlantedToken==")
    ecr.inject_faults(Fault.body(again), Fault.body(again))
    listing = Client(ecr.client()).describe_images("team/app")
    page = next(listing.pages())

    with pytest.raises(RepeatedTokenError) as caught:
        next(listing)
    shown.texts += ["".join(traceback.format_exception(caught.value)), repr(caught.value), repr(listing)]

    assert page.next_token == caught.value.token == "PlantedToken=="
    shown.check()


# Quadratic time would be half a minute.
LONG = 100_000
HOSTILE: dict[str, Fault] = {
    "repository texts": Fault.error("RepositoryNotFoundException", "repository with name ''" * (LONG // 23)),
    "open repository text": Fault.error("RepositoryNotFoundException", "repository with name 'a' " * (LONG // 25)),
    "image texts": Fault.error("ImageNotFoundException", "imageId {imageDigest:'" * (LONG // 22)),
    "a secret's name": Fault.error("X", "security-token" * (LONG // 14)),
    "a secret's name and quotes": Fault.error("X", "authorization: " + "'\"" * (LONG // 2)),
    "user:": Fault.error("X", "a:" * (LONG // 2)),
    "://": Fault.error("X", "://a" * (LONG // 4)),
    "one word": Fault.error("X", "m" * LONG),
    "blanks": Fault.error("X", " " * LONG),
    "a long code": Fault.error("x" * LONG, "m"),
    "control characters in the code": Fault.error("Throttling\n2026 ERROR\x1b[2J", "m\x1b[2J\x00"),
    "lone surrogates": Fault.body(b'{"__type": "X\\ud800", "message": "\\ud800\\u2028"}', status=400),
    "nested": Fault.body(b'{"imageDetails": [' + b"[" * LONG + b"]" * LONG + b"]}"),
    "digits": Fault.body(b'{"imageDetails": [{"registryId": ' + b"9" * LONG + b"}]}"),
    "a long string": Fault.body(b'{"imageDetails": "' + b"x" * LONG + b'"}'),
    "a long list": Fault.body(b'{"imageDetails": [' + b"[]," * (LONG // 3) + b"[]]}"),
    "a long field": Fault.body(b'{"imageDetails": [{"registryId": ["' + b"://a" * (LONG // 4) + b'"]}]}'),
    "control characters": Fault.body(b'{"imageDetails": "\\u001b[2J\\r\\n\\u0000\\ud800"}'),
    "severities": Fault.body(
        body_of(detail(imageScanFindingsSummary={"findingSeverityCounts": {"HIGH\n2026 ERROR\x1b[2J" * 99: "x"}}))
    ),
    "HTML": Fault.body(b"<html>" + b"x" * LONG, status=502),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_takes_little_time_and_space(filled: FakeECR, secretive: Client, name: str) -> None:
    """No text costs more than linear time; a message is short, printable and on one line."""
    filled.inject_faults(HOSTILE[name])
    start = time.process_time()

    with pytest.raises(ECRImagesError) as caught:
        next(secretive.describe_images("team/app"))
    text = str(caught.value)

    assert time.process_time() - start < 3
    assert len(text) < 1000
    assert text.isprintable()
    text.encode()


class _Responding(BaseHTTPRequestHandler):
    """Responds to each request with one image."""

    def do_POST(self) -> None:
        """Respond."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = body_of(detail(1, repositoryName=asked["repositoryName"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


@attrs.frozen
class TLS:
    """A server with a certificate that no system knows, and the file of the one that vouches for it."""

    url: str
    authority: Path


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[TLS]:
    """A TLS server on this machine."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = HTTPServer(("127.0.0.1", 0), _Responding)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield TLS(f"https://127.0.0.1:{server.server_address[1]}", tmp_path / "authority.pem")
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_tls_settings_are_the_boto3_clients(tls: TLS) -> None:
    """A client that knows the authority is used with it; one that does not is refused, which does not pass."""
    knows = client_with_secrets(tls.url, verify=str(tls.authority))

    assert list(Client(knows).describe_images("team/app")) == [image(1)]
    with pytest.raises(TransportError, match="SSL validation failed") as caught:
        next(Client(client_with_secrets(tls.url)).describe_images("team/app"))
    assert caught.value.retryable is False
    assert caught.value.__cause__ is not None


def test_tls_that_breaks_may_pass() -> None:
    """An end of file in the handshake, as of a load balancer that drains, is retryable."""
    listener = socket.create_server(("127.0.0.1", 0))

    def drop() -> None:
        with listener, listener.accept()[0] as connection:
            connection.recv(65536)

    threading.Thread(target=drop, daemon=True).start()
    client = client_with_secrets(f"https://127.0.0.1:{listener.getsockname()[1]}")

    with pytest.raises(TransportError) as caught:
        next(Client(client).describe_images("team/app"))

    assert caught.value.retryable is True


def test_what_a_record_holds_is_ecrs() -> None:
    """Redaction is for texts that are shown: a tag or digest is never changed."""
    tag = "Signature=abc"
    client = Wire(lambda _: body_of(detail(1, imageTags=[tag], imageDigest=digest(2)))).client

    [listed] = Client(client).describe_images("team/app")

    assert (listed.tags, listed.digest) == ((tag,), digest(2))


def test_a_malformed_response_of_a_wrapper_is_redacted(shown: Shown) -> None:
    """What a wrapped client returns is redacted too."""
    client = Wire(lambda _: body_of(detail(1))).client
    original = client._make_api_call

    def make_api_call(*arguments: Any) -> Any:
        response = original(*arguments)
        response["imageDetails"][0]["imageDigest"] = ["x-amz-security-token: PlantedToken=="]
        return response

    client._make_api_call = make_api_call

    with pytest.raises(MalformedResponseError) as caught:
        list(Client(client).describe_images("team/app"))
    shown.add(caught.value)

    shown.check()


@pytest.mark.parametrize("url", ["http://user:PlantedPassword@[::1", "http://user:Planted%2FPassword@proxy:1/#?"])
def test_a_proxys_url_that_makes_no_sense(
    filled: FakeECR, secretive: Client, monkeypatch: pytest.MonkeyPatch, url: str, shown: Shown
) -> None:
    """A malformed URL in the environment is no error of a call that does not use it, and its password is not shown."""
    monkeypatch.setenv("OTHER_PROXY", url)
    password = unquote(url).removeprefix("http://user:").partition("@")[0]
    filled.inject_faults(Fault.error("NewException", f"{url} has {password} in it"))

    with pytest.raises(ServiceError) as caught:
        next(secretive.describe_images("team/app"))
    shown.add(caught.value)

    shown.check()


@pytest.mark.parametrize("malformed", [False, True], ids=["page", "error"])
def test_a_request_id_that_quotes_the_request(shown: Shown, malformed: bool) -> None:
    """The header comes from whatever has responded; it is logged with a page, and shown with an error."""
    body = body_of({} if malformed else detail(1))
    wire = Wire(lambda _: body)
    client = wire.client

    def set_request_id(response_dict: dict[str, Any], **_: object) -> None:
        response_dict["headers"]["x-amzn-RequestId"] = f"{TOKEN}\x1b[2J"

    client.meta.events.register("before-parse.ecr.*", set_request_id)
    client._request_signer._credentials.token = TOKEN

    try:
        pages = list(Client(client).describe_images("team/app").pages())
    except MalformedResponseError as error:
        shown.add(error)
    else:
        shown.texts.append(repr(pages))

    shown.check()
    assert not any("\x1b" in text for text in shown.texts)


SECRET_LINES = {
    "alone in a line": f"[default]\naws_secret_access_key =\n{SECRET_KEY}\n",
    "before a section": f"{SECRET_KEY}\n[default]\n",
    "not in UTF-8": f"[default]\nx = {SECRET_KEY}\xff\n",
}


@pytest.mark.parametrize("kind", SECRET_LINES)
def test_a_file_of_credentials_that_cannot_be_read(
    bare_environment: pytest.MonkeyPatch, tmp_path: Path, kind: str, shown: Shown
) -> None:
    """A parser's error keeps the lines that it could not read, and a secret may stand in them without its name."""
    file = tmp_path / "credentials"
    file.write_bytes(SECRET_LINES[kind].encode("latin-1"))
    bare_environment.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))

    with pytest.raises(TransportError, match="Unable to parse config file") as caught:
        next(Client().describe_images("team/app"))
    shown.add(caught.value)

    shown.check()
    context: Any = caught.value.__cause__ and caught.value.__cause__.__context__
    assert "Planted" not in str(getattr(context, "object", ""))


def test_what_a_credential_process_prints(bare_environment: pytest.MonkeyPatch, shown: Shown) -> None:
    """A program that prints the bare secret, and no JSON."""
    config = f"[default]\nregion = us-east-1\ncredential_process = echo {SECRET_KEY}\n"
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(config, "utf-8")

    with pytest.raises(CredentialsError, match="JSONDecodeError") as caught:
        next(Client().describe_images("team/app"))
    shown.add(caught.value)

    shown.check()
