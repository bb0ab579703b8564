"""The images of many repositories, without I/O: which page to fetch next, and what is handed out in which order.

Pages are fetched ahead, of several repositories at a time, and handed out repository by repository. A `RegistryState`
is never changed, only replaced, in one assignment and after everything that can fail. (Its list of names is extended
in place, by one call that runs in C, and its failures by one assignment that may be repeated.)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import islice
from operator import length_hint
from typing import Any, Literal

import attrs

from ecrimages._errors import ECRImagesError, MalformedResponseError, RepositoryNotFoundError
from ecrimages._models import Image, ImagePage
from ecrimages._operations import DESCRIBE_IMAGES
from ecrimages._pagination import Listing, Position
from ecrimages._parameters import check_choice

__all__ = ["Fetch", "RegistrySchedule", "RegistryState"]

_NAMES = -1
_NAME_PATH = "repositories[].repositoryName"


@attrs.frozen(eq=False, repr=False)
class Fetch:
    """A page to request."""

    number: int
    """The same for all pages of a repository: one is requested at a time."""
    is_of_names: bool
    """Whether it is a page of the list of repositories."""
    listing: Listing[Any]
    position: Position[Any]

    @property
    def request(self) -> dict[str, Any]:
        """The parameters of the request."""
        return self.listing.request(self.position)


@attrs.frozen(eq=False, repr=False)
class _OpenRepository:
    """A repository of which pages are fetched."""

    number: int
    name: object
    listing: Listing[Image]
    position: Position[Image]
    pages: tuple[ImagePage, ...] = ()
    """Fetched and not handed out yet."""
    error: BaseException | None = None

    @property
    def is_done(self) -> bool:
        """Whether no more pages are to be fetched, at least until the error is raised."""
        return self.error is not None or self.position.is_last


@attrs.frozen(eq=False, repr=False)
class RegistryState:
    """How far the listing of a registry has come."""

    page: ImagePage | None = None
    """The page at hand; what is left of it is in `items`."""
    items: Iterator[Image] = attrs.field(factory=lambda: iter(()))
    repositories: tuple[_OpenRepository, ...] = ()
    """Those with pages to fetch or to hand out, in order."""
    names: list[str] = attrs.field(factory=list)
    """Of repositories that come after these."""
    names_position: Position[str] | None = None
    """Where the list of repositories continues. None if the caller gave the names."""
    names_error: BaseException | None = None
    names_ended: bool = False
    """Whether the caller's names are all read."""
    opened: int = 0
    failures: dict[str, ECRImagesError] = attrs.field(factory=dict)
    items_fetched: int = 0

    @property
    def items_yielded(self) -> int:
        """How many images were handed out."""
        return self.items_fetched - length_hint(self.items)


class RegistrySchedule:
    """What is the same throughout the listing of a registry.

    Args:
        listing_of: Returns the listing of a repository's images, by its name.
        names: The list of the registry's repositories, or the names that the caller gives.
        failed: Whether a repository's error is raised.
        max_workers: The most requests at a time.
        max_waiting: The most pages that are fetched and not handed out, those in flight included.
    """

    def __init__(
        self,
        listing_of: Callable[[str], Listing[Image]],
        names: Listing[str] | Iterator[str],
        *,
        failed: Literal["raise", "skip"],
        max_workers: int,
        max_waiting: int,
    ) -> None:
        check_choice("failed", failed, ("raise", "skip"))
        self._listing_of = listing_of
        self.max_workers = max_workers
        self._given_names = None if isinstance(names, Listing) else names
        self._name_listing = names if isinstance(names, Listing) else None
        self._skips = failed == "skip"
        self._max_waiting = max_waiting
        self.start: RegistryState = RegistryState(
            names_position=None if self._name_listing is None else self._name_listing.start
        )

    def with_names(self, state: RegistryState, in_flight: Collection[int]) -> RegistryState:
        """Return the state with the caller's next name, if it is needed.

        Raises:
            Exception: What the caller's iterator of names raises. No name that it gave before is lost.
        """
        if self._given_names is None or state.names_ended or state.names or not self._has_room(state, in_flight):
            return state
        # extend() runs in C: a name that was read is in the list, whatever is raised.
        state.names.extend(islice(self._given_names, 1))
        return state if state.names else attrs.evolve(state, names_ended=True)

    def next_fetch(self, state: RegistryState, in_flight: Collection[int]) -> tuple[RegistryState, Fetch | None]:
        """Return the next page to fetch, if there is one, and the state in which it is.

        Args:
            state: The state.
            in_flight: The numbers of the fetches that are under way.
        """
        while True:
            fetch = self._fetch_of(state, in_flight)
            if fetch is not None or not state.names or not self._has_room(state, in_flight):
                return state, fetch
            state = self._opened(state)

    def _fetch_of(self, state: RegistryState, in_flight: Collection[int]) -> Fetch | None:
        """Return the next page to fetch of the list of repositories or of an open repository."""
        has_room = self._has_room(state, in_flight)
        if has_room and (fetch := self._fetch_of_names(state, in_flight)):
            return fetch
        for repository in state.repositories:
            # There is always room for the first: the others wait for it.
            is_allowed = has_room or repository is state.repositories[0]
            if is_allowed and not repository.is_done and repository.number not in in_flight:
                return Fetch(repository.number, False, repository.listing, repository.position)
        return None

    def received(self, state: RegistryState, fetch: Fetch, page: Any) -> RegistryState:
        """Return the state after a page has come.

        Raises:
            RepeatedTokenError: The page leads back to one that was fetched before.
        """
        if not self._is_current(state, fetch):
            return state
        page, position = fetch.listing.rest(fetch.listing.after(fetch.position, page))
        if fetch.is_of_names:
            return attrs.evolve(state, names=[*state.names, *page.names], names_position=position)
        # An empty page that is not the last says nothing.
        pages = (page,) if page.images or position.is_last else ()
        return _with_repository(
            state, fetch.number, lambda old: attrs.evolve(old, position=position, pages=(*old.pages, *pages))
        )

    def failed(self, state: RegistryState, fetch: Fetch, error: BaseException) -> RegistryState:
        """Return the state after a fetch has failed: the error is raised when the repository's turn has come."""
        if not self._is_current(state, fetch):
            return state
        if fetch.is_of_names:
            return attrs.evolve(state, names_error=error)
        if self._name_listing is not None and isinstance(error, RepositoryNotFoundError):
            # It was deleted since it was listed.
            position = attrs.evolve(fetch.position, is_last=True)
            return _with_repository(state, fetch.number, lambda old: attrs.evolve(old, position=position))
        return _with_repository(state, fetch.number, lambda old: attrs.evolve(old, error=error))

    def next_page(self, state: RegistryState) -> RegistryState | None:
        """Return the state with the next page at hand, or nearer to it; None if it is not there yet."""
        if not state.repositories:
            return None
        first, *others = state.repositories
        if first.pages:
            page, *pages = first.pages
            return attrs.evolve(
                state,
                page=page,
                items=iter(page.images),
                repositories=(attrs.evolve(first, pages=tuple(pages)), *others),
                items_fetched=state.items_fetched + len(page.images),
            )
        if first.error is not None and self._skips and isinstance(first.error, ECRImagesError):
            state.failures[str(first.name)] = first.error
            return attrs.evolve(state, repositories=tuple(others))
        return attrs.evolve(state, repositories=tuple(others)) if first.position.is_last and not first.error else None

    def due_error(self, state: RegistryState) -> tuple[BaseException, RegistryState] | None:
        """Return the error whose turn has come, and the state after it is raised."""
        if not state.repositories:
            # The list of repositories itself, once all that came before are through.
            error = None if state.names else state.names_error
            return None if error is None else (error, attrs.evolve(state, names_error=None))
        first, *others = state.repositories
        if first.error is None or first.pages:
            return None
        # After an error that may pass, the same page is fetched again; after any other, the next repository's.
        is_retryable = isinstance(first.error, ECRImagesError) and first.error.retryable
        rest = (attrs.evolve(first, error=None), *others) if is_retryable else tuple(others)
        return first.error, attrs.evolve(state, repositories=rest)

    def is_finished(self, state: RegistryState) -> bool:
        """Return whether nothing is left to fetch."""
        position = state.names_position
        is_last = state.names_ended if position is None else position.is_last
        return is_last and not state.repositories and not state.names

    def rest(self, state: RegistryState) -> tuple[ImagePage | None, RegistryState]:
        """Return what is left of the page at hand, and the state after it."""
        count = length_hint(state.items)
        if state.page is None or (state.page.images and not count):
            return None, state
        images = state.page.images[len(state.page.images) - count :]
        return attrs.evolve(state.page, images=images), attrs.evolve(state, page=None, items=iter(()))

    def closed(self, state: RegistryState) -> RegistryState:
        """Return the state with nothing held any more."""
        return attrs.evolve(
            state, page=None, items=iter(()), repositories=(), names=[], items_fetched=state.items_yielded
        )

    def _has_room(self, state: RegistryState, in_flight: Collection[int]) -> bool:
        # One place is kept for the first repository. One that failed, or is gone, waits like a page.
        waiting = sum(len(repository.pages) or repository.is_done for repository in state.repositories)
        return waiting + len(in_flight) < self._max_waiting - 1

    def _fetch_of_names(self, state: RegistryState, in_flight: Collection[int]) -> Fetch | None:
        position = state.names_position
        if self._name_listing is None or position is None or position.is_last or state.names_error:
            return None
        # Before the known ones are used up, so that nothing waits for it.
        if _NAMES in in_flight or len(state.names) >= self._max_waiting:
            return None
        return Fetch(_NAMES, True, self._name_listing, position)

    def _opened(self, state: RegistryState) -> RegistryState:
        name, *names = state.names
        error: Exception | None = None
        try:
            listing = self._listing_of(name)
        except (TypeError, ValueError) as malformed:
            listing = Listing({}, page_size=1, limit=0, operation=DESCRIBE_IMAGES)
            # Without the reference to this frame, in which it would be kept.
            error = malformed.with_traceback(None)
            if self._name_listing is not None:
                error = MalformedResponseError(str(malformed), path=_NAME_PATH)
        repository = _OpenRepository(state.opened, name, listing, listing.start, error=error)
        return attrs.evolve(state, names=names, opened=state.opened + 1, repositories=(*state.repositories, repository))

    def _is_current(self, state: RegistryState, fetch: Fetch) -> bool:
        """Return whether a page is still wanted: after an interrupt, it may have been fetched twice."""
        if fetch.is_of_names:
            return state.names_position is fetch.position
        return any(
            repository.number == fetch.number and repository.position is fetch.position
            for repository in state.repositories
        )


def _with_repository(
    state: RegistryState, number: int, change: Callable[[_OpenRepository], _OpenRepository]
) -> RegistryState:
    changed = tuple(change(old) if old.number == number else old for old in state.repositories)
    return attrs.evolve(state, repositories=changed)
