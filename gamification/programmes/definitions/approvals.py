"""Approval of tasks: what a member hands in, for a moderator to look at."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from gamification.programmes.definitions.base import Key, Model

TEXT_MAX = 4000
RESUBMISSIONS_MAX = 100
GOAL_MAX = 100
"""Approvals that a task can ask for in a period."""

Host = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", max_length=253
    ),
]


class EvidenceKind(StrEnum):
    """TEXT: a text, no link. LINK: a link, with a text beside it or without. ANY: either, or both."""

    TEXT = "text"
    LINK = "link"
    ANY = "any"


class TaskApproval(Model):
    """Each submission that a moderator approves counts one towards the goal. `activity` is the type that an approval is
    recorded as; `text_max` in characters; links lead to these `hosts` or their subdomains, without any to every one;
    `resubmissions`: how often a member may submit anew in a period, after as many rejections."""

    activity: Key
    evidence: EvidenceKind = EvidenceKind.ANY
    text_max: Annotated[int, Field(strict=True, ge=1, le=TEXT_MAX)] = 1000
    hosts: Annotated[tuple[Host, ...], Field(max_length=50)] = ()
    resubmissions: Annotated[int, Field(strict=True, ge=0, le=RESUBMISSIONS_MAX)] = 3

    @model_validator(mode="after")
    def _hosts_of_links(self) -> "TaskApproval":
        if self.hosts and self.evidence is EvidenceKind.TEXT:
            raise ValueError("`hosts` are of links; with `evidence: text` there is none")
        return self
