"""Surveys: who answered against the activities that it is recorded as, and of anonymous ones against how much was answered."""

from collections import Counter
from collections.abc import Mapping

from community.recording import source_of
from community.services import Services
from community.surveys.model import Answer, Response
from community.surveys.service import ACT
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Survey
from gamification.verification.report import Report


async def check_surveys(
    services: Services, catalogue: Catalogue, members: Mapping[bytes, Member], report: Report
) -> None:
    """Each response is to a survey and of a member that there are, one after the other, and names the activity that counts it;
    each answers what the survey asks. To an anonymous survey there are as many ballots as responses, which hold no answer."""
    recorded = {}
    reversed_ones: set[bytes] = set()
    async for one in services.activities.of_source(catalogue.programme_id, source_of(ACT)):
        recorded[one.id] = one.member_id
        if one.reversal is not None:
            reversed_ones.add(one.id)
    numbers: dict[tuple[str, bytes], list[int]] = {}
    responses: Counter[str] = Counter()
    async for response in services.kept.surveys.stream(catalogue.programme_id):
        report.count("survey responses")
        name = f"survey response {response.id.hex()}"
        survey = catalogue.surveys.get(response.survey)
        responses[response.survey] += 1
        numbers.setdefault((response.survey, response.member_id), []).append(response.number)
        if survey is None or response.member_id not in members:
            report.differs(f"{name}: {response.survey!r} or {response.member_id.hex()} is missing")
            continue
        if response.activity_id is not None:
            report.compare(f"{name} activity", response.member_id, recorded.pop(response.activity_id, None))
        _check_answers(survey, response, members[response.member_id], name, report)
    for (survey_key, member_id), found in numbers.items():
        report.compare(
            f"survey {survey_key} by {member_id.hex()}", sorted(found), list(range(1, len(found) + 1))
        )
    # What was taken back when accounts were merged has no answer any more.
    for activity_id in recorded.keys() - reversed_ones:
        report.differs(f"activity {activity_id.hex()}: it counts an answer to a survey that does not name it")
    await _check_ballots(services, catalogue, responses, report)


async def _check_ballots(
    services: Services, catalogue: Catalogue, responses: Mapping[str, int], report: Report
) -> None:
    ballots: Counter[str] = Counter()
    async for ballot in services.kept.surveys.stream_ballots(catalogue.programme_id):
        report.count("survey ballots")
        ballots[ballot.survey] += 1
        survey = catalogue.surveys.get(ballot.survey)
        if survey is None or not survey.anonymous:
            report.differs(f"survey ballot {ballot.id.hex()}: {ballot.survey!r} is no anonymous survey")
        elif strange := _strange(survey, ballot.answers):
            report.differs(f"survey ballot {ballot.id.hex()}: {strange!r} is not asked")
    for key, survey in catalogue.surveys.items():
        if survey.anonymous:
            report.compare(f"survey {key} ballots", ballots[key], responses.get(key, 0))


def _check_answers(survey: Survey, response: Response, member: Member, name: str, report: Report) -> None:
    if survey.anonymous:
        if response.answers is not None or response.version is not None:
            report.differs(f"{name}: it says what was answered anonymously")
    elif response.answers is None:
        if member.erased_at is None:
            report.differs(f"{name}: its answers are missing")
    elif strange := _strange(survey, response.answers):
        report.differs(f"{name}: {strange!r} is not asked")


def _strange(survey: Survey, answers: tuple[Answer, ...]) -> str | None:
    """The first answered question that the survey lacks."""
    return next((one.question for one in answers if survey.question(one.question) is None), None)
