"""The tables that turn what botocore raises into this library's errors.

One goes by ECR's error code, one by the class of botocore's own exceptions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ecrimages._errors import (
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
    error_code,
    redacted,
)

__all__ = ["BY_BOTOCORE_CLASS", "BY_CODE", "PASSED_THROUGH", "service_error", "transport_error"]

# DescribeImages models the first four:
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html#API_DescribeImages_Errors
# The others are common to AWS services, under the names that their protocols and generations use:
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/CommonErrors.html
BY_CODE: Mapping[str, type[ServiceError]] = {
    "ImageNotFoundException": ImageNotFoundError,
    "InvalidParameterException": InvalidParameterError,
    "RepositoryNotFoundException": RepositoryNotFoundError,
    "ServerException": ServerError,
    **dict.fromkeys(
        ("InvalidParameterValue", "ValidationError", "ValidationException"), InvalidParameterError
    ),
    **dict.fromkeys(
        (
            "InternalFailure",
            "InternalServerError",
            "InternalServerException",
            "ServiceUnavailable",
            "ServiceUnavailableException",
        ),
        ServerError,
    ),
    **dict.fromkeys(
        ("AccessDenied", "AccessDeniedException", "NotAuthorized", "OptInRequired", "UnauthorizedOperation"),
        AccessDeniedError,
    ),
    **dict.fromkeys(
        (
            "AuthFailure",
            "ExpiredToken",
            "ExpiredTokenException",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "InvalidToken",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "RequestExpired",
            "RequestTimeTooSkewed",
            "SignatureDoesNotMatch",
            "TokenRefreshRequired",
            "UnrecognizedClientException",
        ),
        AuthenticationError,
    ),
    **dict.fromkeys(
        (
            "PriorRequestNotComplete",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
            "ThrottledException",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
        ),
        ThrottlingError,
    ),
}

# botocore's exceptions go by the names of their classes, since its versions have different ones. The
# bool is `retryable`. A class that stands in neither table goes by the nearest one above it that does.
BY_BOTOCORE_CLASS: Mapping[str, tuple[type[TransportError], bool]] = {
    **dict.fromkeys(("ConnectTimeoutError", "ReadTimeoutError"), (RequestTimeoutError, True)),
    **dict.fromkeys(
        (
            "CapacityNotAvailableError",
            "ConnectionClosedError",
            "ConnectionError",
            "EndpointConnectionError",
            "HTTPClientError",
            "IncompleteReadError",
            "ProxyConnectionError",
            "ResponseStreamingError",
        ),
        (TransportError, True),
    ),
    # A certificate does not mend itself; the rest are no fault of the network.
    **dict.fromkeys(
        (
            "AwsChunkedWrapperError",
            "BotoCoreError",
            "ChecksumError",
            "FlexibleChecksumError",
            "MD5UnavailableError",
            "MissingDependencyException",
            "SSLError",
            "UnseekableStreamError",
        ),
        (TransportError, False),
    ),
    # The instance or container that hands out credentials could not be reached, this time.
    **dict.fromkeys(("CredentialRetrievalError", "MetadataRetrievalError"), (CredentialsError, True)),
    **dict.fromkeys(
        (
            "LoginAuthorizationCodeError",
            "LoginError",
            "LoginInsufficientPermissions",
            "LoginRefreshRequired",
            "LoginTokenLoadError",
            "NoAuthTokenError",
            "NoCredentialsError",
            "PartialCredentialsError",
            "RefreshWithMFAUnsupportedError",
            "SSOError",
            "SSOTokenLoadError",
            "TokenRetrievalError",
            "UnauthorizedSSOTokenError",
        ),
        (CredentialsError, False),
    ),
    **dict.fromkeys(
        (
            "ApiVersionNotFoundError",
            "BaseEndpointResolverError",
            "ConfigNotFound",
            "ConfigParseError",
            "DataNotFoundError",
            "EndpointProviderError",
            "EndpointResolutionError",
            "EndpointVariantError",
            "InfiniteLoopConfigError",
            "InvalidChecksumConfigError",
            "InvalidConfigError",
            "InvalidDefaultsMode",
            "InvalidEndpointConfigurationError",
            "InvalidEndpointDiscoveryConfigurationError",
            "InvalidHostLabelError",
            "InvalidIMDSEndpointError",
            "InvalidIMDSEndpointModeError",
            "InvalidMaxRetryAttemptsError",
            "InvalidProxiesConfigError",
            "InvalidRegionError",
            "InvalidRetryConfigurationError",
            "InvalidRetryModeError",
            "InvalidSTSRegionalEndpointsConfigError",
            "NoRegionError",
            "ProfileNotFound",
            "ServiceNotInRegionError",
            "UnknownCredentialError",
            "UnknownEndpointError",
            "UnknownEndpointResolutionBuiltInName",
            "UnknownFIPSEndpointError",
            "UnknownRegionError",
            "UnknownServiceError",
            "UnknownServiceStyle",
            "UnknownSignatureVersionError",
            "UnknownTokenProviderError",
            "UnsupportedServiceProtocolsError",
            "UnsupportedSignatureVersionError",
        ),
        (ConfigurationError, False),
    ),
}

# These come out as they are.
PASSED_THROUGH = frozenset(
    {
        # Arguments are checked before; what botocore alone refuses, botocore words best.
        "AliasConflictParameterError",
        "MissingParametersError",
        "ParamValidationError",
        "RangeError",
        "UnknownKeyError",
        "UnknownParameterError",
        "ValidationError",
        # Stubber's own assertions, which a test wants to see.
        "StubAssertionError",
        "StubResponseError",
        "UnStubbedResponseError",
        # Of botocore features and services that DescribeImages does not touch.
        "EventStreamError",
        "InvalidDNSNameError",
        "InvalidExpressionError",
        "InvalidS3AddressingStyleError",
        "InvalidS3UsEast1RegionalEndpointConfigError",
        "OperationNotPageableError",
        "PaginationError",
        "UnknownClientMethodError",
        "UnsupportedOutpostResourceError",
        "UnsupportedS3AccesspointConfigurationError",
        "UnsupportedS3ArnError",
        "UnsupportedS3ConfigurationError",
        "UnsupportedS3ControlArnError",
        "UnsupportedS3ControlConfigurationError",
        "WaiterConfigError",
        "WaiterError",
        # Mistakes in botocore's own data, and warnings.
        "ImminentRemovalWarning",
        "MissingServiceIdError",
        "UndefinedModelAttributeError",
        "UnsupportedTLSVersionWarning",
    }
)


def service_error(error: ClientError, request: Mapping[str, Any]) -> ServiceError:
    """Return the error of this library for an error that the service answered with."""
    response = error.response
    error_class = BY_CODE.get(error_code(response))
    if error_class is None:
        # Of a status alone nothing follows (AccessDenied is sent as 400 and as 403), but for this.
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0
        error_class = ServerError if status >= 500 else ServiceError
    return error_class(response, error.operation_name, request)


def transport_error(error: BotoCoreError) -> BotoCoreError:
    """Return the error of this library for one of botocore's, or the same where that says it best."""
    for ancestor in type(error).__mro__:
        if ancestor.__name__ in PASSED_THROUGH:
            break
        if ancestor.__name__ in BY_BOTOCORE_CLASS:
            error_class, retryable = BY_BOTOCORE_CLASS[ancestor.__name__]
            return error_class(redacted(" ".join(str(error).split())), retryable=retryable)
    return error
