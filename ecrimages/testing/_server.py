"""The HTTP side: JSON 1.1 over POST, on loopback, a thread for each connection."""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
import uuid
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, final

import attrs

from ecrimages.testing._faults import Answer, Fault
from ecrimages.testing._parameters import Refusal
from ecrimages.testing._registry import Registry

__all__ = ["RecordedRequest", "Server"]


@final
@attrs.frozen(kw_only=True)
class RecordedRequest:
    """A request that came to a `FakeECR`."""

    operation: str
    """The operation, as in `DescribeImages`."""
    parameters: Mapping[str, Any]
    """The parameters, by ECR's own names."""
    headers: Mapping[str, str] = attrs.field(repr=False)
    """The HTTP headers, by lower-case names."""


class Server(ThreadingHTTPServer):
    """Answers for a registry, as a script of faults has it."""

    daemon_threads = True
    block_on_close = False
    # Many clients may connect at once.
    request_queue_size = 128

    def __init__(self, registry: Registry) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.registry = registry
        self.requests: list[RecordedRequest] = []
        self._script: deque[Fault | None] = deque()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        # Nobody waits for the loop to notice that it is to end.
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Close all connections."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            # The other side may have been faster.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def play(self, script: Iterable[Fault | None]) -> None:
        """Have the next requests meet these faults, one each."""
        with self._lock:
            self._script.extend(script)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin with a connection, and remember it."""
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Be done with a connection."""
        super().shutdown_request(request)
        with self._lock:
            self._connections.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that have gone; let the rest be seen."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def next_fault(self, request: RecordedRequest) -> Fault | None:
        """Record a request, and return what is to go wrong with its answer."""
        with self._lock:
            self.requests.append(request)
            return self._script.popleft() if self._script else None

    def answer(self, request: RecordedRequest) -> Answer:
        """Return the answer to a request, with what is to go wrong with it."""
        parameters = dict(request.parameters)
        fault = self.next_fault(request)
        answer = Answer(
            parameters=parameters,
            token_for_the_same_page=lambda: self.registry.token_for_the_same_page(parameters),
            document=None,
        )
        try:
            answer.document = self.registry.answer(request.operation, parameters)
        except Refusal as refusal:
            answer.document = {"__type": refusal.code, "message": refusal.message}
            answer.status = refusal.status
        if fault is not None:
            fault._change(answer)
        return answer


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    # With Nagle's algorithm, the end of an answer would wait for the client's word on its beginning.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        target = headers.get("x-amz-target", "")
        try:
            parameters = json.loads(body)
        except ValueError:
            parameters = None
        if not isinstance(parameters, dict):
            refusal = {"__type": "SerializationException", "message": "The body is not a JSON object"}
            self._send(Answer(document=refusal, status=400))
            return
        request = RecordedRequest(operation=target.rpartition(".")[2], parameters=parameters, headers=headers)
        self._send(self.server.answer(request))

    def _send(self, answer: Answer) -> None:
        if answer.delay:
            # Whoever waits for the server to stop does not wait for this.
            threading.Event().wait(answer.delay)
        if answer.is_reset:
            # To linger for no time at all makes a reset of the close; a shutdown before it would not.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            socket.close(self.connection.detach())
            self.close_connection = True
            return
        body = answer.encoded()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        self.end_headers()
        sent = body[: int(len(body) * answer.sent_share)]
        self.wfile.write(sent)
        if len(sent) < len(body):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet: what came is in `FakeECR.requests`."""
