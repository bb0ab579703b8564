"""The public class `FakeECR`."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Self, final

from ecrimages.testing._contents import Contents
from ecrimages.testing._environment import activated, environment, make_client
from ecrimages.testing._faults import Fault, check_is_number
from ecrimages.testing._images import check_registry_id
from ecrimages.testing._patterns import REGION_NAME, matches
from ecrimages.testing._rate_limit import TokenBucket
from ecrimages.testing._registry import Registry
from ecrimages.testing._server import Server
from ecrimages.testing._service import RecordedRequest, Service

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_ecr import ECRClient

__all__ = ["FakeECR"]


@final
class FakeECR(Contents):
    """A local fake of the ECR API: add images to it, and let boto3 talk to it over HTTP.

    It supports DescribeImages, DescribeRepositories, ListImages, BatchGetImage, BatchDeleteImage and
    DescribeImageScanFindings, with ECR's pages, filters, image ids and errors. Images are listed by digest;
    ECR's order is not documented. Whatever its region and credentials, a client reaches the same images:
    signatures are not verified. The digest of an image is not that of the manifest which BatchGetImage returns.
    Threads may share a FakeECR.

    It runs within its `with` statement. Its images and the recorded requests remain after the end, and it
    can be started again. A forked child can send requests to it, but not change it.

    Example::

        with FakeECR() as ecr:
            ecr.add_image("team/app", tags=["v1"])
            client = ecrimages.Client(ecr.client())

    Args:
        registry_id: The account of the callers, 12 digits.
        region_name: The region, which appears in ARNs and URIs.
        latency: Seconds that are added to each response.
        rate_limit: Requests per second, over all operations. A request beyond it gets a ThrottlingException,
            and takes no injected fault. None for no limit.
        burst: The number of requests that are allowed at once after a pause. None for one second's worth of
            `rate_limit`, rounded up.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is malformed or out of range, or `burst` was given without `rate_limit`.
    """

    def __init__(
        self,
        *,
        registry_id: str = "123456789012",
        region_name: str = "us-east-1",
        latency: float = 0.0,
        rate_limit: float | None = None,
        burst: int | None = None,
    ) -> None:
        check_registry_id(registry_id)
        if not matches(REGION_NAME, region_name):
            raise ValueError(f"region_name must be a region such as 'us-east-1', not {region_name!r}")
        _check_number("latency", latency)
        if latency < 0:
            raise ValueError(f"latency must not be negative, not {latency!r}")
        super().__init__(Registry(registry_id, region_name))
        self._service = Service(self._registry, latency, _token_bucket(rate_limit, burst))
        self._server: Server | None = None

    def __enter__(self) -> Self:
        if self._server is not None:
            raise RuntimeError(f"{self!r} is running already")
        self._server = Server(self._service)
        return self

    def __exit__(self, error_type: object, error: object, traceback: object) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None
        errors, self._service.errors = self._service.errors, []
        if errors and not isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
            raise RuntimeError(f"a request to FakeECR failed with {errors[0]!r}") from errors[0]

    def __repr__(self) -> str:
        where = "not running" if self._server is None else f"at {self._server.url}"
        return f"<FakeECR {where}, {len(self._service.requests)} requests>"

    @property
    def registry_id(self) -> str:
        """The account of the callers."""
        return self._registry.registry_id

    @property
    def region_name(self) -> str:
        """The region."""
        return self._registry.region_name

    @property
    def endpoint_url(self) -> str:
        """The URL of the server, such as `http://127.0.0.1:40123`.

        Raises:
            RuntimeError: It is not running.
        """
        if self._server is None:
            raise RuntimeError("a FakeECR runs only within its with statement: with FakeECR() as ecr: ...")
        return self._server.url

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """The requests received, oldest first, botocore's own retries included."""
        return tuple(self._service.requests)

    def client(self, config: Config | None = None) -> ECRClient:
        """Return a boto3 client for this fake, whatever the AWS environment and configuration of the machine.

        Args:
            config: Settings of the client, which override those for tests: each request is attempted once,
                so that an injected fault reaches the caller at once, and no proxy is used.

        Raises:
            RuntimeError: It is not running.
            TypeError: `config` is not a `botocore.config.Config`.
        """
        endpoint_url, server = self.endpoint_url, self._server
        return make_client(endpoint_url, self.region_name, config, lambda: self._server is not server)

    def environment(self) -> dict[str, str]:
        """Return environment variables with which boto3 and the AWS CLI reach this fake, for subprocesses.

        They override the machine's own profile, configuration files, session token, endpoint settings and
        proxies. Some settings cannot be overridden, because no value means "not set". If the machine has
        them, remove `AWS_AUTH_SCHEME_PREFERENCE`, `AWS_CA_BUNDLE`, `AWS_DATA_PATH`, `AWS_DEFAULTS_MODE`,
        `AWS_MAX_ATTEMPTS`, `AWS_RETRY_MODE` and `REQUESTS_CA_BUNDLE`. For code in this process there is
        `activated()`.

        Raises:
            RuntimeError: It is not running.
        """
        return environment(self.endpoint_url, self.region_name)

    def activated(self) -> AbstractContextManager[None]:
        """Return a context manager within which boto3's default session and `ecrimages` reach this fake.

        It sets the variables of `environment()`, removes those that it names, and gives boto3 a new default
        session; at the end it restores all of them. Clients that were created before are unaffected, and clients
        keep this endpoint after the end.

        Example::

            with FakeECR() as ecr, ecr.activated():
                ecr.add_image("team/app", tags=["v1"])
                assert ecrimages.image_exists("team/app", tag="v1")

        Raises:
            RuntimeError: It is not running.
        """
        return activated(self.endpoint_url, self.region_name)

    def inject_faults(
        self, *faults: Fault | None, repository_name: str | None = None, operation: str | None = None
    ) -> None:
        """Queue faults for the next requests.

        After `ecr.inject_faults(None, Fault.throttling())` the next request succeeds, and the one after it is
        throttled. Further calls append to the queue. Requests after the last fault succeed.

        Each combination of repository and operation has a queue of its own. A request takes one fault: from
        the queue for its repository and operation, else for its repository, else for its operation, else from
        the queue for all requests.

        Args:
            *faults: A fault for each request, in order, or None for a good response.
            repository_name: Only for requests about this repository. None for all.
            operation: Only for requests of this operation, such as `"DescribeRepositories"`. None for all.

        Raises:
            TypeError: One of the faults is not a `Fault`, or `repository_name` is not a string.
            ValueError: `repository_name` is malformed, or FakeECR does not support `operation`.
        """
        self._service.inject_faults(faults, repository_name, operation)


def _token_bucket(rate_limit: float | None, burst: int | None) -> TokenBucket | None:
    if rate_limit is None:
        if burst is not None:
            raise ValueError("burst needs a rate_limit")
        return None
    _check_number("rate_limit", rate_limit)
    if rate_limit <= 0:
        raise ValueError(f"rate_limit must be greater than 0, not {rate_limit!r}")
    if burst is None:
        return TokenBucket(rate_limit, math.ceil(rate_limit))
    _check_number("burst", burst)
    if burst < 1 or int(burst) != burst:
        raise ValueError(f"burst must be an integer of at least 1, not {burst!r}")
    return TokenBucket(rate_limit, burst)


def _check_number(name: str, value: float) -> None:
    check_is_number(name, value)
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, not {value!r}")
