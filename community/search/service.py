"""Searching: what of each kind is there for the viewer, put into one order."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from community.posts.reading import PostFilter, query_of, seen_by
from community.search.model import Hit, SearchFilter, SearchKind
from community.search.query import Query, parse
from community.search.ranking import (
    BEGINNINGS,
    SAME_NAME,
    WHOLE_WORDS,
    ageless,
    matches,
    page_of,
    relevance,
    score,
)
from community.search.repository import Found, SearchRepository
from community.spaces.service import Viewer
from community.writing.limits import normal_tag
from community.writing.terms import Indexed, indexed
from gamification.kit.actors import Permission
from gamification.members.model import Standing
from gamification.members.repository import MemberRepository
from gamification.programmes.definitions import Space
from storage.paging import Page, Window

MEMBERS_MAX = 200
_PART = 500


class SearchService:
    """For everyone, as far as they may see."""

    def __init__(
        self, repository: SearchRepository, members: MemberRepository, now: Callable[[], datetime]
    ) -> None:
        self._repository = repository
        self._members = members
        self._now = now

    async def search(self, viewer: Viewer, text: str, wanted: SearchFilter, window: Window) -> Page[Hit]:
        """What is found, best first. Later pages tell ages as of the hour of the first one, and leave out what came after it.

        Raises: InvalidInput.
        """
        query = parse(text)
        stated = window.after or window.before
        as_of: datetime = stated[0] if stated is not None else _end_of_hour(self._now())
        parts = await asyncio.gather(
            self._texts(viewer, query, wanted, as_of), self._people(viewer, query, wanted)
        )
        hits = [*parts[0], *parts[1], *_spaces(viewer, query, wanted)]
        return page_of(hits, as_of, window)

    async def bring_up_to_date(self, programme_id: str) -> dict[str, int]:
        """Make anew what was found by the rules of another version; how many texts and names."""
        done = {"texts": 0, "names": 0}
        while count := await self._repository.outdated(programme_id, _PART):
            done["texts"] += count
        while count := await self._members.rename_outdated(programme_id, _PART):
            done["names"] += count
        return done

    async def _texts(self, viewer: Viewer, query: Query, wanted: SearchFilter, as_of: datetime) -> list[Hit]:
        tag = normal_tag(wanted.tag) if wanted.tag is not None else None
        kinds = [kind for kind in (SearchKind.POST, SearchKind.COMMENT) if wanted.takes(kind)]
        under = query_of(viewer, PostFilter(space=wanted.space, tag=tag))
        if not kinds or under is None:
            return []
        programme_id = viewer.actor.programme_id
        required = await self._repository.by_rarity(programme_id, query)
        found: list[Hit] = []
        if SearchKind.POST in kinds:
            shown = query_of(viewer, PostFilter(space=wanted.space, tag=tag, author_id=wanted.author_id))
            if shown is not None:
                rows = await self._repository.posts(programme_id, query, required, shown, wanted, as_of)
                found += _scored(SearchKind.POST, rows, as_of)
        if SearchKind.COMMENT in kinds:
            rows = await self._repository.comments(
                programme_id, query, required, seen_by(viewer), under, wanted, as_of
            )
            found += _scored(SearchKind.COMMENT, rows, as_of)
        return found

    async def _people(self, viewer: Viewer, query: Query, wanted: SearchFilter) -> list[Hit]:
        """Members by their names; those whom the viewer can't see are not found."""
        if not wanted.takes(SearchKind.MEMBER) or query.phrases or query.excluded:
            return []
        shown: dict[str, object] = {"erased_at": None, "merged_into": None}
        if viewer.hidden:
            shown["_id"] = {"$nin": list(viewer.hidden)}
        if not viewer.actor.can(Permission.MEMBERS_READ_PRIVATE):
            shown["standing"] = {"$ne": Standing.BANNED.value}
        found = await self._members.named(viewer.actor.programme_id, query.names, shown, MEMBERS_MAX)
        return [
            Hit(
                SearchKind.MEMBER,
                key,
                ageless(SAME_NAME if is_name else WHOLE_WORDS if has_words else BEGINNINGS),
            )
            for key, is_name, has_words in found
        ]


def _end_of_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _spaces(viewer: Viewer, query: Query, wanted: SearchFilter) -> list[Hit]:
    """Spaces that are there for the viewer, by what they are called and say of themselves, in any language."""
    if not wanted.takes(SearchKind.SPACE):
        return []
    found = []
    for key, rights in viewer.rights.items():
        names, texts = _stated(rights.space)
        terms = _terms_of(names, texts)
        if matches(query, terms, f"{names}\n{texts}"):
            found.append(Hit(SearchKind.SPACE, key.encode(), ageless(relevance(query, terms))))
    return found


def _stated(space: Space) -> tuple[str, str]:
    names: Mapping[str, str] = space.name or {"": space.key}
    return "\n".join(names.values()), "\n".join(space.description.values())


@lru_cache(maxsize=10_000)
def _terms_of(names: str, texts: str) -> Indexed:
    return indexed(names, texts)


def _scored(kind: SearchKind, rows: Iterable[Found], as_of: datetime) -> list[Hit]:
    return [Hit(kind, row.id, score(row.relevance, as_of - row.at)) for row in rows]
