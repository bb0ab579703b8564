"""A client of pyright's language server, over its standard input and output, as an editor has one."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Self

CURSOR = "^"


class LanguageServer:
    """Responds as to an editor with the cursor in a file; `with` starts and ends it.

    Args:
        directory: Where the files of the editor are.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ids = itertools.count(1)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            ["pyright-langserver", "--stdio"],  # noqa: S607
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        # A server that does not respond must not hold up the tests forever.
        self._deadline = threading.Timer(300, self._process.kill)
        self._deadline.start()
        root = self._directory.as_uri()
        capabilities = {
            "textDocument": {"hover": {"contentFormat": ["markdown"]}},
            "workspace": {"configuration": True},
        }
        self._request(
            "initialize",
            processId=None,
            rootUri=root,
            workspaceFolders=[{"uri": root, "name": "workspace"}],
            capabilities=capabilities,
        )
        self._send(method="initialized", params={})
        return self

    def __exit__(self, *exception: object) -> None:
        self._deadline.cancel()
        self._process.kill()
        self._process.communicate()

    def complete(self, code: str) -> list[str]:
        """Return the completions at the cursor, a `^` in the code, but for `__names__`."""
        result = self._ask("textDocument/completion", code)
        return [item["label"] for item in result["items"] if not item["label"].startswith("__")]

    def hover(self, code: str) -> str:
        """Return what the editor shows of the name at the cursor, as Markdown."""
        return str(self._ask("textDocument/hover", code)["contents"]["value"])

    def _ask(self, method: str, code: str) -> Any:
        before, _, after = code.partition(CURSOR)
        document = {"uri": (self._directory / f"{next(self._ids)}.py").as_uri()}
        position = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
        opened = {**document, "languageId": "python", "version": 1, "text": before + after}
        self._send(method="textDocument/didOpen", params={"textDocument": opened})
        return self._request(method, textDocument=document, position=position)

    def _request(self, method: str, **params: Any) -> Any:
        request_id = next(self._ids)
        self._send(id=request_id, method=method, params=params)
        while True:
            message = self._receive()
            if "method" not in message and message["id"] == request_id:
                return message["result"]
            if "method" in message and "id" in message:
                self._send(id=message["id"], result=self._settings(message))

    def _settings(self, message: dict[str, Any]) -> list[dict[str, str]] | None:
        if message["method"] != "workspace/configuration":
            return None
        sections = [item.get("section") for item in message["params"]["items"]]
        return [{"pythonPath": sys.executable} if section == "python" else {} for section in sections]

    def _send(self, **message: Any) -> None:
        assert self._process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout
        size = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
        assert size, "the language server has ended"
        message: dict[str, Any] = json.loads(self._process.stdout.read(size))
        return message
