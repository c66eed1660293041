"""What expressions may read of a member."""

from gamification.members.model import Member


def member_facts(member: Member) -> dict[str, object]:
    """What conditions, and the groups of boards, may read of a member."""
    return {
        "id": member.id.hex(),
        "external_id": member.external_id,
        "joined_at": member.joined_at,
        "locale": member.locale,
        "time_zone": member.time_zone,
        "attributes": member.attributes,
        "birthday": member.birthday or "",
        "tags": list(member.tags),
        "segments": list(member.segments),
    }
