"""`partner_agreements`: one document for both sides, `sides` are their keys; `partner_links` and `partner_exchanges`: halves, each of
one programme; `partner_codes`, by digest; `partner_uses`: what caps have used; `partner_statements`: closed months, of both.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from gamification.kit.periods import Cycle
from gamification.partners.model import (
    Agreement,
    AgreementState,
    Exchanged,
    Joint,
    Line,
    Link,
    LinkCode,
    Side,
    Statement,
    Terms,
    Use,
    Way,
    link_id,
    statement_id,
)
from storage.mongo import (
    ASCENDING,
    DESCENDING,
    Document,
    Index,
    Mongo,
    ReplaceOne,
    Tx,
    find_by_ids,
    insert,
    write,
)
from storage.paging import Page, Window, find_page

AGREEMENTS = "partner_agreements"
LINKS = "partner_links"
CODES = "partner_codes"
EXCHANGES = "partner_exchanges"
USES = "partner_uses"
STATEMENTS = "partner_statements"
INDEXES = {
    AGREEMENTS: [
        Index([("sides", ASCENDING), ("_id", ASCENDING)]),
        Index([("code", ASCENDING)], unique=True, partial={"code": {"$type": "binData"}}),
        Index([("due_at", ASCENDING)], partial={"due_at": {"$type": "date"}}),
    ],
    LINKS: [
        Index([("link", ASCENDING)]),
        Index([("member_id", ASCENDING), ("_id", ASCENDING)]),
        Index([("agreement_id", ASCENDING), ("programme_id", ASCENDING)]),
    ],
    CODES: [Index([("member_id", ASCENDING)]), Index([("until", ASCENDING)], expire_after_s=0)],
    EXCHANGES: [
        Index([("agreement_id", ASCENDING), ("programme_id", ASCENDING), ("month", ASCENDING)]),
        Index([("member_id", ASCENDING), ("_id", ASCENDING)]),
        Index([("exchange", ASCENDING)]),
    ],
    USES: [Index([("programme_id", ASCENDING)])],
    STATEMENTS: [Index([("sides", ASCENDING), ("agreement_id", ASCENDING), ("month", DESCENDING)])],
}


class PartnerRepository:
    """Its collections; every query names a programme, but for what both sides share."""

    def __init__(self, mongo: Mongo) -> None:
        self._agreements = mongo.collection(AGREEMENTS)
        self._links = mongo.collection(LINKS)
        self._codes = mongo.collection(CODES)
        self._exchanges = mongo.collection(EXCHANGES)
        self._uses = mongo.collection(USES)
        self._statements = mongo.collection(STATEMENTS)

    # -- agreements

    async def agreement(self, programme_id: str, found: bytes, tx: Tx | None = None) -> Agreement | None:
        """One that the programme is a side of."""
        query = {"_id": found, "sides": programme_id}
        row = await self._agreements.find_one(query, session=tx.session if tx else None)
        return _agreement_from(row) if row else None

    async def offered_by_code(self, code: bytes, tx: Tx | None = None) -> Agreement | None:
        """The proposal that a code is of."""
        row = await self._agreements.find_one({"code": code}, session=tx.session if tx else None)
        return _agreement_from(row) if row else None

    async def agreements(self, programme_id: str, window: Window, states: Sequence[str]) -> Page[Agreement]:
        """Those of a programme, the oldest first."""
        query = {"sides": programme_id, "state": {"$in": list(states)}}
        page = await find_page(self._agreements, query, [("_id", 1)], window)
        return Page(
            [_agreement_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous
        )

    async def all_of(self, programme_id: str, tx: Tx | None = None) -> list[Agreement]:
        """All that a programme is, or was, a side of."""
        rows = self._agreements.find({"sides": programme_id}, session=tx.session if tx else None)
        return [_agreement_from(row) for row in await rows.sort("_id", 1).to_list(None)]

    async def open_count(self, programme_id: str, tx: Tx) -> int:
        """How many have not ended."""
        query = {"sides": programme_id, "state": {"$ne": AgreementState.ENDED.value}}
        return int(await self._agreements.count_documents(query, session=tx.session))

    async def due(self, now: datetime, limit: int) -> list[Agreement]:
        """Those with a month to be closed."""
        rows = self._agreements.find({"due_at": {"$lte": now}}).sort("due_at", 1).limit(limit)
        return [_agreement_from(row) for row in await rows.to_list(None)]

    async def save_agreement(self, agreement: Agreement, tx: Tx) -> None:
        """Keep it as it is now."""
        row = _agreement_to(agreement)
        await write(self._agreements, [ReplaceOne({"_id": agreement.id}, row, upsert=True)], tx)

    # -- links

    async def links(self, programme_id: str, member_id: bytes, tx: Tx | None = None) -> list[Link]:
        """A member's halves."""
        query = {"member_id": member_id, "programme_id": programme_id}
        rows = self._links.find(query, session=tx.session if tx else None).sort("_id", 1)
        return [_link_from(row) for row in await rows.to_list(None)]

    async def link(
        self, agreement_id: bytes, programme_id: str, member_id: bytes, tx: Tx | None = None
    ) -> Link | None:
        """A member's half for that agreement."""
        found = link_id(agreement_id, programme_id, member_id)
        row = (await find_by_ids(self._links, [found], tx)).get(found)
        return _link_from(row) if row else None

    async def twin(self, half: Link, programme_id: str, tx: Tx | None = None) -> Link | None:
        """The half of the other programme, which is named."""
        query = {"link": half.link, "programme_id": programme_id, "agreement_id": half.agreement_id}
        row = await self._links.find_one(query, session=tx.session if tx else None)
        return _link_from(row) if row else None

    async def add_links(self, halves: Sequence[Link], tx: Tx) -> None:
        """Store both halves."""
        await insert(self._links, [_with_id(asdict(one)) for one in halves], tx)

    async def hold_links(self, halves: Sequence[Link], tx: Tx) -> bool:
        """Write to halves, so that who ends them at the same moment meets this: whether all are there."""
        ids = [one.id for one in halves]
        done = await self._links.update_many({"_id": {"$in": ids}}, {"$inc": {"held": 1}}, session=tx.session)
        return bool(done.matched_count == len(ids))

    async def drop_links(self, links: Sequence[bytes], tx: Tx) -> int:
        """End links: both halves of each."""
        done = await self._links.delete_many({"link": {"$in": list(links)}}, session=tx.session)
        return int(done.deleted_count)

    async def rename_link(self, half: Link, member_id: bytes, tx: Tx) -> None:
        """Let a half be another account's of the same programme."""
        await self._links.delete_one({"_id": half.id}, session=tx.session)
        row = _with_id(asdict(half))
        row |= {"_id": link_id(half.agreement_id, half.programme_id, member_id), "member_id": member_id}
        await insert(self._links, [row], tx)

    async def count_links(self, agreement_id: bytes, programme_id: str) -> int:
        """How many members of a programme are linked."""
        query = {"agreement_id": agreement_id, "programme_id": programme_id}
        return int(await self._links.count_documents(query))

    # -- codes

    async def put_code(self, code: LinkCode, tx: Tx) -> None:
        """Store a code; one that the member was given for the agreement before ends."""
        query = {"member_id": code.member_id, "agreement_id": code.agreement_id}
        await self._codes.delete_many(query, session=tx.session)
        await insert(self._codes, [_with_id(asdict(code))], tx)

    async def take_code(self, digest: bytes, tx: Tx) -> LinkCode | None:
        """The code, which ends by this."""
        row = await self._codes.find_one_and_delete({"_id": digest}, session=tx.session)
        return LinkCode(id=row.pop("_id"), **row) if row else None

    async def drop_codes(self, member_id: bytes, tx: Tx) -> None:
        """End a member's codes."""
        await self._codes.delete_many({"member_id": member_id}, session=tx.session)

    # -- exchanges

    async def uses(self, ids: Sequence[bytes], tx: Tx) -> dict[bytes, Use]:
        """What is used of caps, by id; of one that nothing was used of there is none."""
        rows = await find_by_ids(self._uses, ids, tx)
        return {found: Use(id=row.pop("_id"), **row) for found, row in rows.items()}

    async def uses_of(self, programme_id: str, agreement_id: bytes) -> dict[bytes, Use]:
        """All of one side: for verification."""
        rows = self._uses.find({"programme_id": programme_id, "agreement_id": agreement_id})
        return {row["_id"]: Use(id=row.pop("_id"), **row) async for row in rows}

    async def save_uses(self, uses: Sequence[Use], tx: Tx) -> None:
        """Keep them as they are now."""
        rows = [_with_id(asdict(one)) for one in uses]
        await write(self._uses, [ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in rows], tx)

    async def add_exchanges(self, halves: Sequence[Exchanged], tx: Tx) -> None:
        """Store both halves."""
        await insert(self._exchanges, [_with_id(asdict(one)) for one in halves], tx)

    async def exchange(self, programme_id: str, transfer_id: bytes) -> Exchanged | None:
        """The half that a transfer is."""
        row = await self._exchanges.find_one({"_id": transfer_id, "programme_id": programme_id})
        return _exchanged_from(row) if row else None

    async def other_half(self, half: Exchanged) -> Exchanged | None:
        """The half of the other programme: for verification and to say what was given."""
        query = {"exchange": half.exchange, "taken": not half.taken}
        row = await self._exchanges.find_one(query)
        return _exchanged_from(row) if row else None

    async def exchanges_of(self, programme_id: str, agreement_id: bytes) -> list[Exchanged]:
        """All halves of one side: for verification."""
        rows = self._exchanges.find({"agreement_id": agreement_id, "programme_id": programme_id})
        return [_exchanged_from(row) async for row in rows]

    async def sums(
        self, agreement_id: bytes, programme_id: str, month: str, tx: Tx | None = None
    ) -> dict[tuple[int, int, bool], tuple[int, int, int]]:
        """By version, way and whether it was taken: how many exchanges of how many members, and what the programme's ledger
        says was moved by them."""
        pipeline: list[dict[str, Any]] = [
            {"$match": {"agreement_id": agreement_id, "programme_id": programme_id, "month": month}},
            {"$lookup": {"from": "transfers", "localField": "_id", "foreignField": "_id", "as": "t"}},
            {"$set": {"t": {"$first": "$t"}}},
            # By member first: a set of all of them would outgrow a document.
            {
                "$group": {
                    "_id": {"version": "$version", "way": "$way", "taken": "$taken", "member": "$member_id"},
                    "count": {"$sum": 1},
                    "moved": {"$sum": {"$add": ["$t.amount", {"$ifNull": ["$t.pending", 0]}]}},
                }
            },
            {
                "$group": {
                    "_id": {"version": "$_id.version", "way": "$_id.way", "taken": "$_id.taken"},
                    "count": {"$sum": "$count"},
                    "members": {"$sum": 1},
                    "moved": {"$sum": "$moved"},
                }
            },
        ]
        rows = self._exchanges.aggregate(pipeline, session=tx.session if tx else None)
        return {
            (row["_id"]["version"], row["_id"]["way"], row["_id"]["taken"]): (
                row["count"],
                row["members"],
                abs(row["moved"]),
            )
            for row in await rows.to_list(None)
        }

    # -- statements

    async def statement(
        self, programme_id: str, agreement_id: bytes, month: str, tx: Tx | None = None
    ) -> Statement | None:
        """A closed month."""
        query = {"_id": statement_id(agreement_id, month), "sides": programme_id}
        row = await self._statements.find_one(query, session=tx.session if tx else None)
        return _statement_from(row) if row else None

    async def statements(self, programme_id: str, agreement_id: bytes, window: Window) -> Page[Statement]:
        """Closed months, the last first."""
        query = {"sides": programme_id, "agreement_id": agreement_id}
        page = await find_page(self._statements, query, [("month", -1)], window)
        return Page(
            [_statement_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous
        )

    async def add_statement(self, statement: Statement, tx: Tx) -> None:
        """Freeze a month."""
        row = _with_id(asdict(statement))
        row["lines"] = [{**asdict(one), "source": one.source.value} for one in statement.lines]
        row["sides"] = [statement.programme_id, statement.partner_id]
        await insert(self._statements, [row], tx)


def _with_id(row: Document) -> Document:
    row["_id"] = row.pop("id")
    return row


def _agreement_to(one: Agreement) -> Document:
    row = _with_id(asdict(one))
    row["sides"] = [found for found in (one.programme_id, one.partner_id) if found is not None]
    row["state"] = one.state.value
    for name in ("offered_by", "ended_by"):
        row[name] = row[name].value if row[name] is not None else None
    row["agreed"] = [_terms_to(terms) for terms in one.agreed]
    row["offered"] = _terms_to(one.offered) if one.offered is not None else None
    return row


def _agreement_from(row: Document) -> Agreement:
    plain = {name: value for name, value in row.items() if name not in ("_id", "sides")}
    plain["state"] = AgreementState(plain["state"])
    for name in ("offered_by", "ended_by"):
        plain[name] = Side(plain[name]) if plain[name] is not None else None
    plain["agreed"] = tuple(_terms_from(terms) for terms in plain["agreed"])
    plain["offered"] = _terms_from(plain["offered"]) if plain["offered"] is not None else None
    return Agreement(id=row["_id"], **plain)


def _terms_to(terms: Terms) -> Document:
    return {
        "ways": [{**asdict(one), "source": one.source.value, "cycle": one.cycle.value} for one in terms.ways],
        "joint": [{**asdict(one), "source": one.source.value} for one in terms.joint],
    }


def _terms_from(row: Document) -> Terms:
    return Terms(
        tuple(
            Way(**{**one, "source": Side(one["source"]), "cycle": Cycle(one["cycle"])}) for one in row["ways"]
        ),
        tuple(Joint(**{**one, "source": Side(one["source"])}) for one in row["joint"]),
    )


def _link_from(row: Document) -> Link:
    plain = {name: value for name, value in row.items() if name not in ("_id", "held")}
    return Link(id=row["_id"], **plain)


def _exchanged_from(row: Document) -> Exchanged:
    plain = {name: value for name, value in row.items() if name != "_id"}
    return Exchanged(id=row["_id"], **plain)


def _statement_from(row: Document) -> Statement:
    plain = {name: value for name, value in row.items() if name not in ("_id", "sides")}
    plain["lines"] = tuple(Line(**{**one, "source": Side(one["source"])}) for one in plain["lines"])
    return Statement(id=row["_id"], **plain)
