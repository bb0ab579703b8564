"""The errors: what can go wrong, what each carries, and the tables that decide.

ECRImagesError
├── ServiceError (also botocore's ClientError)        ECR said no
│   ├── RepositoryNotFoundError
│   ├── ImageNotFoundError
│   ├── InvalidParameterError
│   ├── ServerError
│   ├── AccessDeniedError
│   ├── AuthenticationError
│   └── ThrottlingError
├── TransportError (also botocore's BotoCoreError)    no usable answer
│   ├── RequestTimeoutError
│   ├── CredentialsError
│   └── ConfigurationError
└── ResponseError                                     an answer that makes no sense
    ├── MalformedResponseError
    └── RepeatedTokenError
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ecrimages._models import ImageId

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
]

_OPERATION = "DescribeImages"

# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/CommonErrors.html: the service may quote the
# request that it refused, with the signed headers in it. Proxies and endpoints may have a password.
_SECRETS = re.compile(
    r"(?P<before>x-amz-security-token['\"]?\s*[:=]\s*['\"]?|\b(?:Credential|Signature)=|://)"
    r"(?P<secret>(?<=://)[^/\s]+(?=@)|(?<!://)[^\s,;&'\"]+)",
    re.IGNORECASE,
)

# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html#API_DescribeImages_Errors
# names the errors; their texts are as the service sends them. A part of the id that was not asked for
# reads 'null'.
_REPOSITORY_TEXT = re.compile(
    r"repository with name '([^']*)'.* in the registry with id '([^']*)'", re.DOTALL
)
_IMAGE_TEXT = re.compile(r"imageId \{imageDigest:'([^']*)', imageTag:'([^']*)'\}")

# Answers that say nothing about the request itself: the same one may well succeed later.
_RETRYABLE_CODES = frozenset({"RequestTimeout", "RequestTimeoutException"})
_RETRYABLE_STATUSES = frozenset({408, 429})


class ECRImagesError(Exception):
    """Every error of ecrimages.

    All of them can be pickled and copied, with message and attributes. The botocore exception that an
    error came from is its `__cause__`, which stays behind when the error is pickled.
    """

    retryable: bool = False
    """Whether the same call may succeed if it is made again later. botocore has then made its own
    retries already."""

    def __reduce__(self) -> tuple[Any, ...]:
        # botocore's own classes come back from a pickle as plain ClientError, or not at all.
        return _restore, (type(self), self.args, self.__dict__.copy())


def _restore(
    error_class: type[ECRImagesError], args: tuple[Any, ...], state: dict[str, Any]
) -> ECRImagesError:
    error = error_class.__new__(error_class, *args)
    error.__dict__.update(state)
    return error


class ServiceError(ECRImagesError, ClientError):
    """ECR answered with an error. Also a botocore `ClientError`.

    The subclasses stand for the codes that a caller can act on; any other code is a plain ServiceError.
    Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html and the
    errors common to all AWS services.

    Args:
        response: The parsed answer, as in `ClientError.response`.
        operation_name: The operation that was called.
        request: The parameters of the call, for what the answer's text does not tell.
    """

    code: str
    """The error code, without a prefix: `RepositoryNotFoundException`. What botocore makes of an answer
    without a code is the HTTP status, as in `502`."""
    message: str
    """The service's text; `''` if it sent none."""
    operation_name: str
    """The operation that was called: `DescribeImages`, or the one that was to fetch credentials."""
    http_status: int | None
    """The HTTP status. None if the answer came from a stub."""
    request_id: str | None
    """What AWS support asks for. None if the answer had none."""
    response: Any
    """The parsed answer as a dict, as in `ClientError.response`."""

    _advice = ""

    def __init__(
        self,
        response: Mapping[str, Any],
        operation_name: str = _OPERATION,
        request: Mapping[str, Any] | None = None,
    ) -> None:
        response = redacted(response)
        error = response.get("Error") or {}
        metadata = response.get("ResponseMetadata") or {}
        self.response = response
        self.operation_name = operation_name
        self.code = error_code(response)
        self.message = str(error.get("Message") or "")
        self.http_status = metadata.get("HTTPStatusCode")
        self.request_id = metadata.get("RequestId")
        self.retryable: bool = (
            type(self).retryable or self.code in _RETRYABLE_CODES or self.http_status in _RETRYABLE_STATUSES
        )
        # ClientError would word the message its own way.
        Exception.__init__(self, self._text())

    def _text(self) -> str:
        origin = [f"{self.operation_name}: {self.code or 'no error code'}"]
        if self.http_status is not None:
            origin.append(f"HTTP {self.http_status}")
        if self.request_id is not None:
            origin.append(f"request id {self.request_id}")
        message = " ".join(self.message.split()).rstrip(".") or "ECR refused the request without a message"
        return f"{message} ({', '.join(origin)}){self._advice and f'. {self._advice}'}"


class RepositoryNotFoundError(ServiceError):
    """There is no such repository in the registry. Code `RepositoryNotFoundException`."""

    repository_name: str | None
    """The repository that is not there. None if neither answer nor request tell."""
    registry_id: str | None
    """The account in whose registry ECR looked. None if neither answer nor request tell."""

    _advice = "Check the repository's name, the region and registry_id"

    def __init__(
        self,
        response: Mapping[str, Any],
        operation_name: str = _OPERATION,
        request: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(response, operation_name, request)
        self.repository_name, self.registry_id = _repository(self.message, request or {})


class ImageNotFoundError(ServiceError):
    """There is no such image in the repository. Code `ImageNotFoundException`."""

    image_id: ImageId | None
    """The image that is not there. None if neither answer nor request tell."""
    repository_name: str | None
    """The repository in which ECR looked. None if neither answer nor request tell."""
    registry_id: str | None
    """The account in whose registry ECR looked. None if neither answer nor request tell."""

    def __init__(
        self,
        response: Mapping[str, Any],
        operation_name: str = _OPERATION,
        request: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(response, operation_name, request)
        self.repository_name, self.registry_id = _repository(self.message, request or {})
        self.image_id = _image_id(self.message, request or {})


class InvalidParameterError(ServiceError):
    """ECR refused a parameter. Codes `InvalidParameterException` and `ValidationException`."""


class ServerError(ServiceError):
    """ECR, or something on the way to it, failed. Code `ServerException`, and every other 5xx."""

    retryable = True


class AccessDeniedError(ServiceError):
    """The caller may not do this; `message` tells who, and what. Code `AccessDeniedException`."""


class AuthenticationError(ServiceError):
    """The service says that the credentials are expired, invalid or unknown.

    Codes `ExpiredTokenException`, `UnrecognizedClientException`, `InvalidSignatureException` and the like.
    """

    _advice = "Renew the credentials, or check the clock"


class ThrottlingError(ServiceError):
    """Too many requests, and botocore's retries are used up. Code `ThrottlingException` and its kin."""

    retryable = True

    _advice = "Try again later, or give the boto3 client more retries"


class TransportError(ECRImagesError, BotoCoreError):
    """There was no usable answer: DNS, connection, TLS. Also a botocore `BotoCoreError`.

    Args:
        message: What happened.
        retryable: Whether the same call may succeed if it is made again later.
    """

    fmt = "{message}"

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message=message)
        self.retryable: bool = retryable


class RequestTimeoutError(TransportError):
    """No connection, or no answer, within the boto3 client's time-outs."""


class CredentialsError(TransportError):
    """No credentials were found, or they could not be loaded or refreshed."""


class ConfigurationError(TransportError):
    """The AWS configuration will not do: no region, an unknown profile, an endpoint that makes no sense."""


class ResponseError(ECRImagesError):
    """ECR's answer makes no sense. It is never taken for an empty repository."""

    request_id: str | None = None
    """What AWS support asks for. None if the answer had none."""

    def __str__(self) -> str:
        text = super().__str__()
        return text if self.request_id is None else f"{text} (DescribeImages, request id {self.request_id})"


class MalformedResponseError(ResponseError):
    """An answer is not JSON, is cut short, lacks a member, or has one of a wrong type or out of range.

    Args:
        problem: What is wrong, and what would be right.
        path: Where.
        retryable: Whether the same call may succeed if it is made again later.
    """

    path: str
    """The member that is wrong, by ECR's own names, as in `imageDetails[3].imagePushedAt`; `''` if it is
    the whole answer."""

    def __init__(self, problem: str, *, path: str = "", retryable: bool = False) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path
        self.retryable: bool = retryable


class RepeatedTokenError(ResponseError):
    """ECR sent a `nextToken` that was used already; to follow it would list the same images for ever.

    The page that carried it was not handed out: the iterator asks for it again when it goes on.

    Args:
        token: The token.
        request_id: The id of the request that brought it again.
    """

    token: str
    """The token that came again."""

    def __init__(self, token: str, *, request_id: str | None = None) -> None:
        super().__init__(
            "ECR sent a nextToken that was used already; its images would come twice. "
            "Ask the iterator for its next image to request the page again"
        )
        self.token = token
        self.request_id = request_id


def error_code(response: Mapping[str, Any]) -> str:
    """Return the error code of a parsed answer, without the `prefix#` that some services put before it."""
    return str((response.get("Error") or {}).get("Code") or "").rpartition("#")[2]


def redacted(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRETS.sub(r"\g<before>[redacted]", value)
    if isinstance(value, Mapping):
        return {key: redacted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [redacted(item) for item in value]
    return value


def _repository(message: str, request: Mapping[str, Any]) -> tuple[str | None, str | None]:
    told = _REPOSITORY_TEXT.search(message)
    if told:
        return told[1], told[2]
    return request.get("repositoryName"), request.get("registryId")


def _image_id(message: str, request: Mapping[str, Any]) -> ImageId | None:
    told = _IMAGE_TEXT.search(message)
    if told:
        digest = None if told[1] == "null" else told[1]
        # With no digest, 'null' can only be a tag of that name: an id has one of the two.
        tag = None if told[2] == "null" and digest else told[2]
        # What is no id was told by another than ECR; the request may tell more.
        with suppress(ValueError):
            return ImageId(tag=tag, digest=digest)
    asked = request.get("imageIds") or []
    if len(asked) == 1:
        return ImageId(tag=asked[0].get("imageTag"), digest=asked[0].get("imageDigest"))
    return None
