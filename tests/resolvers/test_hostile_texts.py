"""Texts that would run as scripts, written everywhere where members write, and shown by a browser: nothing runs.

The texts are in `tests/xss_vectors.py`, with where they are known from; `tests/browser.py` says what is done with them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from community.writing.markup import clean
from tests.browser import find_chromium, frames_of, opened, page_of
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, succeeded
from tests.support import ProgrammeUnderTest
from tests.xss_vectors import EVERY, LIVE, armed

NAMES = list(EVERY)
TEXTS = [armed(text, number) for number, text in enumerate(EVERY.values())]
TITLE_MAX, NAME_MAX = 200, 100
DOCUMENT: dict[str, Any] = {
    "programme": {"community": {"image_hosts": ["img.example.org"]}},
    "spaces": [{"key": "square"}],
    "surveys": [
        {
            "key": "asked",
            "questions": [{"key": "why", "kind": "text", "name": {"en": "Why?"}, "length_max": 5000}],
        }
    ],
    "complaint_categories": [{"key": "any"}],
}


def ran(told: Mapping[str, Any]) -> list[str]:
    """The names of the texts that ran."""
    return [NAMES[number] for number in told["hits"]]


@pytest.fixture(scope="module", autouse=True)
def _browser() -> None:
    find_chromium()


def test_the_texts_do_run_where_nothing_holds_them_up(tmp_path: Path) -> None:
    """Or a test that sees nothing run would show nothing."""
    texts = [armed(text, number) for number, text in enumerate(LIVE.values())]

    told = opened(frames_of(texts), tmp_path)

    quiet = [name for number, name in enumerate(LIVE) if number not in told["hits"]]
    assert (told["seen"], quiet) == (len(LIVE), [])


@pytest.mark.parametrize(
    "text",
    [
        "<script>hit(1)</script>",
        "<img src=x onerror=hit(1)>",
        "<b onmouseover=hit(1)>b</b>",
        "<a href='javascript:hit(1)'>a</a>",
        "<p onclick=hit(1)>p</p>",
    ],
)
def test_the_page_that_finds_nothing_would_find_one(tmp_path: Path, text: str) -> None:
    told = opened(page_of(["<p>Harmless</p>", text, "<p>Harmless</p>"]), tmp_path)

    assert told == {"hits": [1], "seen": 3}


def test_texts_that_are_shown_as_text_run_nowhere(tmp_path: Path) -> None:
    told = opened(page_of([], dict(enumerate(TEXTS))), tmp_path)

    assert ran(told) == []


def test_what_is_cleaned_runs_nowhere(tmp_path: Path) -> None:
    """The second wall by itself, as if the renderer let all HTML through."""
    told = opened(page_of([clean(text) for text in TEXTS]), tmp_path)

    assert (ran(told), told["seen"]) == ([], len(TEXTS))


async def written(graphql: GraphQL, club: ProgrammeUnderTest, number: int) -> list[str]:
    """Let a member write a text wherever members write; the ids of what was taken."""
    text, actor = TEXTS[number], club.member_actor(f"m{number}")
    line = " ".join(text.split())
    made: list[str] = []

    async def tried(field: str, stated: dict[str, Any], selection: str) -> dict[str, Any]:
        answer = succeeded(await graphql.mutate(actor, field, stated, selection))[field]
        assert "code" not in answer or answer["code"] in ("INVALID_INPUT", "TOO_LARGE"), answer
        return {} if "code" in answer else answer

    post = {"space": "square", "title": line[:TITLE_MAX], "body": text, "idempotencyKey": "post"}
    found = await tried("createPost", post, "post { id }")
    if found:
        made.append(found["post"]["id"])
        comment = {"postId": made[0], "body": text, "idempotencyKey": "comment"}
        found = await tried("createComment", comment, "comment { id }")
        made += [found["comment"]["id"]] if found else []
    await tried("updateProfile", {"displayName": line[:NAME_MAX]}, "__typename")
    answers = [{"question": "why", "text": text}]
    await tried(
        "answerSurvey", {"survey": "asked", "answers": answers, "idempotencyKey": "survey"}, "__typename"
    )
    await tried("fileComplaint", {"category": "any", "text": text, "idempotencyKey": "file"}, "__typename")
    return made


SHOWN = """query ($ids: [ID!]!) { nodes(ids: $ids) { __typename
    ... on Post { html title text excerpt tags links { url title } images author { displayName } }
    ... on Comment { said: html read: text author { displayName } } } }"""
SURVEYED = """query ($after: String) { survey(key: "asked") { results { questions { texts(first: 100, after: $after) {
    nodes { text } pageInfo { hasNextPage endCursor } } } } } }"""


async def test_what_members_write_runs_nowhere(
    graphql: GraphQL, programme: MakeProgramme, tmp_path: Path
) -> None:
    club = await programme(DOCUMENT)
    await club.join_all(*(f"m{number}" for number in range(len(TEXTS))))
    ids = [found for number in range(len(TEXTS)) for found in await written(graphql, club, number)]

    nodes: list[dict[str, Any]] = []
    for start in range(0, len(ids), 100):
        page = await graphql.read(club.moderator, SHOWN, {"ids": ids[start : start + 100]})
        nodes += page["nodes"]
    plain = [text for node in nodes for text in _plain(node)]
    after, more = None, True
    while more:
        found = await graphql.read(club.operator, SURVEYED, {"after": after})
        texts = found["survey"]["results"]["questions"][0]["texts"]
        plain += [one["text"] for one in texts["nodes"]]
        more, after = texts["pageInfo"]["hasNextPage"], texts["pageInfo"]["endCursor"]
    for number in range(0, len(TEXTS), 10):
        found = await graphql.read(club.member_actor(f"m{number}"), "{ myComplaints { nodes { text } } }")
        plain += [one["text"] for one in found["myComplaints"]["nodes"]]
    boxes = [node.get("html") or node["said"] for node in nodes]
    # Nearly all were taken: few hold what no text may.
    assert len(boxes) > 2 * len(TEXTS) - 10
    assert len(plain) > 6 * len(TEXTS)

    told = opened(page_of(boxes, dict(enumerate(plain))), tmp_path)

    assert (ran(told), told["seen"]) == ([], len(boxes))


def _plain(node: dict[str, Any]) -> list[str]:
    """What of an answer is text, and never HTML."""
    links = [text for link in node.get("links", ()) for text in (link["url"], link["title"])]
    texts = [node.get(name) for name in ("title", "text", "read", "excerpt")]
    author = (node.get("author") or {}).get("displayName")
    return [text for text in (*texts, author, *links, *node.get("images", ()), *node.get("tags", ())) if text]
