from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

import ecrimages
from ecrimages import (
    AccessDeniedError,
    AuthenticationError,
    ConfigurationError,
    CredentialsError,
    ECRImagesError,
    ImageId,
    ImageNotFoundError,
    InvalidParameterError,
    MalformedResponseError,
    RepeatedTokenError,
    RepositoryNotFoundError,
    RequestTimeoutError,
    ResponseError,
    ServerError,
    ServiceError,
    ThrottlingError,
    TransportError,
)

DIGEST = "sha256:" + "0f" * 32
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
SECRET = "FwoGZXIvYXdzEPlanted/Secret+AQ=="

NO_IMAGE = (
    "The image with imageId {imageDigest:'%s', imageTag:'%s'} does not exist within the repository "
    "with name 'team/app' in the registry with id '123456789012'"
)
NO_REPOSITORY = "The repository with name 'team/app' does not exist in the registry with id '123456789012'"


def response(code: str | None, message: str | None = None, status: int = 400) -> dict[str, Any]:
    """Return an answer as botocore parses it."""
    error = {"Code": code, "Message": message}
    return {
        "Error": {name: text for name, text in error.items() if text is not None},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "request-1", "RetryAttempts": 0},
    }


ERRORS: list[ECRImagesError] = [
    ECRImagesError("something"),
    ServiceError(response("NewException", "No")),
    RepositoryNotFoundError(response("RepositoryNotFoundException", NO_REPOSITORY)),
    ImageNotFoundError(response("ImageNotFoundException", NO_IMAGE % ("null", "v1"))),
    InvalidParameterError(response("InvalidParameterException", "Invalid parameter")),
    ServerError(response("ServerException", "An internal server error has occured", 500)),
    AccessDeniedError(response("AccessDeniedException", "Not authorized")),
    AuthenticationError(response("ExpiredTokenException", "Expired.")),
    ThrottlingError(response("ThrottlingException", "Rate exceeded")),
    TransportError("Connection {reset}", retryable=True),
    RequestTimeoutError("Read timeout", retryable=True),
    CredentialsError("Unable to locate credentials"),
    ConfigurationError("You must specify a region."),
    ResponseError("nonsense"),
    MalformedResponseError("missing", path="imageDetails[3].imagePushedAt", retryable=True),
    RepeatedTokenError("token", request_id="request-1"),
]


def test_the_tree() -> None:
    """The classes stand below each other as documented, and below botocore's."""
    tree = {
        ECRImagesError: Exception,
        ServiceError: ECRImagesError,
        RepositoryNotFoundError: ServiceError,
        ImageNotFoundError: ServiceError,
        InvalidParameterError: ServiceError,
        ServerError: ServiceError,
        AccessDeniedError: ServiceError,
        AuthenticationError: ServiceError,
        ThrottlingError: ServiceError,
        TransportError: ECRImagesError,
        RequestTimeoutError: TransportError,
        CredentialsError: TransportError,
        ConfigurationError: TransportError,
        ResponseError: ECRImagesError,
        MalformedResponseError: ResponseError,
        RepeatedTokenError: ResponseError,
    }

    assert {error: error.__bases__[0] for error in tree} == tree
    assert {type(error) for error in ERRORS} == set(tree)
    assert issubclass(ServiceError, ClientError)
    assert issubclass(TransportError, BotoCoreError)
    assert not issubclass(ResponseError, (ClientError, BotoCoreError))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_are_public(error: ECRImagesError) -> None:
    """Each error can be imported from the package, and says so."""
    error_class = type(error)

    assert getattr(ecrimages, error_class.__name__) is error_class
    assert error_class.__module__ == "ecrimages"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_survive_pickle(error: ECRImagesError, protocol: int) -> None:
    """A pickled error comes back of its class, with message and attributes."""
    twin = pickle.loads(pickle.dumps(error, protocol))

    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert twin.args == error.args
    assert twin.__dict__ == error.__dict__
    assert twin.retryable is error.retryable


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_can_be_copied(error: ECRImagesError) -> None:
    """A copy has class, message and attributes of the error."""
    for twin in (copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert twin.__dict__ == error.__dict__


def test_a_service_error_tells_what_the_service_said() -> None:
    """Code, text, status, request id and the parsed answer are attributes."""
    answer = response("NewException", "No way", 418)

    error = ServiceError(answer)

    assert error.code == "NewException"
    assert error.message == "No way"
    assert error.operation_name == "DescribeImages"
    assert error.http_status == 418
    assert error.request_id == "request-1"
    assert error.response == answer
    assert error.retryable is False
    assert str(error) == "No way (DescribeImages: NewException, HTTP 418, request id request-1)"


def test_a_service_error_tells_the_operation() -> None:
    """An error of the call that was to fetch credentials does not pass for one of DescribeImages."""
    error = AccessDeniedError(response("AccessDenied", "Not authorized", 403), "AssumeRole")

    assert error.operation_name == "AssumeRole"
    assert str(error) == "Not authorized (AssumeRole: AccessDenied, HTTP 403, request id request-1)"


@pytest.mark.parametrize("answer", [{}, {"Error": None, "ResponseMetadata": None}, {"Error": {}}])
def test_a_service_error_of_an_answer_that_says_nothing(answer: dict[str, Any]) -> None:
    """An empty answer, as from a stub, makes an error all the same."""
    error = ServiceError(answer)

    assert (error.code, error.message, error.http_status, error.request_id) == ("", "", None, None)
    assert str(error) == "ECR refused the request without a message (DescribeImages: no error code)"


def test_an_error_is_one_line() -> None:
    """A text of several lines, such as a proxy's page, is one line in the message, and whole in `message`."""
    error = ServerError(response("502", "<html>\n  <b>Bad\tGateway</b>\r\n</html>\n", 502))

    assert error.message == "<html>\n  <b>Bad\tGateway</b>\r\n</html>\n"
    assert str(error).startswith("<html> <b>Bad Gateway</b> </html> (DescribeImages: 502, HTTP 502")


@pytest.mark.parametrize("prefix", ["", "com.amazonaws.ecr#", "a#b#"])
def test_a_code_has_no_prefix(prefix: str) -> None:
    """What some services put before the code, up to the '#', is not part of it."""
    error = ServiceError(response(f"{prefix}AccessDeniedException"))

    assert error.code == "AccessDeniedException"


@pytest.mark.parametrize(
    ("error_class", "advice"),
    [
        (RepositoryNotFoundError, "Check the repository's name, the region and registry_id"),
        (AuthenticationError, "Renew the credentials, or check the clock"),
        (ThrottlingError, "Try again later, or give the boto3 client more retries"),
    ],
)
def test_an_error_says_what_to_do(error_class: type[ServiceError], advice: str) -> None:
    """Where there is something to do, the message ends with it."""
    error = error_class(response("Code", "What happened."))

    assert str(error) == f"What happened (DescribeImages: Code, HTTP 400, request id request-1). {advice}"


@pytest.mark.parametrize(
    ("error_class", "code", "status", "retryable"),
    [
        (ServerError, "ServerException", 500, True),
        (ThrottlingError, "ThrottlingException", 400, True),
        (ServiceError, "NewException", 429, True),
        (ServiceError, "NewException", 408, True),
        (ServiceError, "RequestTimeout", 400, True),
        (ServiceError, "RequestTimeoutException", 400, True),
        (ServiceError, "NewException", 400, False),
        (AccessDeniedError, "AccessDeniedException", 403, False),
        (AuthenticationError, "ExpiredTokenException", 400, False),
        (ImageNotFoundError, "ImageNotFoundException", 400, False),
        (InvalidParameterError, "InvalidParameterException", 400, False),
        (RepositoryNotFoundError, "RepositoryNotFoundException", 400, False),
    ],
)
def test_an_error_tells_whether_to_try_again(
    error_class: type[ServiceError], code: str, status: int, retryable: bool
) -> None:
    """`retryable` is True for what may pass, and only for that."""
    error = error_class(response(code, "text", status))

    assert error.retryable is retryable


def test_errors_are_not_retryable_unless_they_say_so() -> None:
    """The other errors are for good, but where they are told otherwise."""
    assert ECRImagesError().retryable is False
    assert ResponseError().retryable is False
    assert RepeatedTokenError("token").retryable is False
    assert TransportError("text").retryable is False
    assert TransportError("text", retryable=True).retryable is True
    assert MalformedResponseError("text").retryable is False
    assert MalformedResponseError("text", retryable=True).retryable is True


def test_a_missing_repository_is_named() -> None:
    """Repository and registry are read from the text of the answer."""
    error = RepositoryNotFoundError(
        response("RepositoryNotFoundException", NO_REPOSITORY), request={"repositoryName": "other"}
    )

    assert (error.repository_name, error.registry_id) == ("team/app", "123456789012")


def test_a_missing_repository_is_named_by_the_request() -> None:
    """If the text changes, the request tells what was asked for; the registry only if it was given."""
    answer = response("RepositoryNotFoundException", "Gone")

    with_registry = RepositoryNotFoundError(
        answer, request={"repositoryName": "team/app", "registryId": "123456789012"}
    )
    without_registry = RepositoryNotFoundError(answer, request={"repositoryName": "team/app"})
    without_request = RepositoryNotFoundError(answer)

    assert (with_registry.repository_name, with_registry.registry_id) == ("team/app", "123456789012")
    assert (without_registry.repository_name, without_registry.registry_id) == ("team/app", None)
    assert (without_request.repository_name, without_request.registry_id) == (None, None)


@pytest.mark.parametrize(
    ("digest", "tag", "image_id"),
    [
        ("null", "v1", ImageId(tag="v1")),
        (DIGEST, "null", ImageId(digest=DIGEST)),
        (DIGEST, "v1", ImageId(tag="v1", digest=DIGEST)),
        ("null", "null", ImageId(tag="null")),
        ("sha256:short", "null", None),
    ],
)
def test_a_missing_image_is_named(digest: str, tag: str, image_id: ImageId | None) -> None:
    """The id is read from the text, where a part that was not asked for reads 'null'."""
    error = ImageNotFoundError(response("ImageNotFoundException", NO_IMAGE % (digest, tag)))

    assert error.image_id == image_id
    assert (error.repository_name, error.registry_id) == ("team/app", "123456789012")


@pytest.mark.parametrize(
    ("asked", "image_id"),
    [
        ([{"imageTag": "v1"}], ImageId(tag="v1")),
        ([{"imageDigest": DIGEST}], ImageId(digest=DIGEST)),
        ([{"imageTag": "v1"}, {"imageTag": "v2"}], None),
        ([], None),
        (None, None),
    ],
)
def test_a_missing_image_is_named_by_the_request(
    asked: list[dict[str, str]] | None, image_id: ImageId | None
) -> None:
    """If the text changes, the only id that was asked for is the one; of several, none is."""
    request = {"repositoryName": "team/app", "imageIds": asked}

    error = ImageNotFoundError(response("ImageNotFoundException", "Gone"), request=request)

    assert error.image_id == image_id
    assert (error.repository_name, error.registry_id) == ("team/app", None)


def test_a_text_that_names_no_id_leaves_it_to_the_request() -> None:
    """If what the text tells cannot be an id, the only one that was asked for is it."""
    answer = response("ImageNotFoundException", NO_IMAGE % ("sha256:short", "null"))

    error = ImageNotFoundError(answer, request={"imageIds": [{"imageTag": "v1"}]})

    assert error.image_id == ImageId(tag="v1")


def test_a_missing_image_without_a_request() -> None:
    """If nothing tells the id, it is None."""
    error = ImageNotFoundError(response("ImageNotFoundException"))

    assert (error.image_id, error.repository_name, error.registry_id) == (None, None, None)


def test_a_malformed_response_tells_where() -> None:
    """The path of the member comes first, and the request id last, where there are such."""
    error = MalformedResponseError("expected a string, not 1", path="imageDetails[3].imageDigest")

    assert error.path == "imageDetails[3].imageDigest"
    assert error.request_id is None
    assert str(error) == "imageDetails[3].imageDigest: expected a string, not 1"

    error.request_id = "request-1"

    assert str(error) == (
        "imageDetails[3].imageDigest: expected a string, not 1 (DescribeImages, request id request-1)"
    )
    assert str(MalformedResponseError("the answer is not JSON")) == "the answer is not JSON"


def test_a_repeated_token_is_told() -> None:
    """The token is an attribute, not part of the message, and the message says how to go on."""
    error = RepeatedTokenError("opaque-token", request_id="request-1")

    assert error.token == "opaque-token"
    assert error.request_id == "request-1"
    assert "opaque-token" not in str(error)
    assert str(error).endswith("(DescribeImages, request id request-1)")


def test_a_transport_error_is_botocores() -> None:
    """The message is what was given, braces and all, and code for botocore's errors finds its `kwargs`."""
    error = ConfigurationError("no {region}")

    assert str(error) == "no {region}"
    assert error.kwargs == {"message": "no {region}"}


@pytest.mark.parametrize(
    "text",
    [
        f"The Canonical String should be 'POST\n/\n\nx-amz-security-token:{SECRET}\n\nhost;x-amz-date'",
        f"X-Amz-Security-Token: {SECRET}",
        f"{{'X-Amz-Security-Token': '{SECRET}'}}",
        f'{{"x-amz-security-token":"{SECRET}"}}',
        f"https://api.ecr.us-east-1.amazonaws.com/?X-Amz-Security-Token={SECRET}&X-Amz-Date=1",
        f"Authorization=AWS4-HMAC-SHA256 Credential={SECRET}, SignedHeaders=host, Signature=abc",
        f"AWS4-HMAC-SHA256 Credential=abc, SignedHeaders=host, Signature={SECRET}",
        'Failed to connect to proxy URL: "http://user:FwoGZXIvYXdzEPlanted@proxy.example:3128"',
        'Failed to connect to proxy URL: "http://user:p@ss-FwoGZXIvYXdzEPlanted@proxy.example:3128"',
    ],
)
def test_secrets_do_not_come_out(text: str) -> None:
    """What the service quotes of a signed request is redacted in message, response, repr and pickle."""
    answer = {**response("InvalidSignatureException", text), "details": [{"quoted": text}]}

    error = AuthenticationError(answer)

    for shown in (
        str(error),
        repr(error),
        error.message,
        repr(error.response),
        repr(error.__dict__),
        pickle.dumps(error, 0).decode(),
    ):
        assert "Planted" not in shown
        assert "[redacted]" in shown


def test_what_is_no_secret_stays() -> None:
    """Text and URLs without a secret in them are not touched."""
    text = (
        'Could not connect to the endpoint URL: "https://api.ecr.us-east-1.amazonaws.com/". '
        "The security token included in the request is expired, write to a@b.example"
    )

    assert ServiceError(response("Code", text)).message == text


def test_the_answer_of_the_caller_is_left_alone() -> None:
    """Redaction works on a copy."""
    answer = response("Code", f"x-amz-security-token:{SECRET}")

    ServiceError(answer)

    assert answer["Error"]["Message"] == f"x-amz-security-token:{SECRET}"
