"""What the iterators of both clients have in common: how far they have come, and what they request next. No I/O.

An iterator of a cursor hands out the items at hand. When there are none, it prepares the cursor, makes the request that
the cursor asks for, and replaces the cursor's position by the one after the response.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import length_hint
from typing import Any, Generic, NoReturn, TypeAlias, TypeVar

from ecrimages._errors import ImageNotFoundError
from ecrimages._lookup import Lookup, LookupState
from ecrimages._models import Image
from ecrimages._pagination import Listing, Position

__all__ = ["ImageCursor", "LookupCursor", "NameCursor", "OneShot", "PageCursor", "Request", "check_not_moved"]

_T = TypeVar("_T")

Request: TypeAlias = Mapping[str, Any]
"""The parameters of a request, by ECR's own names."""


class OneShot:
    """An iterator that cannot be copied: two copies would share what is left."""

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be copied or pickled; call the method again, or use list()")


class PageCursor(OneShot):
    """The images of an iterator by page.

    Args:
        images: The iterator by image, whose position they share.
        take: Returns its next page.
    """

    def __init__(self, images: object, take: Callable[[], Any]) -> None:
        self._images = images
        self._take = take

    def __repr__(self) -> str:
        return f"<pages of {self._images!r}>"


class ListingCursor(OneShot, Generic[_T]):
    """How far the iterator of a listing has come."""

    def __init__(self, listing: Listing[_T]) -> None:
        self._listing = listing
        self._position: Position[_T] = listing.start

    @property
    def next_token(self) -> str | None:
        """The token of the next page to fetch, for `start_token=`.

        None before the first page, and after the last; `repr()` shows which. The token does not cover the rest of the
        current page: to lose no image, iterate over `pages()` and save the token after each page. ECR: `nextToken`.
        """
        return self._position.next_token

    def _prepare(self) -> None:
        # The page at hand is used up: without it, two pages are never in memory.
        self._position = self._listing.without_page(self._position)

    def _due_error(self) -> tuple[Exception, Any] | None:
        """Return the error to raise before the next request: a listing has none."""
        return None

    def _request(self) -> Request | None:
        """Return the next request. None if there is no more."""
        return None if self._position.is_last else self._listing.request(self._position)

    def _after(self, before: Position[_T], outcome: Any) -> Position[_T]:
        """Return the position after a request that was made at another: its page, or its ImageNotFoundError."""
        if isinstance(outcome, Exception):
            raise outcome
        after = self._listing.after(before, outcome)
        check_not_moved(before, self._position)
        return after

    def _page(self, position: Position[_T]) -> tuple[Any, Position[_T]]:
        """Return what is left of the page at hand, None if that is to be passed over, and the position after it."""
        page, after = self._listing.rest(position)
        is_passed_over = not self._listing.items_of(page) and not after.is_last
        return None if is_passed_over else page, after

    @property
    def _state(self) -> str:
        position = self._position
        if not position.is_last or length_hint(position.items):
            return "not started" if position.pages_fetched == 0 else "more to come"
        return "limit reached" if position.remaining == 0 else "finished"


class ImageCursor(ListingCursor[Image]):
    """How far the iterator of a repository's images has come."""

    def __repr__(self) -> str:
        repository_name = self._listing.parameters["repositoryName"]
        count = self._position.items_yielded
        return f"<{type(self).__name__} of {repository_name!r}: {count} images yielded, {self._state}>"


class NameCursor(ListingCursor[str]):
    """How far the iterator of a registry's repositories has come."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._position.items_yielded} names yielded, {self._state}>"


class LookupCursor(OneShot):
    """How far the iterator of the images with certain ids has come."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._position = lookup.start

    def __repr__(self) -> str:
        repository_name = self._lookup.parameters["repositoryName"]
        return f"<{type(self).__name__} in {repository_name!r}: {self._position.items_yielded} images yielded>"

    def _prepare(self) -> None:
        before = self._position
        after = self._lookup.prepared(before)
        # The caller's iterator of ids may have asked for the next image.
        check_not_moved(before, self._position)
        self._position = after

    def _due_error(self) -> tuple[Exception, Any] | None:
        """Return the error to raise before the next request, of a missing image or a malformed id, and what follows."""
        return self._lookup.first_error(self._position) if self._position.errors else None

    def _request(self) -> Request | None:
        """Return the next request. None if there is no more."""
        return None if self._position.is_last else self._lookup.request(self._position)

    def _after(self, before: LookupState, outcome: Any) -> LookupState:
        """Return the state after a request that was made in another: its page, or its ImageNotFoundError."""
        if isinstance(outcome, ImageNotFoundError):
            after = self._lookup.after_not_found(before, outcome)
        else:
            after = self._lookup.after(before, outcome)
        check_not_moved(before, self._position)
        return after


def check_not_moved(before: object, now: object) -> None:
    """Raise RuntimeError if an iterator was advanced elsewhere while it waited for a response."""
    if before is not now:
        raise RuntimeError(
            "the iterator was advanced by an event handler, another thread or another task while it waited for a "
            "response. Use one iterator for each"
        )
