"""pyright's language server, as an editor asks it."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Self

from lsprotocol import types
from pygls.lsp.client import LanguageClient

CURSOR = "^"


class LanguageServer:
    """Responds as to an editor with the cursor in a file; `with` starts and ends it.

    Args:
        directory: Where the files of the editor are.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._numbers = itertools.count(1)
        self._client = LanguageClient("tests", "1")
        self._client.feature(types.WORKSPACE_CONFIGURATION)(_settings)

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner()
        hover = types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown])
        folder = types.WorkspaceFolder(uri=self._directory.as_uri(), name="workspace")
        parameters = types.InitializeParams(
            capabilities=types.ClientCapabilities(
                text_document=types.TextDocumentClientCapabilities(hover=hover),
                workspace=types.WorkspaceClientCapabilities(configuration=True),
            ),
            workspace_folders=[folder],
        )
        self._runner.run(self._client.start_io("pyright-langserver", "--stdio"))
        self._run(self._client.initialize_async(parameters))
        self._client.initialized(types.InitializedParams())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._client.shutdown_async(None))
        self._client.exit(None)
        self._run(self._client.stop())
        self._runner.close()

    def complete(self, code: str) -> list[str]:
        """Return the completions at the cursor, a `^` in the code, but for `__names__`."""
        result = self._run(self._client.text_document_completion_async(types.CompletionParams(*self._open(code))))
        return [item.label for item in result.items if not item.label.startswith("__")]

    def hover(self, code: str) -> str:
        """Return what the editor shows of the name at the cursor, as Markdown."""
        result = self._run(self._client.text_document_hover_async(types.HoverParams(*self._open(code))))
        return str(result.contents.value)

    def _open(self, code: str) -> tuple[types.TextDocumentIdentifier, types.Position]:
        before, _, after = code.partition(CURSOR)
        uri = (self._directory / f"{next(self._numbers)}.py").as_uri()
        document = types.TextDocumentItem(uri=uri, language_id="python", version=1, text=before + after)
        self._client.text_document_did_open(types.DidOpenTextDocumentParams(document))
        line, character = before.count("\n"), len(before) - before.rfind("\n") - 1
        return types.TextDocumentIdentifier(uri), types.Position(line, character)

    def _run(self, response: Awaitable[Any]) -> Any:
        # A server that does not respond must not hold up the tests forever.
        return self._runner.run(asyncio.wait_for(response, 300))


def _settings(parameters: types.ConfigurationParams) -> list[dict[str, str]]:
    return [{"pythonPath": sys.executable} if item.section == "python" else {} for item in parameters.items]
