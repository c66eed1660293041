"""Apply a programme file, change one definition, and look a programme up as of any version."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import Conflict, InvalidInput, NotFound
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.changes import Change, check_boards, check_contests, check_goals, merge
from gamification.programmes.checks import check
from gamification.programmes.definitions import Status
from gamification.programmes.document import SECTIONS, Document, Problem
from gamification.programmes.parsing import parse
from gamification.programmes.pools import with_terms
from gamification.programmes.repository import ProgrammeRepository
from storage.mongo import Mongo, Tx

_VERSIONS_KEPT = 64
Stated = tuple[str, dict[str, Any]]
"""A section, and a definition in it as a programme file states it."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply` did, or with `dry_run` would do. `version` is the programme's version afterwards."""

    catalogue: Catalogue
    changes: list[Change]
    dry_run: bool

    @property
    def version(self) -> int:
        return self.catalogue.version


class ProgrammeService:
    """Catalogues are cached by version: a version never changes once stored.

    Which version is the current one is asked anew after `fresh_s` seconds, so a reader may see definitions that
    are that old; transactions always ask, and what this process changed it sees at once.
    """

    def __init__(
        self, mongo: Mongo, repository: ProgrammeRepository, now: Callable[[], datetime], fresh_s: float = 0.0
    ) -> None:
        self._mongo = mongo
        self._repository = repository
        self._now = now
        self._fresh_s = fresh_s
        self._cache: dict[tuple[str, int], Catalogue] = {}
        self._current: dict[str, tuple[float, int]] = {}

    async def catalogue(
        self, programme_id: str, version: int | None = None, tx: Tx | None = None, *, fresh: bool = False
    ) -> Catalogue:
        """The current catalogue, or that of a past version; `fresh` asks for the current one whatever was known a
        moment ago. Raises: NotFound."""
        if version is None and tx is None and not fresh:
            held = self.held(programme_id)
            if held is not None:
                return held
        if version is None:
            version = await self._current_version(programme_id, tx)
        cached = self._cache.get((programme_id, version))
        if cached is not None:
            return cached
        document = await self._repository.document(programme_id, version, tx) if version else None
        if document is None:
            raise NotFound(f"There is no programme {programme_id!r}.", path=["programme"])
        catalogue = Catalogue(programme_id, version, document)
        if len(self._cache) >= _VERSIONS_KEPT:
            self._cache.pop(next(iter(self._cache)))
        self._cache[(programme_id, version)] = catalogue
        return catalogue

    def held(self, programme_id: str) -> Catalogue | None:
        """The current catalogue, where nothing must be asked for it: it was asked for less than `fresh_s` ago."""
        asked_at, version = self._current.get(programme_id, (0.0, 0))
        if not version or time.monotonic() - asked_at >= self._fresh_s:
            return None
        return self._cache.get((programme_id, version))

    async def _current_version(self, programme_id: str, tx: Tx | None) -> int:
        if tx is not None:
            return await self._repository.version(programme_id, tx)
        asked_at = time.monotonic()
        answer = await self._repository.version(programme_id)
        # Two answers may cross on their way: versions only ever grow.
        version = max(answer, self._current.get(programme_id, (0.0, 0))[1])
        if len(self._current) >= _VERSIONS_KEPT:
            self._current.clear()
        self._current[programme_id] = (asked_at, version)
        return version

    async def exists(self, programme_id: str) -> bool:
        """Whether there is such a programme."""
        return await self._repository.version(programme_id) > 0

    async def keys(self, section: str | None = None) -> list[str]:
        """The keys of all programmes of this installation, or of those with something in that section of theirs."""
        return await self._repository.keys(section)

    async def apply(self, actor: Actor, data: object, *, dry_run: bool = False) -> Applied:
        """Make the programme what the document states: all of it or, where anything is wrong, nothing.

        The document's key must be the actor's programme. Raises: Forbidden, Problem, InvalidInput.
        """
        actor.require(Permission.PROGRAMME_DEFINE)
        document = _of_programme(data, actor.programme_id)
        return await self._change(actor, lambda _old: document, dry_run=dry_run)

    async def create(
        self, actor: Actor, section: str, definition: dict[str, Any], *, dry_run: bool = False
    ) -> Applied:
        """Add one definition; a draft unless it says otherwise. Raises: Conflict when the key is taken."""
        return await self._change_one(
            actor, section, {"status": "draft", **definition}, dry_run=dry_run, new=True
        )

    async def update(
        self, actor: Actor, section: str, definition: dict[str, Any], *, dry_run: bool = False
    ) -> Applied:
        """Replace one definition; its status stays unless it says otherwise. Raises: NotFound."""
        return await self._change_one(actor, section, definition, dry_run=dry_run, new=False)

    async def set_status(
        self, actor: Actor, section: str, key: str, status: Status, *, dry_run: bool = False
    ) -> Applied:
        """Publish or archive one definition. Raises: NotFound."""
        actor.require(Permission.PROGRAMME_DEFINE)

        def edit(old: Document | None) -> Document:
            plain = _plain(old, actor.programme_id)
            _stored(plain, section, key)["status"] = status.value
            return _checked(plain)

        return await self._change(actor, edit, dry_run=dry_run)

    async def _change_one(
        self, actor: Actor, section: str, definition: dict[str, Any], *, dry_run: bool, new: bool
    ) -> Applied:
        actor.require(Permission.PROGRAMME_DEFINE)
        _known_section(section)
        key = definition.get("key")
        if not isinstance(key, str):
            raise Problem([(f"{section}.key", "a definition states its key")])

        def edit(old: Document | None) -> Document:
            plain = _plain(old, actor.programme_id)
            taken = [known for known in plain.get(section, []) if known["key"] == key]
            if new and taken:
                raise Conflict(f"There is a definition {section}.{key} already.", path=[section, key])
            if new:
                plain.setdefault(section, []).append(definition)
            else:
                stored = _stored(plain, section, key)
                status = stored.get("status", Status.PUBLISHED.value)
                stored.clear()
                stored.update({"status": status, **definition})
            return _checked(plain)

        return await self._change(actor, edit, dry_run=dry_run)

    async def draft(
        self,
        actor: Actor,
        document: object | None,
        definitions: Sequence[Stated],
        publish: Sequence[tuple[str, str]],
        tx: Tx | None = None,
    ) -> Applied:
        """The programme as it would be by a document, or with these definitions, and those drafts published: checked as publishing
        checks it, and not stored. Definitions are published unless they say otherwise. Raises: Problem, NotFound, InvalidInput."""
        if (document is None) == (not definitions and not publish):
            raise InvalidInput("State a document, or definitions, or drafts to publish.", path=["document"])

        def edit(old: Document | None) -> Document:
            if document is not None:
                return _of_programme(document, actor.programme_id)
            plain = _plain(old, actor.programme_id)
            for section, definition in definitions:
                _put(plain, section, definition)
            for section, key in publish:
                _stored(plain, section, key)["status"] = Status.PUBLISHED.value
            return _checked(plain)

        merged = await self._merged(actor.programme_id, edit, self._now(), tx)
        return Applied(merged.catalogue, merged.changes, dry_run=True)

    async def _merged(
        self,
        programme_id: str,
        edit: Callable[[Document | None], Document],
        now: datetime,
        tx: Tx | None,
    ) -> Applied:
        """The next version, as an edit of this one would make it; this one where nothing differs."""
        version = await self._repository.version(programme_id, tx)
        old = await self._repository.document(programme_id, version, tx) if version else None
        document, changes = merge(old, edit(old))
        document = with_terms(old, document, now)
        check_boards(old, document, now)
        check_goals(old, document, now)
        check_contests(old, document, now)
        return Applied(Catalogue(programme_id, version + bool(changes), document), changes, dry_run=True)

    async def _change(
        self, actor: Actor, edit: Callable[[Document | None], Document], *, dry_run: bool
    ) -> Applied:
        now = self._now()

        async def body(tx: Tx) -> Applied:
            merged = await self._merged(actor.programme_id, edit, now, tx)
            if not merged.changes:
                return Applied(merged.catalogue, [], dry_run)
            if not dry_run:
                await self._repository.save(
                    actor.programme_id, merged.version, merged.catalogue.document, actor.subject, now, tx
                )
            return Applied(merged.catalogue, merged.changes, dry_run)

        applied = await self._mongo.transaction(body)
        if not dry_run:
            self._current[actor.programme_id] = (time.monotonic(), applied.version)
        return applied


def _of_programme(data: object, programme_id: str) -> Document:
    """The document that was handed in, checked. Raises: Problem, InvalidInput where it is another programme's."""
    document = parse(data)
    check(document)
    if document.programme.key != programme_id:
        raise InvalidInput(
            f"The document is for {document.programme.key!r}, the token for {programme_id!r}.",
            path=["programme", "key"],
        )
    return document


def _put(plain: dict[str, Any], section: str, definition: dict[str, Any]) -> None:
    """Put a definition in the place of the one of its key, or at the end."""
    _known_section(section)
    key = definition.get("key")
    if not isinstance(key, str):
        raise Problem([(f"{section}.key", "a definition states its key")])
    stated = {"status": Status.PUBLISHED.value, **definition}
    known = plain.setdefault(section, [])
    place = next((place for place, one in enumerate(known) if one["key"] == key), len(known))
    known[place : place + 1] = [stated]


def _plain(document: Document | None, programme_id: str) -> dict[str, Any]:
    if document is None:
        raise NotFound(
            f"There is no programme {programme_id!r}; apply a programme file first.", path=["programme"]
        )
    return document.model_dump(mode="json", exclude_defaults=True)


def _known_section(section: str) -> None:
    if section not in SECTIONS:
        raise InvalidInput(f"There is no section {section!r}.", path=["section"])


def _stored(plain: dict[str, Any], section: str, key: str) -> dict[str, Any]:
    _known_section(section)
    for definition in plain.get(section, []):
        if definition["key"] == key:
            found: dict[str, Any] = definition
            return found
    raise NotFound(f"There is no definition {section}.{key}.", path=[section, key])


def _checked(plain: dict[str, Any]) -> Document:
    document = parse(plain)
    check(document)
    return document
