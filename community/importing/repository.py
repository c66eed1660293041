"""`imported_votes`: {_id, programme_id, target_kind, target_id, post_id, key, at}. How many there are is counted with what
they are for, among its reactions."""

from collections.abc import AsyncIterator, Sequence

from community.importing.model import ImportedVote
from community.reactions.model import Target, TargetKind
from storage.mongo import ASCENDING, Document, Index, Mongo, Tx, insert

COLLECTION = "imported_votes"
INDEXES = {COLLECTION: [Index([("programme_id", ASCENDING)]), Index([("target_id", ASCENDING)])]}


class ImportedVoteRepository:
    """Votes of all programmes."""

    def __init__(self, mongo: Mongo) -> None:
        self._votes = mongo.collection(COLLECTION)

    async def add(self, votes: Sequence[ImportedVote], tx: Tx) -> None:
        """Store new ones."""
        await insert(self._votes, [_to(one) for one in votes], tx)

    async def stream(self, programme_id: str) -> AsyncIterator[ImportedVote]:
        """Every one of a programme, in no order."""
        async for row in self._votes.find({"programme_id": programme_id}, batch_size=5000):
            yield ImportedVote(
                row["_id"],
                row["programme_id"],
                Target(TargetKind(row["target_kind"]), row["target_id"]),
                row["post_id"],
                row["key"],
                row["at"],
            )


def _to(one: ImportedVote) -> Document:
    return {
        "_id": one.id,
        "programme_id": one.programme_id,
        "target_kind": one.target.kind.value,
        "target_id": one.target.id,
        "post_id": one.post_id,
        "key": one.key,
        "at": one.at,
    }
