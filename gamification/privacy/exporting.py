"""All that is held of a member, for them to take along: one list a section, in pages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gamification.kit.actors import Actor, Permission, Role
from gamification.kit.errors import NotFound
from gamification.members.model import Member
from gamification.members.repository import MemberRepository
from gamification.privacy.sections import SOURCES, ExportSection
from storage.mongo import Mongo
from storage.paging import Page, Window, find_page


class ExportService:
    """`exportMember`."""

    def __init__(self, mongo: Mongo, members: MemberRepository) -> None:
        self._mongo = mongo
        self._members = members

    async def page(
        self, actor: Actor, member_id: bytes | None, section: ExportSection, window: Window
    ) -> Page[dict[str, Any]]:
        """A page of a section: one's own, or for operators and services anyone's. Also of a banned member, and of what an
        erased one left. Raises: Forbidden, NotFound."""
        member = await self._member(actor, member_id)
        source = SOURCES[section]
        merged = await self._members.merged_into(member.programme_id, [member.id])
        ids = {"$in": [member.id, *(one.id for one in merged)]} if merged else member.id
        query = {source.by: ids, "programme_id": member.programme_id, **(source.where or {})}
        page = await find_page(self._mongo.collection(source.collection), query, source.order, window)
        rows = [exported(row, source.fields, member.external_id, *member.former) for row in page.rows]
        return Page(rows, page.positions, page.has_next, page.has_previous)

    async def _member(self, actor: Actor, member_id: bytes | None) -> Member:
        if member_id is not None:
            member = (await self._members.by_ids(actor.programme_id, [member_id])).get(member_id)
        elif actor.role is Role.MEMBER:
            found = await self._members.by_external_ids(actor.programme_id, [actor.subject])
            member = found.get(actor.subject)
        else:
            member = None
        own = actor.role is Role.MEMBER and (
            member_id is None or (member is not None and actor.is_member(member.external_id, member.former))
        )
        actor.require(Permission.MEMBERS_EXPORT_OWN if own else Permission.MEMBERS_EXPORT_ANY)
        if member is None:
            raise NotFound("There is no such member.", path=["memberId"])
        return member


def exported(row: Mapping[str, Any], fields: Sequence[str], *external_ids: str) -> dict[str, Any]:
    """The fields of a document that are shown, as JSON: names in camelCase, ids in hexadecimal digits, instants by ISO
    8601. Of causes and steps the actor is shown where that is the member."""
    own = tuple(f"member:{one}" for one in external_ids)
    return {_camel(name): _json(row[name], name, own) for name in fields if row.get(name) is not None}


def _json(value: Any, name: str, own: tuple[str, ...]) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        # What senders and programmes state is theirs: its names stay as they are.
        is_stated = name in ("properties", "remaining", "attributes", "member_facts", "distinct", "figures")
        return {
            (key if is_stated else _camel(key)): _json(found, name if is_stated else key, own)
            for key, found in value.items()
            if is_stated or key != "actor" or found in own
        }
    if isinstance(value, list | tuple):
        return [_json(one, name, own) for one in value]
    return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
