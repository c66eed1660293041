"""Searching posts, comments, members and spaces: what is found, in which order, and what never is."""

from datetime import timedelta
from typing import Any

import pytest

from community.verification.service import VerificationService
from gamification.kit.actors import Actor
from tests.community_world import COMMUNITY
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid
from tests.resolvers.test_posts import act, write
from tests.support import ProgrammeUnderTest

HITS = """kind node { __typename ... on Post { title } ... on Comment { text } ... on Member { displayName } ... on Space { key } }
    highlights { place parts { text isMatch } }"""
SEARCH = f"""query ($query: String!, $kinds: [SearchKind!], $filter: SearchFilter, $first: Int, $after: String) {{
    search(query: $query, kinds: $kinds, filter: $filter, first: $first, after: $after) {{
        nodes {{ {HITS} }} pageInfo {{ hasNextPage endCursor }} totalCount }} }}"""


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The community with Ann, Bob and Cleo in it."""
    club = await programme(COMMUNITY)
    for name in ("ann", "bob", "cleo"):
        await club.join(name, display_name=name.title())
    return club


async def find(graphql: GraphQL, actor: Actor, query: str, *kinds: str, **wanted: Any) -> list[str]:
    """What somebody finds, best first: titles, texts, names and keys."""
    variables = {"query": query, "kinds": list(kinds) or None, "filter": wanted or None}
    found = await graphql.read(actor, SEARCH, variables)
    return [_named(node["node"]) for node in found["search"]["nodes"]]


def _named(node: dict[str, Any]) -> str:
    return str(next(value for name, value in node.items() if name != "__typename"))


async def comment(graphql: GraphQL, actor: Actor, post: dict[str, Any], body: str, key: str = "c") -> Any:
    stated = {"postId": post["id"], "body": body, "idempotencyKey": key}
    return (await graphql.done(actor, "createComment", stated, "comment { id version }"))["comment"]


# -- Chinese and English


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("量子计算机的原理", "量子"),
        ("量子计算机的原理", "计算"),
        ("产品和服务都很好", "和服"),
        ("研究生命起源", "生命"),
        ("研究生命起源", "究生"),
        ("南京市长江大桥", "市长"),
        ("我在华大基因上班", "华大"),
        ("龙", "龙"),
        ("他很高兴", "兴"),
        ("我买了iPhone手机壳", "iPhone手机"),
        ("我买了iPhone手机壳", "iphone 手机"),
        ("我买了ｉＰｈｏｎｅ手机", "iphone"),
        ("这件T恤不错", "T恤"),
        ("機器學習入門", "机器学习"),
        ("机器学习入门", "機器學習"),
        ("怎么在家学习量子计算", "学习量子计算"),
        ("量子力学与计算机科学", "量子计算机"),
        ("Running a marathon", "runs"),
        ("The café opens", "cafe"),
        ("STRASSE", "straße"),
        ("Quantum computing, explained", "quantum computer"),
        ("あたらしいカメラ", "カメラ"),
        ("새로운 카메라", "카메라"),
        ("𠮷野家", "𠮷野"),
    ],
)
async def test_a_query_finds_its_text(
    graphql: GraphQL, club: ProgrammeUnderTest, text: str, query: str
) -> None:
    ann = club.member_actor("ann")
    post = await write(graphql, ann, title="Something", body=text)
    await comment(graphql, ann, post, f"{text}!")
    await write(graphql, ann, title="Other", body="Nothing of it 别的", key="2")

    assert await find(graphql, ann, query, "POST") == ["Something"]
    assert await find(graphql, ann, query, "COMMENT") == [f"{text}!"]


@pytest.mark.parametrize(
    ("text", "query"),
    [("苹果手机", "苹果树"), ("量子力学", "量子计算"), ("runner", "walker"), ("大学生", "学大")],
)
async def test_a_text_without_one_of_the_words_is_not_found(
    graphql: GraphQL, club: ProgrammeUnderTest, text: str, query: str
) -> None:
    await write(graphql, club.member_actor("ann"), title="Something", body=text)

    assert await find(graphql, club.member_actor("ann"), query) == []


async def test_who_means_a_word_comes_before_who_happens_to_have_its_characters(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    await write(graphql, ann, title="她穿着和服", body="京都的街上很多人穿它")
    await write(graphql, ann, title="产品和服务", body="我们的产品都很好用的", key="2")

    assert await find(graphql, ann, "和服") == ["她穿着和服", "产品和服务"]


async def test_titles_come_before_texts_and_new_before_old(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    await write(graphql, ann, title="Lanterns", body="How they are made", key="old title")
    await write(graphql, ann, title="Old", body="Lanterns and what else there is", key="old text")
    club.clock.advance(timedelta(days=400))
    await write(graphql, ann, title="New", body="Lanterns and what else there is", key="new text")

    assert await find(graphql, ann, "lantern") == ["Lanterns", "New", "Old"]


async def test_phrases_stand_together_and_what_is_excluded_is_left_out(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    await write(graphql, ann, title="A", body="Tea house on the hill 绿色茶馆")
    await write(graphql, ann, title="B", body="A house where tea is drunk 茶馆是绿色的", key="2")

    assert set(await find(graphql, ann, "tea house")) == {"A", "B"}
    assert await find(graphql, ann, '"tea house"') == ["A"]
    assert await find(graphql, ann, "“TEA House”") == ["A"]
    assert await find(graphql, ann, '"绿色茶馆"') == ["A"]
    assert await find(graphql, ann, "tea -hill") == ["B"]
    assert await find(graphql, ann, '茶馆 -"绿色茶馆"') == ["B"]
    assert await find(graphql, ann, "the tea") == await find(graphql, ann, "tea")


@pytest.mark.parametrize(
    "query",
    ["", "   ", "!?。，", "-only", "x" * 201, " ".join(f"w{n}" for n in range(41)), '""', '"'],
)
async def test_a_query_that_says_nothing_or_too_much_is_refused(
    graphql: GraphQL, club: ProgrammeUnderTest, query: str
) -> None:
    answer = await graphql(club.member_actor("ann"), SEARCH, {"query": query})

    assert answer.errors is not None
    assert answer.errors[0].extensions is not None
    assert answer.errors[0].extensions["code"] in ("INVALID_INPUT", "TOO_LARGE")


async def test_hostile_queries_are_words_like_any_other(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    await write(graphql, club.member_actor("ann"), title="Something", body="some.*thing (a+)+ $where")

    for query in ('"(a+)+$"', '".*"x', "$where", "search.terms", '"some.*thing"', "=something"):
        found = await find(graphql, club.member_actor("ann"), query)
        assert found in ([], ["Something"])


# -- members and spaces


async def test_members_are_found_by_their_names_and_spaces_by_theirs(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.join("zm", display_name="张明 Zhang Ming")
    await club.join("anna", display_name="Anna Square")
    bob = club.member_actor("bob")

    assert await find(graphql, bob, "ann", "MEMBER") == ["Ann", "Anna Square"]
    assert await find(graphql, bob, "zhang", "MEMBER") == ["张明 Zhang Ming"]
    assert await find(graphql, bob, "張明", "MEMBER") == ["张明 Zhang Ming"]
    assert await find(graphql, bob, "明", "MEMBER") == ["张明 Zhang Ming"]
    assert await find(graphql, bob, "广场") == ["square"]
    assert set(await find(graphql, bob, "square")) == {"square", "Anna Square"}
    assert await find(graphql, bob, "square", space="square") == []
    await graphql.done(club.member_actor("anna"), "updateProfile", {"displayName": "Berta"})
    assert await find(graphql, bob, "anna") == []
    assert await find(graphql, bob, "berta") == ["Berta"]


async def test_spaces_that_are_not_there_for_somebody_are_not_found(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    assert await find(graphql, club.member_actor("ann"), "lounge") == []
    assert await find(graphql, club.member_actor("ann"), "next") == []
    assert await find(graphql, club.moderator, "lounge") == ["lounge"]


# -- what is not there for somebody is not found


async def test_what_somebody_may_not_read_is_not_found_by_them(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    await club.services.spaces.admit(club.moderator, "circle", club.id_of("ann"))
    inner = await write(graphql, ann, space="circle", title="Inner", body="lantern")
    await comment(graphql, ann, inner, "lantern inside")
    await write(graphql, ann, title="Draft", body="lantern", draft=True, key="draft")
    gone = await write(graphql, ann, title="Gone", body="lantern", key="gone")
    await comment(graphql, ann, gone, "lantern under", "under")
    await act(graphql, ann, "deletePost", gone)
    shown = await write(graphql, ann, title="Shown", body="lantern", key="shown")
    withdrawn = await comment(graphql, ann, shown, "lantern withdrawn", "withdrawn")
    await comment(graphql, bob, shown, "lantern stays", "stays")
    await graphql.done(ann, "deleteComment", {"commentId": withdrawn["id"]})

    assert set(await find(graphql, bob, "lantern")) == {"Shown", "lantern stays"}
    assert set(await find(graphql, ann, "lantern")) == {
        "Shown",
        "lantern stays",
        "Inner",
        "lantern inside",
    }


async def test_what_is_edited_moved_removed_and_restored_is_found_as_it_is(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    post = await write(graphql, ann, title="Lanterns", body="Red ones")
    await act(graphql, ann, "editPost", post, version=1, title="Candles", body="White ones")
    assert (await find(graphql, bob, "lanterns"), await find(graphql, bob, "candle")) == ([], ["Candles"])

    await graphql.done(club.moderator, "removePost", {"postId": post["id"], "reason": "Fire"})
    assert await find(graphql, bob, "candle") == []
    await graphql.done(club.moderator, "restorePost", {"postId": post["id"]})
    assert await find(graphql, bob, "candle") == ["Candles"]
    await graphql.done(club.operator, "movePost", {"postId": post["id"], "space": "circle"})
    assert await find(graphql, bob, "candle") == []
    assert await find(graphql, club.moderator, "candle") == ["Candles"]


async def test_what_is_shadowed_is_found_by_its_author_and_moderators_alone(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    post = await write(graphql, ann, title="Lanterns")
    await comment(graphql, ann, post, "more lanterns")
    mongo = club.services.spaces._mongo
    for name in ("posts", "comments"):
        await mongo.collection(name).update_many({"programme_id": club.key}, {"$set": {"shadowed": True}})

    assert await find(graphql, club.member_actor("bob"), "lantern") == []
    assert set(await find(graphql, ann, "lantern")) == {"Lanterns", "more lanterns"}
    assert set(await find(graphql, club.moderator, "lantern")) == {"Lanterns", "more lanterns"}


async def test_banned_and_erased_members_are_not_found(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    await graphql.done(
        club.moderator,
        "setMemberStanding",
        {"memberId": member_gid(club, "bob"), "standing": "BANNED", "reason": "x"},
    )
    await write(graphql, club.member_actor("cleo"), title="Lanterns of Cleo")
    await graphql.done(
        club.operator, "eraseMember", {"memberId": member_gid(club, "cleo"), "confirmExternalId": "cleo"}
    )
    await club.services.erasures.run_open()

    assert await find(graphql, ann, "bob") == []
    assert await find(graphql, club.moderator, "bob") == ["Bob"]
    for actor in (ann, club.moderator, club.operator, club.service):
        assert await find(graphql, actor, "cleo") == []
        assert await find(graphql, actor, "lantern") == []
    assert (await VerificationService(club.services).verify(club.key)).differences == []
    mongo = club.services.spaces._mongo
    row = await mongo.collection("members").find_one({"_id": club.id_of("cleo")})
    assert row is not None
    assert "names" not in row
    assert (
        await mongo.collection("posts").count_documents(
            {"author_id": club.id_of("cleo"), "search": {"$exists": 1}}
        )
        == 0
    )


# -- filters, pages, highlights


async def test_filters_leave_the_rest_out(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    club.clock.now = begun = club.clock.now
    await club.services.spaces.join(club.service, "makers", club.id_of("bob"))
    tagged = await write(graphql, ann, title="Square lanterns", tags=["paper"])
    await write(graphql, bob, space="makers", title="Makers' lanterns", key="2")
    club.clock.advance(timedelta(days=1))
    await comment(graphql, bob, tagged, "comment on lanterns")
    later = club.clock.now

    async def seen(**wanted: Any) -> set[str]:
        return set(await find(graphql, ann, "lantern", **wanted))

    assert await seen(space="makers") == {"Makers' lanterns"}
    assert await seen(tag="#Paper") == {"Square lanterns", "comment on lanterns"}
    assert await seen(authorId=member_gid(club, "bob")) == {"Makers' lanterns", "comment on lanterns"}
    assert await seen(since=later.isoformat()) == {"comment on lanterns"}
    assert await seen(until=begun.isoformat()) == {"Square lanterns", "Makers' lanterns"}
    assert await seen(space="nowhere") == set()


async def test_pages_neither_repeat_nor_skip_while_posts_arrive(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    first = await write(graphql, ann, title="Lantern 0", key="0")
    for number in range(1, 9):
        await write(graphql, ann, title=f"Lantern {number}", key=str(number))
    for number in range(4):
        await comment(graphql, ann, first, f"lantern comment {number}", f"c{number}")

    whole = await find(graphql, ann, "lantern")
    seen: list[str] = []
    after = None
    while True:
        variables = {"query": "lantern", "first": 4, "after": after}
        page = (await graphql.read(ann, SEARCH, variables))["search"]
        seen += [_named(node["node"]) for node in page["nodes"]]
        club.clock.advance(timedelta(days=30))
        await write(graphql, ann, title=f"Lantern new {len(seen)}", key=f"new{len(seen)}")
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]

    assert seen == whole
    assert len(whole) == 13
    backward = await graphql.read(
        ann,
        '{ search(query: "lantern", last: 3) { nodes { kind } pageInfo { hasPreviousPage hasNextPage } } }',
    )
    assert backward["search"]["pageInfo"] == {"hasPreviousPage": True, "hasNextPage": False}
    assert len(backward["search"]["nodes"]) == 3


async def test_highlights_are_parts_of_plain_text(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    body = "words " * 60 + "<b>我的ｉＰｈｏｎｅ手機</b> " + "more " * 60
    await write(graphql, ann, title="关于手机", body=body, tags=["手机"])

    found = (await graphql.read(ann, SEARCH, {"query": "iPhone手机"}))["search"]["nodes"][0]["highlights"]

    assert [one["place"] for one in found] == ["TITLE", "TEXT", "TAGS"]
    assert found[0]["parts"] == [{"text": "关于", "isMatch": False}, {"text": "手机", "isMatch": True}]
    assert [part["text"] for part in found[1]["parts"] if part["isMatch"]] == ["ｉＰｈｏｎｅ手機"]
    assert found[1]["parts"][0] == {"text": "…", "isMatch": False}
    shown = "".join(part["text"] for part in found[1]["parts"])
    assert len(shown) <= 162
    assert "<b>" in shown


# -- terms stored before, and verify


async def test_terms_of_another_version_are_told_by_verify_and_made_anew(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    post = await write(graphql, ann, title="Lanterns")
    await comment(graphql, ann, post, "more lanterns")
    mongo = club.services.spaces._mongo
    for name, field in (("posts", "search"), ("comments", "search"), ("members", "names")):
        await mongo.collection(name).update_many({"programme_id": club.key}, {"$unset": {field: ""}})
    assert await find(graphql, ann, "lantern") == []
    report = await VerificationService(club.services).verify(club.key)
    assert len([one for one in report.differences if "not found by" in one]) == 5

    assert await club.services.search.bring_up_to_date(club.key) == {"texts": 2, "names": 3}

    assert set(await find(graphql, ann, "lantern")) == {"Lanterns", "more lanterns"}
    assert await find(graphql, ann, "bob") == ["Bob"]
    assert (await VerificationService(club.services).verify(club.key)).differences == []
    assert await club.services.search.bring_up_to_date(club.key) == {"texts": 0, "names": 0}


async def test_searching_takes_a_token(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    answer = await graphql(None, SEARCH, {"query": "lantern"})

    assert answer.errors is not None
    assert answer.errors[0].extensions is not None
    assert answer.errors[0].extensions["code"] == "UNAUTHENTICATED"


# -- blocks and limits as moderators and members lay them


async def test_who_shares_a_block_finds_nothing_of_the_other_and_reads_it_in_no_feed(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    post = await write(graphql, club.member_actor("cleo"), title="Lanterns of Cleo")
    await write(graphql, ann, title="Lanterns of Ann")
    await comment(graphql, ann, post, "Ann on lanterns")
    await graphql.done(bob, "follow", {"space": "square"})
    await graphql.done(bob, "follow", {"postId": post["id"]})
    await graphql.done(ann, "blockMember", {"blockedId": member_gid(club, "bob")})

    assert await find(graphql, bob, "lantern") == ["Lanterns of Cleo"]
    assert await find(graphql, bob, "ann") == []
    assert await find(graphql, ann, "bob") == []
    assert set(await find(graphql, club.member_actor("cleo"), "lantern")) == {
        "Lanterns of Cleo",
        "Lanterns of Ann",
        "Ann on lanterns",
    }
    for kind in ("LATEST", "FOLLOWING", "HOT"):
        found = await graphql.read(bob, f"{{ feed(kind: {kind}) {{ nodes {{ title }} }} }}")
        assert found["feed"]["nodes"] == [{"title": "Lanterns of Cleo"}]
    found = await graphql.read(
        bob, '{ space(key: "square") { unreadCount } following { posts { nodes { unreadCount } } } }'
    )
    assert found == {
        "space": {"unreadCount": 1},
        "following": {"posts": {"nodes": [{"unreadCount": 0}]}},
    }


async def test_who_is_shadow_limited_is_found_and_counted_by_themselves_alone(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    shown = await write(graphql, bob, title="Lanterns of Bob")
    await graphql.done(ann, "follow", {"postId": shown["id"]})
    await graphql.done(bob, "follow", {"postId": shown["id"]})
    await graphql.done(
        club.moderator,
        "sanctionMember",
        {"memberId": member_gid(club, "ann"), "kind": "SHADOW_LIMIT", "reason": "x", "idempotencyKey": "k"},
    )
    await write(graphql, ann, title="Lanterns of Ann")
    await comment(graphql, ann, shown, "Ann on lanterns")
    await graphql.done(ann, "react", {"targetId": shown["id"], "reaction": "like"})
    await club.services.feeds.count_due()

    assert await find(graphql, bob, "lantern") == ["Lanterns of Bob"]
    assert set(await find(graphql, ann, "lantern")) == {
        "Lanterns of Bob",
        "Lanterns of Ann",
        "Ann on lanterns",
    }
    for kind in ("LATEST", "HOT"):
        found = await graphql.read(bob, f"{{ feed(kind: {kind}) {{ nodes {{ title }} }} }}")
        assert found["feed"]["nodes"] == [{"title": "Lanterns of Bob"}]
        found = await graphql.read(ann, f"{{ feed(kind: {kind}) {{ nodes {{ title }} }} }}")
        assert len(found["feed"]["nodes"]) == 2
    found = await graphql.read(
        bob, '{ space(key: "square") { unreadCount } following { posts { nodes { unreadCount } } } }'
    )
    assert found == {
        "space": {"unreadCount": 0},
        "following": {"posts": {"nodes": [{"unreadCount": 0}]}},
    }
    stored = [post async for post in club.services.kept.posts.stream(club.key)]
    assert not any(post.heat is not None and post.heat.people for post in stored)


async def test_a_poll_is_found_by_what_it_offers(graphql: GraphQL, programme: MakeProgramme) -> None:
    square = {**COMMUNITY["spaces"][0], "kinds": ["discussion", "poll"]}
    club = await programme({**COMMUNITY, "spaces": [square, *COMMUNITY["spaces"][1:]]})
    await club.join("ann")
    ann = club.member_actor("ann")
    poll = {"kind": "SINGLE", "options": ["Oolong tea", "绿茶"]}
    await write(graphql, ann, title="What do you drink?", kind="POLL", poll=poll)

    for query in ("oolong", "绿茶"):
        found = await graphql.read(ann, SEARCH, {"query": query})
        (hit,) = found["search"]["nodes"]
        assert hit["node"]["title"] == "What do you drink?"
        (highlight,) = hit["highlights"]
        assert highlight["place"] == "OPTIONS"
        assert [one["text"].lower() for one in highlight["parts"] if one["isMatch"]] == [query]
    report = await VerificationService(club.services).verify(club.key)
    assert report.differences == []
