"""A programme's outcome beside the figures that the imported site published."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from rich.table import Table

from api.cli.report import table
from community.services import Services
from gamification.importers.comparison import (
    BadgeComparison,
    Comparison,
    Published,
    ReputationComparison,
    Standing,
    compare,
)
from gamification.kit.actors import system_actor
from gamification.members.model import Member
from storage.paging import Window

UNIT = "reputation"
_CHUNK = 500


async def comparison_of(services: Services, programme: str, published: Published) -> Comparison:
    """Read every member's reputation and badges, and compare."""
    members = {member.id: member async for member in services.stores.members.stream(programme)}
    return compare(
        await _reputation(services, programme, list(members.values())),
        await _awards(services, programme, members),
        published,
    )


async def _reputation(services: Services, programme: str, members: list[Member]) -> dict[str, int]:
    actor = system_actor(programme)
    found: dict[str, int] = {}
    for start in range(0, len(members), _CHUNK):
        chunk = members[start : start + _CHUNK]
        balances = await services.ledger.balances(actor, chunk)
        for member in chunk:
            found[member.external_id] = sum(b.active for b in balances[member.id] if b.unit == UNIT)
    return found


async def _awards(
    services: Services, programme: str, members: dict[bytes, Member]
) -> Counter[tuple[str, str]]:
    actor = system_actor(programme)
    held: Counter[tuple[str, str]] = Counter()
    for badge in await services.badges.badges(actor):
        after = None
        while True:
            page = await services.badges.of_badge(actor, badge, Window(_CHUNK, after=after))
            held.update((members[award.member_id].external_id, badge.key) for award in page.rows)
            if not page.has_next:
                break
            after = page.positions[-1]
    return held


def comparison_tables(compared: Comparison) -> list[Table]:
    """Badges, reputation, and the top ten side by side."""
    badges = [
        (b.badge, b.published, b.awarded, b.true_positives, _ratio(b.precision), _ratio(b.recall))
        for b in compared.badges
    ]
    reputation = [
        (among, r.members, r.equal, r.equal_but_for_bonus, "" if r.share is None else f"{r.share:.1%}")
        for among, r in (
            ("who earned any here (computed above 1)", compared.earned),
            ("published as neither 1 nor 101", compared.published_earned),
            ("all members", compared.everyone),
        )
    ]
    top = [
        (place, *_standing(computed), *_standing(published))
        for place, (computed, published) in enumerate(compared.top, start=1)
    ]
    return [
        table(
            "Badges",
            ("Badge", "#Published", "#Awarded", "#Of these published", "#Precision", "#Recall"),
            badges,
        ),
        table("Reputation", ("Among", "#Members", "#Equal", "#100 below", "#Share"), reputation),
        table("Top ten", ("#Rank", "Computed", "#Reputation", "Published", "#Reputation"), top),
    ]


def comparison_document(compared: Comparison) -> dict[str, Any]:
    """The same as plain data, for JSON."""
    return {
        "badges": {b.badge: _badge(b) for b in compared.badges},
        "reputation": {
            "earned": _reputation_document(compared.earned),
            "publishedEarned": _reputation_document(compared.published_earned),
            "everyone": _reputation_document(compared.everyone),
        },
        "top": [
            {
                "computed": asdict(computed) if computed else None,
                "published": asdict(public) if public else None,
            }
            for computed, public in compared.top
        ],
    }


def _badge(badge: BadgeComparison) -> dict[str, Any]:
    return {
        "published": badge.published,
        "awarded": badge.awarded,
        "truePositives": badge.true_positives,
        "precision": badge.precision,
        "recall": badge.recall,
    }


def _reputation_document(found: ReputationComparison) -> dict[str, Any]:
    return {
        "members": found.members,
        "equal": found.equal,
        "equalButForBonus": found.equal_but_for_bonus,
        "share": found.share,
    }


def _standing(standing: Standing | None) -> tuple[object, object]:
    return ("", "") if standing is None else (standing.name, standing.reputation)


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
