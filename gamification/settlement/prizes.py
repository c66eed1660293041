"""Giving what a draw's prize is, as any reward is given."""

from gamification.kit.causes import Cause
from gamification.kit.identifiers import derived_id
from gamification.kit.records import evolve
from gamification.lottery.model import Round, Win
from gamification.members.model import Member
from gamification.programmes.definitions import Draw
from gamification.settlement.giving import Grounds, give_rewards
from gamification.settlement.needs import NeedsFinder
from gamification.settlement.unit import Unit


async def give_prize(work: Unit, member: Member, win: Win, draw: Draw, cause: Cause, occurrence: str) -> Win:
    """The win with what its prize gave, as applied. `occurrence` is what a repeatable badge is awarded for; the
    operation must have begun."""
    reward = draw.prize(win.prize).reward
    finder = NeedsFinder(work.space.catalogue)
    finder.add_rewards(member, work.space.now, reward, occurrence)
    await work.load(finder.needs)
    gift = give_rewards(
        work.space,
        member,
        reward,
        Grounds(cause, f"draw:{win.id.hex()}", occurrence, work.space.now),
        lambda index: derived_id("draw_prize", win.id, index),
    )
    return evolve(win, given_at=work.space.now, transfers=gift.transfers, awards=gift.awards)


def cause_in(found: Round, prize: str | None = None) -> Cause:
    """Why something happened in a round."""
    return Cause(draw=found.draw, period=found.key, prize=prize, programme_version=found.programme_version)
