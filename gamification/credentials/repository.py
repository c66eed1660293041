"""Credentials as stored: {_id, programme_id, award_id, withdrawals, level, index, salt, issued_at}."""

from collections.abc import Iterable

from gamification.credentials.model import Credential
from storage.mongo import ASCENDING, Document, DuplicateKeyError, Index, Mongo

COLLECTION = "credentials"
INDEXES = {
    COLLECTION: [
        Index([("award_id", ASCENDING), ("withdrawals", ASCENDING), ("level", ASCENDING)], unique=True),
        Index([("programme_id", ASCENDING), ("index", ASCENDING)], unique=True),
        # Of erased members: few.
        Index(
            [("ended", ASCENDING), ("programme_id", ASCENDING), ("index", ASCENDING)], partial={"ended": True}
        ),
    ]
}


class CredentialRepository:
    """`credentials`: one of an award in each of its standings and levels."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._credentials = mongo.collection(COLLECTION)

    async def next_index(self, programme_id: str) -> int:
        """An index that no other credential of the programme has, from 0."""
        return await self._mongo.next_sequence(f"credentials:{programme_id}", 1) - 1

    async def by_id(self, found: bytes) -> Credential | None:
        """A credential by id."""
        row = await self._credentials.find_one({"_id": found})
        return _from(row) if row else None

    async def of_award(self, award_id: bytes, withdrawals: int, level: int) -> Credential | None:
        """The credential of an award in that standing and level."""
        row = await self._credentials.find_one(
            {"award_id": award_id, "withdrawals": withdrawals, "level": level}
        )
        return _from(row) if row else None

    async def add(self, credential: Credential) -> bool:
        """Store a new one; False where another was quicker."""
        try:
            await self._credentials.insert_one(
                {
                    "_id": credential.id,
                    "programme_id": credential.programme_id,
                    "award_id": credential.award_id,
                    "withdrawals": credential.withdrawals,
                    "level": credential.level,
                    "index": credential.index,
                    "salt": credential.salt,
                    "issued_at": credential.issued_at,
                }
            )
        except DuplicateKeyError:
            return False
        return True

    async def of_awards(self, awards: Iterable[bytes], first: int, last: int) -> list[Credential]:
        """Credentials of these awards with an index from `first` through `last`."""
        query = {"award_id": {"$in": list(awards)}, "index": {"$gte": first, "$lte": last}}
        return [_from(row) for row in await self._credentials.find(query).to_list(None)]

    async def ended(self, programme_id: str, first: int, last: int) -> list[int]:
        """The indexes, from `first` through `last`, of credentials of erased members."""
        query = {"ended": True, "programme_id": programme_id, "index": {"$gte": first, "$lte": last}}
        return [row["index"] for row in await self._credentials.find(query, ["index"]).to_list(None)]

    async def has_list(self, programme_id: str, first: int) -> bool:
        """Whether there is a credential with that index or a greater one."""
        query = {"programme_id": programme_id, "index": {"$gte": first}}
        return await self._credentials.find_one(query, projection=["_id"]) is not None


def _from(row: Document) -> Credential:
    return Credential(
        id=row["_id"],
        programme_id=row["programme_id"],
        award_id=row["award_id"],
        withdrawals=row["withdrawals"],
        level=row["level"],
        index=row["index"],
        salt=row["salt"],
        issued_at=row["issued_at"],
    )
