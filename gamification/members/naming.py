"""What a member is found by: their display name; pure."""

from collections.abc import Sequence
from typing import Any

from gamification.kit.folding import fold, pairs, runs_of

VERSION = 1
"""Counts the changes of what is made of a name; those of another version are made anew."""
WHOLE = "="
"""Stands before the name as a whole."""


def names_of(display_name: str) -> dict[str, Any]:
    """What is stored beside a name: {v, terms}."""
    return {"v": VERSION, "terms": name_terms(display_name)}


def name_terms(display_name: str) -> list[str]:
    """The whole name in one spelling, its words, and of scripts without spaces each character and each two."""
    runs = list(runs_of(fold(display_name)))
    terms = dict.fromkeys([whole_name([run.text for run in runs])])
    for run in runs:
        terms |= dict.fromkeys([*run.text, *pairs(run.text)] if run.is_cjk else [run.text])
    return list(terms)


def whole_name(words: Sequence[str]) -> str:
    """The term of a whole name of these words, folded."""
    return WHOLE + " ".join(words)


def needed(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """What a name must have where these words, folded, are looked for: (terms as they are, beginnings of words)."""
    exact: list[str] = []
    beginnings: list[str] = []
    for run in (run for word in words for run in runs_of(word)):
        if run.is_cjk:
            exact += pairs(run.text) or [run.text]
        else:
            beginnings.append(run.text)
    return list(dict.fromkeys(exact)), list(dict.fromkeys(beginnings))
