"""A community with gatherings, for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from community.gatherings.codes import code_at
from community.gatherings.limits import Stated
from community.gatherings.model import RsvpState
from community.sanctions.model import Sanction, SanctionKind
from community.sanctions.repository import SanctionRepository
from community.verification.service import VerificationService
from gamification.kit.actors import Actor
from gamification.kit.identifiers import new_id
from gamification.kit.records import evolve
from resolvers.relay import encode_id
from storage.mongo import Mongo
from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid
from tests.support import ProgrammeUnderTest

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)
STARTS = NOW + timedelta(days=3)
GATHERING = """id state version title html place onlineUrl isOnline startsAt endsAt timeZone capacity rsvpBy remindHours
    goingCount waitingCount interestedCount attendedCount attendanceFrom attendanceUntil cancelReason viewerMayManage source
    host { displayName } space { key } viewerRsvp { state waitlistPosition token { token expiresAt } }"""
RSVP = f"rsvp {{ state attendedAt waitlistPosition member {{ displayName }} }} gathering {{ {GATHERING} }}"


async def met(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The community, where coming to a gathering gives 5 points; Ann owns the square, and Bob, Cyd and Dan are members."""
    settings = COMMUNITY["programme"]["community"]
    document = {
        **COMMUNITY,
        "programme": {"community": {**settings, "activities": {"attended": "community.attended"}}},
        "activity_types": [
            *COMMUNITY["activity_types"],
            {"key": "community.attended", "properties": {"type": "object"}},
        ],
        "rules": [
            {
                "key": "coming",
                "on": ["community.attended"],
                "effects": [
                    {"points": {"unit": "points", "amount": 5}},
                    {"advance": {"task": "regular"}},
                ],
            }
        ],
        "tasks": [{"key": "regular", "goal": 2}],
    }
    club = await programme(document)
    club.clock.now = NOW
    for name in ("ann", "bob", "cyd", "dan"):
        await club.join(name, display_name=name.title())
    owner = {"space": "square", "memberId": member_gid(club, "ann"), "role": "OWNER"}
    await GraphQL(club.services).done(club.operator, "setSpaceRole", owner)
    return club


def stated(**more: Any) -> dict[str, Any]:
    return {
        "title": "Tea",
        "body": "Come *all*.",
        "place": "The café",
        "startsAt": STARTS.isoformat(),
        "endsAt": (STARTS + timedelta(hours=2)).isoformat(),
        "timeZone": "Europe/Berlin",
        **more,
    }


async def held(
    graphql: GraphQL, club: ProgrammeUnderTest, actor: Actor | None = None, space: str = "square", **more: Any
) -> dict[str, Any]:
    """A gathering."""
    asked = {"space": space, "gathering": stated(**more), "idempotencyKey": f"{space}{more}"}
    success = await graphql.done(
        actor or club.moderator, "createGathering", asked, f"gathering {{ {GATHERING} }}"
    )
    gathering: dict[str, Any] = success["gathering"]
    return gathering


async def rsvp(
    graphql: GraphQL, club: ProgrammeUnderTest, name: str, gathering: dict[str, Any], response: str = "GOING"
) -> dict[str, Any]:
    """The success of an answer."""
    asked = {"gatheringId": gathering["id"], "response": response}
    return await graphql.done(club.member_actor(name), "rsvp", asked, RSVP)


async def seen(graphql: GraphQL, actor: Actor, gathering: dict[str, Any], fields: str = GATHERING) -> Any:
    found = await graphql.read(
        actor, f"query ($id: ID!) {{ gathering(id: $id) {{ {fields} }} }}", {"id": gathering["id"]}
    )
    return found["gathering"]


async def told(club: ProgrammeUnderTest, name: str) -> list[str]:
    """What a member was told of gatherings, in order."""
    messages = await club.services.stores.feed.after(club.id_of(name), 0)
    return [one.body["notice"] for one in messages if one.kind == "gathering_notice"]


async def limited(mongo: Mongo, club: ProgrammeUnderTest, name: str) -> None:
    """Let nobody else see what a member does."""
    sanction = Sanction(
        new_id(), club.key, club.id_of(name), SanctionKind.SHADOW_LIMIT, "r", "moderator:mod", NOW
    )
    await mongo.transaction(lambda tx: SanctionRepository(mongo).save([sanction], tx))


async def adds_up(club: ProgrammeUnderTest) -> bool:
    return (await VerificationService(club.services).verify(club.key)).differences == []


_MADE: dict[tuple[str, str], tuple[bytes, bytes]] = {}
_NOTHING = (bytes(12), bytes(32))


async def gathered(
    club: ProgrammeUnderTest, *names: str, word: str = "", campaign: str | None = None
) -> None:
    """Let members meet in the square: `soon`, to which all go; `begun`, to which all have come; `full`, to which the last
    goes and for which the others wait; and `off`, which was cancelled. All have calendars. `word` stands where who does not
    go sees nothing."""
    services, now = club.services, club.clock.now
    stated = Stated(
        "Soon",
        "Come all.",
        now + timedelta(minutes=10),
        now + timedelta(hours=2),
        "Europe/Berlin",
        "The café",
        f"https://meet.example/{word}",
        capacity=99,
        rsvp_by=now + timedelta(hours=1),
    )
    kinds = {
        "soon": evolve(stated, campaign=campaign),
        "begun": evolve(stated, title="Begun", starts_at=now - timedelta(hours=1)),
        "full": evolve(stated, title="Full", capacity=1),
        "off": evolve(stated, title="Off"),
    }
    for label, one in kinds.items():
        made, _ = await services.gatherings.create(club.service, "square", one, f"gathering-{label}")
        _MADE[club.key, label] = (made.id, made.secret)
        for name in reversed(names):
            await services.rsvps.rsvp(club.service, club.id_of(name), made.id, RsvpState.GOING)
    for name in names:
        await services.attendance.record(club.moderator, _MADE[club.key, "begun"][0], club.id_of(name), None)
        await services.calendar_feeds.create(club.service, club.id_of(name))
    await services.gatherings.cancel(club.moderator, _MADE[club.key, "off"][0], "Rain")


def gathering_gid(club: ProgrammeUnderTest, label: str = "soon") -> str:
    """The global id of a gathering that `gathered` made."""
    return encode_id("Gathering", _MADE.get((club.key, label), _NOTHING)[0])


def gathering_code(club: ProgrammeUnderTest, label: str = "soon") -> str:
    """The code that is shown there now."""
    return code_at(_MADE.get((club.key, label), _NOTHING)[1], club.clock.now).text


def has_gathered(club: ProgrammeUnderTest) -> bool:
    """Whether `gathered` was called."""
    return (club.key, "soon") in _MADE
