"""Content of a Stack Exchange dump, written into a programme: times, threads, counts, and that twice is the same as once."""

import asyncio
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from api.importing import ensure_programme, import_content, parts_of, run_import
from community.importing.markdown import from_html
from community.importing.model import ImportedContent
from community.posts.model import Post
from community.services import Services
from community.verification.service import VerificationService
from community.writing.markup import Markup
from gamification.importers.dump import rows
from gamification.importers.stackexchange import StackExchangeDump
from gamification.importers.threads import SourceThread, ThreadReader
from gamification.kit.actors import system_actor
from gamification.kit.errors import InvalidInput
from storage.mongo import Mongo
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL
from tests.support import ProgrammeUnderTest

REAL = Path(__file__).parents[2] / "../shared/data/quantumcomputing"
needs_real_dump = pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data/quantumcomputing is not here")
PROGRAMME: dict[str, Any] = {
    "programme": {"community": {"reactions": ["upvote"]}},
    "activity_types": [
        {"key": key}
        for key in (
            *("account.registered", "post.created", "comment.left", "post.upvoted", "post.downvoted"),
            *("answer.accepted", "answer.chosen"),
        )
    ],
    "spaces": [{"key": "questions", "kinds": ["question"]}, {"key": "chat"}],
}
USERS = "".join(
    f'<row Id="{number}" CreationDate="2018-01-0{number}T00:00:00.000" DisplayName="{name}" />'
    for number, name in ((1, "Ada"), (2, "Bob"), (3, "Cyd"))
)
POSTS = """
<row Id="10" PostTypeId="1" AcceptedAnswerId="12" CreationDate="2018-03-12T15:00:00.250" OwnerUserId="1"
 Title="What is a qubit?" Body="&lt;p&gt;In &lt;em&gt;short&lt;/em&gt;, $x_1 * y_2$.&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;"
 Tags="&lt;qubit&gt;&lt;Q#&gt;" LastEditDate="2018-03-14T00:00:00.000" LastEditorUserId="2" />
<row Id="11" PostTypeId="2" ParentId="10" CreationDate="2018-03-12T16:00:00.000" OwnerUserId="1" Body="My own" />
<row Id="12" PostTypeId="2" ParentId="10" CreationDate="2018-03-13T15:00:00.000" OwnerUserId="2" Body="&lt;b&gt;A unit&lt;/b&gt;" />
<row Id="20" PostTypeId="1" CreationDate="2018-04-01T00:00:00.000" ClosedDate="2018-04-02T00:00:00.000"
 OwnerDisplayName="gone" Title="Closed" Body="Off topic" Tags="" />
"""
COMMENTS = """
<row Id="30" PostId="10" Score="2" Text="Which *one*? See https://a.example" CreationDate="2018-03-12T15:01:00.000" UserId="3" />
<row Id="31" PostId="12" Score="0" Text="Thanks" CreationDate="2018-03-15T00:00:00.000" UserId="1" />
<row Id="32" PostId="12" Score="0" Text="Same" CreationDate="2018-03-16T00:00:00.000" UserDisplayName="gone" />
"""
VOTES = "".join(
    f'<row Id="{number}" PostId="{post}" VoteTypeId="{kind}" CreationDate="2018-03-{day}T00:00:00.000" {more}/>'
    for number, post, kind, day, more in (
        (40, 10, 2, 12, ""),
        (41, 10, 2, 20, ""),
        (42, 12, 2, 13, ""),
        (43, 10, 3, 13, ""),
        (44, 12, 1, 14, ""),
        (45, 10, 5, 14, 'UserId="3" '),
        (46, 10, 5, 14, 'UserId="99" '),
    )
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    parts = {"Users": USERS, "Posts": POSTS, "Comments": COMMENTS, "Votes": VOTES}
    for name, content in parts.items():
        (tmp_path / f"{name}.xml").write_text(f"<{name}>{content}</{name}>", encoding="utf-8-sig")
    return tmp_path


@pytest.fixture
async def site(programme: MakeProgramme, folder: Path) -> ProgrammeUnderTest:
    """A programme into which the dump's members and activity are imported."""
    site = await programme(PROGRAMME)
    await run_import(site.services, StackExchangeDump(folder), site.key, "stackexchange", _unheard)
    return site


def _unheard(what: str, done: int, total: int | None) -> None:
    """Nobody listens."""


async def bring(site: ProgrammeUnderTest, folder: Path, services: Services | None = None) -> ImportedContent:
    content = await import_content(
        services or site.services, ThreadReader(folder), site.key, "questions", _unheard
    )
    return content.done


async def posts_of(site: ProgrammeUnderTest) -> list[Post]:
    found = [post async for post in site.services.kept.posts.stream(site.key)]
    return sorted(found, key=lambda post: post.created_at)


async def everything(mongo: Mongo, site: ProgrammeUnderTest) -> dict[str, list[Any]]:
    names = ("posts", "post_revisions", "comments", "questions", "imported_votes", "bookmarks", "activities")
    return {
        name: await mongo.collection(name).find({"programme_id": site.key}).sort("_id", 1).to_list(None)
        for name in (*names, "members")
    }


async def adds_up(site: ProgrammeUnderTest) -> bool:
    return (await VerificationService(site.services).verify(site.key)).differences == []


THREAD = """query { posts(filter: {tag: "qubit"}) { nodes {
    title html text source tags publishedAt editedAt isLocked commentCount author { displayName }
    reactions { reaction count } revisions { nodes { version at editor { displayName } } }
    question { answerCount firstResponseSeconds acceptedAnswer { text } }
    comments(orderBy: OLDEST) { nodes { text html isRemark createdAt replyCount author { displayName }
        reactions { reaction count } replies { nodes { text isRemark author { displayName } } } } } } } }"""


async def test_a_thread_is_read_as_it_was_written(site: ProgrammeUnderTest, folder: Path) -> None:
    await bring(site, folder)
    graphql = GraphQL(site.services)
    (post,) = (await graphql.read(site.member_actor("1"), THREAD))["posts"]["nodes"]

    assert (post["title"], post["tags"]) == ("What is a qubit?", ["qubit", "q#"])
    assert post["html"] == "<p>In <em>short</em>, $x_1 * y_2$.</p>\n"
    assert "alert" not in post["html"] + post["source"]
    assert post["publishedAt"] == "2018-03-12T15:00:00.250Z"
    assert post["editedAt"] == "2018-03-14T00:00:00.000Z"
    assert (post["author"], post["isLocked"]) == ({"displayName": "Ada"}, False)
    assert post["reactions"] == [{"reaction": "upvote", "count": 2}]
    assert post["revisions"]["nodes"] == [
        {"version": 1, "at": "2018-03-14T00:00:00.000Z", "editor": {"displayName": "Bob"}}
    ]
    assert post["commentCount"] == 5
    # The asker's own answer is none of another's, and a remark none at all.
    assert post["question"] == {
        "answerCount": 1,
        "firstResponseSeconds": 86399,
        "acceptedAnswer": {"text": "A unit"},
    }
    remark, own, accepted = post["comments"]["nodes"]
    assert (remark["text"], remark["isRemark"], remark["author"]) == (
        "Which one? See https://a.example",
        True,
        {"displayName": "Cyd"},
    )
    assert remark["reactions"] == [{"reaction": "upvote", "count": 2}]
    assert (own["text"], own["isRemark"]) == ("My own", False)
    assert (accepted["html"], accepted["createdAt"]) == (
        "<p><strong>A unit</strong></p>\n",
        "2018-03-13T15:00:00.000Z",
    )
    assert (accepted["replyCount"], accepted["reactions"]) == (2, [{"reaction": "upvote", "count": 1}])
    assert accepted["replies"]["nodes"] == [
        {"text": "Thanks", "isRemark": False, "author": {"displayName": "Ada"}},
        {"text": "Same", "isRemark": False, "author": {"displayName": "Deleted user"}},
    ]


async def test_counts_say_what_came_and_verify_finds_nothing(
    site: ProgrammeUnderTest, folder: Path, mongo: Mongo
) -> None:
    before = (await everything(mongo, site))["activities"]
    done = await bring(site, folder)

    assert done.as_dict() == {
        "threads": 2,
        "known": 0,
        "questions": 2,
        "answers": 2,
        "comments": 3,
        "accepted": 1,
        "votes": 5,
        "bookmarks": 1,
        "ofDeletedUsers": 2,
    }
    # What was recorded as activity is not recorded again.
    assert (await everything(mongo, site))["activities"] == before
    assert await adds_up(site)


async def test_what_was_closed_is_locked_and_a_deleted_users_is_a_stand_ins(
    site: ProgrammeUnderTest, folder: Path
) -> None:
    await bring(site, folder)
    closed = (await posts_of(site))[1]
    authors = await site.services.stores.members.by_ids(site.key, [closed.author_id])

    assert (closed.written.title, closed.locked) == ("Closed", True)
    assert authors[closed.author_id].display_name == "Deleted user"


async def test_accepting_and_bookmarks_keep_their_times(site: ProgrammeUnderTest, folder: Path) -> None:
    await bring(site, folder)
    post = (await posts_of(site))[0]
    question = (await site.services.kept.questions.by_ids([post.id]))[post.id]
    accepted = question.accepted
    kept = [one async for one in site.services.kept.bookmarks.stream(site.key)]

    assert accepted is not None
    # The vote is of the 14th, whole days; the answer of the 13th.
    assert (accepted.at.day, accepted.by, accepted.activity_id) == (14, "member:1", None)
    assert [(one.target.id, one.at.day) for one in kept] == [(post.id, 14)]


async def test_twice_is_the_same_as_once(site: ProgrammeUnderTest, folder: Path, mongo: Mongo) -> None:
    await bring(site, folder)
    before = await everything(mongo, site)
    again = await bring(site, folder)

    assert (again.threads, again.known, again.questions, again.votes) == (2, 2, 0, 0)
    assert await everything(mongo, site) == before


async def test_two_at_once_are_the_same_as_one(site: ProgrammeUnderTest, folder: Path, mongo: Mongo) -> None:
    done = await asyncio.gather(*(bring(site, folder) for _ in range(3)))

    assert sum(one.questions for one in done) == 2
    assert len(await posts_of(site)) == 2
    assert len((await everything(mongo, site))["imported_votes"]) == 5
    assert await adds_up(site)


async def test_what_a_crash_left_is_brought_by_the_next(
    site: ProgrammeUnderTest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_by_one(threads: Any) -> Any:
        for thread in threads:
            yield [thread]

    monkeypatch.setattr("api.importing.parts_of", one_by_one)
    writing = site.services.content_import.write
    calls: list[int] = []

    async def dying(*stated: Any) -> ImportedContent:
        calls.append(1)
        if len(calls) == 2:
            raise ConnectionError
        return await writing(*stated)

    monkeypatch.setattr(type(site.services.content_import), "write", staticmethod(dying))
    with pytest.raises(ConnectionError):
        await bring(site, folder)
    assert len(await posts_of(site)) == 1
    assert await adds_up(site)
    monkeypatch.undo()

    done = await bring(site, folder)
    assert (done.known, done.questions) == (1, 1)
    assert await adds_up(site)


async def test_a_part_that_fails_leaves_nothing(
    site: ProgrammeUnderTest, folder: Path, mongo: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(type(site.services.kept.imported_votes), "add", failing)
    before = await everything(mongo, site)
    with pytest.raises(ConnectionError):
        await bring(site, folder)
    after = await everything(mongo, site)

    assert {name: rows for name, rows in after.items() if name != "members"} == {
        name: rows for name, rows in before.items() if name != "members"
    }


async def test_what_members_changed_since_stays(site: ProgrammeUnderTest, folder: Path) -> None:
    await bring(site, folder)
    graphql = GraphQL(site.services)
    found = await graphql.read(
        site.member_actor("1"), '{ posts(filter: {tag: "qubit"}) { nodes { id version } } }'
    )
    (post,) = found["posts"]["nodes"]
    edit = {"postId": post["id"], "version": post["version"], "body": "Changed"}
    await graphql.done(site.member_actor("1"), "editPost", edit, "post { version }")
    react = {"targetId": post["id"], "reaction": "upvote"}
    await graphql.done(site.member_actor("3"), "react", react, "post { reactions { count } }")
    await bring(site, folder)
    found = await graphql.read(site.member_actor("1"), THREAD)
    (post,) = found["posts"]["nodes"]

    assert (post["text"].strip(), post["reactions"]) == ("Changed", [{"reaction": "upvote", "count": 3}])
    assert await adds_up(site)


async def test_a_remark_is_no_answer_to_be_accepted(site: ProgrammeUnderTest, folder: Path) -> None:
    await bring(site, folder)
    graphql = GraphQL(site.services)
    found = await graphql.read(
        site.member_actor("1"),
        '{ posts(filter: {tag: "qubit"}) { nodes { comments { nodes { id isRemark } } } } }',
    )
    remark = next(one for one in found["posts"]["nodes"][0]["comments"]["nodes"] if one["isRemark"])
    result = await graphql.mutate(site.moderator, "acceptAnswer", {"commentId": remark["id"]})

    assert result.data is not None
    assert result.data["acceptAnswer"]["__typename"] == "InvalidInputError"


@pytest.mark.parametrize("space", ["nowhere", "chat"])
async def test_it_must_stand_in_a_space_that_takes_questions(
    site: ProgrammeUnderTest, folder: Path, space: str
) -> None:
    with pytest.raises(InvalidInput, match=space):
        await import_content(site.services, ThreadReader(folder), site.key, space, _unheard)
    assert await posts_of(site) == []


async def test_the_bundled_programme_takes_it(services: Services, folder: Path) -> None:
    key = f"se-{folder.name.replace('_', '-').lower()}"[:40]
    await ensure_programme(services, key, "stackexchange")
    await run_import(services, StackExchangeDump(folder), key, "stackexchange", _unheard)
    content = await import_content(services, ThreadReader(folder), key, "questions", _unheard)

    assert content.done.questions == 2
    assert (await VerificationService(services).verify(key)).differences == []


# -- the real one


@needs_real_dump
async def test_a_slice_of_the_real_dump_adds_up(programme: MakeProgramme) -> None:
    site = await programme(PROGRAMME)
    actor = system_actor(site.key)
    threads: list[SourceThread] = list(islice(ThreadReader(REAL).threads(), 25))
    members = {one.external_id: one for one in StackExchangeDump(REAL).members()}
    await site.join_all(*members)
    done = ImportedContent()
    for part in parts_of(threads):
        done.add(await site.services.content_import.write(actor, "questions", part))

    assert (done.questions, done.known) == (25, 0)
    assert done.answers == sum(len(one.answers) for one in threads)
    assert done.comments == sum(len(one.comments) for one in threads)
    for part in parts_of(threads):
        done = await site.services.content_import.write(actor, "questions", part)
        assert done.known == done.threads
    assert await adds_up(site)


@needs_real_dump
def test_what_is_read_of_real_posts_is_what_was_read_there() -> None:
    markup = Markup(["i.stack.imgur.com"], lambda _: None)
    posts = [row for row in rows(REAL / "Posts.xml") if row["PostTypeId"] in "12"][:200]
    for row in posts:
        # Pictures from elsewhere become links, which have a text.
        if "<img" not in row["Body"]:
            shown = markup.render(from_html(row["Body"])).html
            assert _words(shown) == _words(row["Body"]), row["Id"]


def _words(html: str) -> str:
    return "".join(BeautifulSoup(html, "html.parser").get_text().split())


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a_b *c* [d](e) `f`</p>", "a_b *c* [d](e) `f`"),
        ("<p># no heading</p>", "# no heading"),
        ("<p>1. no list</p>", "1. no list"),
        ("<p>$\\{x\\} \\\\ y$</p>", "$\\{x\\} \\\\ y$"),
        ("<pre><code>if a &lt; b:\n    *c*\n</code></pre>", "if a < b:\n    *c*"),
        ("<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>", "<script>alert(1)</script>"),
        ("<p>a<br>b</p>", "a\nb"),
        ("", ""),
    ],
)
def test_html_becomes_markdown_that_reads_the_same(html: str, expected: str) -> None:
    shown = Markup([], lambda _: None).render(from_html(html))

    assert shown.text.strip() == expected
