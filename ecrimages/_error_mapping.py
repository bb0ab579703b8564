"""From what botocore raises to this library's errors: the codes, the classes, the texts, and the context manager."""

from __future__ import annotations

import itertools
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from traceback import walk_tb
from types import TracebackType
from typing import Any

import attrs
from botocore.exceptions import BotoCoreError, ClientError

from ecrimages._errors import (
    AccessDeniedError,
    AuthenticationError,
    ConfigurationError,
    CredentialsError,
    ECRImagesError,
    ImageNotFoundError,
    InvalidParameterError,
    MalformedResponseError,
    RepositoryNotFoundError,
    RequestTimeoutError,
    ServerError,
    ServiceError,
    ThrottlingError,
    TransportError,
    code_of,
    status_of,
)
from ecrimages._image_id import ImageId
from ecrimages._redaction import Secrets, printable, redacted

__all__ = ["CallFacts", "applications_own", "image_not_found", "is_throttling", "translated_errors"]

# The first four are modelled for DescribeImages:
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html#API_DescribeImages_Errors
# The others are common to AWS services, by the names that their protocols and generations use:
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/CommonErrors.html
_CODES: Mapping[type[ServiceError], str] = {
    ImageNotFoundError: "ImageNotFoundException",
    RepositoryNotFoundError: "RepositoryNotFoundException",
    InvalidParameterError: """InvalidParameterException InvalidParameterValue ValidationError
        ValidationException""",
    ServerError: """ServerException InternalFailure InternalServerError InternalServerException ServiceUnavailable
        ServiceUnavailableException""",
    AccessDeniedError: """AccessDenied AccessDeniedException NotAuthorized OptInRequired UnauthorizedOperation""",
    AuthenticationError: """AuthFailure ExpiredToken ExpiredTokenException IncompleteSignature
        IncompleteSignatureException InvalidAccessKeyId InvalidClientTokenId InvalidSignatureException
        InvalidToken MissingAuthenticationToken MissingAuthenticationTokenException RequestExpired
        RequestTimeTooSkewed SignatureDoesNotMatch TokenRefreshRequired UnrecognizedClientException""",
    ThrottlingError: """PriorRequestNotComplete RequestLimitExceeded RequestThrottled RequestThrottledException
        SlowDown ThrottledException Throttling ThrottlingException TooManyRequestsException""",
}
_CLASS_BY_CODE = {code: error_class for error_class, codes in _CODES.items() for code in codes.split()}

# botocore's exceptions go by the names of their classes, since its versions have different ones. A class that is not
# here goes by the nearest one above it that is: BotoCoreError, of most.
_CLASS_BY_BOTOCORE_NAME: Mapping[str, tuple[type[TransportError], bool]] = {
    "ConnectTimeoutError": (RequestTimeoutError, True),
    "ReadTimeoutError": (RequestTimeoutError, True),
    "ConnectionError": (TransportError, True),
    "HTTPClientError": (TransportError, True),
    "IncompleteReadError": (TransportError, True),
    "CapacityNotAvailableError": (TransportError, True),
    "ChecksumError": (TransportError, True),
    # The instance or container that provides the credentials could not be reached, this time.
    "CredentialRetrievalError": (CredentialsError, True),
    "MetadataRetrievalError": (CredentialsError, True),
    "LoginError": (CredentialsError, False),
    "NoAuthTokenError": (CredentialsError, False),
    "NoCredentialsError": (CredentialsError, False),
    "PartialCredentialsError": (CredentialsError, False),
    "RefreshWithMFAUnsupportedError": (CredentialsError, False),
    "SSOError": (CredentialsError, False),
    "TokenRetrievalError": (CredentialsError, False),
    "InvalidRegionError": (ConfigurationError, False),
    "BotoCoreError": (ConfigurationError, False),
}
# Wrong arguments are botocore's to word, and assertions of Stubber are for the test that uses it.
_PASSED_THROUGH = frozenset({"MissingParametersError", "ParamValidationError", "StubResponseError", "ValidationError"})

_ADVICE: Mapping[str, str] = {
    "NoRegionError": "Set AWS_DEFAULT_REGION or the profile's region, or pass a boto3 client that has one",
    "NoCredentialsError": "Set AWS_PROFILE, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run with a role",
    "ProfileNotFound": "Check AWS_PROFILE and the AWS configuration file",
    "UnauthorizedSSOTokenError": "Run 'aws sso login'",
    "SSOTokenLoadError": "Run 'aws sso login'",
    "TokenRetrievalError": "Run 'aws sso login'",
}
_ADVICE_BY_CLASS: Mapping[type[ECRImagesError], str] = {
    CredentialsError: "Check where the credentials come from: environment, profile, credential_process or role",
    ConfigurationError: "Check the AWS configuration: region, endpoint URL and profile",
}

# The texts as the service sends them. A part of the id that was not asked for reads 'null'.
_REPOSITORY_TEXT = re.compile(
    r"repository with name '([^']{1,256})'.{0,64} in the registry with id '([^']{1,64})'", re.DOTALL
)
_IMAGE_TEXT = re.compile(r"imageId \{imageDigest:'([^']{1,300})', imageTag:'([^']{1,300})'\}")
_PARAMETER_TEXT = re.compile(r"Invalid parameter at '([^']{1,100})'")
_LONGEST_FACT = 2_000
# What a proxy responds to CONNECT, as urllib3, and as aiohttp and httpx put it: that the request will not be accepted.
_PROXY_REFUSES = re.compile(r"(?:^|Tunnel connection failed: )4(?!08|29)\d\d\b")

# Whose frames in a traceback, and whose exceptions, are not the application's: those that make requests, sign them and
# read responses. aiobotocore has two ways to make them, with aiohttp and with httpx.
_LIBRARIES = sys.stdlib_module_names - {"unittest"} | {
    *("aiobotocore", "awscrt", "boto3", "botocore", "dateutil", "ecrimages", "jmespath"),
    *("aiohttp", "anyio", "h11", "h2", "httpcore", "httpcore2", "httpx", "httpx2", "idna", "multidict", "trio"),
    *("truststore", "urllib3", "yarl", "eventlet", "gevent"),
}
# The last one awaits handlers that are coroutines.
_CALLERS_OF_HANDLERS = ("botocore.hooks", "aiobotocore.hooks", "aiobotocore._helpers")


@attrs.define(eq=False, repr=False)
class CallFacts:
    """What is known of a call when something goes wrong in it."""

    operation_name: str
    request: Mapping[str, Any]
    secrets: Iterable[str] = ()
    parsed: object = None
    """The parsed response that the call's own ClientError is about. None until one came."""

    def is_own(self, error: BaseException) -> bool:
        """Whether an error is the service's response to this call."""
        return self.parsed is not None and getattr(error, "response", None) is self.parsed


@contextmanager
def translated_errors(facts: CallFacts) -> Iterator[None]:
    """Raise this library's error for what botocore raises, with the original as its cause.

    Wrong arguments and the application's own exceptions pass through.
    """
    # An exception that the application is already handling is the context of everything that is raised here.
    handled = sys.exception()
    try:
        yield
    except (ECRImagesError, MemoryError, RecursionError):
        raise
    except (StopIteration, StopAsyncIteration) as error:
        # It would look like the end of the images. Not `from error`: contextlib would raise the error again.
        raise RuntimeError(  # noqa: B904
            f"the client, or an event handler, raised {type(error).__name__}, as a mock without more responses does"
        )
    except Exception as error:
        translated = _translated(error, facts, handled)
        if translated is None:
            raise
        try:
            if isinstance(translated, ECRImagesError):
                raise translated from error
            raise translated from None
        finally:
            # A frame of the error's traceback that refers to the error would be a cycle.
            del translated, handled


def applications_own(error: BaseException | None, handled: BaseException | None) -> BaseException | None:
    """Return the exception of the application that an error is, or that was wrapped while a request was made.

    A signal handler may raise in the middle of a request. botocore makes an HTTPClientError of that, and urllib3, of an
    OSError such as a TimeoutError, a failed connection.

    Args:
        error: The error.
        handled: What the application was handling already when it made the call.
    """
    if isinstance(error, BotoCoreError) and type(error).__name__ == "HTTPClientError":
        error = error.__context__
    elif isinstance(error, (BotoCoreError, ClientError)):
        return error if _came_through_a_handler(error.__traceback__) else _of_a_signal_handler(error, handled)
    if error is None or isinstance(error, ECRImagesError):
        return None
    frames = _modules(error.__traceback__)
    # gevent, among others, raises an exception in the middle of whatever runs.
    is_own = bool(frames) and (
        not {frames[-1].partition(".")[0], type(error).__module__.partition(".")[0]} <= _LIBRARIES
        or _came_through_a_handler(error.__traceback__)
    )
    return error if is_own else None


def is_throttling(parsed: object) -> bool:
    """Whether a parsed response is an error for too many requests."""
    return isinstance(parsed, Mapping) and _CLASS_BY_CODE.get(code_of(parsed)) is ThrottlingError


def image_not_found(image_id: ImageId, request: Mapping[str, Any], request_id: str | None) -> ImageNotFoundError:
    """Return the error for an image that a response has left out, without an error of the service."""
    asked_for = f"imageDigest:'{image_id.digest or 'null'}', imageTag:'{image_id.tag or 'null'}'"
    response = {
        "Error": {
            "Code": "ImageNotFoundException",
            "Message": f"The image with imageId {{{asked_for}}} is missing from the response",
        },
        "ResponseMetadata": {"RequestId": request_id, "HTTPStatusCode": 200},
    }
    error = ImageNotFoundError(response)
    error.image_id = image_id
    error.repository_name, error.registry_id = request["repositoryName"], request.get("registryId")
    return error


def _translated(error: Exception, facts: CallFacts, handled: BaseException | None) -> BaseException | None:
    if not facts.is_own(error):
        if own := applications_own(error, handled):
            return None if own is error else own
        if isinstance(error, ClientError) and _is_of_another_call(error, facts):
            return None
    secrets = Secrets([*facts.secrets, *_secrets_of_the_environment()])
    causes = [*_causes(error, handled)]
    translated = _translation_of(error, facts, secrets, causes)
    if translated is not None:
        translated.repository_name = translated.repository_name or facts.request.get("repositoryName")
        _redact(causes, secrets)
    return translated


def _translation_of(
    error: Exception, facts: CallFacts, secrets: Secrets, causes: list[BaseException]
) -> ECRImagesError | None:
    if isinstance(error, ClientError):
        return _service_error(redacted(error.response, secrets), error.operation_name, facts)
    if isinstance(error, BotoCoreError):
        return _transport_error(error, secrets, causes)
    text = printable(redacted(f"{type(error).__name__}: {error}", secrets))
    modules = _modules(error.__traceback__)
    if any(name.startswith("botocore.parsers") for name in modules):
        return MalformedResponseError(f"the response could not be parsed: {text}", retryable=True)
    names = [name.removeprefix("aio") for name in modules]
    of_credentials, of_signing = ("botocore.credentials", "botocore.tokens"), ("botocore.signers", "botocore.auth")
    is_about_credentials = any(name.startswith(of_credentials) for name in names) or (
        # An endpoint's port is read when a request is signed.
        names[-1] != "urllib.parse" and any(name.startswith(of_signing) for name in names)
    )
    error_class = CredentialsError if is_about_credentials else ConfigurationError
    what = "The credentials could not be loaded" if is_about_credentials else "The client could not be used"
    return error_class(f"{what}: {text.rstrip('.')}. {_ADVICE_BY_CLASS[error_class]}")


def _service_error(response: dict[str, Any], operation_name: str, facts: CallFacts) -> ServiceError:
    # The status alone decides nothing (AccessDenied is sent as 400 and as 403), except for this.
    of_status = ServerError if (status_of(response) or 0) >= 500 else ServiceError
    error_class = _CLASS_BY_CODE.get(code_of(response), of_status)
    error = error_class(response, operation_name)
    text = error.message[:_LONGEST_FACT]
    if isinstance(error, (ImageNotFoundError, RepositoryNotFoundError)):
        error.repository_name = facts.request.get("repositoryName")
        error.registry_id = facts.request.get("registryId")
        if found := _REPOSITORY_TEXT.search(text):
            error.repository_name, error.registry_id = found.groups()
    if isinstance(error, ImageNotFoundError):
        error.image_id = _missing_id(text, facts.request)
    if isinstance(error, InvalidParameterError) and (found := _PARAMETER_TEXT.search(text)):
        error._set_parameter(found[1])
    return error


def _missing_id(text: str, request: Mapping[str, Any]) -> ImageId | None:
    if found := _IMAGE_TEXT.search(text):
        digest = None if found[1] == "null" else found[1]
        # With no digest, 'null' can only be a tag of that name: an id has one of the two.
        tag = None if found[2] == "null" and digest else found[2]
        # A text with a malformed id is not ECR's own; the request may tell more.
        with suppress(ValueError):
            return ImageId(tag=tag, digest=digest)
    requested = request.get("imageIds") or []
    if len(requested) == 1:
        return ImageId(tag=requested[0].get("imageTag"), digest=requested[0].get("imageDigest"))
    return None


def _transport_error(error: BotoCoreError, secrets: Secrets, causes: list[BaseException]) -> TransportError | None:
    names = [ancestor.__name__ for ancestor in type(error).__mro__]
    if "ParamValidationError" in names and "imageStatus" in str(error):
        from botocore import __version__ as version

        return ConfigurationError(f"image_status needs botocore 1.41.0 or later; {version} is installed")
    name = next(name for name in names if name in _PASSED_THROUGH or name in _CLASS_BY_BOTOCORE_NAME)
    if name in _PASSED_THROUGH:
        return None
    error_class, retryable = _CLASS_BY_BOTOCORE_NAME[name]
    text = printable(redacted(str(error), secrets))
    advice = next((_ADVICE[name] for name in names if name in _ADVICE), "")
    if advice:
        text = f"{text.rstrip('.')}. {advice}"
    return error_class(text, retryable=retryable and _may_pass(error, causes))


def _may_pass(error: BotoCoreError, causes: list[BaseException]) -> bool:
    """Whether a failed connection may succeed later: not with this certificate, this proxy or this header."""
    import ssl

    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return False
    if type(error).__name__ == "ProxyConnectionError" and any(_PROXY_REFUSES.search(str(cause)) for cause in causes):
        return False
    # urllib3's errors and http.client's are exceptions of the connection, and so are the system's.
    is_exactly_unknown = type(error).__name__ == "HTTPClientError"
    return not is_exactly_unknown or not isinstance(error.__context__, (TypeError, ValueError))


def _causes(error: BaseException, handled: BaseException | None) -> Iterator[BaseException]:
    seen = {id(handled)}
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
        waiting += getattr(cause, "kwargs", {}).values() if isinstance(cause, BotoCoreError) else []
        waiting += cause.exceptions if isinstance(cause, BaseExceptionGroup) else []


def _redact(causes: list[BaseException], secrets: Secrets) -> None:
    # The causes and contexts of an error are printed with it.
    for cause in causes:
        _forget_what_was_read(cause)
        with suppress(AttributeError, TypeError):
            cause.args = redacted(cause.args, secrets)
        if isinstance(cause, BotoCoreError) and hasattr(cause, "request"):
            # Its headers have the session token. Debuggers show it, and Dask pickles it with the error.
            cause.request = None
        for name, value in vars(cause).items():
            with suppress(AttributeError, TypeError):
                setattr(cause, name, redacted(value, secrets))


def _forget_what_was_read(cause: BaseException) -> None:
    """Remove from a parser's error what it could not read, in which a secret may stand without its name.

    As of a file of credentials, or of the output of a credential_process.
    """
    import configparser
    import json

    if isinstance(cause, UnicodeDecodeError):
        cause.object = b""
        cause.args = (cause.encoding, b"", cause.start, cause.end, cause.reason)
    elif isinstance(cause, (configparser.Error, json.JSONDecodeError)):
        for name in {"doc", "errors", "line"}.intersection(vars(cause)):
            setattr(cause, name, "")
        # The first line names the file.
        text = str(cause).partition("\n")[0]
        cause.args = (text,)
        if isinstance(cause, configparser.Error):
            cause.message = text


def _is_of_another_call(error: ClientError, facts: CallFacts) -> bool:
    # The events of this call brought a response, and the error is about another one.
    return facts.parsed is not None and error.operation_name == facts.operation_name


def _secrets_of_the_environment() -> list[str]:
    names = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN")
    return [os.environ[name] for name in names if name in os.environ]


def _modules(traceback: TracebackType | None) -> list[str]:
    return [str(frame.f_globals.get("__name__")) for frame, _ in walk_tb(traceback)]


def _of_a_signal_handler(error: BaseException, handled: BaseException | None) -> BaseException | None:
    """Return what a signal handler has raised, if an error comes from that."""
    import signal

    handlers = {getattr(signal.getsignal(number), "__code__", None) for number in signal.valid_signals()}
    for cause in _causes(error, handled):
        # urllib3 gives its own error the traceback of what it wraps.
        is_wrapper = type(cause).__module__.startswith("urllib3.")
        if not is_wrapper and any(frame.f_code in handlers for frame, _ in walk_tb(cause.__traceback__)):
            return cause
    return None


def _came_through_a_handler(traceback: TracebackType | None) -> bool:
    """Whether an event handler of the application was running when an exception was raised."""
    modules = _modules(traceback)
    return any(
        caller in _CALLERS_OF_HANDLERS and called.partition(".")[0] not in _LIBRARIES
        for caller, called in itertools.pairwise(modules)
    )
