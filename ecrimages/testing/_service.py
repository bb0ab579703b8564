"""What comes of a request, apart from HTTP: the registry's answer, and what is to go wrong with it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any, final

import attrs

from ecrimages.testing._faults import Answer, Fault
from ecrimages.testing._parameters import Refusal
from ecrimages.testing._registry import Registry

__all__ = ["RecordedRequest", "Service"]


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


class Service:
    """Answers for a registry, records what it was asked, and plays a script of faults."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._requests: list[RecordedRequest] = []
        self._script: deque[Fault | None] = deque()
        self._lock = threading.Lock()

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """What it was asked, oldest first."""
        with self._lock:
            return tuple(self._requests)

    def play(self, script: tuple[object, ...]) -> None:
        """Have the next requests meet these faults, one each; a wrong one raises TypeError."""
        faults = [_checked(fault) for fault in script]
        with self._lock:
            self._script.extend(faults)

    def answer(self, request: RecordedRequest) -> Answer:
        """Return the answer to a request, with what is to go wrong with it."""
        parameters = request.parameters
        with self._lock:
            self._requests.append(request)
            fault = self._script.popleft() if self._script else None
        answer = Answer(
            parameters=parameters,
            token_for_the_same_page=lambda: self._registry.token_for_the_same_page(parameters),
            document=None,
        )
        try:
            answer.document = self._registry.answer(request.operation, parameters)
        except Refusal as refusal:
            answer.document = {"__type": refusal.code, "message": refusal.message}
            answer.status = refusal.status
        if fault is not None:
            fault._change(answer)
        return answer


def _checked(fault: object) -> Fault | None:
    if fault is None or isinstance(fault, Fault):
        return fault
    raise TypeError(f"play() takes faults one by one, such as Fault.throttling(), or None, not {fault!r}")
