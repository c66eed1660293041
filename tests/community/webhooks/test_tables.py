"""Every message that a member may be told is an event, or it is said why not; and the schemas say what is sent."""

import re
from datetime import UTC, datetime

import jsonschema_rs
import pytest

from community.webhooks.events import event_of
from community.webhooks.facts import MAKES, NAMES, Named, facts_of
from community.webhooks.shapes import EventType, Field, rendered, schema_of
from community.webhooks.signing import payload_of
from community.webhooks.types import DISABLED, FATES, FEED, NOT_SENT, PROFILE, TEST, TYPES
from gamification.kit.causes import Cause
from gamification.lottery.model import Entrant, Win
from gamification.members.feed import FeedKind, NumberedMessage
from gamification.rewards.model import Redemption, RedemptionSource, RedemptionStatus
from gamification.settlement.followup import Fate
from resolvers.queries.nodes import _BY_BYTES
from resolvers.relay import encode_id
from tests.webhook_world import assert_by_schema

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


def test_every_message_of_a_feed_is_sent_or_said_not_to_be() -> None:
    assert FEED.keys() | NOT_SENT.keys() == set(FeedKind)
    assert not FEED.keys() & NOT_SENT.keys()
    assert MAKES.keys() == FEED.keys()
    assert NAMES.keys() <= FEED.keys()
    assert FATES.keys() == set(Fate)


def test_every_type_is_made_by_somebody() -> None:
    assert {*FEED.values(), *FATES.values(), PROFILE, TEST, DISABLED} == TYPES.keys()


@pytest.mark.parametrize("stated", TYPES.values(), ids=lambda one: one.name)
def test_a_type_is_a_noun_and_what_happened_and_has_a_schema(stated: EventType) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", stated.name)
    schema = schema_of(stated)
    jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    for field in _fields(stated.fields):
        assert field.description.endswith("."), field
        assert re.fullmatch(r"[a-z][A-Za-z]*", field.name)
        if field.node is not None:  # what is named can be looked up
            assert field.node in _BY_BYTES


def test_what_is_missing_is_left_out_and_what_must_be_there_is_missed() -> None:
    stated = TYPES["tier.notice"]
    at = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
    made = rendered(
        stated.fields,
        {"ladder": "club", "tier": "gold", "after": None, "dropsAt": at},
        lambda name, raw: f"{name}:{raw!r}",
    )
    assert made == {"ladder": "club", "tier": "gold", "dropsAt": "2026-11-21T08:30:00.000Z"}
    whole = {
        "type": "tier.notice",
        "timestamp": "2026-11-21T08:30:00.000Z",
        "data": {"member": {"id": "x", "externalId": None}, **made},
    }
    validator = jsonschema_rs.Draft202012Validator(schema_of(stated), validate_formats=True)
    validator.validate(whole)
    for broken in (
        {**whole, "type": "tier.changed"},
        {**whole, "timestamp": "yesterday"},
        {**whole, "data": {**made}},
        {**whole, "data": {**whole["data"], "tier": 1}},  # type: ignore[dict-item]
    ):
        assert not validator.is_valid(broken)


def _fields(stated: tuple[Field, ...]) -> list[Field]:
    found = []
    for field in stated:
        found.append(field)
        if isinstance(field.shape, tuple):
            found += _fields(field.shape)
    return found


WIN = Win(b"w", "p", b"r", "wheel", "first", b"m", "pin", NOW, 1)
ENTRANT = Entrant(b"e", "p", b"r", "raffle", "first", b"m", "code", "salt", 1, b"t", NOW, 1)
REDEMPTION = Redemption(
    id=b"r",
    programme_id="p",
    member_id=b"m",
    reward="tea",
    reward_version=1,
    kind="coupon",
    source=RedemptionSource.REDEEMED,
    status=RedemptionStatus.DONE,
    made_at=NOW,
    sequence=1,
    cause=Cause(),
    expires_at=NOW,
)
TASK = {"task": "regular", "period": "all", "value": 2, "goal": 2, "claim_by": NOW}
TOLD: dict[FeedKind, dict[str, object]] = {
    FeedKind.TASK_CLAIM_ENDING: TASK,
    FeedKind.TASK_CLAIM_LAPSED: TASK,
    FeedKind.COLLECTION_BROKEN: {"collection": "crowns"},
    FeedKind.PRIZE_WON: {"board": "total", "period": "2026-11", "rank": 1, "size": 2, "group": "red"},
    FeedKind.DRAW_ENTERED: {"entrant": b"e"},
    FeedKind.DRAW_WON: {"win": b"w"},
    FeedKind.REWARD_EXPIRING: {"redemption": b"r"},
    FeedKind.TIER_NOTICE: {"ladder": "club", "tier": "gold", "after": "basic", "drops_at": NOW},
    FeedKind.GATHERING_NOTICE: {"gathering": b"g", "notice": "changed"},
    FeedKind.ANSWER_ACCEPTED: {"post": b"p", "comment": b"c"},
    FeedKind.CONTEST_WON: {"contest": "fable", "post": b"p", "rank": 1},
    FeedKind.CAMPAIGN: {"campaign": "spring", "occurrence": "2026", "stage": "starts"},
}
"""Bodies as they are told; of the other kinds a test on the servers sees real ones."""


@pytest.mark.parametrize("kind", TOLD)
def test_what_is_told_seldom_is_by_its_schema_too(kind: FeedKind) -> None:
    named = Named(wins={b"w": WIN}, entrants={b"e": ENTRANT}, redemptions={b"r": REDEMPTION})
    facts = facts_of(b"m", NumberedMessage(7, kind, NOW, TOLD[kind]), named)
    assert facts is not None
    stated = TYPES[FEED[kind]]
    data = {"sequence": 7, **rendered(stated.fields, facts, encode_id)}
    assert_by_schema(payload_of(event_of(b"v", "p", stated.name, NOW, NOW, b"m", data), None, encode_id))
    assert len(data) > 1


def test_what_is_gone_is_no_event() -> None:
    for kind, name in NAMES.items():
        body = {name: b"gone", "status": "done", "state": "approved"}
        assert facts_of(b"m", NumberedMessage(7, kind, NOW, body), Named()) is None
