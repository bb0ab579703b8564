from __future__ import annotations

import copy
import inspect
import pickle
import ssl
import string
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import botocore.exceptions
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from fault_cases import unused_address
from samples import SERVICE, digest
from wire import Wire, session

import ecrimages
from ecrimages import (
    AccessDeniedError,
    AuthenticationError,
    Client,
    ConfigurationError,
    CredentialsError,
    ECRImagesError,
    ImageId,
    ImageNotFoundError,
    InvalidParameterError,
    MalformedResponseError,
    RepositoryNotFoundError,
    RequestTimeoutError,
    ResponseError,
    ServerError,
    ServiceError,
    ThrottlingError,
    TransportError,
)
from ecrimages.testing import FakeECR, Fault

CLIENT = session().client("ecr")
CLASSES = [value for value in vars(ecrimages).values() if inspect.isclass(value) and issubclass(value, ECRImagesError)]
RESPONSE: Any = {
    "Error": {"Code": "com.amazonaws#NewException", "Message": "Something new."},
    "ResponseMetadata": {"RequestId": "request-1", "HTTPStatusCode": 400},
}


Of = Callable[..., ServiceError]


@pytest.fixture(scope="module")
def of() -> Iterator[Of]:
    """A function that returns the error which a listing raises for ECR's error."""
    with FakeECR() as ecr:
        client = Client(ecr.client())

        def of(code: str, message: str = "text", status: int = 400) -> ServiceError:
            ecr.inject_faults(Fault.error(code, message, status=status))
            with pytest.raises(ServiceError) as caught:
                next(client.describe_images("team/app", registry_id="210987654321"))
            return caught.value

        yield of


CODES: dict[type[ServiceError], str] = {
    ImageNotFoundError: "ImageNotFoundException",
    RepositoryNotFoundError: "RepositoryNotFoundException",
    InvalidParameterError: "InvalidParameterException ValidationException ValidationError InvalidParameterValue",
    ServerError: "ServerException InternalFailure ServiceUnavailable ServiceUnavailableException InternalServerError",
    AccessDeniedError: "AccessDeniedException AccessDenied OptInRequired NotAuthorized UnauthorizedOperation",
    AuthenticationError: """ExpiredTokenException ExpiredToken UnrecognizedClientException InvalidSignatureException
        IncompleteSignature InvalidClientTokenId MissingAuthenticationToken RequestExpired SignatureDoesNotMatch""",
    ThrottlingError: "ThrottlingException Throttling RequestLimitExceeded TooManyRequestsException SlowDown",
}


@pytest.mark.parametrize(
    ("code", "error_class"), [(code, error_class) for error_class, codes in CODES.items() for code in codes.split()]
)
def test_the_code_decides(of: Of, code: str, error_class: type[ServiceError]) -> None:
    """A known code has its class, with a prefix or without, and whatever the HTTP status."""
    for error in (of(code), of(f"com.amazonaws.ecr#{code}", status=403), of(code, status=500)):
        assert type(error) is error_class
        assert (error.code, error.message, error.repository_name) == (code, "text", "team/app")


def test_every_modelled_error_has_its_class(of: Of) -> None:
    """Each error that ECR's model has for DescribeImages and DescribeRepositories is a class of its own."""
    for operation in ("DescribeImages", "DescribeRepositories"):
        for shape in SERVICE.operation_model(operation).error_shapes:
            assert type(of(shape.name)) is not ServiceError


@pytest.mark.parametrize(
    ("code", "status", "error_class", "retryable"),
    [
        ("NewException", 400, ServiceError, False),
        ("NewException", 404, ServiceError, False),
        ("NewException", 429, ServiceError, True),
        ("RequestTimeout", 400, ServiceError, True),
        ("NewException", 503, ServerError, True),
        ("NewException", 501, ServerError, False),
        ("ServerException", 501, ServerError, False),
        ("", 599, ServerError, True),
    ],
)
def test_of_a_status_only_5xx_decides(of: Of, code: str, status: int, error_class: type[Any], retryable: bool) -> None:
    """An unknown code is a ServiceError, a ServerError with a 5xx; 501 and the like do not pass."""
    error = of(code, status=status)

    assert (type(error), error.retryable, error.http_status) == (error_class, retryable, status)


def test_what_an_error_of_the_service_carries() -> None:
    """Everything that ECR returned, and the text of it with the request id."""
    error = ServiceError(RESPONSE, "DescribeImages")

    assert (error.code, error.message, error.operation_name) == ("NewException", "Something new.", "DescribeImages")
    assert (error.http_status, error.request_id, error.retryable) == (400, "request-1", False)
    assert error.response == RESPONSE
    assert str(error) == "Something new (DescribeImages: NewException, HTTP 400, request id request-1)"
    assert str(ServiceError({})) == "ECR refused the request without a message (DescribeImages: no error code)"


def test_an_error_is_botocores_too(of: Of) -> None:
    """Programs that catch botocore's errors, and use what those carry, work on."""
    error = of("AccessDeniedException")

    assert isinstance(error, ClientError)
    assert isinstance(error, CLIENT.exceptions.ClientError)
    assert error.response["Error"]["Code"] == "AccessDeniedException"
    assert error.MSG_TEMPLATE == ClientError.MSG_TEMPLATE
    assert isinstance(TransportError("x"), BotoCoreError)
    assert TransportError("x").kwargs == {"message": "x"}


def test_the_base_classes_init_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a later botocore sets in ClientError.__init__ is there."""
    original = ClientError.__init__

    def init(self: Any, *arguments: Any, **keywords: Any) -> None:
        original(self, *arguments, **keywords)
        self.set_by_botocore = True

    monkeypatch.setattr(ClientError, "__init__", init)

    assert vars(ServiceError(RESPONSE))["set_by_botocore"] is True


def test_facts_are_read_from_ecrs_texts(of: Of) -> None:
    """Repository, registry, image and parameter are those that the text names, or else those of the request."""
    place = "the repository with name 'team/base' in the registry with id '111111111111'"
    no_image: Any = of(
        "ImageNotFoundException",
        f"The image with imageId {{imageDigest:'null', imageTag:'v1'}} does not exist within {place}",
    )
    by_digest: Any = of("ImageNotFoundException", f"imageId {{imageDigest:'{digest(1)}', imageTag:'null'}}")
    malformed: Any = of("ImageNotFoundException", "imageId {imageDigest:'sha256:1', imageTag:'v1'}")
    no_repository: Any = of(
        "RepositoryNotFoundException",
        "The repository with name 'team/x' does not exist in the registry with id '111111111111'",
    )
    token: Any = of("InvalidParameterException", "Invalid parameter at 'nextToken' failed to satisfy")
    size: Any = of("InvalidParameterException", "Invalid parameter at 'maxResults' failed to satisfy")
    other: Any = of("RepositoryNotFoundException", "Something else")

    assert (no_image.image_id, no_image.repository_name, no_image.registry_id) == (
        ImageId(tag="v1"),
        "team/base",
        "111111111111",
    )
    assert (by_digest.image_id, by_digest.repository_name) == (ImageId(digest=digest(1)), "team/app")
    assert malformed.image_id is None
    assert (no_repository.repository_name, no_repository.registry_id) == ("team/x", "111111111111")
    assert "Check the repository name, the region and registry_id" in str(no_repository)
    assert (other.repository_name, other.registry_id) == ("team/app", "210987654321")
    assert (token.parameter, size.parameter) == ("nextToken", "maxResults")
    assert of("ValidationException").__dict__.get("parameter") is None
    assert str(token).endswith("start over without start_token")
    assert "start over" not in str(size)


def example(error_class: type[ECRImagesError]) -> ECRImagesError:
    """Return an error of a class."""
    if issubclass(error_class, ServiceError):
        return error_class(RESPONSE, "DescribeImages")
    if error_class is MalformedResponseError:
        return MalformedResponseError("missing", path="imageDetails", retryable=True)
    return error_class("text")


EXAMPLES = [example(error_class) for error_class in CLASSES]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_an_error_survives_a_pickle(error: ECRImagesError, duplicate: Any) -> None:
    """Class, message and attributes come out of a pickle or a copy as they were."""
    error.repository_name = "team/app"

    twin = duplicate(error)

    assert type(twin) is type(error)
    assert (str(twin), twin.args, vars(twin)) == (str(error), error.args, vars(error))
    assert twin.retryable is error.retryable
    assert type(error).__module__ == "ecrimages"
    assert isinstance(error, (ServiceError, TransportError, ResponseError)) or type(error) is ECRImagesError


def test_every_error_has_a_repository_name() -> None:
    """The attribute is there before anything sets it."""
    assert {error_class.repository_name for error_class in CLASSES} == {None}
    assert {type(error_class.retryable) for error_class in CLASSES} == {bool}


BOTOCORES: dict[str, Any] = {
    name: value
    for name, value in vars(botocore.exceptions).items()
    if inspect.isclass(value) and issubclass(value, BotoCoreError) and value.__module__ == "botocore.exceptions"
}
# What is about the connection, or may pass.
TRANSPORT = {
    "CapacityNotAvailableError",
    "ChecksumError",
    "ConnectionClosedError",
    "ConnectionError",
    "EndpointConnectionError",
    "HTTPClientError",
    "IncompleteReadError",
    "ProxyConnectionError",
    "ResponseStreamingError",
    "SSLError",
}
TIMEOUTS = {"ConnectTimeoutError", "ReadTimeoutError"}
RETRYABLE_CREDENTIALS = {"CredentialRetrievalError", "MetadataRetrievalError"}
CREDENTIALS_BASES = (
    "SSOError",
    "TokenRetrievalError",
    "NoAuthTokenError",
    "NoCredentialsError",
    "PartialCredentialsError",
    "LoginError",
    "RefreshWithMFAUnsupportedError",
)
PASSED_THROUGH = ("MissingParametersError", "ParamValidationError", "StubResponseError", "ValidationError")


def instance_of(error_class: Any) -> Exception:
    """Return an instance of one of botocore's classes, with the name of each argument as its value."""
    fields: dict[str, Any] = {field: field for _, field, _, _ in string.Formatter().parse(error_class.fmt) if field}
    if error_class.__name__ == "WaiterError":
        fields["last_response"] = "last_response"
    error: Exception = error_class(**fields)
    return error


def raised_for(error: Exception) -> Exception:
    """Return what a listing raises where botocore raises an error in the place of a response."""

    def make_api_call(*_: Any) -> Any:
        raise error

    CLIENT._make_api_call = make_api_call
    with pytest.raises(Exception) as caught:  # noqa: PT011
        next(Client(CLIENT).describe_images("team/app"))
    return caught.value


@pytest.mark.parametrize("name", sorted(BOTOCORES))
def test_each_of_botocores_exceptions_is_decided_on(name: str) -> None:
    """Each becomes an error of the library with botocore's message in one line, or is passed through."""
    error_class = BOTOCORES[name]
    error = instance_of(error_class)

    raised: Any = raised_for(error)

    bases = {base.__name__ for base in error_class.__mro__}
    if not bases.isdisjoint(PASSED_THROUGH) and name != "InvalidRegionError":
        assert raised is error
        return
    assert raised.__cause__ is error
    assert raised.repository_name == "team/app"
    assert " ".join(str(error).split()).rstrip(".") in str(raised)
    if name in TIMEOUTS:
        expected: tuple[type, bool] = (RequestTimeoutError, True)
    elif name in RETRYABLE_CREDENTIALS or not bases.isdisjoint(CREDENTIALS_BASES):
        expected = (CredentialsError, name in RETRYABLE_CREDENTIALS)
    elif name in TRANSPORT:
        expected = (TransportError, True)
    else:
        expected = (ConfigurationError, False)
    assert (type(raised), raised.retryable) == expected


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        ("SSLError", TransportError),
        ("ReadTimeoutError", RequestTimeoutError),
        ("SSOError", CredentialsError),
        ("InvalidRegionError", ConfigurationError),
        ("BotoCoreError", ConfigurationError),
        ("ParamValidationError", None),
    ],
)
def test_a_class_of_a_later_botocore_goes_by_its_parent(parent: str, expected: type[TransportError] | None) -> None:
    """A class that no table knows is taken for the nearest one above it."""
    error = instance_of(type("NewError", (BOTOCORES[parent],), {}))

    assert type(raised_for(error)) is (expected or type(error))


def failing_in(module: str, error_class: str) -> Callable[..., Any]:
    """Return a function of a module that raises one of its own exceptions, or one of Python's."""
    names: dict[str, Any] = {"__name__": module}
    code = f"class OwnError(Exception): pass\ndef fail(*arguments): raise {error_class}('failed.')"
    exec(code, names)  # noqa: S102
    function: Callable[..., Any] = names["fail"]
    return function


@pytest.mark.parametrize("error_class", ["OwnError", "RuntimeError"])
@pytest.mark.parametrize("module", ["httpx2._transports.default", "httpcore._async", "anyio._core", "yarl._url"])
def test_what_an_http_client_raises_is_not_the_applications(module: str, error_class: str) -> None:
    """A connection that fails in a way that neither botocore nor aiobotocore has a class for may succeed later."""
    error = instance_of(BOTOCORES["HTTPClientError"])
    with pytest.raises(Exception, match="failed") as caught:
        failing_in(module, error_class)()
    error.__context__ = caught.value

    raised = raised_for(error)

    assert (type(raised), raised.retryable) == (TransportError, True)  # type: ignore[attr-defined]


def test_what_the_crt_raises_is_about_the_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where awscrt is installed, botocore signs with it, and it refuses empty credentials with a RuntimeError."""
    monkeypatch.setattr("botocore.auth.SigV4Auth.add_auth", failing_in("awscrt.auth", "RuntimeError"))

    with pytest.raises(CredentialsError, match=r"could not be loaded: RuntimeError: failed\. Check where"):
        next(Client(Wire(lambda _: b"").client).describe_images("team/app"))


def test_what_an_exception_group_holds_is_redacted() -> None:
    """An HTTP client that tries several addresses at a time may fail with several errors, which are printed too."""
    error = instance_of(BOTOCORES["HTTPClientError"])
    inner = [OSError("http://user:planted@proxy"), ssl.SSLCertVerificationError("expired")]
    error.__context__ = ExceptionGroup("several", inner)

    raised = raised_for(error)

    assert (type(raised), raised.retryable) == (TransportError, False)  # type: ignore[attr-defined]
    assert "planted" not in "".join(traceback.format_exception(raised))


def test_an_old_botocore_does_not_know_the_storage_class() -> None:
    """Where its model has no imageStatus, the error names the version that has."""
    report = 'Unknown parameter in filter: "imageStatus", must be one of: tagStatus'

    raised = raised_for(botocore.exceptions.ParamValidationError(report=report))

    assert type(raised) is ConfigurationError
    assert "image_status needs botocore 1.41.0 or later" in str(raised)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("NoRegionError", "Set AWS_DEFAULT_REGION"),
        ("NoCredentialsError", "Set AWS_PROFILE"),
        ("ProfileNotFound", "Check AWS_PROFILE"),
        ("UnauthorizedSSOTokenError", "Run 'aws sso login'"),
    ],
)
def test_advice(name: str, advice: str) -> None:
    """What people meet most has advice in one sentence."""
    assert advice in str(raised_for(instance_of(BOTOCORES[name])))


def refused(handled: Exception) -> TransportError:
    """Return the error of a call to a port where nothing listens, made while another exception is handled."""
    once = Config(retries={"total_max_attempts": 1})
    boto3_client = session().client("ecr", endpoint_url=f"http://{unused_address()}", config=once)
    with suppress(type(handled)):
        try:
            raise handled
        finally:
            with pytest.raises(TransportError) as caught:
                next(Client(boto3_client).describe_images("team/app"))
    return caught.value


def test_what_the_application_is_handling_says_nothing() -> None:
    """An exception that the application is handling meanwhile is no cause of ours: the same call may succeed."""
    assert refused(ssl.SSLCertVerificationError(1, "certificate verify failed")).retryable is True


def test_what_the_application_is_handling_is_not_changed() -> None:
    """An exception of the application's keeps its attributes, one that refers to itself included."""
    handled: Any = Exception("text")
    handled.counts = counts = defaultdict(list, {"a": [1]})
    handled.itself = [handled.counts]
    handled.itself.append(handled.itself)

    assert refused(handled).retryable is True
    assert handled.counts is counts
