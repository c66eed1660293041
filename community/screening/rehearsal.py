"""What a rule would have said of the latest posts, before it takes effect: for those who make the rules."""

import asyncio
from collections.abc import Awaitable, Callable

from community.screening.model import Finding, Text
from community.screening.screen import ReadyRule, look_into
from gamification.kit.actors import Actor, Permission
from gamification.kit.errors import InvalidInput, NotFound
from gamification.kit.records import record
from gamification.programmes.definitions import Status
from gamification.programmes.service import ProgrammeService

REHEARSED_MAX = 500
EXAMPLES_MAX = 20
_AT_ONCE = 10

LatestPosts = Callable[[str, int], Awaitable[list[tuple[bytes, Text]]]]
"""The latest published posts of a programme, so many at most, each with its id."""


@record(frozen=True, slots=True)
class Rehearsal:
    """How many posts were looked at, in how many of them the rule found something, and the latest of those."""

    looked: int
    found: int
    examples: tuple[tuple[bytes, Finding], ...]


class ScreeningRehearsals:
    """For moderators and operators. Nothing is kept, and nothing becomes of the posts."""

    def __init__(self, programmes: ProgrammeService, latest: LatestPosts) -> None:
        self._programmes = programmes
        self._latest = latest

    async def run(self, actor: Actor, rule_key: str, count: int) -> Rehearsal:
        """What a rule, or for operators a draft of one, finds in the latest `count` posts of the spaces that it is about, whoever wrote
        them. Raises: Forbidden, NotFound, InvalidInput where it asks for more than a text."""
        actor.require(Permission.COMMUNITY_MODERATE)
        if not 1 <= count <= REHEARSED_MAX:
            raise InvalidInput(
                f"1 to {REHEARSED_MAX} posts are looked at.", path=["posts"], limit=REHEARSED_MAX
            )
        catalogue = await self._programmes.catalogue(actor.programme_id)
        rule = next((one for one in catalogue.document.screening if one.key == rule_key), None)
        if rule is None or (rule.status is Status.DRAFT and not actor.can(Permission.PROGRAMME_READ_DRAFTS)):
            raise NotFound("There is no such rule.", path=["rule"])
        if rule.duplicates or rule.first or rule.rate:
            raise InvalidInput("This rule goes by what its author wrote before.", path=["rule"])
        ready = ReadyRule.of(rule)
        latest = await self._latest(actor.programme_id, count)
        meant = [(post_id, text) for post_id, text in latest if not rule.spaces or text.space in rule.spaces]
        found: list[tuple[bytes, Finding]] = []
        for number, (post_id, text) in enumerate(meant):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)  # others go on meanwhile
            found += [(post_id, finding) for finding in look_into(text, [ready])]
        return Rehearsal(len(meant), len(found), tuple(found[:EXAMPLES_MAX]))
