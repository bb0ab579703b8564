"""What the iterators of both clients have in common: how far they have come, and what they request next. No I/O.

A cursor describes each turn of an iterator: at most one request, and what its response leads to. The synchronous
iterators make the request, the asynchronous ones await it. Only the iterators replace the position, on the line on
which they hand something out: an interrupt falls before it or after it. (A generator would do for a turn, but for the
lines that Python executes in it when an exception passes through, or when it is dropped.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import length_hint
from typing import Any, Generic, NoReturn, TypeAlias, TypeVar

import attrs

from ecrimages._errors import ImageNotFoundError
from ecrimages._lookup import Lookup, LookupState
from ecrimages._models import Image
from ecrimages._pagination import Listing, Position

__all__ = [
    "ImageCursor",
    "LookupCursor",
    "Move",
    "NameCursor",
    "OneShot",
    "Request",
    "Turn",
    "check_not_moved",
]

_T = TypeVar("_T")
_R = TypeVar("_R")

Move: TypeAlias = tuple[_T, Exception | None]
"""The position after a turn, and the error that is raised with it."""
Request: TypeAlias = Mapping[str, Any]
"""The parameters of a request, by ECR's own names."""


@attrs.frozen(eq=False)
class Turn(Generic[_R]):
    """A turn of an iterator."""

    request: Request | None
    """The request to make. None if the turn needs none."""
    received: Callable[[Any], _R]
    """Returns what the turn leads to, from the page that came, or None without a request."""
    not_found: Callable[[ImageNotFoundError], _R]
    """Returns what the turn leads to if there was this error, or raises it."""


class OneShot:
    """An iterator that cannot be copied: two copies would share what is left."""

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be copied or pickled; call the method again, or use list()")


class ListingCursor(OneShot, Generic[_T]):
    """How far the iterator of a listing has come."""

    def __init__(self, listing: Listing[_T]) -> None:
        self._listing = listing
        self._position: Position[_T] = listing.start

    @property
    def next_token(self) -> str | None:
        """The token of the first page that was not fetched yet, for `start_token=`.

        None before the first page, and after the last: `repr()` tells which. What is left of the page at hand
        lies before the token; to lose nothing, save it between the pages of `pages()`. ECR: `nextToken`.
        """
        return self._position.next_token

    def _turn(self) -> Turn[Move[Position[_T]] | None]:
        """Return the turn that fetches the next page. It leads to None if there is no more."""
        # The page at hand is used up: without it, two pages are never in memory.
        before = self._position = self._listing.without_page(self._position)
        if before.is_last:
            return Turn(None, lambda _: None, _raise)

        def received(page: Any) -> Move[Position[_T]]:
            after = self._listing.after(before, page)
            check_not_moved(before, self._position)
            return after, None

        return Turn(self._listing.request(before), received, _raise)

    def _page_turn(self) -> Turn[tuple[Any, Position[_T]] | None]:
        """Return the turn that takes the rest of the page at hand, or fetches the next.

        It leads to the page, None if that is passed over, and the position; or to None if there is no more.
        """
        if length_hint(self._position.items):
            return Turn(None, lambda _: self._rest(self._position), _raise)
        turn = self._turn()

        def received(page: Any) -> tuple[Any, Position[_T]] | None:
            move = turn.received(page)
            return None if move is None else self._rest(move[0])

        return Turn(turn.request, received, _raise)

    def _rest(self, position: Position[_T]) -> tuple[Any, Position[_T]]:
        page, after = self._listing.rest(position)
        # An empty page that is not the last says nothing.
        is_passed_over = not self._listing.items_of(page) and not after.is_last
        return None if is_passed_over else page, after

    @property
    def _state(self) -> str:
        position = self._position
        if not position.is_last:
            return "not started" if position.pages_fetched == 0 else "more to come"
        if length_hint(position.items):
            return "more to come"
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

    def _turn(self) -> Turn[Move[LookupState] | None]:
        """Return the turn that fetches the next batch, or raises an error that is due.

        It leads to None if there is no more.
        """
        before = self._position
        state = self._lookup.prepared(before)
        if state.errors:
            error, rest = self._lookup.first_error(state)
            return Turn(None, lambda _: (rest, error), _raise)
        if state.is_last:
            return Turn(None, lambda _: None, _raise)

        def moved(after: LookupState) -> Move[LookupState]:
            check_not_moved(before, self._position)
            return after, None

        return Turn(
            self._lookup.request(state),
            lambda page: moved(self._lookup.after(state, page)),
            lambda error: moved(self._lookup.after_not_found(state, error)),
        )


def _raise(error: ImageNotFoundError) -> NoReturn:
    raise error


def check_not_moved(before: object, now: object) -> None:
    """Raise RuntimeError if an iterator was moved by someone else while it waited for a response."""
    if before is not now:
        raise RuntimeError(
            "next() was called again while it waited for a response: by an event handler, or in another thread or "
            "task. Use one iterator for each"
        )
