"""The exceptions that users catch.

ECRImagesError
├── ServiceError (also botocore's ClientError)        ECR returned an error
│   ├── RepositoryNotFoundError
│   ├── ImageNotFoundError
│   ├── InvalidParameterError
│   ├── ServerError
│   ├── AccessDeniedError
│   ├── AuthenticationError
│   └── ThrottlingError
├── TransportError (also botocore's BotoCoreError)    no usable response
│   ├── RequestTimeoutError
│   ├── CredentialsError
│   └── ConfigurationError
└── ResponseError                                     a malformed response
    ├── MalformedResponseError
    └── RepeatedTokenError
"""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ecrimages._image_id import ImageId
from ecrimages._redaction import printable

__all__ = [
    "AccessDeniedError",
    "AuthenticationError",
    "ConfigurationError",
    "CredentialsError",
    "ECRImagesError",
    "ImageNotFoundError",
    "InvalidParameterError",
    "MalformedResponseError",
    "RepeatedTokenError",
    "RepositoryNotFoundError",
    "RequestTimeoutError",
    "ResponseError",
    "ServerError",
    "ServiceError",
    "ThrottlingError",
    "TransportError",
    "code_of",
    "status_of",
]

# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/CommonErrors.html: errors that say nothing about the
# request itself. The same request may succeed later.
_RETRYABLE_CODES = frozenset({"RequestTimeout", "RequestTimeoutException"})
_RETRYABLE_STATUSES = frozenset({408, 429})
# Not Implemented, HTTP Version Not Supported, Network Authentication Required: these do not pass.
_PERMANENT_STATUSES = frozenset({501, 505, 511})


class ECRImagesError(Exception):
    """The base class of all errors of ecrimages.

    Errors can be pickled and copied, with message and attributes. `__cause__` is the original botocore
    exception; it is not pickled.
    """

    retryable: bool = False
    """Whether the same call may succeed later. It does not mean immediately: botocore's own retries are used
    up by then."""
    repository_name: str | None = None
    """The repository of the call. None if it has none, or if the error came before it was known."""

    def __reduce__(self) -> tuple[Any, ...]:
        # botocore's own classes come back from a pickle as plain ClientError, or not at all.
        return _restore, (type(self), self.args, self.__dict__.copy())


def _restore(error_class: type[ECRImagesError], args: tuple[Any, ...], state: dict[str, Any]) -> ECRImagesError:
    error = error_class.__new__(error_class, *args)
    error.__dict__.update(state)
    return error


def code_of(response: Mapping[str, Any]) -> str:
    """Return the error code of a parsed response, without the `prefix#` of some services; `''` if it has none."""
    return str((response.get("Error") or {}).get("Code") or "").rpartition("#")[2]


def status_of(response: Mapping[str, Any]) -> int | None:
    """Return the HTTP status of a parsed response; None if it has none, or a test double's of another type."""
    status = (response.get("ResponseMetadata") or {}).get("HTTPStatusCode")
    return status if isinstance(status, int) else None


class ServiceError(ECRImagesError, ClientError):
    """ECR returned an error. Also a botocore `ClientError`.

    The subclasses stand for the codes that a caller can act on. Any other code is a plain ServiceError.
    Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html and the errors
    common to all AWS services.

    Args:
        response: The parsed response, as in `ClientError.response`.
        operation_name: The operation that was called.
    """

    code: str
    """The error code, without a prefix, such as `RepositoryNotFoundException`. botocore uses the HTTP status,
    such as `502`, for a response without a code."""
    message: str
    """The service's text; `''` if it sent none. It names accounts, roles and repositories."""
    operation_name: str
    """The operation that was called: `DescribeImages`, or one that fetches credentials, such as
    `AssumeRole`."""
    http_status: int | None
    """The HTTP status. None if the response came from a stub."""
    request_id: str | None
    """The id that AWS support asks for. None if the response had none."""
    response: Any
    """The parsed response as a dict, as in `ClientError.response`."""

    _advice = ""

    def __init__(self, response: Mapping[str, Any], operation_name: str = "DescribeImages") -> None:
        ClientError.__init__(self, dict(response), operation_name)  # type: ignore[arg-type]
        self.code = code_of(response)
        self.message = str((response.get("Error") or {}).get("Message") or "")
        self.http_status = status_of(response)
        request_id = (response.get("ResponseMetadata") or {}).get("RequestId")
        self.request_id = None if request_id is None else str(request_id)
        self.retryable: bool = (
            type(self).retryable or self.code in _RETRYABLE_CODES or self.http_status in _RETRYABLE_STATUSES
        ) and self.http_status not in _PERMANENT_STATUSES
        # ClientError words the message in its own way.
        self.args: tuple[Any, ...] = (self._text(),)

    def _text(self) -> str:
        origin = [f"{self.operation_name}: {printable(self.code, 100) or 'no error code'}"]
        if self.http_status is not None:
            origin.append(f"HTTP {self.http_status}")
        if self.request_id is not None:
            origin.append(f"request id {printable(self.request_id, 100)}")
        message = printable(self.message).rstrip(".") or "ECR refused the request without a message"
        return f"{message} ({', '.join(origin)}){self._advice and f'. {self._advice}'}"


class RepositoryNotFoundError(ServiceError):
    """The repository does not exist in the registry. Code `RepositoryNotFoundException`."""

    registry_id: str | None = None
    """The account whose registry was searched. None if neither the response nor the call names it."""

    _advice = "Check the repository name, the region and registry_id"


class ImageNotFoundError(ServiceError):
    """The image does not exist in the repository. Code `ImageNotFoundException`."""

    registry_id: str | None = None
    """The account whose registry was searched. None if neither the response nor the call names it."""
    image_id: ImageId | None = None
    """The id that was not found, for `get_image()` and the like. None if the response does not say which."""


class InvalidParameterError(ServiceError):
    """ECR refused a parameter. Codes `InvalidParameterException` and `ValidationException`.

    A `start_token` that has expired, or belongs to another listing, is refused in this way: `parameter` is
    then `"nextToken"`.
    """

    parameter: str | None = None
    """The parameter that ECR names, by ECR's own name, such as `nextToken`. None if it names none."""

    def _set_parameter(self, name: str) -> None:
        self.parameter = name
        if name == "nextToken":
            self._advice = "The token has expired, or belongs to another listing: start over without start_token"
            self.args: tuple[Any, ...] = (self._text(),)


class ServerError(ServiceError):
    """ECR failed, or a proxy in front of it. Code `ServerException`, and every other HTTP 5xx."""

    retryable = True


class AccessDeniedError(ServiceError):
    """The caller lacks a permission; `message` names caller and action. Code `AccessDeniedException`."""


class AuthenticationError(ServiceError):
    """The service refused the credentials: expired, invalid or unknown.

    Codes `ExpiredTokenException`, `UnrecognizedClientException`, `InvalidSignatureException` and the like.
    """

    _advice = (
        "Renew the credentials, and check the clock. Credentials of another partition, or a region that is not "
        "enabled for the account, are refused in the same way"
    )


class ThrottlingError(ServiceError):
    """Too many requests, and botocore's retries are used up. Code `ThrottlingException` and similar."""

    retryable = True

    _advice = "Try again later, or configure more retries for the boto3 client"

    def _set_duration(self, seconds: float) -> None:
        self._advice = f"Every request was throttled for {seconds:.0f} s. Try again later"
        self.args: tuple[Any, ...] = (self._text(),)


class TransportError(ECRImagesError, BotoCoreError):
    """There was no usable response: DNS, connection or TLS failed. Also a botocore `BotoCoreError`.

    Args:
        message: What happened.
        retryable: Whether the same call may succeed later.
    """

    fmt = "{message}"

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message=message)
        self.retryable: bool = retryable


class RequestTimeoutError(TransportError):
    """No connection, or no response, within the boto3 client's time-outs."""


class CredentialsError(TransportError):
    """No credentials were found, or they could not be loaded, refreshed or used."""


class ConfigurationError(TransportError):
    """The AWS configuration is unusable: no region, an unknown profile, an invalid endpoint."""


class ResponseError(ECRImagesError):
    """ECR's response is malformed. It is never treated as an empty repository."""

    operation_name: str = "DescribeImages"
    """The operation that was called."""
    request_id: str | None = None
    """The id that AWS support asks for. None if the response had none."""

    def __str__(self) -> str:
        text = super().__str__()
        if self.request_id is None:
            return text
        return f"{text} ({self.operation_name}, request id {printable(self.request_id, 100)})"


class MalformedResponseError(ResponseError):
    """A response is not JSON, is truncated, lacks a field, or has a field of the wrong type or out of range.

    Args:
        problem: What is wrong, and what would be right.
        path: Where.
        retryable: Whether the same call may succeed later.
    """

    path: str
    """The field that is wrong, by ECR's own names, such as `imageDetails[3].imagePushedAt`; `''` for the
    whole response."""

    def __init__(self, problem: str, *, path: str = "", retryable: bool = False) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path
        self.retryable: bool = retryable


class RepeatedTokenError(ResponseError):
    """ECR returned a `nextToken` that was already used: following it would list the same images forever.

    The images of that page were not returned. The iterator requests the page again when it resumes.

    Args:
        token: The token.
        request_id: The id of the request that returned it again.
    """

    token: str
    """The token that was repeated."""

    def __init__(self, token: str, *, request_id: str | None = None) -> None:
        super().__init__(
            "ECR returned a nextToken that was already used (pagination loop). Call next() to retry the page"
        )
        self.token = token
        self.request_id = request_id
