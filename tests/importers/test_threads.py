"""Threads of a dump, on small files made up here; the last test reads the real one where it is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from api.importing import TEXTS_AT_ONCE, THREADS_AT_ONCE, parts_of
from gamification.importers.model import SourceUnreadable
from gamification.importers.threads import NOT_CONTENT, SourceFavourite, SourceVote, ThreadReader

REAL = Path(__file__).parents[2] / "../shared/data/quantumcomputing"
DAY = 1_520_812_800_000
"""12 March 2018, by UTC."""

MakeReader = Callable[..., ThreadReader]


def question(number: int, **more: str) -> str:
    stated = {
        "Id": number,
        "PostTypeId": 1,
        "CreationDate": "2018-03-12T00:00:01.000",
        "Title": "T",
        "Body": "&lt;p&gt;Q&lt;/p&gt;",
        "OwnerUserId": 7,
        **more,
    }
    return row(**stated)


def answer(number: int, parent: int, **more: str) -> str:
    stated = {
        "Id": number,
        "PostTypeId": 2,
        "ParentId": parent,
        "CreationDate": "2018-03-12T00:00:02.000",
        "Body": "A",
        "OwnerUserId": 8,
        **more,
    }
    return row(**stated)


def comment(number: int, post: int, **more: str) -> str:
    stated = {"Id": number, "PostId": post, "CreationDate": "2018-03-12T00:00:03.000", "Text": "C", **more}
    return row(**stated)


def vote(number: int, post: int, kind: int, **more: str) -> str:
    stated = {"Id": number, "PostId": post, "VoteTypeId": kind, "CreationDate": "2018-03-12T00:00:00.000"}
    return row(**stated, **more)


def row(**attributes: object) -> str:
    return f"<row {' '.join(f'{name}={chr(34)}{value}{chr(34)}' for name, value in attributes.items())} />"


@pytest.fixture
def make(tmp_path: Path) -> MakeReader:
    def write(posts: str = "", comments: str = "", votes: str = "") -> ThreadReader:
        for name, content in (("Posts", posts), ("Comments", comments), ("Votes", votes)):
            (tmp_path / f"{name}.xml").write_text(f"<{name}>{content}</{name}>", encoding="utf-8-sig")
        return ThreadReader(tmp_path)

    return write


def test_a_thread_has_its_answers_comments_votes_and_what_was_accepted(make: MakeReader) -> None:
    reader = make(
        posts=answer(2, 1) + question(1, AcceptedAnswerId="2", Tags="&lt;a-b&gt;&lt;c#&gt;") + answer(3, 1),
        comments=comment(11, 2, UserId="9", Score="3") + comment(10, 1),
        votes=vote(20, 1, 2) + vote(21, 2, 1) + vote(22, 2, 2) + vote(23, 1, 5, UserId="9"),
    )
    (thread,) = reader.threads()

    assert reader.count == 1
    assert (thread.question.number, thread.question.accepted) == (1, 2)
    assert (thread.question.tags, thread.question.body) == (("a-b", "c#"), "<p>Q</p>")
    assert thread.question.at == DAY + 1000
    assert thread.question.votes == (SourceVote(20, DAY),)
    assert thread.question.favourites == (SourceFavourite(9, DAY),)
    assert [one.number for one in thread.answers] == [2, 3]
    assert (thread.answers[0].accepted_at, thread.answers[1].accepted_at) == (DAY, None)
    assert [(one.number, one.post, one.owner, one.score) for one in thread.comments] == [
        (10, 1, None, 0),
        (11, 2, 9, 3),
    ]
    assert thread.size == 3 + 2 + 2 + 3


def test_what_hangs_on_nothing_and_what_is_no_content_is_left_out_and_counted(make: MakeReader) -> None:
    reader = make(
        posts=question(1) + answer(2, 99) + question(3, PostTypeId="4"),
        comments=comment(10, 2) + comment(11, 98),
        votes=vote(20, 1, 3) + vote(21, 97, 2) + vote(22, 1, 8) + vote(23, 1, 5),
    )
    (thread,) = reader.threads()

    assert (thread.answers, thread.comments, thread.question.votes) == ((), (), ())
    assert reader.report.as_dict()["skipped"] == {
        "Posts.xml": {"neither question nor answer": 1, "post not in the dump": 1},
        "Comments.xml": {"post not in the dump": 2},
        "Votes.xml": {NOT_CONTENT: 3, "post not in the dump": 1},
    }


@pytest.mark.parametrize("name", ["Id", "PostTypeId", "CreationDate", "Body", "Title"])
def test_a_malformed_row_is_left_out(make: MakeReader, name: str) -> None:
    reader = make(posts=question(1) + question(5).replace(f"{name}=", "Was=", 1))

    assert [one.question.number for one in reader.threads()] == [1]
    assert reader.report.skipped.total() == 1


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable):
        list(ThreadReader(tmp_path).threads())


def test_closed_and_locked_questions_are_closed(make: MakeReader) -> None:
    at = "2018-04-01T00:00:00.000"
    reader = make(posts=question(1, ClosedDate=at) + question(2, LockedDate=at) + question(3))

    assert [one.question.closed for one in reader.threads()] == [True, True, False]


def test_parts_are_bounded_and_hold_everything_once(make: MakeReader) -> None:
    posts = "".join(question(number) for number in range(1, 60))
    votes = "".join(vote(number, 30, 2) for number in range(TEXTS_AT_ONCE + 5))
    parts = list(parts_of(make(posts=posts, votes=votes).threads()))

    assert [one.question.number for part in parts for one in part] == list(range(1, 60))
    assert all(len(part) <= THREADS_AT_ONCE for part in parts)
    assert all(len(part) == 1 or sum(one.size for one in part) <= TEXTS_AT_ONCE for part in parts)
    assert [len(part) for part in parts] == [20, 9, 1, 20, 9]


def test_reading_holds_one_thread_at_a_time(make: MakeReader) -> None:
    reader = make(posts="".join(question(number) for number in range(1, 200)))
    threads = reader.threads()

    assert next(threads).question.number == 1
    assert reader.count == 199
    threads.close()  # type: ignore[attr-defined]


@pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data/quantumcomputing is not here")
def test_the_real_dump_is_read_whole() -> None:
    reader = ThreadReader(REAL)
    threads = list(reader.threads())

    assert len(threads) == reader.count == 612
    assert sum(len(one.answers) for one in threads) == 1060
    assert sum(len(one.comments) for one in threads) == 3413
    assert sum(one.question.closed for one in threads) == 30
    assert sum(one.question.accepted is not None for one in threads) == 389
