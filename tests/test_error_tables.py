from __future__ import annotations

import inspect
import string
from typing import Any

import botocore
import botocore.exceptions
import botocore.session
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from ecrimages import (
    AccessDeniedError,
    AuthenticationError,
    ConfigurationError,
    CredentialsError,
    ImageNotFoundError,
    InvalidParameterError,
    RepositoryNotFoundError,
    RequestTimeoutError,
    ServerError,
    ServiceError,
    ThrottlingError,
    TransportError,
)
from ecrimages._error_tables import (
    BY_BOTOCORE_CLASS,
    BY_CODE,
    PASSED_THROUGH,
    service_error,
    transport_error,
)

BOTOCORE_VERSION = tuple(int(part) for part in botocore.__version__.split(".")[:2])
BOTOCORE_CLASSES: dict[str, type[Exception]] = {
    name: value
    for name, value in vars(botocore.exceptions).items()
    if inspect.isclass(value) and issubclass(value, Exception) and value.__module__ == "botocore.exceptions"
}
DECIDED = set(BY_BOTOCORE_CLASS) | PASSED_THROUGH

NO_IMAGE = (
    "The image with imageId {imageDigest:'null', imageTag:'v1'} does not exist within the repository "
    "with name 'team/app' in the registry with id '123456789012'"
)


def client_error(code: str, status: int = 400, message: str = "text") -> ClientError:
    """Return what botocore raises for an answer."""
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "request-1"},
    }
    return ClientError(response, "DescribeImages")


def botocore_error(error_class: Any) -> Any:
    """Return an instance of one of botocore's classes, with the name of each argument as its value."""
    fields = {field: field for _, field, _, _ in string.Formatter().parse(error_class.fmt) if field}
    if error_class.__name__ == "WaiterError":
        fields["last_response"] = "last_response"
    return error_class(**fields)


@pytest.mark.parametrize(
    ("code", "error_class"),
    [
        ("ImageNotFoundException", ImageNotFoundError),
        ("InvalidParameterException", InvalidParameterError),
        ("ValidationException", InvalidParameterError),
        ("RepositoryNotFoundException", RepositoryNotFoundError),
        ("ServerException", ServerError),
        ("InternalFailure", ServerError),
        ("ServiceUnavailable", ServerError),
        ("AccessDeniedException", AccessDeniedError),
        ("AccessDenied", AccessDeniedError),
        ("OptInRequired", AccessDeniedError),
        ("ExpiredTokenException", AuthenticationError),
        ("ExpiredToken", AuthenticationError),
        ("IncompleteSignature", AuthenticationError),
        ("InvalidClientTokenId", AuthenticationError),
        ("InvalidSignatureException", AuthenticationError),
        ("MissingAuthenticationToken", AuthenticationError),
        ("RequestExpired", AuthenticationError),
        ("UnrecognizedClientException", AuthenticationError),
        ("ThrottlingException", ThrottlingError),
        ("Throttling", ThrottlingError),
        ("RequestLimitExceeded", ThrottlingError),
        ("TooManyRequestsException", ThrottlingError),
    ],
)
@pytest.mark.parametrize("prefix", ["", "com.amazonaws.ecr#"])
@pytest.mark.parametrize("status", [400, 403, 500])
def test_the_code_decides(code: str, error_class: type[ServiceError], prefix: str, status: int) -> None:
    """A known code gives its error, with or without a prefix and whatever the HTTP status."""
    error = service_error(client_error(prefix + code, status), {})

    assert type(error) is error_class
    assert error.code == code
    assert error.http_status == status


@pytest.mark.parametrize(
    ("code", "status", "error_class"),
    [
        ("NewException", 400, ServiceError),
        ("NewException", 403, ServiceError),
        ("NewException", 404, ServiceError),
        ("404", 404, ServiceError),
        ("NewException", 500, ServerError),
        ("502", 502, ServerError),
        ("503", 503, ServerError),
        ("", 599, ServerError),
    ],
)
def test_of_a_status_only_5xx_means_something(
    code: str, status: int, error_class: type[ServiceError]
) -> None:
    """An unknown code is a ServiceError, and a ServerError with an HTTP status of 500 and more."""
    error = service_error(client_error(code, status), {})

    assert type(error) is error_class
    assert error.code == code


@pytest.mark.parametrize("metadata", [{}, {"ResponseMetadata": {"HTTPStatusCode": None}}])
def test_a_stub_has_no_status(metadata: dict[str, Any]) -> None:
    """An error without HTTP status, as from a stub, is a ServiceError."""
    response: Any = {"Error": {"Code": "NewException", "Message": "text"}, **metadata}

    error = service_error(ClientError(response, "DescribeImages"), {})

    assert type(error) is ServiceError
    assert error.http_status is None


def test_the_error_has_what_botocores_had() -> None:
    """Operation, answer and request go into the error."""
    cause = client_error("ImageNotFoundException", message="Gone")
    request = {"repositoryName": "team/app", "imageIds": [{"imageTag": "v1"}]}

    error = service_error(cause, request)

    assert isinstance(error, ImageNotFoundError)
    assert error.operation_name == "DescribeImages"
    assert error.response == cause.response
    assert error.repository_name == "team/app"
    assert error.image_id is not None
    assert error.image_id.tag == "v1"


def test_every_modelled_error_has_its_class() -> None:
    """Each error that ECR's model gives DescribeImages is in the table."""
    service = botocore.session.get_session().get_service_model("ecr")
    modelled = {shape.name for shape in service.operation_model("DescribeImages").error_shapes}

    assert modelled - set(BY_CODE) == set()
    assert all(BY_CODE[code] is not ServiceError for code in modelled)


def test_every_code_has_a_subclass() -> None:
    """The table holds no code for a plain ServiceError, which is what an unknown one is."""
    assert {error for error in BY_CODE.values() if error.__bases__[0] is not ServiceError} == set()


def test_each_of_botocores_exceptions_is_decided_on() -> None:
    """No class of botocore's comes out of this library without somebody having said so."""
    assert set(BOTOCORE_CLASSES) - DECIDED - {"ClientError"} == set()


def test_no_class_is_decided_on_twice() -> None:
    """A class is translated or comes out as it is."""
    assert set(BY_BOTOCORE_CLASS) & PASSED_THROUGH == set()


@pytest.mark.skipif(BOTOCORE_VERSION < (1, 44), reason="the tables know classes of later versions")
def test_no_decision_is_superfluous() -> None:
    """Each name in the tables is that of a class."""
    assert DECIDED - set(BOTOCORE_CLASSES) == set()


@pytest.mark.parametrize("name", sorted(set(BY_BOTOCORE_CLASS) & set(BOTOCORE_CLASSES)))
def test_botocores_exceptions_are_translated(name: str) -> None:
    """The error has the class and `retryable` of the table, and botocore's message in one line."""
    cause = botocore_error(BOTOCORE_CLASSES[name])

    error = transport_error(cause)

    assert (type(error), getattr(error, "retryable", None)) == BY_BOTOCORE_CLASS[name]
    assert str(error) == " ".join(str(cause).split())


@pytest.mark.parametrize(
    "name",
    sorted(name for name in PASSED_THROUGH if issubclass(BOTOCORE_CLASSES.get(name, str), BotoCoreError)),
)
def test_some_of_botocores_exceptions_come_out_as_they_are(name: str) -> None:
    """What botocore says best is handed on, the same object."""
    cause = botocore_error(BOTOCORE_CLASSES[name])

    assert transport_error(cause) is cause


@pytest.mark.parametrize(
    ("name", "error_class", "retryable"),
    [
        ("ConnectTimeoutError", RequestTimeoutError, True),
        ("ReadTimeoutError", RequestTimeoutError, True),
        ("EndpointConnectionError", TransportError, True),
        ("ConnectionClosedError", TransportError, True),
        ("SSLError", TransportError, False),
        ("NoCredentialsError", CredentialsError, False),
        ("PartialCredentialsError", CredentialsError, False),
        ("CredentialRetrievalError", CredentialsError, True),
        ("TokenRetrievalError", CredentialsError, False),
        ("NoRegionError", ConfigurationError, False),
        ("ProfileNotFound", ConfigurationError, False),
    ],
)
def test_what_people_meet_most(name: str, error_class: type[TransportError], retryable: bool) -> None:
    """Time-outs, lost connections, missing credentials and a missing region have classes of their own."""
    error = transport_error(botocore_error(BOTOCORE_CLASSES[name]))

    assert type(error) is error_class
    assert error.retryable is retryable


@pytest.mark.parametrize(
    ("above", "error_class"),
    [
        ("SSLError", TransportError),
        ("ReadTimeoutError", RequestTimeoutError),
        ("SSOError", CredentialsError),
        ("InvalidRegionError", ConfigurationError),
        ("BotoCoreError", TransportError),
    ],
)
def test_a_class_of_a_later_botocore_goes_by_its_parent(
    above: str, error_class: type[TransportError]
) -> None:
    """A class that no table knows is taken for the nearest one above it."""
    newer = type("NewError", (BOTOCORE_CLASSES[above],), {})

    error = transport_error(botocore_error(newer))

    assert type(error) is error_class


def test_a_class_below_one_that_is_handed_on_is_handed_on() -> None:
    """A new kind of wrong parameter is for botocore to word, too."""
    newer = type("NewError", (botocore.exceptions.ParamValidationError,), {})
    cause = newer(report="text")

    assert transport_error(cause) is cause


def test_a_class_of_no_kin_is_handed_on() -> None:
    """What has no decided class above it is not touched."""

    class Unrelated(Exception):
        pass

    cause: Any = Unrelated()

    assert transport_error(cause) is cause


def test_a_message_is_redacted_and_one_line() -> None:
    """The password of a proxy stays out of the message, and so do line breaks."""
    cause = botocore.exceptions.ProxyConnectionError(
        proxy_url="http://user:planted@proxy.example:3128", error="first\n  second"
    )

    error = transport_error(cause)

    assert "planted" not in str(error)
    assert "://[redacted]@proxy.example:3128" in str(error)
    assert "\n" not in str(error)
