"""A text that is screened, and what the rules say of it."""

from datetime import datetime
from enum import StrEnum

from gamification.kit.errors import DomainError, ErrorCode
from gamification.kit.records import record
from gamification.programmes.definitions import ScreenedKind, ScreeningVerdict


class TextPart(StrEnum):
    """A part of a text that words are looked for in. TEXT is what of the body is read, code and quotations too."""

    TITLE = "title"
    TEXT = "text"
    TAGS = "tags"
    OPTIONS = "options"


@record(frozen=True, slots=True)
class Text:
    """What somebody writes in a space. `text` is what of it is read, without marks; `links` are the addresses, and `mentions`
    counts the members mentioned; `options` are a poll's; `images` counts the pictures."""

    kind: ScreenedKind
    space: str
    title: str = ""
    text: str = ""
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    mentions: int = 0
    options: tuple[str, ...] = ()
    images: int = 0

    @property
    def parts(self) -> dict[TextPart, str]:
        """Those of its parts that say something."""
        stated = {
            TextPart.TITLE: self.title,
            TextPart.TEXT: self.text,
            TextPart.TAGS: "\n".join(self.tags),
            TextPart.OPTIONS: "\n".join(self.options),
        }
        return {part: text for part, text in stated.items() if text}


@record(frozen=True, slots=True)
class Spot:
    """Where in a part of a text something was found, from character `start` to before `end`, counted in Unicode's code points;
    `words` is what stands there, at its beginning. Tags and options are a line each."""

    part: TextPart
    start: int
    end: int
    words: str


@record(frozen=True, slots=True)
class Finding:
    """One rule that a text falls under, and its verdict. `spots`: where, for rules on words. `found` against `limit`: of what
    is counted, as links; of likeness in percent. `hosts` that links lead to; `like`: the post or comment that it is like, which `like_kind` says."""

    rule: str
    verdict: ScreeningVerdict
    spots: tuple[Spot, ...] = ()
    found: int | None = None
    limit: int | None = None
    hosts: tuple[str, ...] = ()
    like: bytes | None = None
    like_kind: ScreenedKind | None = None


@record(frozen=True, slots=True)
class Judgement:
    """What all rules say together: the heaviest verdict, None where no rule minds."""

    findings: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> ScreeningVerdict | None:
        """What becomes of the text."""
        verdicts = [finding.verdict for finding in self.findings]
        return max(verdicts, key=lambda one: one.weight) if verdicts else None

    @property
    def deciding(self) -> Finding | None:
        """The first of the findings that have that verdict."""
        verdict = self.verdict
        return next((finding for finding in self.findings if finding.verdict is verdict), None)

    @property
    def is_held(self) -> bool:
        """Whether it waits for a moderator."""
        return self.verdict is ScreeningVerdict.HOLD


PASSED = Judgement()


@record(frozen=True, slots=True)
class Screening:
    """A judgement that was not nothing, as it is kept. `target_id` is the post or comment; None where it was refused, and so
    there is none. `upheld`: what a moderator decided, at `decided_at`; refusals are not decided on."""

    id: bytes
    programme_id: str
    author_id: bytes
    kind: ScreenedKind
    space: str
    target_id: bytes | None
    verdict: ScreeningVerdict
    findings: tuple[Finding, ...]
    at: datetime
    upheld: bool | None = None
    decided_at: datetime | None = None


@record(frozen=True, slots=True)
class RuleStatistics:
    """How a rule did in some time: its verdicts by kind, and of those held or flagged, how many moderators upheld and
    overturned."""

    rule: str
    refused: int = 0
    held: int = 0
    flagged: int = 0
    upheld: int = 0
    overturned: int = 0


class Screened(DomainError):
    """A rule refuses a text. `rule` is its key; the message is the programme's, and says nothing of what the rule looks for.
    `screening` is what is kept of it once the transaction is undone."""

    default_code = ErrorCode.SCREENED

    def __init__(self, message: str, deciding: Finding, screening: Screening) -> None:
        super().__init__(message, path=_FIELDS[deciding.spots[0].part] if deciding.spots else None)
        self.rule = deciding.rule
        self.screening = screening


_FIELDS = {
    TextPart.TITLE: ["title"],
    TextPart.TEXT: ["body"],
    TextPart.TAGS: ["tags"],
    TextPart.OPTIONS: ["poll", "options"],
}
"""Where an author states the parts of a text."""
