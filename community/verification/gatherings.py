"""Gatherings: every count is what answers add up to, nobody goes beyond the capacity, and who came counts by one activity."""

from collections import Counter
from collections.abc import Mapping

from community.gatherings.attendance import ACT
from community.gatherings.model import Gathering, Rsvp, RsvpState
from community.recording import source_of
from community.services import Services
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.verification.report import Report


async def check_gatherings(
    services: Services, catalogue: Catalogue, members: Mapping[bytes, Member], report: Report
) -> None:
    """Check every gathering and answer of a programme."""
    programme_id = catalogue.programme_id
    gatherings = {one.id: one async for one in services.kept.gatherings.stream(programme_id)}
    activities = services.activities.of_source(programme_id, source_of(ACT))
    standing = {one.id: one.member_id async for one in activities if one.reversal is None}
    answers: dict[bytes, Counter[str]] = {found: Counter() for found in gatherings}
    came: Counter[bytes] = Counter()
    async for rsvp in services.kept.rsvps.stream(programme_id):
        report.count("gathering answers")
        _check_rsvp(rsvp, gatherings, members, standing, report)
        if rsvp.gathering_id in answers and rsvp.state.is_counted and not rsvp.shadowed:
            answers[rsvp.gathering_id][rsvp.state.value] += 1
            came[rsvp.gathering_id] += rsvp.attended_at is not None
    for one in gatherings.values():
        report.count("gatherings")
        name = f"gathering {one.id.hex()}"
        if one.space not in catalogue.spaces:
            report.differs(f"{name}: it is in the space {one.space!r}, which there is not")
        if one.host_id is not None and one.host_id not in members:
            report.differs(f"{name}: its host {one.host_id.hex()} is missing")
        stored = {key: count for key, count in (one.counts or {}).items() if count}
        report.compare(f"{name} answers", stored, dict(answers[one.id]))
        report.compare(f"{name} attended", one.attended, came[one.id])
        going = one.count(RsvpState.GOING)
        if one.capacity is not None and going > one.capacity:
            report.differs(f"{name}: {going} go, of {one.capacity} who can")
    for found, member_id in standing.items():
        member = members.get(member_id)
        if member is not None and member.erased_at is None:
            report.differs(f"activity {found.hex()}: it counts somebody's coming that does not name it")


def _check_rsvp(
    rsvp: Rsvp,
    gatherings: Mapping[bytes, Gathering],
    members: Mapping[bytes, Member],
    standing: dict[bytes, bytes],
    report: Report,
) -> None:
    name = f"gathering answer {rsvp.id.hex()}"
    if rsvp.gathering_id not in gatherings or rsvp.member_id not in members:
        report.differs(f"{name}: its gathering or its member is missing")
    if rsvp.attended_at is not None and rsvp.state is not RsvpState.GOING:
        report.differs(f"{name}: they came, but are {rsvp.state}")
    if rsvp.activity_id is None:
        return
    if rsvp.attended_at is None:
        report.differs(f"{name}: they did not come, but it counts by {rsvp.activity_id.hex()}")
    if standing.pop(rsvp.activity_id, None) is None:
        member = members.get(rsvp.member_id)
        if member is not None and member.erased_at is None:
            report.differs(f"{name}: its activity {rsvp.activity_id.hex()} does not stand")
