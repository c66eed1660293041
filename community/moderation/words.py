"""What a member is told: a moderator's own words, or the programme's template in the member's language."""

from gamification.kit.errors import InvalidInput
from gamification.members.profile import check_text
from gamification.programmes.definitions import localised
from gamification.settlement.unit import Unit

REASON_MAX = 500


async def words(work: Unit, member_id: bytes, reason: str | None, template: str | None) -> str | None:
    """The reason in words; None where none was given. Raises: InvalidInput."""
    if reason is not None:
        check_text(reason, "reason", REASON_MAX)
        return reason
    if template is None:
        return None
    settings = work.space.catalogue.settings
    found = settings.community.moderation.template(template)
    if found is None:
        raise InvalidInput(f"There is no template {template[:100]!r}.", path=["template"])
    members = await work.stores.members.by_ids(work.space.catalogue.programme_id, [member_id], work.tx)
    member = members.get(member_id)
    locale = member.locale if member is not None and member.locale else settings.locale
    return localised(found.text, locale, settings.locale)
