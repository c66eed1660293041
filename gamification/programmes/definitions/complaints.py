"""Complaints: what members complain about, and how soon they are owed an answer."""

from gamification.programmes.definitions.base import Definition
from gamification.programmes.definitions.units import SpanText


class ComplaintCategory(Definition):
    """What a complaint can be about. `answer_within`: how long after it was filed, or filed anew, an answer is owed;
    `reopen_within`: how long after it was answered or closed its member can take it up again."""

    answer_within: SpanText = "P2D"
    reopen_within: SpanText = "P30D"
