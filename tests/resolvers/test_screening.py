"""Screening while texts are written: each verdict, in each way that a text comes to be published."""

from datetime import timedelta
from typing import Any

import pytest

from community.verification.service import VerificationService
from gamification.kit.actors import Actor
from gamification.settlement.unit import Unit
from resolvers.relay import decode_bytes_id
from tests.conftest import MakeProgramme
from tests.resolvers.harness import GraphQL, member_gid, typed
from tests.screening_world import SCREENED
from tests.support import ProgrammeUnderTest

POST = "post { id state version text title }"
SAID = """screenings { verdict findings { rule verdict found limit hosts spots { part start end words }
    likePost { title } likeComment { text } } isUpheld }"""


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    """The screened community with Ann and Bob in it."""
    club = await programme(SCREENED)
    for name in ("ann", "bob"):
        await club.join(name, display_name=name.title())
    return club


async def write(graphql: GraphQL, actor: Actor, body: str, key: str = "1", **stated: Any) -> dict[str, Any]:
    """A post in the square, unless stated otherwise."""
    stated = {"space": "square", "title": "Hello", "body": body, "idempotencyKey": key, **stated}
    success = await graphql.done(actor, "createPost", stated, POST)
    post: dict[str, Any] = success["post"]
    return post


async def answer(graphql: GraphQL, actor: Actor, post: dict[str, Any], body: str, key: str = "c") -> Any:
    """A comment on a post."""
    stated = {"postId": post["id"], "body": body, "idempotencyKey": key}
    success = await graphql.done(actor, "createComment", stated, "comment { id state version text }")
    return success["comment"]


async def refusal(graphql: GraphQL, actor: Actor, field: str, **stated: Any) -> dict[str, Any]:
    """What is said where a rule refuses."""
    error: dict[str, Any] = typed(await graphql.mutate(actor, field, stated), "ScreenedError", "SCREENED")
    return error


async def said(graphql: GraphQL, actor: Actor, thing: dict[str, Any], more: str = "") -> Any:
    """What somebody is told of the screenings of a post or a comment."""
    found = await graphql.read(
        actor,
        f"""query ($id: ID!) {{ node(id: $id) {{ ... on Post {{ postState: state heldMessage {SAID} {more} }}
        ... on Comment {{ commentState: state heldMessage {SAID} }} }} }}""",
        {"id": thing["id"]},
    )
    return found["node"]


def rules_of(shown: dict[str, Any]) -> list[list[str]]:
    """By screening, the rules that found something."""
    return [[one["rule"] for one in screening["findings"]] for screening in shown["screenings"]]


async def points(club: ProgrammeUnderTest, name: str) -> int:
    return await club.balance(name, "points")


async def adds_up(club: ProgrammeUnderTest) -> bool:
    return (await VerificationService(club.services).verify(club.key)).differences == []


# -- refused


@pytest.mark.parametrize(
    ("stated", "path"),
    [
        ({"body": "You jerk!"}, ["body"]),
        ({"body": "你这个笨\u200b蛋"}, ["body"]),
        ({"body": "ｊ ｅ ｒ ｋ"}, ["body"]),
        ({"body": "Fine", "title": "J.E.R.K"}, ["title"]),
        ({"body": "Fine", "tags": ["笨蛋"]}, ["tags"]),
        ({"body": "`jerk`"}, ["body"]),
        ({"body": "> j**er**k"}, ["body"]),
        ({"body": "![jerk](https://img.example.org/1.png)"}, ["body"]),
        ({"body": "[a jerk](https://a.example)"}, ["body"]),
        ({"body": '[this](https://own.example "you jerk")'}, ["body"]),
        ({"body": "![this](https://img.example.org/1.png 'you &#106;erk')"}, ["body"]),
        ({"body": "[this][1]\n\n[1]: https://own.example (jerk)"}, ["body"]),
    ],
)
async def test_a_refused_text_is_not_written_and_its_author_reads_the_rules_message(
    graphql: GraphQL, club: ProgrammeUnderTest, stated: dict[str, Any], path: list[str]
) -> None:
    ann = club.member_actor("ann")
    stated = {"space": "square", "title": "Hello", "idempotencyKey": "1", **stated}
    error = await refusal(graphql, ann, "createPost", **stated)

    assert (error["rule"], error["message"], error["path"]) == ("insults", "Be kind.", path)
    found = await graphql.read(ann, "query { posts { nodes { id } } }")
    assert found["posts"]["nodes"] == []
    assert await points(club, "ann") == 0


async def test_a_refusal_is_told_in_the_authors_language_and_says_nothing_of_the_list(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.join("mei", locale="zh-CN")
    mei = club.member_actor("mei")
    stated = {"space": "square", "title": "Hello", "idempotencyKey": "1"}
    error = await refusal(graphql, mei, "createPost", **stated, body="笨蛋")
    link = await refusal(graphql, mei, "createPost", **stated, body="[x](https://www.bad.example/1)")

    assert error["message"] == "请友善。"
    assert (link["rule"], link["path"]) == ("hosts", None)
    assert link["message"] == "The rules of this community don't allow this text."


async def test_once_it_is_put_right_the_same_key_writes_it(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    await refusal(
        graphql, ann, "createPost", space="square", title="Hello", body="You jerk", idempotencyKey="1"
    )

    assert (await write(graphql, ann, "You dear", "1"))["state"] == "PUBLISHED"


async def test_edits_and_comments_are_refused_too(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    post = await write(graphql, ann, "Fine")
    comment = await answer(graphql, bob, post, "Fine")

    edit = {"postId": post["id"], "version": post["version"], "title": "Jerk"}
    assert (await refusal(graphql, ann, "editPost", **edit))["rule"] == "insults"
    for number, body in enumerate(("jerk", '[this](https://own.example "jerk")')):
        stated = {"postId": post["id"], "body": body, "idempotencyKey": f"2{number}"}
        assert (await refusal(graphql, bob, "createComment", **stated))["rule"] == "insults"
    change = {"commentId": comment["id"], "version": comment["version"], "body": "jerk"}
    assert (await refusal(graphql, bob, "editComment", **change))["rule"] == "insults"
    shown = await graphql.read(bob, "query { posts { nodes { title comments { nodes { text } } } } }", {})
    assert shown["posts"]["nodes"] == [{"title": "Hello", "comments": {"nodes": [{"text": "Fine"}]}}]
    assert await adds_up(club)


# -- held


async def test_a_held_post_waits_unseen_and_unpaid(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    post = await write(graphql, ann, "Please 加 微 信 now")

    assert post["state"] == "PENDING"
    assert await points(club, "ann") == 0
    assert await said(graphql, bob, post) is None
    assert (await said(graphql, ann, post)) == {
        "postState": "PENDING",
        "heldMessage": "We look at contacts first.",
        "screenings": None,
    }
    shown = await said(graphql, club.moderator, post)
    assert shown["screenings"] == [
        {
            "verdict": "HOLD",
            "isUpheld": None,
            "findings": [
                {
                    "rule": "contacts",
                    "verdict": "HOLD",
                    "found": None,
                    "limit": None,
                    "hosts": [],
                    "spots": [{"part": "TEXT", "start": 7, "end": 12, "words": "加 微 信"}],
                    "likePost": None,
                    "likeComment": None,
                }
            ],
        }
    ]
    assert await adds_up(club)


async def test_a_held_comment_waits_uncounted(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    post = await write(graphql, ann, "Fine")
    comment = await answer(graphql, bob, post, "My WhatsApp")

    assert comment["state"] == "PENDING"
    assert await points(club, "bob") == 0
    shown = await said(graphql, ann, post, "commentCount comments { nodes { text } }")
    assert (shown["commentCount"], shown["comments"]["nodes"]) == (0, [])
    assert await said(graphql, ann, comment) is None
    assert (await said(graphql, bob, comment))["heldMessage"] == "We look at contacts first."
    assert rules_of(await said(graphql, club.moderator, comment)) == [["contacts"]]
    assert await adds_up(club)


async def test_an_edit_that_is_held_takes_the_post_from_view_until_it_is_looked_at(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    post = await write(graphql, ann, "Fine")
    comment = await answer(graphql, bob, post, "Fine")
    assert (await points(club, "ann"), await points(club, "bob")) == (10, 1)

    change = {"commentId": comment["id"], "version": comment["version"], "body": "whatsapp"}
    edited = await graphql.done(bob, "editComment", change, "comment { state version text }")
    assert (edited["comment"]["state"], await points(club, "bob")) == ("PENDING", 0)
    edit = {"postId": post["id"], "version": post["version"], "body": "whatsapp"}
    edited = await graphql.done(ann, "editPost", edit, POST)
    assert (edited["post"]["state"], await points(club, "ann")) == ("PENDING", 0)
    assert await said(graphql, bob, post) is None
    assert await adds_up(club)


async def test_a_polls_options_are_screened_like_its_text(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    stated = {"space": "votes", "kind": "POLL", "body": "Which?"}
    held = await write(graphql, ann, poll={"options": ["Tea", "Whats-App"]}, **stated)
    rude = {**stated, "title": "x", "idempotencyKey": "2", "poll": {"options": ["A jerk", "Tea"]}}

    assert held["state"] == "PENDING"
    (finding,) = (await said(graphql, club.moderator, held))["screenings"][0]["findings"]
    assert finding["spots"] == [{"part": "OPTIONS", "start": 4, "end": 13, "words": "Whats-App"}]
    assert (await refusal(graphql, ann, "createPost", **rude))["rule"] == "insults"


async def test_many_links_of_which_ones_own_hosts_are_none_are_held_in_posts_alone(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    body = "https://own.example/1 https://www.own.example/2 https://a.example"
    post = await write(graphql, ann, body, "1")
    held = await write(graphql, ann, f"{body} [b](https://b.example)", "2")
    comment = await answer(graphql, ann, post, "https://a.example https://b.example https://c.example")

    assert (post["state"], held["state"], comment["state"]) == ("PUBLISHED", "PENDING", "PUBLISHED")
    (finding,) = (await said(graphql, club.moderator, held))["screenings"][0]["findings"]
    assert (finding["found"], finding["limit"], finding["hosts"]) == (2, 1, ["a.example", "b.example"])


# -- flagged


async def test_a_flagged_text_is_published_and_noted(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    post = await write(graphql, ann, "For ５０ 元")
    crowd = f"[a](member:{member_gid(club, 'ann')}) [b](member:{member_gid(club, 'bob')})"
    comment = await answer(graphql, bob, post, crowd)

    assert (post["state"], comment["state"]) == ("PUBLISHED", "PUBLISHED")
    assert (await points(club, "ann"), await points(club, "bob")) == (10, 1)
    shown = await said(graphql, club.moderator, post)
    assert (shown["heldMessage"], rules_of(shown)) == (None, [["money"]])
    assert rules_of(await said(graphql, club.moderator, comment)) == [["crowds"]]
    assert (await said(graphql, ann, post))["screenings"] is None


async def test_the_heaviest_verdict_counts_and_all_rules_are_named(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await write(graphql, club.member_actor("ann"), "50 元, whatsapp")

    assert post["state"] == "PENDING"
    shown = await said(graphql, club.moderator, post)
    assert [one["verdict"] for one in shown["screenings"]] == ["HOLD"]
    assert rules_of(shown) == [["contacts", "money"]]


async def test_an_edit_is_noted_for_what_is_new_in_it_alone(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    post = await write(graphql, ann, "For 50 yuan")
    for body in ("For 50 yuan, then", "For 50 yuan, or 60 yuan"):
        edit = {"postId": post["id"], "version": post["version"], "body": body}
        post = (await graphql.done(ann, "editPost", edit, POST))["post"]

    assert rules_of(await said(graphql, club.moderator, post)) == [["money"], ["money"]]


# -- scheduled and drafts


async def test_a_draft_is_screened_when_it_is_published(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann = club.member_actor("ann")
    rude = await write(graphql, ann, "You jerk", "1", draft=True)
    held = await write(graphql, ann, "whatsapp", "2", draft=True)
    assert (rude["state"], held["state"]) == ("DRAFT", "DRAFT")

    publish = {"postId": rude["id"], "version": 1}
    assert (await refusal(graphql, ann, "publishPost", **publish))["rule"] == "insults"
    done = await graphql.done(ann, "publishPost", {"postId": held["id"], "version": 1}, POST)
    assert done["post"]["state"] == "PENDING"


async def test_what_is_scheduled_is_refused_at_once_and_held_when_its_time_comes(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    at = {"publishAt": (club.clock.now + timedelta(hours=1)).isoformat()}
    error = await refusal(
        graphql, ann, "createPost", space="square", title="x", body="jerk", idempotencyKey="1", **at
    )
    draft = await write(graphql, ann, "jerk", "2", draft=True)
    again = await refusal(graphql, ann, "publishPost", postId=draft["id"], version=1, **at)
    held = await write(graphql, ann, "whatsapp", "3", **at)
    edit = {"postId": held["id"], "version": 1, "title": "jerk"}
    edited = await refusal(graphql, ann, "editPost", **edit)
    fine = await write(graphql, ann, "Fine", "4", **at)

    assert {error["rule"], again["rule"], edited["rule"]} == {"insults"}
    assert (held["state"], fine["state"]) == ("SCHEDULED", "SCHEDULED")
    club.clock.advance(timedelta(hours=2))
    await club.services.posts.publish_due()
    assert (await said(graphql, ann, held))["postState"] == "PENDING"
    assert (await said(graphql, ann, fine))["postState"] == "PUBLISHED"
    assert rules_of(await said(graphql, club.moderator, held)) == [["contacts"]]


async def test_what_a_rule_refuses_by_the_time_it_comes_is_a_draft_again(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    at = {"publishAt": (club.clock.now + timedelta(hours=1)).isoformat()}
    post = await write(graphql, ann, "What comes next", "1", **at)
    live = [{**rule, "status": "published"} for rule in SCREENED["screening"]]
    await club.apply({**SCREENED, "screening": live})
    club.clock.advance(timedelta(hours=2))
    await club.services.posts.publish_due()

    assert (await said(graphql, ann, post))["postState"] == "DRAFT"
    found = await graphql.read(
        club.moderator, "query { screenings { nodes { verdict post { id } findings { rule } } } }"
    )
    assert found["screenings"]["nodes"] == [
        {"verdict": "REFUSE", "post": None, "findings": [{"rule": "planned"}]}
    ]


async def test_what_trust_does_not_let_by_the_time_it_comes_is_a_draft_again_and_keeps_nobody_up(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    settings = SCREENED["programme"]["community"]
    trust = {"levels": [{"texts": 9, "days": 1}], "daily": [1, 9]}
    trusting = {**SCREENED, "programme": {"community": {**settings, "trust": trust}}}
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    at = {"publishAt": (club.clock.now + timedelta(hours=30)).isoformat()}
    much = await write(graphql, ann, "Fine", "1", **at)
    other = await write(graphql, bob, "Fine", "1", **at)
    club.clock.advance(timedelta(hours=29))
    await write(graphql, ann, "Fine", "2")
    await club.apply(trusting)
    club.clock.advance(timedelta(hours=2))
    await club.services.posts.publish_due()

    assert (await said(graphql, ann, much))["postState"] == "DRAFT"
    assert (await said(graphql, bob, other))["postState"] == "PUBLISHED"


# -- what was written before


async def test_a_copy_of_what_was_written_lately_is_held(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    text = "The very best watches for the lowest price of all, only here!"
    first = await write(graphql, ann, text, "1", space="copying", title="Watches")
    copied = await write(graphql, bob, f"  {text.upper()}", "2", space="copying", title="WATCHES")
    other = await write(graphql, bob, "Something else, about trains and the weather", "3", space="copying")
    comment = await answer(graphql, bob, first, f"Watches {text}", "4")
    edit = {"postId": first["id"], "version": 1, "body": f"{text} Really."}
    edited = (await graphql.done(ann, "editPost", edit, POST))["post"]
    club.clock.advance(timedelta(days=2))
    later = await write(graphql, bob, text, "5", space="copying", title="Watches")

    states = [one["state"] for one in (first, copied, other, comment, edited, later)]
    assert states == ["PUBLISHED", "PENDING", "PUBLISHED", "PENDING", "PUBLISHED", "PUBLISHED"]
    (finding,) = (await said(graphql, club.moderator, copied))["screenings"][0]["findings"]
    assert (finding["rule"], finding["found"], finding["limit"]) == ("copies", 100, 80)
    assert finding["likePost"] == {"title": "Watches"}


async def test_an_edit_that_makes_a_copy_is_held(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    text = "The very best watches for the lowest price of all, only here!"
    await write(graphql, ann, text, "1", space="copying")
    post = await write(graphql, bob, "Something else, about trains and the weather", "2", space="copying")
    edit = {"postId": post["id"], "version": 1, "body": text}

    assert (await graphql.done(bob, "editPost", edit, POST))["post"]["state"] == "PENDING"


async def test_the_first_texts_of_a_member_wait_until_as_many_are_published(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    states = [(await write(graphql, ann, "Fine", "0", space="nursery"))["state"]]
    for number in (1, 2):
        await write(graphql, ann, "Fine", f"a{number}")
        states.append((await write(graphql, ann, "Fine", f"b{number}", space="nursery"))["state"])

    assert states == ["PENDING", "PENDING", "PUBLISHED"]


async def test_who_writes_too_much_is_refused_until_time_has_passed(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    await club.join("cyd", attributes={"trusted": True})
    ann, cyd = club.member_actor("ann"), club.member_actor("cyd")
    post = await write(graphql, ann, "Fine", "0", space="hasty")
    await answer(graphql, ann, post, "Fine")
    edit = {"postId": post["id"], "version": 1, "body": "Fine indeed"}
    await graphql.done(ann, "editPost", edit, POST)
    stated = {"space": "hasty", "title": "x", "body": "x", "idempotencyKey": "3"}
    error = await refusal(graphql, ann, "createPost", **stated)
    for number in range(4):
        await write(graphql, cyd, "Fine", f"c{number}", space="hasty")
    club.clock.advance(timedelta(hours=1))

    assert error["rule"] == "haste"
    assert (await write(graphql, ann, "Fine", "4", space="hasty"))["state"] == "PUBLISHED"


# -- who is not screened, and what becomes of verdicts


async def test_who_looks_after_the_space_is_not_screened(graphql: GraphQL, club: ProgrammeUnderTest) -> None:
    ann, bob = club.member_actor("ann"), club.member_actor("bob")
    await graphql.done(bob, "joinSpace", {"space": "square"}, "membership { role }")
    role = {"space": "square", "memberId": member_gid(club, "bob"), "role": "MODERATOR"}
    await graphql.done(club.operator, "setSpaceRole", role, "membership { role }")
    post = await write(graphql, bob, "Say jerk, or whatsapp, and you are out.")
    others = await write(graphql, ann, "Fine", "2")
    edit = {"postId": others["id"], "version": 1, "body": "Fine, says a jerk"}
    edited = await graphql.done(club.moderator, "editPost", edit, POST)

    assert (post["state"], edited["post"]["state"]) == ("PUBLISHED", "PUBLISHED")


async def test_a_service_that_writes_for_a_member_is_screened_as_they_are(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    post = await write(graphql, club.service, "whatsapp", memberId=member_gid(club, "ann"))

    assert post["state"] == "PENDING"


async def test_a_decision_goes_to_what_was_not_decided_and_may_be_changed(
    graphql: GraphQL, club: ProgrammeUnderTest
) -> None:
    ann = club.member_actor("ann")
    post = await write(graphql, ann, "For 50 yuan")
    await decide(club, post, upheld=False)
    edit = {"postId": post["id"], "version": 1, "body": "For 60 yuan"}
    await graphql.done(ann, "editPost", edit, POST)
    await decide(club, post, upheld=True)
    shown = await said(graphql, club.moderator, post)
    assert [one["isUpheld"] for one in shown["screenings"]] == [True, False]

    await decide(club, post, upheld=False)
    shown = await said(graphql, club.moderator, post)
    assert [one["isUpheld"] for one in shown["screenings"]] == [False, False]


async def decide(club: ProgrammeUnderTest, post: dict[str, Any], *, upheld: bool) -> None:
    """A moderator decides on a post."""
    target = decode_bytes_id(post["id"], "Post")
    assert target is not None

    async def body(work: Unit) -> None:
        await club.services.screening.decided(work, target, upheld=upheld)

    await club.services.settlement.run(club.key, body)
