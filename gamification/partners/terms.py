"""What terms may say, what an exchange comes to, and what a month of exchanges costs: pure."""

import re
from collections.abc import Iterable, Sequence

from gamification.kit.errors import InvalidInput
from gamification.partners.model import Line, Side, Terms, Way
from gamification.programmes.catalogue import Catalogue, published

WAYS_MAX = 8
JOINT_MAX = 8
RATE_MAX = 1_000_000
POINTS_MAX = 2**53 - 1
CURRENCY = re.compile(r"[A-Z]{3}")


def check_terms(terms: Terms) -> None:
    """Raises: InvalidInput where they contradict themselves or pass a bound."""
    if not len(terms.ways) + len(terms.joint) >= 1:
        raise InvalidInput("Terms state at least one way or one campaign.", path=["terms"])
    if len(terms.ways) > WAYS_MAX:
        raise InvalidInput(f"At most {WAYS_MAX} ways.", path=["terms", "ways"], limit=WAYS_MAX)
    if len(terms.joint) > JOINT_MAX:
        raise InvalidInput(f"At most {JOINT_MAX} campaigns.", path=["terms", "campaigns"], limit=JOINT_MAX)
    if len({(way.source, way.unit_from) for way in terms.ways}) != len(terms.ways):
        raise InvalidInput("Each unit goes one way only from each side.", path=["terms", "ways"])
    if len({(one.source, one.campaign) for one in terms.joint}) != len(terms.joint):
        raise InvalidInput("Each campaign is stated once.", path=["terms", "campaigns"])
    for way in terms.ways:
        _check_way(way)


def _check_way(way: Way) -> None:
    bounds = (
        ("take", way.take, 1, RATE_MAX),
        ("give", way.give, 1, RATE_MAX),
        ("minimum", way.minimum, 1, POINTS_MAX),
        ("perMember", 1 if way.per_member is None else way.per_member, 1, POINTS_MAX),
        ("inAll", 1 if way.in_all is None else way.in_all, 1, POINTS_MAX),
        ("price", way.price, 0, POINTS_MAX),
        ("perPoints", way.per_points, 1, POINTS_MAX),
    )
    for name, value, least, most in bounds:
        if not least <= value <= most:
            raise InvalidInput(
                f"{name} is {least} to {most}.",
                path=["terms", "ways", name],
                limit=most if value > most else least,
            )


def check_own(terms: Terms, side: Side, catalogue: Catalogue) -> None:
    """What a side states of its own programme must be there; of the other's nothing is looked at. Raises: InvalidInput."""
    for way in terms.ways:
        unit = way.unit_from if way.source is side else way.unit_to
        if not published(catalogue.units.get(unit)):
            raise InvalidInput(f"There is no unit {unit[:100]!r}.", path=["terms", "ways"])
    types = {one.key for one in catalogue.document.activity_types}
    for joint in terms.joint:
        if joint.source is side and joint.campaign not in catalogue.campaigns:
            raise InvalidInput(f"There is no campaign {joint.campaign[:100]!r}.", path=["terms", "campaigns"])
        if joint.source is not side and joint.activity not in types:
            raise InvalidInput(
                f"There is no activity type {joint.activity[:100]!r}.", path=["terms", "campaigns"]
            )


def quote(way: Way, stated: int) -> tuple[int, int]:
    """What is taken of the points stated, and what is given: whole points, rounded down, for as few as they take.

    taken ≤ stated, and given × take ≤ taken × give.
    """
    given = stated * way.give // way.take
    return -(-given * way.take // way.give), given


def owed(way: Way, given: int) -> int:
    """What the source owes for points given in a month, rounded down to the currency's smallest part."""
    return given * way.price // way.per_points


def net_of(lines: Iterable[Line]) -> int:
    """What FIRST owes SECOND."""
    return sum(line.amount if line.source is Side.FIRST else -line.amount for line in lines)


def csv_of(lines: Sequence[Line], month: str, currency: str, own: Side) -> str:
    """The statement as RFC 4180 has it; `direction` as the programme of side `own` sees it."""
    rows = [
        "month,version,direction,unit_from,unit_to,exchanges,members,taken,given,amount,currency",
        *(
            ",".join(
                str(cell)
                for cell in (
                    *(month, line.version, "out" if line.source is own else "in", line.unit_from),
                    *(line.unit_to, line.exchanges, line.members, line.taken, line.given),
                    *(-line.amount if line.source is own else line.amount, currency),
                )
            )
            for line in lines
        ),
    ]
    return "\r\n".join(rows) + "\r\n"
