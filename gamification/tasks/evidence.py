"""What may be handed in as evidence: pure. Links are looked at as text and never fetched."""

import re
import unicodedata
from enum import StrEnum
from urllib.parse import urlsplit

from gamification.kit.errors import DomainError, ErrorCode
from gamification.kit.records import record
from gamification.programmes.definitions import EvidenceKind, TaskApproval

LINK_LENGTH_MAX = 2000
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_BREAKS = frozenset("\n\t")


class EvidenceFault(StrEnum):
    """TEXT_NEEDED, LINK_NEEDED: it is missing. NOT_TAKEN: this task takes none of that kind. TEXT_TOO_LONG.
    NOT_READABLE: it holds characters that show nothing. NOT_A_LINK: no http or https address of a named host.
    HOST_NOT_ALLOWED: the task takes links to other hosts. USED_BEFORE: the member handed that link in before, for this
    task, and it waits or is approved."""

    TEXT_NEEDED = "text_needed"
    LINK_NEEDED = "link_needed"
    NOT_TAKEN = "not_taken"
    TEXT_TOO_LONG = "text_too_long"
    NOT_READABLE = "not_readable"
    NOT_A_LINK = "not_a_link"
    HOST_NOT_ALLOWED = "host_not_allowed"
    USED_BEFORE = "used_before"


class EvidenceRefused(DomainError):
    """It can't be taken as evidence; `fault` says why."""

    default_code = ErrorCode.EVIDENCE_REFUSED

    def __init__(self, fault: EvidenceFault, field: str, message: str, limit: int | None = None) -> None:
        super().__init__(message, path=[field], limit=limit)
        self.fault = fault


@record(frozen=True, slots=True)
class Evidence:
    """At least one of the two."""

    text: str | None
    link: str | None


def check_evidence(terms: TaskApproval, text: str | None, link: str | None) -> Evidence:
    """The evidence as it is kept, without blanks around it. Raises: EvidenceRefused."""
    text, link = (text or "").strip() or None, (link or "").strip() or None
    if link is not None and terms.evidence is EvidenceKind.TEXT:
        raise EvidenceRefused(EvidenceFault.NOT_TAKEN, "link", "This task takes no link.")
    if link is None and terms.evidence is EvidenceKind.LINK:
        raise EvidenceRefused(EvidenceFault.LINK_NEEDED, "link", "This task takes a link.")
    if text is None and link is None:
        either = "a text" if terms.evidence is EvidenceKind.TEXT else "a text or a link"
        raise EvidenceRefused(EvidenceFault.TEXT_NEEDED, "text", f"This task takes {either}.")
    if text is not None:
        _check_text(text, terms.text_max)
    if link is not None:
        _check_link(link, terms.hosts)
    return Evidence(text, link)


def _check_text(text: str, length_max: int) -> None:
    if len(text) > length_max:
        raise EvidenceRefused(
            EvidenceFault.TEXT_TOO_LONG,
            "text",
            f"The text has {len(text)} characters; at most {length_max} are taken.",
            length_max,
        )
    if not _is_readable(text):
        raise EvidenceRefused(
            EvidenceFault.NOT_READABLE, "text", "The text must not hold control characters."
        )


def _is_readable(text: str) -> bool:
    """Whether no character steers a terminal, or turns the order in which others are read. Lines may break, and joiners
    stay: some scripts, and emoji, need them."""
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return all(
        one in _BREAKS
        or (unicodedata.category(one) not in ("Cc", "Cs") and unicodedata.bidirectional(one) not in turning)
        for one in text
    )


def _check_link(link: str, hosts: tuple[str, ...]) -> None:
    host = host_of(link)
    if host is None:
        raise EvidenceRefused(
            EvidenceFault.NOT_A_LINK,
            "link",
            "The link must be an http or https address of a named host, such as https://photos.example/42.",
            LINK_LENGTH_MAX if len(link) > LINK_LENGTH_MAX else None,
        )
    if hosts and not any(host == allowed or host.endswith(f".{allowed}") for allowed in hosts):
        raise EvidenceRefused(
            EvidenceFault.HOST_NOT_ALLOWED, "link", f"Links lead to {', '.join(hosts)}, not to {host}."
        )


def host_of(link: str) -> str | None:
    """The host that every reader of an address takes it to lead to, in small letters; None where they may differ, or it
    is none of http or https.

    No blank, control character or backslash, which browsers read as a slash; no user name, which shows one host and leads
    to another; a name in ASCII (`xn--` for others), not an address in numbers, which leads into the reader's own network.
    """
    if len(link) > LINK_LENGTH_MAX or "\\" in link or not _is_readable(link):
        return None
    if any(one.isspace() for one in link):
        return None
    try:
        parts = urlsplit(link)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or port == 0:
        return None
    host = (parts.hostname or "").removesuffix(".")
    return host if len(host) <= 253 and _HOST.fullmatch(host) else None
