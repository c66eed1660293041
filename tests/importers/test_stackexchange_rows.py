"""The translation of a dump, on small files made up here; the last tests read the real one where it is."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gamification.activity.model import NewActivity
from gamification.importers.dump import rows
from gamification.importers.model import SourceUnreadable
from gamification.importers.stackexchange import StackExchangeDump

REAL = Path(__file__).parents[2] / "../shared/data/quantumcomputing"
needs_real_dump = pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data/quantumcomputing is not here")

ASKER = (
    '<row Id="7" CreationDate="2018-03-12T09:00:00.000" DisplayName="Ada" ProfileImageUrl="https://a/7" />'
)
AUTHOR = '<row Id="8" CreationDate="2018-03-12T10:00:00.000" DisplayName="Grace" />'
QUESTION = '<row Id="1" PostTypeId="1" CreationDate="2018-03-12T15:00:00.250" OwnerUserId="7" />'
ANSWER = '<row Id="2" PostTypeId="2" ParentId="1" CreationDate="2018-03-13T08:00:00.000" OwnerUserId="8" />'

MakeDump = Callable[..., StackExchangeDump]


@pytest.fixture
def make_dump(tmp_path: Path) -> MakeDump:
    """A dump of Ada's question and Grace's answer, with other rows in a file's place where given."""

    def make(
        users: str = ASKER + AUTHOR, posts: str = QUESTION + ANSWER, comments: str = "", votes: str = ""
    ) -> StackExchangeDump:
        for name, content in (("Users", users), ("Posts", posts), ("Comments", comments), ("Votes", votes)):
            xml = f'<?xml version="1.0" encoding="utf-8"?>\n<{name.lower()}>\n{content}</{name.lower()}>'
            (tmp_path / f"{name}.xml").write_text(xml, encoding="utf-8-sig")
        return StackExchangeDump(tmp_path)

    return make


def vote(number: int, post: int, kind: int, day: str = "2018-03-20") -> str:
    return f'<row Id="{number}" PostId="{post}" VoteTypeId="{kind}" CreationDate="{day}T00:00:00.000" />'


def comment(number: int, at: str, user: str = 'UserId="7"') -> str:
    return f'<row Id="{number}" PostId="1" CreationDate="{at}" {user} />'


def voted(dump: StackExchangeDump) -> list[NewActivity]:
    return [activity for activity in dump.activities() if activity.source_id.startswith("vote:")]


def skipped(dump: StackExchangeDump) -> Mapping[tuple[str, str], int]:
    return dump.report.skipped


def test_members_carry_name_picture_and_joining(make_dump: MakeDump) -> None:
    ada, grace = make_dump().members()
    assert (ada.external_id, ada.display_name, ada.avatar_url) == ("7", "Ada", "https://a/7")
    assert ada.joined_at == datetime(2018, 3, 12, 9, tzinfo=UTC)
    assert (grace.avatar_url, grace.locale, grace.time_zone) == (None, None, None)


def test_blank_name_falls_back_to_the_number(make_dump: MakeDump) -> None:
    dump = make_dump(users='<row Id="7" CreationDate="2018-03-12T09:00:00.000" DisplayName=" " />')
    assert [member.display_name for member in dump.members()] == ["user7"]


def test_community_user_is_no_member(make_dump: MakeDump) -> None:
    dump = make_dump(
        users='<row Id="-1" CreationDate="2018-03-09T00:00:00.000" DisplayName="C" />' + ASKER + AUTHOR
    )
    assert [member.external_id for member in dump.members()] == ["7", "8"]
    assert [a.member_external_id for a in dump.activities() if a.type == "account.registered"] == ["7", "8"]
    assert skipped(dump) == {("Users.xml", "community user"): 1}


def test_up_vote_is_an_activity_of_the_author(make_dump: MakeDump) -> None:
    assert voted(make_dump(votes=vote(5, 2, 2))) == [
        NewActivity(
            type="post.upvoted",
            source="stackexchange",
            source_id="vote:5",
            member_external_id="8",
            occurred_at=datetime(2018, 3, 20, tzinfo=UTC),
            subject="post:2",
            properties={"kind": "answer", "wiki": False, "self_answer": False},
        )
    ]


def test_down_vote_on_a_question(make_dump: MakeDump) -> None:
    (down,) = voted(make_dump(votes=vote(5, 1, 3)))
    assert (down.type, down.member_external_id, down.properties["kind"]) == (
        "post.downvoted",
        "7",
        "question",
    )


def test_vote_on_the_day_of_its_post_comes_at_the_posts_moment(make_dump: MakeDump) -> None:
    (up,) = voted(make_dump(votes=vote(5, 1, 2, day="2018-03-12")))
    assert up.occurred_at == datetime(2018, 3, 12, 15, 0, 0, 250_000, tzinfo=UTC)


def test_acceptance_is_one_activity_of_the_author_and_one_of_the_asker(make_dump: MakeDump) -> None:
    accepted, chosen = voted(make_dump(votes=vote(6, 2, 1)))
    assert (accepted.type, accepted.member_external_id, accepted.subject) == (
        "answer.accepted",
        "8",
        "post:2",
    )
    assert (chosen.type, chosen.member_external_id, chosen.subject) == ("answer.chosen", "7", "post:1")
    assert (accepted.source_id, chosen.source_id) == ("vote:6", "vote:6:asker")
    assert chosen.properties == {"answer": "2", "wiki": False, "self_answer": False}


def test_accepting_an_own_answer_says_so_on_both_sides(make_dump: MakeDump) -> None:
    own = QUESTION + ANSWER.replace('OwnerUserId="8"', 'OwnerUserId="7"')
    accepted, chosen = voted(make_dump(posts=own, votes=vote(6, 2, 1)))
    assert accepted.properties["self_answer"]
    assert chosen.properties["self_answer"]


def test_wiki_posts_say_so(make_dump: MakeDump) -> None:
    wiki = QUESTION + ANSWER.replace(" />", ' CommunityOwnedDate="2018-03-13T08:00:00.000" />')
    activities = voted(make_dump(posts=wiki, votes=vote(5, 2, 2) + vote(6, 2, 1)))
    assert [activity.properties["wiki"] for activity in activities] == [True, True, True]


def test_a_wiki_question_touches_only_the_asker(make_dump: MakeDump) -> None:
    wiki = QUESTION.replace(" />", ' CommunityOwnedDate="2018-03-12T15:00:00.250" />') + ANSWER
    accepted, chosen = voted(make_dump(posts=wiki, votes=vote(6, 2, 1)))
    assert not accepted.properties["wiki"]
    assert chosen.properties["wiki"]


@pytest.mark.parametrize(
    ("owner", "reason"),
    [
        ("", "no owner"),
        ('OwnerUserId="-1"', "community user"),
        ('OwnerUserId="99"', "owner not in the dump"),
    ],
)
def test_rows_of_nobody_are_counted_by_reason(make_dump: MakeDump, owner: str, reason: str) -> None:
    nobodys = QUESTION + ANSWER.replace('OwnerUserId="8"', owner)
    dump = make_dump(posts=nobodys, votes=vote(5, 2, 2))
    assert voted(dump) == []
    assert skipped(dump) == {("Posts.xml", reason): 1, ("Votes.xml", reason): 1}


def test_asker_counts_even_when_the_answerer_is_gone(make_dump: MakeDump) -> None:
    dump = make_dump(posts=QUESTION + ANSWER.replace('OwnerUserId="8"', ""), votes=vote(6, 2, 1))
    assert [activity.type for activity in voted(dump)] == ["answer.chosen"]
    assert skipped(dump)["Votes.xml", "no owner"] == 1


def test_votes_that_say_nothing_of_a_post_are_counted_by_reason(make_dump: MakeDump) -> None:
    tag_wiki = '<row Id="3" PostTypeId="4" CreationDate="2018-03-12T15:00:00.000" OwnerUserId="7" />'
    votes = vote(1, 1, 5) + vote(2, 404, 2) + vote(3, 3, 2)
    dump = make_dump(posts=QUESTION + ANSWER + tag_wiki, votes=votes)
    assert voted(dump) == []
    assert dump.report.as_dict() == {
        "read": {"Users.xml": 2, "Posts.xml": 3, "Votes.xml": 3},
        "skipped": {
            "Posts.xml": {"neither question nor answer": 1},
            "Votes.xml": {
                "neither question nor answer": 1,
                "post not in the dump": 1,
                "vote type not counted": 1,
            },
        },
    }


@pytest.mark.parametrize(
    "row",
    [
        '<row PostId="1" VoteTypeId="2" CreationDate="2018-03-20T00:00:00.000" />',
        '<row Id="x" PostId="1" VoteTypeId="2" CreationDate="2018-03-20T00:00:00.000" />',
        '<row Id="5" PostId="1" VoteTypeId="2" CreationDate="yesterday" />',
        '<row Id="5" PostId="1" CreationDate="2018-03-20T00:00:00.000" />',
    ],
)
def test_malformed_row_is_counted_and_its_neighbours_unharmed(make_dump: MakeDump, row: str) -> None:
    dump = make_dump(votes=row + vote(9, 1, 2))
    assert [activity.source_id for activity in voted(dump)] == ["vote:9"]
    assert skipped(dump) == {("Votes.xml", "malformed"): 1}


def test_malformed_user_is_neither_member_nor_owner(make_dump: MakeDump) -> None:
    dump = make_dump(users=ASKER.replace("2018-03-12T09", "never") + AUTHOR)
    assert [member.external_id for member in dump.members()] == ["8"]
    assert [a.type for a in dump.activities() if a.member_external_id == "7"] == []
    assert skipped(dump) == {("Users.xml", "malformed"): 1, ("Posts.xml", "owner not in the dump"): 1}


def test_order_is_time_then_file_then_number(make_dump: MakeDump) -> None:
    moment = "2018-03-20T00:00:00.000"
    dump = make_dump(
        comments=comment(12, moment) + comment(9, moment) + comment(30, "2018-03-12T15:00:00.249"),
        votes=vote(10, 2, 1) + vote(3, 1, 2) + vote(20, 1, 2, day="2018-03-12"),
    )
    assert [activity.source_id for activity in dump.activities()] == [
        "user:7",
        "user:8",
        "comment:30",
        "post:1",
        "vote:20",
        "post:2",
        "comment:9",
        "comment:12",
        "vote:3",
        "vote:10",
        "vote:10:asker",
    ]


def test_translating_again_gives_the_same(make_dump: MakeDump) -> None:
    dump = make_dump(votes=vote(6, 2, 1) + vote(7, 2, 2))
    first, second = dump.activities(), dump.activities()
    assert list(first) == list(second) == list(second)
    assert len(second) == 7
    assert dump.report.read["Votes.xml"] == 2


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match=r"Users\.xml"):
        StackExchangeDump(tmp_path).activities()


def test_broken_xml_is_named(make_dump: MakeDump) -> None:
    with pytest.raises(SourceUnreadable, match=r"Votes\.xml is not well-formed"):
        make_dump(votes='<row Id="1"').activities()


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE u [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
        '<!DOCTYPE u [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE u SYSTEM "http://127.0.0.1:9/u.dtd">',
    ],
)
def test_entities_and_document_types_are_refused(tmp_path: Path, declaration: str) -> None:
    file = tmp_path / "Users.xml"
    file.write_text(f'<?xml version="1.0"?>{declaration}<u><row Id="1" DisplayName="x" /></u>')
    with pytest.raises(SourceUnreadable, match="refused"):
        list(rows(file))


def test_rows_are_read_one_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / "Users.xml"
    file.write_text("<u>" + '<row Id="1" />' * 50_000 + "<broken")
    # The file's end is broken, and its beginning can be read all the same.
    assert next(rows(file)) == {"Id": "1"}


@needs_real_dump
def test_real_dump_is_read_whole_and_in_order() -> None:
    dump = StackExchangeDump(REAL)
    activities = list(dump.activities())
    assert dump.report.read == {
        "Users.xml": 3461,
        "Posts.xml": 1986,
        "Comments.xml": 3413,
        "Votes.xml": 12560,
    }
    assert [a.occurred_at for a in activities] == sorted(a.occurred_at for a in activities)
    assert len({activity.source_id for activity in activities}) == len(activities)
    assert Counter(activity.type for activity in activities) == {
        "account.registered": 3460,
        "post.created": 1670,
        "comment.left": 3412,
        "post.upvoted": 9936,
        "post.downvoted": 426,
        "answer.accepted": 389,
        "answer.chosen": 389,
    }
    # An acceptance gives two activities; every other row gives one or is counted as left out.
    assert len(activities) + dump.report.skipped.total() == sum(dump.report.read.values()) + 389


@needs_real_dump
def test_real_votes_add_up_to_the_published_scores() -> None:
    scores: Counter[str] = Counter()
    for activity in StackExchangeDump(REAL).activities():
        if activity.type in ("post.upvoted", "post.downvoted"):
            scores[str(activity.subject)] += 1 if activity.type == "post.upvoted" else -1
    published = {
        f"post:{row['Id']}": int(row["Score"])
        for row in rows(REAL / "Posts.xml")
        if row["PostTypeId"] in ("1", "2") and "OwnerUserId" in row
    }
    assert {subject: scores[subject] for subject in published} == published
