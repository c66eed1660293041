"""What live intake takes: pure checks, each naming its field and limit."""

from datetime import UTC, datetime, timedelta

from gamification.activity.model import NewActivity
from gamification.kit.errors import ErrorCode, InvalidInput
from gamification.kit.records import evolve
from gamification.members.profile import EXTERNAL_ID_LENGTH_MAX, check_text
from gamification.programmes.catalogue import Catalogue, published

CLOCK_SKEW_MAX = timedelta(seconds=60)
"""How far a sender's clock may run ahead of ours."""

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""Before this no calendar of ours is asked for; whatever lateness a programme allows."""

_TEXT_LENGTH_MAX = 200


def accept(new: NewActivity, catalogue: Catalogue, now: datetime, *, historic: bool) -> NewActivity:
    """The activity as it is stored: properties normalised, time to the millisecond.

    `historic` waives the programme's lateness. Raises: InvalidInput with the reason.
    """
    check_text(new.source, "source", _TEXT_LENGTH_MAX)
    check_text(new.source_id, "sourceId", _TEXT_LENGTH_MAX)
    check_text(new.member_external_id, "memberExternalId", EXTERNAL_ID_LENGTH_MAX)
    if new.subject is not None:
        check_text(new.subject, "subject", _TEXT_LENGTH_MAX)
    if not published(catalogue.activity_types.get(new.type)):
        raise InvalidInput(
            f"There is no activity type {new.type[:100]!r}.",
            code=ErrorCode.UNKNOWN_ACTIVITY_TYPE,
            path=["type"],
        )
    if new.occurred_at > now + CLOCK_SKEW_MAX:
        raise InvalidInput(
            f"occurredAt lies more than {CLOCK_SKEW_MAX.seconds} seconds in the future.",
            code=ErrorCode.IN_FUTURE,
            path=["occurredAt"],
            limit=CLOCK_SKEW_MAX.seconds,
        )
    if new.occurred_at < EARLIEST:
        raise InvalidInput(
            f"occurredAt lies before {EARLIEST:%Y}.",
            code=ErrorCode.TOO_LATE,
            path=["occurredAt"],
            limit=EARLIEST.year,
        )
    lateness = catalogue.settings.lateness_or_none
    if lateness is not None and not historic and new.occurred_at < now - lateness:
        raise InvalidInput(
            f"occurredAt lies further back than the programme's {lateness.days} days and {lateness.seconds} seconds.",
            code=ErrorCode.TOO_LATE,
            path=["occurredAt"],
            limit=int(lateness.total_seconds()),
        )
    milliseconds = new.occurred_at.microsecond // 1000 * 1000
    return evolve(
        new,
        occurred_at=new.occurred_at.replace(microsecond=milliseconds),
        properties=catalogue.properties_of(new.type).accept(new.properties),
    )
