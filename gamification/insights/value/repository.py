"""`insight_models`: {_id: the programme's id, programme_id, day, fitted_at, terms, begun_at, purchases, amounts, refused,
amounts_refused, base, quality}."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from gamification.insights.lifetime.bgnbd import BgNbd
from gamification.insights.lifetime.fitting import Refusal, Refused
from gamification.insights.lifetime.gammagamma import GammaGamma
from gamification.insights.value.model import CustomerBase, Fit, FitQuality
from storage.mongo import Document, Index, Mongo

COLLECTION = "insight_models"
INDEXES: dict[str, list[Index]] = {COLLECTION: []}
EVERY = timedelta(days=7)
_LEASE = timedelta(minutes=30)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class ModelRepository:
    """One document a programme."""

    def __init__(self, mongo: Mongo) -> None:
        self._models = mongo.collection(COLLECTION)

    async def find(self, programme_id: str) -> Fit | None:
        """The models as they were last fitted; None before that."""
        row = await self._models.find_one({"_id": programme_id, "day": {"$type": "string"}})
        return _from(row) if row else None

    async def begin(self, programme_id: str, terms: str, day: date, now: datetime) -> bool:
        """Whether it is this caller's turn to fit: a week is over or other terms go by now, and nobody began lately."""
        fresh = {"programme_id": programme_id, "day": None, "terms": None, "begun_at": _NEVER}
        await self._models.update_one({"_id": programme_id}, {"$setOnInsert": fresh}, upsert=True)
        due: dict[str, Any] = {
            "_id": programme_id,
            "$or": [{"day": None}, {"day": {"$lte": (day - EVERY).isoformat()}}, {"terms": {"$ne": terms}}],
            "begun_at": {"$lte": now - _LEASE},
        }
        return bool((await self._models.update_one(due, {"$set": {"begun_at": now}})).modified_count)

    async def keep(self, fit: Fit, terms: str) -> None:
        """Say this from now on."""
        stated = _to(fit) | {"terms": terms, "begun_at": _NEVER}
        await self._models.update_one({"_id": fit.programme_id}, {"$set": stated})


def _to(fit: Fit) -> Document:
    parts = {
        "purchases": fit.purchases,
        "amounts": fit.amounts,
        "refused": fit.refused,
        "amounts_refused": fit.amounts_refused,
        "base": fit.base,
        "quality": fit.quality,
    }
    return {
        "day": fit.day.isoformat(),
        "fitted_at": fit.fitted_at,
        **{name: asdict(part) if part is not None else None for name, part in parts.items()},
    }


def _from(row: Document) -> Fit:
    return Fit(
        row["_id"],
        date.fromisoformat(row["day"]),
        row["fitted_at"],
        BgNbd(**row["purchases"]) if row["purchases"] else None,
        GammaGamma(**row["amounts"]) if row["amounts"] else None,
        _refused(row["refused"]),
        _refused(row["amounts_refused"]),
        CustomerBase(**row["base"]) if row["base"] else None,
        FitQuality(**row["quality"]) if row["quality"] else None,
    )


def _refused(row: Mapping[str, Any] | None) -> Refused | None:
    return Refused(Refusal(row["reason"]), row["found"], row["needed"]) if row else None
