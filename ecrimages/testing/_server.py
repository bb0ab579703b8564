"""The HTTP server: JSON 1.1 over POST on the loopback interface, one thread per connection."""

from __future__ import annotations

import json
import os
import selectors
import socket
import struct
import threading
import time
import uuid
import weakref
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

from ecrimages.testing._faults import Response
from ecrimages.testing._service import RecordedRequest, Service

__all__ = ["Server"]

_TARGET_PREFIX = "AmazonEC2ContainerRegistry_V20150921."
# Seconds to wait for all threads. Only one that is blocked in `Fault.edit()` takes longer.
_STOP_TIMEOUT = 2.0


# Instead of a server of socketserver's: its shutdown() waits for the next poll.
class Server:
    """Listens as soon as it is created, until it is stopped."""

    def __init__(self, service: Service) -> None:
        # Many clients may connect at once.
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.setblocking(False)
        # The one end can be read from when the other is closed.
        self._stopped, self._stop = socket.socketpair()
        self.service = service
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.is_stopping = threading.Event()
        self._pid = os.getpid()
        self._threads: dict[threading.Thread, socket.socket] = {}
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        _servers.add(self)

    def stop(self) -> None:
        """Close all connections, and wait for their threads."""
        if self._pid != os.getpid():
            # The threads of the parent do not run in a forked child.
            return
        self.is_stopping.set()
        self._stop.close()
        self._acceptor.join()
        deadline = time.monotonic() + _STOP_TIMEOUT
        threads = list(self._threads.items())
        for _, connection in threads:
            # The client may have closed it already.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread, _ in threads:
            thread.join(max(deadline - time.monotonic(), 0))

    def close_in_child(self) -> None:
        """Close the sockets in a forked child, which would otherwise keep the port open."""
        for connection in (self._listener, self._stopped, self._stop, *self._threads.values()):
            # close() would wait for the file objects of the connection.
            with suppress(OSError):
                socket.close(connection.detach())

    def _accept(self) -> None:
        """Handle each connection in a thread of its own."""
        with self._listener, self._stopped, selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._stopped, selectors.EVENT_READ)
            while all(key.fileobj is self._listener for key, _ in selector.select()):
                # The client may have gone, or there may be too many open files.
                with suppress(OSError):
                    connection, address = self._listener.accept()
                    connection.setblocking(True)
                    thread = threading.Thread(target=self._handle, args=(connection, address), daemon=True)
                    self._threads[thread] = connection
                    thread.start()

    def _handle(self, connection: socket.socket, address: Any) -> None:
        try:
            # The client, or this server, may close the connection at any time.
            with suppress(OSError), connection:
                _Handler(connection, address, self)  # type: ignore[arg-type]
                connection.shutdown(socket.SHUT_WR)
        finally:
            self._threads.pop(threading.current_thread(), None)


class _Handler(BaseHTTPRequestHandler):
    server: Any
    protocol_version = "HTTP/1.1"
    # With Nagle's algorithm the end of a response would wait for the acknowledgement of its beginning.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            # The end of the body is unknown.
            self.close_connection = True
        body = self.rfile.read(int(length) if length.isdecimal() else 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        operation = headers.get("x-amz-target", "").removeprefix(_TARGET_PREFIX)
        try:
            parameters = json.loads(body)
        except (ValueError, RecursionError):
            parameters = None
        if isinstance(parameters, dict):
            request = RecordedRequest(operation=operation, parameters=parameters, headers=headers)
            response = self.server.service.respond(request)
        else:
            response = Response(operation=operation, parameters={})
            response.set_error("SerializationException", "The body is not a JSON object")
        self._send(response)

    def _send(self, response: Response) -> None:
        if response.delay and self.server.is_stopping.wait(response.delay):
            self.close_connection = True
            return
        if response.is_reset:
            # Closing with a linger time of zero resets the connection, unless it was shut down before.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            socket.close(self.connection.detach())
            self.close_connection = True
            return
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        self.end_headers()
        sent = response.body[: int(len(response.body) * response.sent_fraction)]
        self.wfile.write(sent)
        if len(sent) < len(response.body):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Print nothing: `FakeECR.requests` has the requests."""


_servers: weakref.WeakSet[Server] = weakref.WeakSet()


def _close_in_child() -> None:
    for server in list(_servers):
        server.close_in_child()


# Windows has no fork.
with suppress(AttributeError):
    os.register_at_fork(after_in_child=_close_in_child)
