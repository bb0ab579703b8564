"""From request to response, apart from HTTP: the operations, the rate limit and the faults."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, final

import attrs

from ecrimages.testing._batches import batch_delete_image, batch_get_image
from ecrimages.testing._faults import Fault, Response
from ecrimages.testing._images import check_repository_name
from ecrimages.testing._listings import describe_images, describe_repositories, list_images
from ecrimages.testing._rate_limit import TokenBucket
from ecrimages.testing._registry import Registry
from ecrimages.testing._scans import describe_image_scan_findings
from ecrimages.testing._validation import ServiceError, check_request

__all__ = ["RecordedRequest", "Service"]

_OPERATIONS: Mapping[str, Callable[[Registry, Mapping[str, Any]], dict[str, Any] | str]] = {
    "BatchDeleteImage": batch_delete_image,
    "BatchGetImage": batch_get_image,
    "DescribeImageScanFindings": describe_image_scan_findings,
    "DescribeImages": describe_images,
    "DescribeRepositories": describe_repositories,
    "ListImages": list_images,
}


@final
@attrs.frozen(kw_only=True)
class RecordedRequest:
    """A request that a `FakeECR` received."""

    operation: str
    """The operation, such as `DescribeImages`."""
    parameters: Mapping[str, Any]
    """The parameters by ECR's own names."""
    headers: Mapping[str, str] = attrs.field(repr=False)
    """The HTTP headers by lower-case names."""


class Service:
    """Responds to requests, records them and injects faults."""

    def __init__(self, registry: Registry, latency: float, rate_limit: TokenBucket | None) -> None:
        self.requests: list[RecordedRequest] = []
        self.errors: list[BaseException] = []
        self._registry = registry
        self._latency = latency
        self._rate_limit = rate_limit
        self._faults: dict[tuple[str | None, str | None], deque[Fault | None]] = {}
        self._lock = threading.Lock()

    def inject_faults(self, faults: tuple[object, ...], repository_name: str | None, operation: str | None) -> None:
        """Queue faults for the next requests about a repository, of an operation, or both, or for all."""
        if repository_name is not None:
            check_repository_name(repository_name)
        if operation is not None and operation not in list(_OPERATIONS):
            raise ValueError(f"operation must be one of {', '.join(_OPERATIONS)}, not {operation!r}")
        checked = [_checked(fault) for fault in faults]
        with self._lock:
            self._faults.setdefault((repository_name, operation), deque()).extend(checked)

    def respond(self, request: RecordedRequest) -> Response:
        """Return the response to a request, with its fault."""
        # A parameter that is null counts as absent.
        parameters = {name: value for name, value in request.parameters.items() if value is not None}
        operation = request.operation
        response = Response(operation=operation, parameters=parameters, delay=self._latency)
        response.new_token_for_same_page = lambda: self._new_token_for_same_page(operation, parameters)
        response.denial = lambda: self._denial(operation, parameters)
        self.requests.append(request)
        try:
            if self._rate_limit is not None and not self._rate_limit.take():
                response.set_error("ThrottlingException", "Rate exceeded")
                return response
            fault = self._next_fault(operation, parameters)
            try:
                response.body = self._body(operation, parameters)
            except ServiceError as error:
                response.set_error(error.code, error.message)
            if fault is not None:
                fault._apply(response)
        except BaseException as error:  # noqa: BLE001 - the end of the with statement raises it.
            self.errors.append(error)
            response.set_error("InternalFailure", f"FakeECR failed with {error!r}", 500)
        return response

    def _body(self, operation: str, parameters: Mapping[str, Any]) -> bytes:
        if operation not in _OPERATIONS:
            text = f"FakeECR does not support the operation {operation!r}, only {', '.join(_OPERATIONS)}"
            raise ServiceError("UnknownOperationException", text)
        check_request(operation, parameters)
        with self._registry.lock:
            body = _OPERATIONS[operation](self._registry, parameters)
            return (body if isinstance(body, str) else json.dumps(body)).encode()

    def _next_fault(self, operation: str, parameters: Mapping[str, Any]) -> Fault | None:
        given = [parameters.get("repositoryName"), *_list(parameters.get("repositoryNames"))]
        names = [name for name in given if isinstance(name, str)]
        # The most specific queue comes first.
        keys = [(name, target) for name in [*names, None] for target in (operation, None)]
        with self._lock:
            for key in keys:
                if self._faults.get(key):
                    return self._faults[key].popleft()
        return None

    def _denial(self, operation: str, parameters: Mapping[str, Any]) -> str:
        registry, registry_id = self._registry, self._registry.registry_id_of(parameters)
        arn = registry.repository_arn(registry_id, parameters.get("repositoryName", "*"))
        # The policy of the caller, or that of the repository in another account.
        policy = "identity-based" if registry_id == registry.registry_id else "resource-based"
        return (
            f"User: arn:{registry.partition[0]}:iam::{registry.registry_id}:user/someone is not authorized to perform: "
            f"ecr:{operation} on resource: {arn} because no {policy} policy allows the ecr:{operation} action"
        )

    def _new_token_for_same_page(self, operation: str, parameters: Mapping[str, Any]) -> str:
        with self._registry.lock:
            start = ("", "") if operation == "ListImages" else ""
            position = self._registry.position(operation, parameters, start)
            return self._registry.new_token(operation, parameters, position)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _checked(fault: object) -> Fault | None:
    if fault is None or isinstance(fault, Fault):
        return fault
    raise TypeError(f"faults must be Fault objects such as Fault.throttling(), or None, not {fault!r}")
