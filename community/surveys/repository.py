"""`survey_responses`: that a member answered, and what, unless the survey is anonymous. `survey_ballots`: what was answered to
anonymous ones, with nothing that leads to who it was: ids by chance, no times, and documents kept in the order of their ids.
`shown`: results have it; `joined`: what of them that is about a part of the answers has it too, the others not yet."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from community.surveys.model import Answer, Ballot, Group, Response, Value
from community.surveys.results import Tally
from gamification.programmes.definitions import Survey, SurveyQuestion, SurveyQuestionKind
from storage.mongo import (
    ASCENDING,
    DESCENDING,
    Document,
    Index,
    Mongo,
    ReplaceOne,
    Tx,
    find_by_ids,
    insert,
    write,
)
from storage.paging import Page, Window, find_page

RESPONSES = "survey_responses"
BALLOTS = "survey_ballots"
INDEXES = {
    RESPONSES: [
        Index([("member_id", ASCENDING), ("survey", ASCENDING), ("number", DESCENDING)]),
        Index([("programme_id", ASCENDING), ("survey", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
    ],
    BALLOTS: [
        Index([("_id", ASCENDING)], clustered=True),
        Index([("programme_id", ASCENDING), ("survey", ASCENDING), ("shown", ASCENDING)]),
    ],
}
_BATCH = 1000


class SurveyRepository:
    """Answers of all programmes; each query is of one."""

    def __init__(self, mongo: Mongo) -> None:
        self._responses = mongo.collection(RESPONSES)
        self._ballots = mongo.collection(BALLOTS)

    # -- that somebody answered

    async def add(self, response: Response, ballot: Ballot | None, tx: Tx) -> None:
        """Keep that a member answered, and apart from it what somebody did."""
        await insert(self._responses, [_to(response)], tx)
        if ballot is not None:
            await insert(self._ballots, [_ballot_to(ballot)], tx)

    async def by_ids(self, programme_id: str, ids: Sequence[bytes]) -> dict[bytes, Response]:
        """Responses by id; those of other programmes are absent."""
        rows = await find_by_ids(self._responses, ids)
        return {key: _from(row) for key, row in rows.items() if row["programme_id"] == programme_id}

    async def latest(
        self, programme_id: str, member_id: bytes, surveys: Iterable[str], tx: Tx | None = None
    ) -> dict[str, Response]:
        """The last time that a member answered each of these surveys."""
        rows = self._responses.find(
            {"member_id": member_id, "programme_id": programme_id, "survey": {"$in": list(surveys)}},
            session=tx.session if tx else None,
        ).sort("number", ASCENDING)
        return {row["survey"]: _from(row) for row in await rows.to_list(None)}

    async def page(self, programme_id: str, survey: str, window: Window) -> Page[Response]:
        """Who answered a survey, last first."""
        query = {"programme_id": programme_id, "survey": survey}
        page = await find_page(self._responses, query, [("at", -1), ("_id", -1)], window)
        return Page([_from(row) for row in page.rows], page.positions, page.has_next, page.has_previous)

    async def answered(self, programme_id: str, surveys: Iterable[str]) -> dict[str, int]:
        """How often each of these surveys was answered."""
        rows = self._responses.aggregate(
            [
                {"$match": {"programme_id": programme_id, "survey": {"$in": list(surveys)}}},
                {"$group": {"_id": "$survey", "count": {"$sum": 1}}},
            ]
        )
        return {row["_id"]: int(row["count"]) for row in await rows.to_list(None)}

    # -- what was answered

    async def show_waiting(self, programme_id: str, survey: Survey, tx: Tx) -> None:
        """Let results have the ballots that have come since they last had some, where they are of enough people together. Of
        two who do so at once, one conflicts and looks again."""
        waiting = {"programme_id": programme_id, "survey": survey.key, "shown": False}
        count = await self._ballots.count_documents(waiting, session=tx.session)
        if count < survey.group_least:
            return
        # Whose they are nobody can tell; but they are as many as the latest responses.
        people, _ = await self._latest(programme_id, survey, count, tx)
        if people >= survey.group_least:
            await self._ballots.update_many(waiting, {"$set": {"shown": True}}, session=tx.session)

    async def join_waiting(
        self, programme_id: str, survey: Survey, part: str, groups: Sequence[Mapping[str, Any]], tx: Tx
    ) -> None:
        """Let a part of the results have the ballots that all together have and it has not yet: where in each of its groups
        they are of enough people or there are none, and else not one. It would be told by how the others grew."""
        stated = {"programme_id": programme_id, "survey": survey.key}
        waiting = {**stated, "shown": True, "joined": {"$ne": part}}
        count = await self._ballots.count_documents(waiting, session=tx.session)
        if count < survey.group_least:
            return
        later = await self._ballots.count_documents({**stated, "shown": False}, session=tx.session)
        _, most = await self._latest(programme_id, survey, count + later, tx)
        # However they are spread, so many are of `group_least` people.
        enough = (survey.group_least - 1) * most + 1
        for where in groups:
            of_group = await self._ballots.count_documents({**waiting, **where}, session=tx.session)
            if 0 < of_group < enough:
                return
        await self._ballots.update_many(waiting, {"$addToSet": {"joined": part}}, session=tx.session)

    async def _latest(self, programme_id: str, survey: Survey, count: int, tx: Tx) -> tuple[int, int]:
        """Of how many people so many of the latest responses are, and how many at most of one: a survey that repeats is
        answered by one person more than once."""
        rows = self._responses.aggregate(
            [
                {"$match": {"programme_id": programme_id, "survey": survey.key}},
                {"$sort": {"at": DESCENDING, "_id": DESCENDING}},
                {"$limit": count},
                {"$group": {"_id": "$member_id", "count": {"$sum": 1}}},
                {"$group": {"_id": None, "people": {"$sum": 1}, "most": {"$max": "$count"}}},
            ],
            allowDiskUse=True,
            session=tx.session,
        )
        found = next(iter(await rows.to_list(1)), {"people": 0, "most": 1})
        return int(found["people"]), int(found["most"])

    async def count(self, programme_id: str, survey: Survey, group: Group | None = None) -> int:
        """How many answers results have, of a group or of all."""
        found, query = self._answers(programme_id, survey, group)
        return int(await found.count_documents(query))

    async def tally(self, programme_id: str, survey: Survey, group: Group | None = None) -> dict[str, Tally]:
        """What was answered to each question, of a group or of all. Of anonymous surveys a question that is asked of some has
        the answers that joined it, and of a group none: against those of all it would tell of who is in neither."""
        found, query = self._answers(programme_id, survey, group)
        unwound: list[Document] = [{"$match": query}, {"$unwind": "$answers"}]
        some = [one.key for one in survey.questions if one.shown_if]
        if survey.anonymous and some:
            has_joined: Document = {"$expr": {"$in": ["$answers.q", {"$ifNull": ["$joined", []]}]}}
            of_all: list[Document] = [has_joined] if group is None else []
            unwound.append({"$match": {"$or": [{"answers.q": {"$nin": some}}, *of_all]}})
        texts = [one.key for one in survey.questions if one.kind is SurveyQuestionKind.TEXT]
        totals = found.aggregate([*unwound, {"$group": {"_id": "$answers.q", "count": {"$sum": 1}}}])
        answered = {row["_id"]: int(row["count"]) async for row in totals}
        values: dict[str, Counter[str | int]] = {key: Counter() for key in answered}
        ranks: dict[str, dict[tuple[str, int], int]] = {key: {} for key in answered}
        ranked = {one.key for one in survey.questions if one.kind is SurveyQuestionKind.RANKING}
        given = found.aggregate(
            [
                *unwound,
                {"$match": {"answers.q": {"$nin": texts}}},
                {"$unwind": {"path": "$answers.v", "includeArrayIndex": "place"}},
                {
                    "$group": {
                        "_id": {"q": "$answers.q", "v": "$answers.v", "p": "$place"},
                        "count": {"$sum": 1},
                    }
                },
            ],
            allowDiskUse=True,
        )
        async for row in given:
            one = row["_id"]
            values[one["q"]][one["v"]] += row["count"]
            if one["q"] in ranked:
                ranks[one["q"]][one["v"], int(one["p"])] = row["count"]
        return {key: Tally(count, values[key], ranks[key]) for key, count in answered.items()}

    async def texts(
        self, programme_id: str, survey: Survey, question: SurveyQuestion, window: Window
    ) -> Page[str]:
        """What was written as an answer, in no order that tells of anything."""
        found, query = self._answered(programme_id, survey, question)
        page = await find_page(found, query, [("_id", 1)], window)
        texts = [next(a["v"] for a in row["answers"] if a["q"] == question.key) for row in page.rows]
        return Page(texts, page.positions, page.has_next, page.has_previous)

    async def column(
        self, programme_id: str, survey: Survey, question: SurveyQuestion
    ) -> AsyncIterator[Value]:
        """All answers to one question, in their own order."""
        found, query = self._answered(programme_id, survey, question)
        rows = found.aggregate(
            [
                {"$match": query},
                {"$unwind": "$answers"},
                {"$match": {"answers.q": question.key}},
                {"$project": {"_id": 0, "v": "$answers.v"}},
                {"$sort": {"v": 1}},
            ],
            allowDiskUse=True,
            batchSize=_BATCH,
        )
        async for row in rows:
            yield _value(row["v"])

    async def stream(self, programme_id: str, survey: str | None = None) -> AsyncIterator[Response]:
        """Every response of a programme, or to one survey by when it was answered."""
        query = {"programme_id": programme_id, **({"survey": survey} if survey else {})}
        rows = self._responses.find(query, batch_size=_BATCH)
        async for row in rows.sort([("at", -1), ("_id", -1)]) if survey else rows:
            yield _from(row)

    async def stream_ballots(self, programme_id: str) -> AsyncIterator[Ballot]:
        """Every ballot of a programme, in no order."""
        async for row in self._ballots.find({"programme_id": programme_id}, batch_size=_BATCH):
            yield Ballot(row["_id"], row["programme_id"], row["survey"], _answers_from(row["answers"]))

    def _answers(self, programme_id: str, survey: Survey, group: Group | None = None) -> tuple[Any, Document]:
        """Where the answers are that results have, of a group or of all."""
        query: Document = {"programme_id": programme_id, "survey": survey.key}
        if survey.anonymous:
            query |= {"shown": True} if group is None else {"shown": True, "joined": group.part}
        else:
            query["answers"] = {"$exists": True}
        # A group may ask for answers of its own.
        return (self._ballots if survey.anonymous else self._responses), query | dict(
            group.where if group is not None else {}
        )

    def _answered(self, programme_id: str, survey: Survey, question: SurveyQuestion) -> tuple[Any, Document]:
        """Where the answers are that results have to one question."""
        found, query = self._answers(programme_id, survey)
        is_part = survey.anonymous and question.shown_if
        return found, query | {"answers.q": question.key} | ({"joined": question.key} if is_part else {})

    async def all_of(self, member_id: bytes, tx: Tx) -> list[Response]:
        """All of a member's, in the order in which they were given."""
        rows = self._responses.find({"member_id": member_id}, session=tx.session)
        return sorted((_from(row) for row in await rows.to_list(None)), key=lambda one: (one.at, one.id))

    async def save(self, responses: Sequence[Response], tx: Tx) -> None:
        """Keep responses as they are now."""
        await write(self._responses, [ReplaceOne({"_id": one.id}, _to(one)) for one in responses], tx)


def answered_with(question: str, *, any_of: Iterable[int | str]) -> Document:
    """The part of a query for who gave one of these answers to a question."""
    return {"answers": {"$elemMatch": {"q": question, "v": {"$in": list(any_of)}}}}


def answered_at_all(question: str) -> Document:
    """The part of a query for who answered a question, whatever it was."""
    return {"answers.q": question}


def not_answered(question: str) -> Document:
    """The part of a query for who gave none."""
    return {"answers": {"$exists": True}, "answers.q": {"$ne": question}}


def _to(response: Response) -> Document:
    document: Document = {
        "_id": response.id,
        "programme_id": response.programme_id,
        "survey": response.survey,
        "member_id": response.member_id,
        "number": response.number,
        "at": response.at,
    }
    if response.activity_id is not None:
        document["activity_id"] = response.activity_id
    if response.version is not None:
        document["version"] = response.version
    if response.answers is not None:
        document["answers"] = _answers_to(response.answers)
    return document


def _from(row: Document) -> Response:
    answers = row.get("answers")
    return Response(
        row["_id"],
        row["programme_id"],
        row["survey"],
        row["member_id"],
        row["number"],
        row["at"],
        row.get("activity_id"),
        row.get("version"),
        _answers_from(answers) if answers is not None else None,
    )


def _ballot_to(ballot: Ballot) -> Document:
    return {
        "_id": ballot.id,
        "programme_id": ballot.programme_id,
        "survey": ballot.survey,
        "answers": _answers_to(ballot.answers),
        "shown": False,
    }


def _answers_to(answers: Sequence[Answer]) -> list[Document]:
    return [
        {"q": one.question, "v": list(one.value) if isinstance(one.value, tuple) else one.value}
        for one in answers
    ]


def _answers_from(rows: Sequence[Document]) -> tuple[Answer, ...]:
    return tuple(Answer(row["q"], _value(row["v"])) for row in rows)


def _value(stored: Any) -> Value:
    if isinstance(stored, list):
        return tuple(stored)
    found: Value = stored
    return found
