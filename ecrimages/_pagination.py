"""A listing page by page, without I/O: what to request next, and what a page means.

A `Position` is never changed, only replaced, in one assignment and after everything that can fail. So whatever
interrupts a call, the position is that of before or that of after, and the listing resumes there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import length_hint
from typing import Any, Generic, TypeVar

import attrs

from ecrimages._errors import RepeatedTokenError
from ecrimages._operations import Operation

__all__ = ["Listing", "Position"]

_T = TypeVar("_T")


@attrs.frozen(eq=False, repr=False)
class Position(Generic[_T]):
    """How far a listing has come."""

    page: Any = None
    """The page at hand; what is left of it is in `items`."""
    items: Iterator[_T] = attrs.field(factory=lambda: iter(()))
    pages_fetched: int = 0
    items_fetched: int = 0
    next_token: str | None = None
    """The token of the next page to request. None for the first."""
    remaining: int | None = None
    """How many more items the limit allows. None without a limit."""
    is_last: bool = False
    """Whether there is no page after the one at hand."""

    @property
    def items_yielded(self) -> int:
        """How many items were handed out."""
        return self.items_fetched - length_hint(self.items)


class Listing(Generic[_T]):
    """What is the same throughout a listing.

    Args:
        parameters: The parameters that every request has, without its page size.
        page_size: How many items to request at a time.
        limit: How many items to return in all. None for all of them.
        token: The token of the first page to request. None for the first of all.
        operation: The operation that lists.
    """

    def __init__(
        self,
        parameters: Mapping[str, Any],
        *,
        page_size: int,
        limit: int | None = None,
        token: str | None = None,
        operation: Operation,
    ) -> None:
        self.parameters = parameters
        self._page_size = page_size
        self.operation = operation
        self.start: Position[_T] = Position(next_token=token, remaining=limit, is_last=limit == 0)
        # By token, the number of the page that it leads to. A page that is requested again after an error may
        # bring its token again: that leads to the same page.
        self._page_numbers: dict[bytes, int] = {} if token is None else {_fingerprint(token): 0}

    def request(self, position: Position[_T]) -> dict[str, Any]:
        """Return the parameters of the request for the next page."""
        size = self._page_size if position.remaining is None else min(self._page_size, position.remaining)
        token = {} if position.next_token is None else {"nextToken": position.next_token}
        return {**self.parameters, "maxResults": size, **token}

    def after(self, position: Position[_T], page: Any) -> Position[_T]:
        """Return the position after a page has come.

        Raises:
            RepeatedTokenError: The page leads back to one that was fetched before.
        """
        number = position.pages_fetched + 1
        token = page.next_token
        if token is not None and self._page_numbers.setdefault(_fingerprint(token), number) != number:
            error = RepeatedTokenError(token, request_id=page.request_id)
            error.operation_name, error.repository_name = self.operation.name, self.parameters.get("repositoryName")
            raise error
        items = self.items_of(page)
        remaining = position.remaining
        if remaining is not None:
            if len(items) > remaining:
                # ECR respects maxResults, emulators do not. The new token would pass over the surplus.
                items, token = items[:remaining], position.next_token
                page = self.with_items(attrs.evolve(page, next_token=token), items)
            remaining -= len(items)
        return Position(
            page=page,
            items=iter(items),
            pages_fetched=number,
            items_fetched=position.items_fetched + len(items),
            next_token=token,
            remaining=remaining,
            is_last=token is None or remaining == 0,
        )

    def without_page(self, position: Position[_T]) -> Position[_T]:
        """Return the same position without the page at hand, of which nothing is left, to free its memory."""
        return attrs.evolve(position, page=None, items=iter(()))

    def rest(self, position: Position[_T]) -> tuple[Any, Position[_T]]:
        """Return what is left of the page at hand, and the position after it. Both share no memory."""
        count = length_hint(position.items)
        items = self.items_of(position.page)
        rest = self.with_items(position.page, items[len(items) - count :])
        return rest, attrs.evolve(position, page=self.with_items(rest, ()), items=iter(()))

    def items_of(self, page: Any) -> tuple[_T, ...]:
        """Return the items of a page."""
        items: tuple[_T, ...] = getattr(page, self.operation.items_name)
        return items

    def with_items(self, page: Any, items: tuple[_T, ...]) -> Any:
        """Return a page with other items."""
        return attrs.evolve(page, **{self.operation.items_name: items})


def _fingerprint(token: str) -> bytes:
    import hashlib

    # Tokens can be long, and there may be one for each image.
    return hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=16).digest()
