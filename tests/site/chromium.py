"""A headless Chromium that is driven over a pipe, by https://chromedevtools.github.io/devtools-protocol/."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["Chromium"]

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
# Chromium reads commands from the first of these and writes to the other.
COMMANDS, EVENTS = 3, 4
DEADLINE = 60


class Chromium:
    """One tab of a browser with a new profile, for a `with` statement."""

    def __init__(self) -> None:
        path = next(filter(None, map(shutil.which, NAMES)), None)
        if path is None:
            raise FileNotFoundError(
                "there is no Chromium to open the site with: install it, on Debian and Ubuntu with "
                "`apt-get install chromium`, or leave it out with `nox -s docs -- --no-browser`"
            )
        self._path = path
        self._profile = Path(tempfile.mkdtemp(prefix="chromium-"))
        self._events: list[dict[str, Any]] = []
        self._unread = b""
        self._number = 0
        self._session: str | None = None

    def __enter__(self) -> Self:
        commands, self._to_browser = os.pipe()
        self._from_browser, events = os.pipe()
        # The pipe's own numbers may be 3 and 4, the other way round.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (commands, events)]

        def take_places() -> None:
            os.dup2(ends[0], COMMANDS)
            os.dup2(ends[1], EVENTS)

        self._process = subprocess.Popen(  # noqa: S603
            [self._path, *ARGUMENTS, f"--user-data-dir={self._profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(COMMANDS, EVENTS),
            preexec_fn=take_places,  # noqa: PLW1509
        )
        for end in (commands, events, *ends):
            os.close(end)
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._to_browser)
        os.close(self._from_browser)
        shutil.rmtree(self._profile, ignore_errors=True)

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Make one call and return its result; the events that come meanwhile are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to_browser, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + DEADLINE
        while True:
            answer = self._read(deadline)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])
            self._events.append(answer)

    def open(self, url: str, *, width: int) -> list[dict[str, Any]]:
        """Open a page in a window of that width; return the events up to the end of its loading."""
        self._events.clear()
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.send("Page.navigate", url=url)
        deadline = time.monotonic() + DEADLINE
        while not any(event.get("method") == "Page.loadEventFired" for event in self._events):
            self._events.append(self._read(deadline))
        # Scripts that wait for the load have their say, and what they have set off comes before the answer.
        self.evaluate("new Promise(done => setTimeout(done, 50))")
        return self._events[:]

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript in the page."""
        result = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        return result["result"].get("value")

    def screenshot(self, path: Path) -> None:
        """Save a picture of the whole page."""
        picture = self.send("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(picture["data"]))

    def _read(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._from_browser], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(self._from_browser, 1 << 16) if ready else b""
            if not chunk:
                raise TimeoutError("Chromium does not answer")
            self._unread += chunk
        message, _, self._unread = self._unread.partition(b"\0")
        return dict(json.loads(message))
