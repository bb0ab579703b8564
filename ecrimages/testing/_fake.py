"""The ECR that a test holds in its hand."""

from __future__ import annotations

import functools
import hashlib
import itertools
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, final

import attrs

from ecrimages._models import Image
from ecrimages.testing._faults import Fault
from ecrimages.testing._parameters import check_image, check_name
from ecrimages.testing._registry import Registry
from ecrimages.testing._server import Server
from ecrimages.testing._service import RecordedRequest, Service

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    import boto3
    from botocore.config import Config
    from mypy_boto3_ecr import ECRClient

__all__ = ["FakeECR"]

# Signatures are not looked at: these only have to be there.
_ACCESS_KEY_ID = "testing"
_SECRET_ACCESS_KEY = "testing"  # noqa: S105
_making_a_client = threading.Lock()
_NAMED_ARGUMENTS = frozenset({"repository_name", "tags", "digest", "pushed_at"})


@final
class FakeECR:
    """An ECR on this machine, for tests: what it holds is added to it, and boto3 talks to it over HTTP.

    It answers `DescribeImages` as ECR does: in pages, filtered, by ids, with ECR's own errors for wrong
    parameters and for what is not there; and `BatchDeleteImage` and `DescribeRepositories`. The order of
    a listing is by digest, which is as good as none. Signatures are not looked at. Threads may share it.

    It answers inside of its `with` statement. What it holds, and what it was asked, outlives that, and it
    can be started again.

    Example::

        with FakeECR() as ecr:
            ecr.add_image("team/app", tags=["v1"])
            client = ecrimages.Client(ecr.client())

    Args:
        registry_id: The account that callers belong to, 12 digits.
        region_name: The region that `client()` and `environment()` name.

    Raises:
        ValueError: `registry_id` is not 12 digits.
    """

    def __init__(self, *, registry_id: str = "123456789012", region_name: str = "us-east-1") -> None:
        check_name("registry_id", registry_id)
        self.registry_id = registry_id
        self.region_name = region_name
        self._registry = Registry(registry_id, region_name)
        self._service = Service(self._registry)
        self._server: Server | None = None
        self._digests = itertools.count(1)

    def __enter__(self) -> Self:
        if self._server is not None:
            raise RuntimeError(f"{self!r} is running already")
        self._server = Server(self._service)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __repr__(self) -> str:
        where = "not running" if self._server is None else f"at {self._server.url}"
        return f"<FakeECR {where}, {len(self.requests)} requests>"

    @property
    def endpoint_url(self) -> str:
        """Where it listens, as in `http://127.0.0.1:40123`. RuntimeError outside of its `with` statement."""
        if self._server is None:
            raise RuntimeError("a FakeECR runs inside of its with statement only: with FakeECR() as ecr: ...")
        return self._server.url

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """The requests that came, oldest first; botocore's own retries count."""
        return self._service.requests

    def client(self, config: Config | None = None) -> ECRClient:
        """Return a boto3 client that talks to this ECR.

        Args:
            config: Settings of the client. What they leave open is set for tests: one attempt at each
                request, so that a fault comes out at once, and no proxy.

        Raises:
            RuntimeError: It is not running.
        """
        from botocore.config import Config

        # Of proxies that the environment names, none leads to this machine.
        settings = Config(retries={"mode": "standard", "total_max_attempts": 1}, proxies={})
        # boto3 makes sessions and clients in one thread at a time only.
        with _making_a_client:
            return _session().client(
                "ecr",
                region_name=self.region_name,
                endpoint_url=self.endpoint_url,
                config=settings if config is None else settings.merge(config),
            )

    def environment(self) -> dict[str, str]:
        """Return environment variables that lead boto3's default session here, for code under test.

        As in `for name, value in ecr.environment().items(): monkeypatch.setenv(name, value)`. boto3's
        default session and the functions of `ecrimages` keep the client that they made first: for these,
        one FakeECR has to serve a whole test run. A `Client(ecr.client())` of its own serves a single test.

        Raises:
            RuntimeError: It is not running.
        """
        return {
            "AWS_ENDPOINT_URL_ECR": self.endpoint_url,
            "AWS_DEFAULT_REGION": self.region_name,
            "AWS_ACCESS_KEY_ID": _ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": _SECRET_ACCESS_KEY,
        }

    def add_repository(self, repository_name: str, *, registry_id: str | None = None) -> None:
        """Make a repository without images. `add_image()` makes the ones that it needs.

        Args:
            repository_name: The name, as in `team/app`.
            registry_id: The account that owns it. None for the callers' own.

        Raises:
            ValueError: ECR could not have it, by its name or registry.
        """
        registry_id = self.registry_id if registry_id is None else registry_id
        check_name("repository_name", repository_name)
        check_name("registry_id", registry_id)
        self._registry.add_repository(repository_name, registry_id)

    def add_image(
        self,
        repository_name: str,
        *,
        tags: Iterable[str] = (),
        digest: str | None = None,
        pushed_at: datetime | None = None,
        **fields: Any,
    ) -> Image:
        """Put an image into a repository.

        As in ECR, a tag that is on another image moves to this one. An image with the same digest is
        replaced.

        Args:
            repository_name: The repository, which is made if it is not there.
            tags: Its tags. Without, the image is untagged.
            digest: The digest of its manifest, `sha256:…`. None to have one made up.
            pushed_at: When it was pushed, an aware datetime. None for now.
            **fields: Other fields of `Image`, as in `size_in_bytes=1_000_000`; `registry_id` for a repository
                of another account.

        Returns:
            The image, equal to the one that a client is told of.

        Raises:
            TypeError: `Image` has no such field, or a value is of a wrong type.
            ValueError: ECR could not have it, by its repository, registry, digest or tags; or `pushed_at` has
                no time zone.
        """
        known = [field.name for field in attrs.fields(Image) if field.name not in _NAMED_ARGUMENTS]
        if unknown := [name for name in fields if name not in known]:
            raise TypeError(f"an Image has no {unknown[0]!r}; its other fields are {', '.join(known)}")
        made_up = hashlib.sha256(f"image {next(self._digests)}".encode()).hexdigest()
        image = Image(
            registry_id=fields.pop("registry_id", self.registry_id),
            repository_name=repository_name,
            digest=f"sha256:{made_up}" if digest is None else digest,
            pushed_at=datetime.now(UTC) if pushed_at is None else pushed_at,
            tags=tags,
            **fields,
        )
        self.add_images([image])
        return image

    def add_images(self, images: Iterable[Image]) -> None:
        """Put images into the repositories and registries that they name.

        Args:
            images: Any number of them: 100,000 are no strain.

        Raises:
            TypeError: One of them is no `Image`. The ones before it are there now.
            ValueError: ECR could not have one of them. The ones before it are there now.
        """
        for image in images:
            check_image(image)
            self._registry.add_image(image)

    def play(self, *script: Fault | None) -> None:
        """Have something go wrong with the next requests.

        As in `ecr.play(None, Fault.throttling())`: the next request is answered, the one after it throttled.

        Args:
            *script: A fault for each request to come, in order, or None for a good answer. It goes on where
                an earlier script ends; after the last, all is well again.

        Raises:
            TypeError: One of them is no `Fault`.
        """
        self._service.play(script)


@functools.cache
def _session() -> boto3.Session:
    # A new one would read the service's model again, which takes ten times as long as all else that a
    # client needs.
    import boto3

    return boto3.Session(_ACCESS_KEY_ID, _SECRET_ACCESS_KEY)
