"""The ECR that a test holds in its hand."""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, final

from ecrimages._models import Image
from ecrimages.testing._faults import Fault
from ecrimages.testing._registry import Registry
from ecrimages.testing._server import RecordedRequest, Server

if TYPE_CHECKING:
    from types import TracebackType

    from botocore.config import Config
    from mypy_boto3_ecr import ECRClient
    from typing_extensions import Self

__all__ = ["FakeECR"]

# Signatures are not looked at: these only have to be there.
_ACCESS_KEY_ID = "testing"
_SECRET_ACCESS_KEY = "testing"  # noqa: S105
_making_a_client = threading.Lock()


@final
class FakeECR:
    """An ECR on this machine, for tests: what it holds is added to it, and boto3 talks to it over HTTP.

    It answers `DescribeImages` as ECR does: in pages, filtered, by ids, with ECR's own errors for wrong
    parameters and for what is not there; and `BatchDeleteImage`. The order of a listing is by digest, which
    is as good as none. Signatures are not looked at. Threads may share it.

    Example::

        with FakeECR() as ecr:
            ecr.add_image("team/app", tags=["v1"])
            client = ecrimages.Client(ecr.client())

    Args:
        registry_id: The account that callers belong to, 12 digits.
        region_name: The region that `client()` and `environment()` name.
    """

    def __init__(self, *, registry_id: str = "123456789012", region_name: str = "us-east-1") -> None:
        self.registry_id = registry_id
        self.region_name = region_name
        self._registry = Registry(registry_id)
        self._server = Server(self._registry)
        self._digests = itertools.count(1)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.stop()

    def __repr__(self) -> str:
        return f"<FakeECR at {self.endpoint_url}, {len(self._server.requests)} requests>"

    @property
    def endpoint_url(self) -> str:
        """Where it listens, as in `http://127.0.0.1:40123`."""
        return self._server.url

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """The requests that came, oldest first; botocore's own retries count."""
        return tuple(self._server.requests)

    def client(self, config: Config | None = None) -> ECRClient:
        """Return a boto3 client that talks to this ECR.

        Args:
            config: Settings of the client. Without, it makes one attempt at each request, so that a fault
                comes out at once.
        """
        import boto3
        from botocore.config import Config

        settings = Config(retries={"mode": "standard", "total_max_attempts": 1})
        # boto3 makes sessions and clients in one thread at a time only.
        with _making_a_client:
            session = boto3.Session(_ACCESS_KEY_ID, _SECRET_ACCESS_KEY, region_name=self.region_name)
            return session.client(
                "ecr",
                endpoint_url=self.endpoint_url,
                config=settings if config is None else settings.merge(config),
            )

    def environment(self) -> dict[str, str]:
        """Return environment variables that lead boto3's default session here, for code under test.

        As in `for name, value in ecr.environment().items(): monkeypatch.setenv(name, value)`.
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
        """
        self._registry.add_repository(repository_name, registry_id or self.registry_id)

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

        As in ECR, a tag that is on another image moves to this one, and an image with the same digest is
        replaced.

        Args:
            repository_name: The repository, which is made if it is not there.
            tags: Its tags. Without, the image is untagged.
            digest: The digest of its manifest. None to have one made up.
            pushed_at: When it was pushed, an aware datetime. None for now.
            **fields: Other fields of `Image`, as in `size_in_bytes=1_000_000`.

        Returns:
            The image.
        """
        made_up = hashlib.sha256(f"image {next(self._digests)}".encode()).hexdigest()
        image = Image(
            registry_id=fields.pop("registry_id", self.registry_id),
            repository_name=repository_name,
            digest=digest or f"sha256:{made_up}",
            pushed_at=pushed_at or datetime.now(timezone.utc),
            tags=tuple(tags),
            **fields,
        )
        self._registry.add_image(image)
        return image

    def add_images(self, images: Iterable[Image]) -> None:
        """Put images into the repositories and registries that they name.

        Args:
            images: Any number of them: 100,000 are no strain.
        """
        for image in images:
            self._registry.add_image(image)

    def play(self, *script: Fault | None) -> None:
        """Have something go wrong with the next requests.

        As in `ecr.play(None, Fault.throttling())`: the next request is answered, the one after it throttled.

        Args:
            *script: A fault for each request to come, in order, or None for a good answer. It goes on where
                an earlier script ends; after the last, all is well again.
        """
        self._server.play(script)
