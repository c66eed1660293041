"""The same hostile texts where not every member writes: gatherings, what the club answers to proposals, an import; and where texts
are shown in parts: what search found, what an edit changed, what a poll offers. A browser shows it all, and nothing runs."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from community.search.query import LENGTH_MAX
from community.services import Services
from gamification.importers.threads import SourceComment, SourcePost, SourceThread
from gamification.kit.actors import Actor, system_actor
from tests.browser import find_chromium, opened, page_of
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, succeeded
from tests.resolvers.test_hostile_texts import TEXTS, TITLE_MAX, ran
from tests.support import ProgrammeUnderTest

DOCUMENT: dict[str, Any] = {
    "programme": {"community": {"image_hosts": ["img.example.org"]}},
    "spaces": [
        {"key": "square", "kinds": ["discussion", "question", "poll", "proposal"]},
        {"key": "questions", "kinds": ["question"]},
    ],
}
PAGED = "nodes { id } pageInfo { hasNextPage endCursor }"
GATHERING = "gathering { html title text place cancelReason }"
FOUND = """query ($after: String) { search(query: "hit", first: 100, after: $after) {
    nodes { highlights { parts { text } } } pageInfo { hasNextPage endCursor } } }"""
IMPORTED = """query ($after: String) { posts(filter: {space: "questions"}, first: 20, after: $after) {
    nodes { html title tags comments(first: 5) { nodes { html text } } } pageInfo { hasNextPage endCursor } } }"""
CHANGED = """query ($id: ID!) { post(id: $id) { excerpt poll { options { text } }
    revisions(first: 5) { nodes { title diff { text } } } } }"""


@pytest.fixture(scope="module", autouse=True)
def _browser() -> None:
    find_chromium()


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    club = await programme(DOCUMENT)
    await club.join("ann")
    return club


async def tried(graphql: GraphQL, actor: Actor, field: str, stated: dict[str, Any], selection: str) -> Any:
    """What was made; None where the text was none that is taken."""
    answer = succeeded(await graphql.mutate(actor, field, stated, selection))[field]
    assert "code" not in answer or answer["code"] in ("INVALID_INPUT", "TOO_LARGE"), answer
    return None if "code" in answer else answer


async def paged(graphql: GraphQL, actor: Actor, query: str, name: str) -> AsyncIterator[dict[str, Any]]:
    after, more = None, True
    while more:
        page = (await graphql.read(actor, query, {"after": after}))[name]
        for node in page["nodes"]:
            yield node
        more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]


def line_of(text: str) -> str:
    return " ".join(text.split())[:TITLE_MAX]


def shown(tmp_path: Path, boxes: list[str], plain: list[str]) -> None:
    """Nothing of it runs, and all of it is there."""
    told = opened(page_of(boxes, dict(enumerate(plain))), tmp_path)
    assert (ran(told), told["seen"]) == ([], len(boxes))


async def test_what_gatherings_say_runs_nowhere(
    graphql: GraphQL, club: ProgrammeUnderTest, tmp_path: Path
) -> None:
    boxes, plain = [], []
    starts = club.clock.now + timedelta(days=3)
    for number, text in enumerate(TEXTS):
        stated = {
            "title": line_of(text),
            "body": text,
            "place": line_of(text),
            "startsAt": starts.isoformat(),
            "endsAt": (starts + timedelta(hours=1)).isoformat(),
            "timeZone": "UTC",
        }
        asked = {"space": "square", "gathering": stated, "idempotencyKey": str(number)}
        made = await tried(graphql, club.moderator, "createGathering", asked, GATHERING)
        if made:
            boxes.append(made["gathering"].pop("html"))
            plain += [one for one in made["gathering"].values() if one]

    assert len(boxes) > len(TEXTS) - 10
    shown(tmp_path, boxes, plain)


async def test_what_the_club_answers_to_proposals_runs_nowhere(
    graphql: GraphQL, club: ProgrammeUnderTest, tmp_path: Path
) -> None:
    boxes = []
    ann = club.member_actor("ann")
    for number, text in enumerate(TEXTS):
        stated = {"space": "square", "kind": "PROPOSAL", "title": "Let us", "body": "Well?"}
        made = await graphql.done(ann, "createPost", {**stated, "idempotencyKey": str(number)}, "post { id }")
        answer = {"postId": made["post"]["id"], "version": 0, "state": "ANSWERED", "body": text}
        done = await tried(
            graphql, club.operator, "answerProposal", answer, "post { proposal { answers { html } } }"
        )
        boxes += [done["post"]["proposal"]["answers"][0]["html"]] if done else []

    assert len(boxes) > len(TEXTS) - 10
    shown(tmp_path, boxes, [])


async def test_what_is_imported_runs_nowhere(
    graphql: GraphQL, club: ProgrammeUnderTest, tmp_path: Path, services: Services
) -> None:
    """There the texts are HTML to begin with, and read as such."""
    at = int(club.clock.now.timestamp() * 1000)
    threads = []
    for number, text in enumerate(TEXTS):
        title = line_of(text)
        question = SourcePost(
            2 * number, None, at, None, None, title, (title[:20],), text, None, None, False, ()
        )
        answer = SourcePost(2 * number + 1, None, at, None, None, "", (), text, None, None, False, ())
        comment = SourceComment(number, 2 * number, None, at, text, 0)
        threads.append(SourceThread(question, (answer,), (comment,)))
    for start in range(0, len(threads), 20):
        await services.content_import.write(system_actor(club.key), "questions", threads[start : start + 20])

    boxes, plain = [], []
    async for post in paged(graphql, club.moderator, IMPORTED, "posts"):
        boxes.append(post["html"])
        plain += [post["title"], *post["tags"]]
        for comment in post["comments"]["nodes"]:
            boxes.append(comment["html"])
            plain.append(comment["text"])
    assert len(boxes) == 3 * len(TEXTS)
    shown(tmp_path, boxes, plain)


async def test_what_is_shown_in_parts_runs_nowhere(
    graphql: GraphQL, club: ProgrammeUnderTest, tmp_path: Path
) -> None:
    ann, made, plain = club.member_actor("ann"), [], []
    for number, text in enumerate(TEXTS):
        poll = {"kind": "SINGLE", "options": [line_of(text)[:100], "Other"]}
        stated = {"space": "square", "kind": "POLL", "title": line_of(text), "body": text, "poll": poll}
        done = await tried(
            graphql, ann, "createPost", {**stated, "idempotencyKey": str(number)}, "post { id version }"
        )
        if done:
            made.append(done["post"])
    for post in made:
        edit = {"postId": post["id"], "version": post["version"], "body": "Other words", "title": "Other"}
        if made.index(post) % 2:
            await graphql.done(ann, "editPost", edit)
        found = (await graphql.read(club.moderator, CHANGED, {"id": post["id"]}))["post"]
        plain += [found["excerpt"], *(one["text"] for one in found["poll"]["options"])]
        for revision in found["revisions"]["nodes"]:
            plain += [revision["title"], *(one["text"] for one in revision["diff"])]
    pieces = 0
    async for hit in paged(graphql, club.moderator, FOUND, "search"):
        for highlight in hit["highlights"]:
            parts = [part["text"] for part in highlight["parts"]]
            plain += [*parts, "".join(parts)]
            pieces += 1
    for text in TEXTS[::10]:
        answer = await graphql(
            ann, "query ($q: String!) { search(query: $q) { nodes { kind } } }", {"q": text[:LENGTH_MAX]}
        )
        assert answer.errors is None or answer.errors[0].extensions is not None

    assert (len(made) > len(TEXTS) - 15, pieces > len(TEXTS)) == (True, True)
    shown(tmp_path, [], plain)
