"""`campaign_runs`: {_id, programme_id, campaign, submitted, submitted_by, approved, approved_by, paused, ended_at, settled_at,
steps, version}: what staff decided on campaigns; their definitions are the programme's."""

from collections.abc import Iterable
from dataclasses import asdict

from gamification.campaigns.model import CampaignAct, CampaignRun, Step, run_id
from storage.mongo import Document, Index, Mongo, ReplaceOne, Tx, find_by_ids, write

COLLECTION = "campaign_runs"
INDEXES: dict[str, list[Index]] = {COLLECTION: []}
STEPS_KEPT = 200


class CampaignRunRepository:
    """What was decided; a campaign without a document had nothing decided on it."""

    def __init__(self, mongo: Mongo) -> None:
        self._runs = mongo.collection(COLLECTION)

    async def of(
        self, programme_id: str, campaigns: Iterable[str], tx: Tx | None = None
    ) -> dict[str, CampaignRun]:
        """Those of these campaigns, by key."""
        rows = await find_by_ids(self._runs, [run_id(programme_id, key) for key in campaigns], tx)
        return {row["campaign"]: _from(row) for row in rows.values()}

    async def save(self, run: CampaignRun, tx: Tx) -> None:
        """Keep it as it is now."""
        await write(self._runs, [ReplaceOne({"_id": run.id}, _to(run), upsert=True)], tx)


def _to(run: CampaignRun) -> Document:
    row = asdict(run)
    row["_id"] = row.pop("id")
    row["steps"] = [{**asdict(step), "act": step.act.value} for step in run.steps[-STEPS_KEPT:]]
    return row


def _from(row: Document) -> CampaignRun:
    plain = {name: value for name, value in row.items() if name not in ("_id", "steps")}
    steps = tuple(Step(**{**step, "act": CampaignAct(step["act"])}) for step in row["steps"])
    return CampaignRun(id=row["_id"], steps=steps, **plain)
