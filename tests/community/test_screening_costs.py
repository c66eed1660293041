"""What screening adds to the commands that writing a post sends to MongoDB."""

from collections import Counter as Tally
from collections.abc import AsyncIterator
from typing import Any

import pytest

from community import services as wiring
from community.posts.service import NewPost
from community.services import Services
from gamification.programmes.definitions import PostKind
from storage.embedded import Endpoints
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.resolvers.test_query_counts import Counter
from tests.support import Clock, ProgrammeUnderTest

ON_TEXTS: list[dict[str, Any]] = [
    {"key": "words", "verdict": "hold", "words": {"listed": ["whatsapp"], "leet": True}},
    {"key": "patterns", "verdict": "refuse", "patterns": [r"\d{11}"]},
    {"key": "links", "verdict": "flag", "links": {"most": 3}},
    {"key": "mentions", "verdict": "flag", "mentions": {"most": 3}},
]
ON_MORE: list[dict[str, Any]] = [
    *(
        {"key": f"copies-{of}-{percent}", "verdict": "flag", "duplicates": {"of": of, "percent": percent}}
        for of in ("own", "others", "any")
        for percent in (80, 90)
    ),
    *({"key": f"first-{texts}", "verdict": "flag", "first": {"texts": texts}} for texts in (1, 3)),
    *(
        {"key": f"rate-{most}", "verdict": "flag", "rate": {"most": most, "within": "PT1H"}}
        for most in (50, 60)
    ),
]
TEXT = "A text that is long enough to be compared with what others wrote, and is not like any of that."


@pytest.fixture
async def counted(
    mongo: Mongo, endpoints: Endpoints, redis_store: RedisStore, session_clock: Clock
) -> AsyncIterator[tuple[Services, Counter]]:
    """Services of their own over the same servers; `mongo` has made the collections."""
    counter = Counter()
    listened = Mongo(endpoints.mongodb_url, "starguild_tests", listeners=[counter])
    yield wiring.build(listened, redis_store, session_clock), counter
    listened.close()


async def commands(
    club: ProgrammeUnderTest, counted: tuple[Services, Counter], text: str = TEXT
) -> Tally[str]:
    """How many of each command a post takes, definitions being in memory."""
    services, counter = counted
    ann = club.member_actor("ann")
    for key in ("first", "second"):
        counter.seen.clear()
        new = NewPost("square", PostKind.DISCUSSION, "Hello", f"{text} {key}")
        await services.posts.create(ann, None, new, key)
    return Tally(counter.seen)


async def joined(programme: MakeProgramme, *rules: dict[str, Any]) -> ProgrammeUnderTest:
    """The community with these rules and Ann."""
    club = await programme({**COMMUNITY, "screening": list(rules)})
    await club.join("ann")
    return club


async def test_rules_on_texts_read_and_write_nothing(
    programme: MakeProgramme, counted: tuple[Services, Counter]
) -> None:
    without = await commands(await joined(programme), counted)
    with_rules = await commands(await joined(programme, *ON_TEXTS), counted)

    assert with_rules == without
    assert not [name for name in without if "screen" in name]


async def test_rules_on_what_was_written_read_each_kind_once_however_many_they_are(
    programme: MakeProgramme, counted: tuple[Services, Counter]
) -> None:
    without = await commands(await joined(programme), counted)
    with_rules = await commands(await joined(programme, *ON_TEXTS, *ON_MORE), counted)

    assert with_rules - without == {
        "find screened_texts": 3,  # one's own, what is like it, and when one wrote
        "update screened_texts": 1,
        "aggregate posts": 1,
        "aggregate comments": 1,
        "insert screenings": 1,
        **_queue(with_rules),
    }


def _queue(seen: Tally[str]) -> dict[str, int]:
    """What the moderators' queue adds, as something was found."""
    return {name: count for name, count in seen.items() if "moderation" in name or "case" in name}


async def test_what_a_rule_on_the_text_refuses_is_read_no_further(
    programme: MakeProgramme, counted: tuple[Services, Counter]
) -> None:
    refusing = {"key": "no", "verdict": "refuse", "words": {"listed": ["never"]}}
    club = await joined(programme, refusing, *ON_MORE)
    services, counter = counted
    await commands(club, counted)
    counter.seen.clear()
    new = NewPost("square", PostKind.DISCUSSION, "Hello", f"{TEXT} Never.")
    with pytest.raises(Exception, match="don't allow"):
        await services.posts.create(club.member_actor("ann"), None, new, "refused")

    assert [name for name in counter.seen if "screen" in name] == ["insert screenings"]
