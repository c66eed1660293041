"""Drafts and scheduled posts go out as what may go out by then; and a text is rendered without asking anybody else."""

import asyncio
import socket
from datetime import timedelta
from typing import Any

import pytest

from gamification.kit.actors import Actor
from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, refused, typed
from tests.resolvers.test_posts import act, read, write
from tests.support import ProgrammeUnderTest

KINDS = ["discussion", "question", "announcement", "story", "proposal", "poll"]


def document(*kinds: str) -> dict[str, Any]:
    """The community, whose square takes these kinds."""
    square = {**COMMUNITY["spaces"][0], "kinds": list(kinds)}
    return {**COMMUNITY, "spaces": [square, *COMMUNITY["spaces"][1:]]}


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The community with Ann and Bob in it, and every kind of post."""
    club = await programme(document(*KINDS))
    for name in ("ann", "bob"):
        await club.join(name, display_name=name.title())
    return club


async def give(graphql: GraphQL, club: ProgrammeUnderTest, name: str, role: str) -> None:
    stated = {"space": "square", "memberId": member_gid(club, name), "role": role}
    await graphql.done(club.operator, "setSpaceRole", stated)


async def poll(graphql: GraphQL, actor: Actor, key: str = "p", **stated: Any) -> Any:
    """What comes of beginning a poll."""
    stated = {
        "space": "square",
        "kind": "POLL",
        "title": "What?",
        "body": "Well?",
        "idempotencyKey": key,
        **stated,
    }
    return await graphql.mutate(actor, "createPost", stated, "post { id state version }")


async def test_posts_of_every_kind_are_published_where_a_space_takes_them(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    await give(graphql, club, "ann", "MODERATOR")
    for kind in KINDS:
        more = {"poll": {"options": ["Yes", "No"]}} if kind == "poll" else {}
        post = await write(graphql, ann, kind, kind=kind.upper(), title=kind, **more)
        seen = await read(graphql, club.member_actor("bob"), post, "kind state html poll { kind }")
        assert (seen["kind"], seen["state"], seen["html"]) == (
            kind.upper(),
            "PUBLISHED",
            "<p>First <em>words</em></p>\n",
        )
        assert (seen["poll"] is not None) == (kind == "poll")


async def test_who_looks_after_a_space_no_more_announces_nothing_there(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    bob, at = club.member_actor("bob"), club.clock.now + timedelta(hours=1)
    await give(graphql, club, "bob", "MODERATOR")
    draft = await write(graphql, bob, "draft", kind="ANNOUNCEMENT", draft=True)
    planned = await write(graphql, bob, "planned", kind="ANNOUNCEMENT", publishAt=at.isoformat())
    await give(graphql, club, "bob", "MEMBER")

    publish = {"postId": draft["id"], "version": draft["version"]}
    refused(await graphql.mutate(bob, "publishPost", publish), "FORBIDDEN")
    refused(await graphql.mutate(bob, "publishPost", {**publish, "publishAt": at.isoformat()}), "FORBIDDEN")
    club.clock.now = at
    await club.services.posts.publish_due()

    assert (await read(graphql, bob, planned))["state"] == "DRAFT"
    await give(graphql, club, "bob", "MODERATOR")
    assert (await act(graphql, bob, "publishPost", draft, version=1))["state"] == "PUBLISHED"


async def test_what_a_space_takes_no_more_is_not_published_there(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, at = club.member_actor("ann"), club.clock.now + timedelta(hours=1)
    draft = await write(graphql, ann, "draft", kind="STORY", draft=True)
    planned = await write(graphql, ann, "planned", kind="STORY", publishAt=at.isoformat())
    await club.apply(document("discussion"))

    publish = {"postId": draft["id"], "version": draft["version"]}
    typed(await graphql.mutate(ann, "publishPost", publish), "InvalidInputError")
    club.clock.now = at
    await club.services.posts.publish_due()

    assert (await read(graphql, ann, planned))["state"] == "DRAFT"


async def test_no_poll_goes_out_that_is_closed_by_then(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, now = club.member_actor("ann"), club.clock.now
    closes = (now + timedelta(hours=1)).isoformat()
    later = (now + timedelta(hours=2)).isoformat()
    about = {"options": ["Yes", "No"], "closesAt": closes}

    typed(await poll(graphql, ann, poll=about, publishAt=later), "InvalidInputError", path="poll")
    # What closes as it comes is never open.
    typed(await poll(graphql, ann, poll=about, publishAt=closes), "InvalidInputError", path="poll")
    draft = (await poll(graphql, ann, poll=about, draft=True)).data["createPost"]["post"]
    publish = {"postId": draft["id"], "version": draft["version"]}
    typed(
        await graphql.mutate(ann, "publishPost", {**publish, "publishAt": later}),
        "InvalidInputError",
        path="poll",
    )
    soon = (now + timedelta(minutes=30)).isoformat()
    planned = (await poll(graphql, ann, "s", poll=about, publishAt=soon)).data["createPost"]["post"]
    changed = {**about, "closesAt": (now + timedelta(minutes=10)).isoformat()}
    typed(
        await graphql.mutate(ann, "setPoll", {"postId": planned["id"], "poll": changed}),
        "InvalidInputError",
        path="poll.closesAt",
    )
    club.clock.now = now + timedelta(hours=3)

    typed(await graphql.mutate(ann, "publishPost", publish), "InvalidInputError", path="poll")
    # The worker was late.
    await club.services.posts.publish_due()
    assert (await read(graphql, ann, planned))["state"] == "DRAFT"
    open_again = {"options": ["Yes", "No"]}
    done = await graphql.done(ann, "setPoll", {"postId": draft["id"], "poll": open_again}, "post { version }")
    publish["version"] = done["post"]["version"]
    await graphql.done(ann, "publishPost", publish, "post { id }")


async def test_nobody_else_is_asked_for_what_a_text_links_to(
    graphql: GraphQL, club: ProgrammeUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    resolve, connect = socket.getaddrinfo, socket.socket.connect

    def resolving(host: Any, *rest: Any, **more: Any) -> Any:
        asked.append(str(host))
        return resolve(host, *rest, **more)

    def connecting(self: socket.socket, address: Any) -> None:
        asked.append(str(address[0]))
        connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", resolving)
    monkeypatch.setattr(socket.socket, "connect", connecting)
    with pytest.raises(socket.gaierror):
        # Or what follows would show nothing.
        await asyncio.get_running_loop().getaddrinfo("a.invalid", 80)
    assert asked == ["a.invalid"]
    body = "[the site](http://b.invalid/x) https://c.invalid ![p](https://img.example.org/a.png) ![q](https://d.invalid/b.png)"

    post = await write(graphql, club.member_actor("ann"), body=body)

    found = await read(graphql, club.member_actor("bob"), post, "links { url title } images")
    assert [(one["url"], one["title"]) for one in found["links"]] == [
        ("http://b.invalid/x", "the site"),
        ("https://c.invalid", "https://c.invalid"),
        ("https://d.invalid/b.png", "q"),
    ]
    assert found["images"] == ["https://img.example.org/a.png"]
    assert set(asked) <= {"a.invalid", "127.0.0.1", "localhost"}
