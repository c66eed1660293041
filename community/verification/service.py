"""`starguild verify`: what the loyalty domain checks, and the community over it."""

from community.services import Services
from community.verification.answers import check_answers
from community.verification.complaints import check_complaints
from community.verification.contests import check_contests
from community.verification.gatherings import check_gatherings
from community.verification.moderation import check_moderation
from community.verification.polls import check_polls
from community.verification.posts import check_posts
from community.verification.proposals import check_proposals
from community.verification.questions import check_questions
from community.verification.readers import check_readers
from community.verification.screening import check_screenings
from community.verification.search import check_search
from community.verification.surveys import check_surveys
from gamification.verification.report import Report
from gamification.verification.service import Progress
from gamification.verification.service import VerificationService as LoyaltyVerification


class VerificationService:
    """Reads only, but for messages that a crash left in the outbox: those are delivered first."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._loyalty = LoyaltyVerification(services)

    async def verify(self, programme_id: str, on_progress: Progress | None = None) -> Report:
        """Check a whole programme; `on_progress` hears (activities done, of how many). Raises: NotFound.

        What is written meanwhile may show as a difference: verify while it is quiet.
        """
        report = await self._loyalty.verify(programme_id, on_progress)
        services = self._services
        catalogue = await services.programmes.catalogue(programme_id)
        stated = catalogue.document
        if not stated.spaces and not stated.surveys and not stated.complaint_categories:
            return report
        members = {member.id: member async for member in services.stores.members.stream(programme_id)}
        await check_surveys(services, catalogue, members, report)
        await check_complaints(services.kept.complaints, catalogue, members, report)
        async for one in services.kept.memberships.stream(programme_id):
            report.count("space memberships")
            if one.space not in catalogue.spaces or one.member_id not in members:
                report.differs(
                    f"space membership {one.id.hex()}: {one.space!r} or {one.member_id.hex()} is missing"
                )
        await check_posts(services.kept.posts, services.activities, catalogue, members, report)
        await check_answers(services, programme_id, members, report)
        await check_questions(services, programme_id, members, report)
        await check_polls(services, programme_id, members, report)
        await check_proposals(services, programme_id, members, report)
        await check_contests(services, catalogue, members, report)
        await check_search(services, programme_id, report)
        await check_readers(services, programme_id, members, report)
        await check_gatherings(services, catalogue, members, report)
        await check_screenings(services, catalogue, members, report)
        await check_moderation(services, catalogue, members, report)
        return report
