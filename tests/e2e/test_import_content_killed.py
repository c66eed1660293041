"""An import of content whose process is killed again and again: the next run brings what is missing, and nothing twice."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from storage.embedded import Endpoints
from storage.mongo import Mongo
from tests.e2e.conftest import ROOT, Run

THREADS = 240
USERS = 20
PATIENCE_S = 90


def rows(name: str, lines: list[str]) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{name}>\n' + "\n".join(lines) + f"\n</{name}>\n"


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Questions, each with an answer that is accepted, two comments and three votes."""
    folder = tmp_path_factory.mktemp("dump")
    at = "2018-03-12T15:00:00.000"
    users = [f'<row Id="{one}" CreationDate="{at}" DisplayName="U{one}" />' for one in range(1, USERS + 1)]
    posts, comments, votes = [], [], []
    for number in range(1, THREADS + 1):
        question, answer, owner = 2 * number, 2 * number + 1, number % USERS + 1
        posts.append(
            f'<row Id="{question}" PostTypeId="1" AcceptedAnswerId="{answer}" CreationDate="{at}" OwnerUserId="{owner}"'
            f' Title="Question {number}" Body="&lt;p&gt;What is {number}?&lt;/p&gt;" Tags="&lt;numbers&gt;" />'
        )
        posts.append(
            f'<row Id="{answer}" PostTypeId="2" ParentId="{question}" CreationDate="{at}"'
            f' OwnerUserId="{(number + 1) % USERS + 1}" Body="A number" />'
        )
        for place, post in enumerate((question, answer)):
            comments.append(
                f'<row Id="{2 * number + place}" PostId="{post}" Score="1" Text="Indeed" CreationDate="{at}" UserId="{owner}" />'
            )
        for place, (post, kind) in enumerate(((question, 2), (answer, 2), (answer, 1))):
            votes.append(
                f'<row Id="{3 * number + place}" PostId="{post}" VoteTypeId="{kind}" CreationDate="2018-03-13T00:00:00.000" />'
            )
    for name, lines in (("Users", users), ("Posts", posts), ("Comments", comments), ("Votes", votes)):
        (folder / f"{name}.xml").write_text(rows(name, lines), encoding="utf-8")
    return folder


@pytest.fixture
async def database(endpoints: Endpoints, environment: dict[str, str]) -> AsyncIterator[Mongo]:
    mongo = Mongo(endpoints.mongodb_url, environment["STARGUILD_DATABASE"])
    yield mongo
    mongo.close()


async def killed_at(
    database: Mongo, environment: dict[str, str], dump: Path, collection: str, count: int
) -> int:
    """Import until a collection has so many documents, and kill the process; how many there are then."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api.cli", "import", "stackexchange", str(dump)),
        *("--programme", "site", "--content", "--json"),
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            while await database.collection(collection).count_documents({}) < count:
                assert process.returncode is None, "it was done before it could be killed"
                await asyncio.sleep(0.005)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    return await database.collection(collection).count_documents({})


async def test_a_killed_import_goes_on_and_brings_everything_once(
    database: Mongo, environment: dict[str, str], dump: Path, starguild: Run
) -> None:
    await killed_at(database, environment, dump, "activities", 300)
    for least in (20, 100):
        there = await killed_at(database, environment, dump, "posts", least)
        assert there < THREADS, "it was killed too late to show anything"
        # What is there is whole: each thread with its answer, comments and votes.
        assert await database.collection("comments").count_documents({}) == 3 * there
        assert await database.collection("imported_votes").count_documents({}) == 4 * there
        # What the rankings were to be told waits for a worker, whom nobody started here.
        assert starguild("rebuild", "leaderboards", "--programme", "site")[0] == 0
        code, report = starguild("verify", "--programme", "site")
        assert (code, report["differences"]) == (0, [])

    code, done = starguild("import", "stackexchange", str(dump), "--programme", "site", "--content")
    assert code == 0
    content: dict[str, Any] = done["content"]
    assert content["threads"] == THREADS
    assert 100 <= content["known"] < THREADS
    assert content["questions"] == THREADS - content["known"]
    counts = {
        name: await database.collection(name).count_documents({})
        for name in ("posts", "post_revisions", "comments", "questions", "imported_votes")
    }
    assert counts == {
        "posts": THREADS,
        "post_revisions": THREADS,
        "comments": 3 * THREADS,
        "questions": THREADS,
        "imported_votes": 4 * THREADS,
    }
    code, report = starguild("verify", "--programme", "site")
    assert (code, report["differences"]) == (0, [])

    code, again = starguild("import", "stackexchange", str(dump), "--programme", "site", "--content")
    assert (code, again["recorded"], again["content"]["known"]) == (0, 0, THREADS)
