"""What a programme file may say of tasks that moderators approve."""

from typing import Any

import pytest

from gamification.programmes.checks import check
from gamification.programmes.definitions import EvidenceKind, TaskApproval
from gamification.programmes.document import Problem
from gamification.programmes.parsing import parse
from tests.conftest import MakeProgramme

TYPES = [
    {"key": "approved"},
    {
        "key": "closed",
        "properties": {
            "type": "object",
            "properties": {"amount": {"type": "integer"}},
            "required": ["amount"],
        },
    },
]


def stated(approval: dict[str, Any], **more: Any) -> dict[str, Any]:
    task = {"key": "t", "goal": 1, "approval": {"activity": "approved", **approval}, **more}
    return {"programme": {"key": "p"}, "activity_types": TYPES, "tasks": [task]}


def test_what_is_not_said_has_a_default() -> None:
    (task,) = parse(stated({})).tasks

    assert task.approval == TaskApproval(
        activity="approved", evidence=EvidenceKind.ANY, text_max=1000, hosts=(), resubmissions=3
    )


@pytest.mark.parametrize("host", ["photos.example", "a.b-c.example", "xn--e1aybc.xn--p1ai"])
def test_hosts_are_names(host: str) -> None:
    (task,) = parse(stated({"hosts": [host]})).tasks

    assert task.approval is not None
    assert task.approval.hosts == (host,)


BAD: list[tuple[str, dict[str, Any]]] = [
    ("tasks.t.approval.text_max", stated({"text_max": 0})),
    ("tasks.t.approval.text_max", stated({"text_max": 4001})),
    ("tasks.t.approval.resubmissions", stated({"resubmissions": -1})),
    ("tasks.t.approval.resubmissions", stated({"resubmissions": 101})),
    ("tasks.t.approval.evidence", stated({"evidence": "picture"})),
    ("tasks.t.approval.by", stated({"by": "kim"})),
    *(
        ("tasks.t.approval.hosts.0", stated({"hosts": [host]}))
        for host in ("example", "https://a.example", "A.example", "*.a.example", "127.0.0.1", "a.example/", "a..b")
    ),
    ("tasks.t.approval", stated({"evidence": "text", "hosts": ["a.example"]})),
    ("tasks.t", stated({}, goal=101)),
    ("tasks.t", stated({}, measure="sum")),
    ("tasks.t", stated({}, measure="distinct")),
    ("tasks.t", stated({}, measure="tasks", parts=["t"])),
    ("tasks.t.approval.activity", stated({"activity": "nope"})),
    ("tasks.t.approval.activity", stated({"activity": "closed"})),
    (
        "rules.r.effects.0.advance.task",
        {
            **stated({}),
            "rules": [{"key": "r", "on": ["approved"], "effects": [{"advance": {"task": "t"}}]}],
        },
    ),
    (
        "tasks.t",
        {**stated({"activity": "draft"}), "activity_types": [*TYPES, {"key": "draft", "status": "draft"}]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("place", "document"), BAD)
def test_what_can_not_be_is_named_by_its_place(place: str, document: dict[str, Any]) -> None:
    with pytest.raises(Problem) as refused:
        check(parse(document))

    assert any(found.startswith(place) for found, _ in refused.value.problems), refused.value.problems


async def test_approval_may_come_and_change_with_a_new_version(programme: MakeProgramme) -> None:
    document = {"activity_types": TYPES, "tasks": [{"key": "t", "goal": 1}]}
    club = await programme(document)

    applied = await club.apply(
        {**document, "tasks": [{"key": "t", "goal": 1, "approval": {"activity": "approved"}}]}
    )

    (change,) = applied.changes
    assert (change.section, change.key, change.version, change.fields) == ("tasks", "t", 2, ("approval",))
