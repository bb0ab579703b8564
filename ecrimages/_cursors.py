"""What the iterators of both clients have in common: how far they have come, and what they request next. No I/O.

A cursor describes each turn of an iterator as a generator, its steps: it yields the parameters of at most one request,
is sent the page that came or is thrown the error, and returns what the turn leads to. The synchronous iterators make
the request, the asynchronous ones await it. A generator lasts for one turn: what is kept between turns is the position
alone, which the iterators replace.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from operator import length_hint
from typing import Any, Generic, NoReturn, TypeAlias, TypeVar

from ecrimages._errors import ImageNotFoundError
from ecrimages._lookup import Lookup, LookupState
from ecrimages._models import Image
from ecrimages._pagination import Listing, Position

__all__ = [
    "ImageCursor",
    "LookupCursor",
    "NameCursor",
    "OneShot",
    "Request",
    "Steps",
    "Turn",
    "check_not_moved",
]

_T = TypeVar("_T")
_R = TypeVar("_R")

Request: TypeAlias = Mapping[str, Any]
"""The parameters of a request, by ECR's own names."""
Steps: TypeAlias = Generator[Request, Any, _R]
"""A turn of an iterator: yields at most one request, is sent its page, and returns the outcome."""


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

    def _steps(self) -> Steps[Position[_T] | None]:
        """Fetch the next page; return the position after that, or None if there is no more."""
        # The page at hand is used up: without it, two pages are never in memory.
        before = self._position = self._listing.without_page(self._position)
        if before.is_last:
            return None
        page = yield self._listing.request(before)
        after = self._listing.after(before, page)
        check_not_moved(before, self._position)
        return after

    def _page_steps(self) -> Steps[tuple[Any, Position[_T]] | None]:
        """Take the rest of the page at hand, or fetch the next; return it, None if it is empty, and the position."""
        before = self._position
        position = before
        if not length_hint(before.items):
            fetched = yield from self._steps()
            if fetched is None:
                return None
            position = fetched
        page, after = self._listing.rest(position)
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

    def _steps(self) -> Steps[LookupState | None]:
        """Fetch the next batch; return the state after that, or None if there is no more.

        Raises:
            Exception: An error whose turn has come: of a missing image, or of a malformed id.
        """
        before = self._position
        state = self._lookup.prepared(before)
        if state.errors:
            error, after = self._lookup.first_error(state)
            # fmt: off
            self._position = after; raise error  # noqa: E702
            # fmt: on
        if state.is_last:
            return None
        try:
            page = yield self._lookup.request(state)
        except ImageNotFoundError as error:
            after = self._lookup.after_not_found(state, error)
        else:
            after = self._lookup.after(state, page)
        check_not_moved(before, self._position)
        return after


class Turn(Generic[_R]):
    """A turn of an iterator: at most one request, and what it leads to.

    Args:
        steps: What a cursor does in the turn.
    """

    request: Request | None = None
    """The request to make. None if the turn needs none."""
    outcome: _R
    """What the turn has led to, once the request is made."""

    def __init__(self, steps: Steps[_R]) -> None:
        self._steps = steps
        self._run(lambda: setattr(self, "request", next(steps)))

    def received(self, page: Any) -> None:
        """Take the page that came."""
        self._run(lambda: self._steps.send(page))

    def failed(self, error: ImageNotFoundError) -> None:
        """Take the one error of which a cursor may make something else, and raise it unless it does."""
        self._run(lambda: self._steps.throw(error))

    def _run(self, step: Callable[[], object]) -> None:
        try:
            step()
        except StopIteration as end:
            self.outcome = end.value


def check_not_moved(before: object, now: object) -> None:
    """Raise RuntimeError if an iterator was moved by someone else while it waited for a response."""
    if before is not now:
        raise RuntimeError(
            "the next item was requested again while a response was awaited: by an event handler, in another thread "
            "or in another task. Use one iterator for each"
        )
