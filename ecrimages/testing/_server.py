"""The HTTP side: JSON 1.1 over POST, on loopback, a thread for each connection."""

from __future__ import annotations

import json
import socket
import socketserver
import struct
import sys
import threading
import uuid
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

from ecrimages.testing._faults import Answer
from ecrimages.testing._service import RecordedRequest, Service

__all__ = ["Server"]

_TARGET_PREFIX = "AmazonEC2ContainerRegistry_V20150921."
# Only a fault of the user's own can keep a thread longer.
_LONGEST_WAIT_FOR_A_THREAD = 5


# HTTPServer would ask the DNS for the name of this machine.
class Server(socketserver.TCPServer):
    """Listens from the moment it is made, until it is stopped."""

    # Many clients may connect at once.
    request_queue_size = 128

    def __init__(self, service: Service) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.service = service
        self.is_stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        # Nobody waits for the loop to notice that it is to end.
        self._loop = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._loop.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stop(self) -> None:
        """Close all connections, and wait for their threads."""
        self.is_stopping.set()
        self.shutdown()
        self._loop.join()
        self.server_close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            # The other side may have been faster.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(_LONGEST_WAIT_FOR_A_THREAD)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin with a connection, in a thread of its own."""
        thread = threading.Thread(target=self._converse, args=(request, client_address), daemon=True)
        with self._lock:
            self._connections.add(request)
        self._threads = [*filter(threading.Thread.is_alive, self._threads), thread]
        thread.start()

    def _converse(self, request: Any, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except Exception:  # noqa: BLE001
            self.handle_error(request, client_address)
        finally:
            with self._lock:
                self._connections.discard(request)
            self.shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that have gone; let the rest be seen."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    # With Nagle's algorithm, the end of an answer would wait for the client's word on its beginning.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            # Where the body ends, nobody can tell.
            self.close_connection = True
        body = self.rfile.read(int(length) if length.isdecimal() else 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            parameters = json.loads(body)
        except (ValueError, RecursionError):
            parameters = None
        if not isinstance(parameters, dict):
            refusal = {"__type": "SerializationException", "message": "The body is not a JSON object"}
            self._send(Answer(document=refusal, status=400))
            return
        operation = headers.get("x-amz-target", "").removeprefix(_TARGET_PREFIX)
        request = RecordedRequest(operation=operation, parameters=parameters, headers=headers)
        self._send(self.server.service.answer(request))

    def _send(self, answer: Answer) -> None:
        if answer.delay and self.server.is_stopping.wait(answer.delay):
            self.close_connection = True
            return
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
