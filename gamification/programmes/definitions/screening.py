"""Rules that texts are screened by before they are published."""

import unicodedata
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

import re2  # type: ignore[import-untyped]  # the wheel has no types
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from gamification.programmes.definitions.approvals import Host
from gamification.programmes.definitions.base import Definition, Expression, Key, Model, Name

WORDS_MAX = 10_000
PATTERNS_MAX = 50
HOSTS_MAX = 1_000
_PATTERN_STEPS_MAX = 10_000
"""How large a pattern's automaton may be: with it and the text's length the time is bounded that looking for it takes."""
_PATTERN_BYTES_MAX = 1 << 20
_SPAN_MAX = timedelta(days=90)
Span = Annotated[timedelta, Field(ge=timedelta(minutes=1), le=_SPAN_MAX)]


class ScreeningVerdict(StrEnum):
    """REFUSE: it isn't taken, and its author is told. HOLD: it waits for a moderator. FLAG: it is published, and a moderator
    looks at it."""

    REFUSE = "refuse"
    HOLD = "hold"
    FLAG = "flag"

    @property
    def weight(self) -> int:
        """Of several, the heaviest counts."""
        return (ScreeningVerdict.FLAG, ScreeningVerdict.HOLD, ScreeningVerdict.REFUSE).index(self)


class ScreenedKind(StrEnum):
    """What kinds of text there are."""

    POST = "post"
    COMMENT = "comment"


class Likeness(StrEnum):
    """Whose texts one is compared with."""

    OWN = "own"
    OTHERS = "others"
    ANY = "any"


def _word(stated: str) -> str:
    if not any(one.isalnum() for one in unicodedata.normalize("NFKC", stated)):
        raise ValueError(f"{stated!r} has no letter or digit to be found by")
    return stated


def _pattern(stated: str) -> str:
    compile_pattern(stated)
    return stated


def compile_pattern(pattern: str) -> Any:
    """A pattern as RE2's automaton, whatever the case of letters, which takes time by the length of the text alone. Raises:
    ValueError."""
    options = re2.Options()
    options.max_mem = _PATTERN_BYTES_MAX
    options.case_sensitive = False
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0]
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"{pattern!r} is no pattern of RE2's syntax: {text}") from error
    if compiled.programsize > _PATTERN_STEPS_MAX:
        raise ValueError(f"{pattern!r} is too large: repeat less, or state plainer classes")
    if compiled.search("") is not None:
        raise ValueError(f"{pattern!r} is found in the empty text, and so everywhere")
    return compiled


class WordRule(Model):
    """Words and phrases, `*` at an end for whatever they go on with. `leet`: digits and signs are read as letters, too."""

    listed: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(_word)], ...],
        Field(min_length=1, max_length=WORDS_MAX),
    ]
    leet: bool = False


class LinkRule(Model):
    """Links to `forbidden` hosts; or more than `most` links to others than the `allowed`, of which there may be any number:
    none where it is not stated, or with `forbidden` alone as many as one likes. Hosts stand for their subdomains, too."""

    most: Annotated[int, Field(strict=True, ge=0, le=1_000)] | None = None
    allowed: Annotated[tuple[Host, ...], Field(max_length=HOSTS_MAX)] = ()
    forbidden: Annotated[tuple[Host, ...], Field(max_length=HOSTS_MAX)] = ()

    @property
    def limit(self) -> int | None:
        """How many links to hosts that are not named there may be; None for any number."""
        if self.most is None and self.forbidden and not self.allowed:
            return None
        return self.most or 0


class MentionRule(Model):
    """More than `most` members mentioned."""

    most: Annotated[int, Field(strict=True, ge=0, le=1_000)]


class DuplicateRule(Model):
    """As alike as `percent` to more than `most` texts of the last `within`: their author's own, others', or anybody's. Shorter
    ones than `shortest` characters are not compared: thanks are much alike."""

    percent: Annotated[int, Field(strict=True, ge=70, le=100)] = 80
    within: Span = timedelta(days=7)
    of: Likeness = Likeness.ANY
    most: Annotated[int, Field(strict=True, ge=0, le=20)] = 0
    shortest: Annotated[int, Field(strict=True, ge=10, le=5_000)] = 40


class FirstRule(Model):
    """The first so many `texts` of a member: until as many of theirs are published."""

    texts: Annotated[int, Field(strict=True, ge=1, le=50)]


class RateRule(Model):
    """More than `most` texts of a member within so long."""

    most: Annotated[int, Field(strict=True, ge=1, le=1_000)]
    within: Span


class ScreeningRule(Definition):
    """One thing that texts are screened for, of those that are stated below; what becomes of a text that has it, and the
    `message` that its author reads. Of these `texts`, in these `spaces` or all, by members for whom `when` holds."""

    verdict: ScreeningVerdict
    message: Name = Field(default_factory=dict)
    texts: Annotated[tuple[ScreenedKind, ...], Field(min_length=1, max_length=2)] = tuple(ScreenedKind)
    spaces: Annotated[tuple[Key, ...], Field(max_length=500)] = ()
    when: Expression | None = None
    words: WordRule | None = None
    patterns: (
        Annotated[
            tuple[
                Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_pattern)], ...
            ],
            Field(min_length=1, max_length=PATTERNS_MAX),
        ]
        | None
    ) = None
    links: LinkRule | None = None
    mentions: MentionRule | None = None
    duplicates: DuplicateRule | None = None
    first: FirstRule | None = None
    rate: RateRule | None = None

    def is_about(self, kind: ScreenedKind, space: str) -> bool:
        """Whether it screens such texts there."""
        return kind in self.texts and (not self.spaces or space in self.spaces)

    @model_validator(mode="after")
    def _one(self) -> "ScreeningRule":
        parts = (self.words, self.patterns, self.links, self.mentions, self.duplicates, self.first, self.rate)
        if sum(part is not None for part in parts) != 1:
            raise ValueError(
                "a screening rule is exactly one of words, patterns, links, mentions, duplicates, first, rate"
            )
        return self
