"""How the cost grows: a thousand to a million images, from a server that makes up each page when asked."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from threading import Thread

from contenders import PAGE_SIZE, boto3_client
from images import REPOSITORY, images
from processes import Process, traced

from ecrimages import Client

__all__ = ["growth", "serve_growing"]

_COUNTS = (1_000, 10_000, 100_000, 1_000_000)
# Fewer are read again and again until it is that many, for what lasts some milliseconds cannot be timed.
_READ_AT_LEAST = 100_000


def growth() -> Iterator[str]:
    """Give the lines of a table: time and memory by the number of images in the repository."""
    with Process(serve_growing) as server:
        client = Client(boto3_client(server.ask("url")))
        _read(client, _COUNTS[0])
        yield f"{'images':>10}{'CPU µs/image':>16}{'peak MB':>12}{'requests':>12}"
        for count in _COUNTS:
            times = max(_READ_AT_LEAST // count, 1)
            gc.collect()
            begin = time.process_time()
            for _ in range(times):
                _read(client, count)
            cpu = (time.process_time() - begin) / times
            _, peak = traced(partial(_read, client, count))
            requests = count // PAGE_SIZE
            yield f"{count:>10,}{cpu / count * 1e6:>16.2f}{peak / 1e6:>12.2f}{requests:>12,}"


def _read(client: Client, count: int) -> None:
    read = sum(1 for _ in client.describe_images(f"images/{count}"))
    if read != count:
        raise ValueError(f"of {count} images {read} came")


_BODY = json.dumps({"imageDetails": [image.to_dict(wire=True) for image in images(PAGE_SIZE)]}).encode()


class _Handler(BaseHTTPRequestHandler):
    """Answers with the same page again and again, with other digests each time."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        parameters = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        page = int(parameters.get("nextToken", 0))
        pages = int(parameters["repositoryName"].rpartition("/")[2]) // PAGE_SIZE
        body = _BODY.replace(REPOSITORY.encode(), parameters["repositoryName"].encode())
        body = body.replace(b'"sha256:00', b'"sha256:%08x' % page)
        if page + 1 < pages:
            body = b'{"nextToken": "%d", ' % (page + 1) + body[1:]
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


def serve_growing(connection: Connection) -> None:
    """Serve repositories `images/<count>` of that many images."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    while connection.recv() != "end":
        connection.send(f"http://127.0.0.1:{server.server_address[1]}")
