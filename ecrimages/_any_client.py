"""What the synchronous and the asynchronous client have in common."""

from __future__ import annotations

from typing import Any

from ecrimages._models import Image
from ecrimages._own_client import HandedInClient, OwnClient, TransportSource
from ecrimages._parameters import check_registry_id
from ecrimages._uri import check_image, image_uri

__all__ = ["AnyClient"]


class AnyClient:
    """A client that is handed in or made on first use, and a default registry."""

    def __init__(self, ecr: Any, registry_id: str | None) -> None:
        check_registry_id(registry_id)
        self._registry_id = registry_id
        self._source: TransportSource = OwnClient() if ecr is None else HandedInClient(ecr)

    def __repr__(self) -> str:
        region = self._source.region_name
        where = "region not resolved yet" if region is None else f"region {region!r}"
        registry = "" if self._registry_id is None else f", registry {self._registry_id!r}"
        return f"<{type(self).__name__.removeprefix('_Default')}: {where}{registry}>"

    def _ecr(self) -> Any:
        """Return the client, made if need be."""
        return self._source.transport().ecr

    def _image_uri(self, image: Image, tag: str | None) -> str:
        from ecrimages._client_view import dns_suffix

        check_image(image, tag)
        meta = self._ecr().meta
        return image_uri(image, region_name=meta.region_name, dns_suffix=dns_suffix(meta.partition), tag=tag)

    def _registry_or_default(self, registry_id: str | None) -> str | None:
        return self._registry_id if registry_id is None else registry_id
