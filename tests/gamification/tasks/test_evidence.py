"""What may be handed in as evidence: texts in bounds, and links that every reader takes to lead to the same host."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.programmes.definitions import EvidenceKind, TaskApproval
from gamification.tasks.evidence import (
    LINK_LENGTH_MAX,
    Evidence,
    EvidenceFault,
    EvidenceRefused,
    check_evidence,
    host_of,
)

ANY = TaskApproval(activity="a", text_max=10)
TEXT = TaskApproval(activity="a", evidence=EvidenceKind.TEXT)
LINK = TaskApproval(activity="a", evidence=EvidenceKind.LINK, hosts=("photos.example", "b.example"))
GOOD = "https://photos.example/1"


@pytest.mark.parametrize(
    ("terms", "text", "link", "kept"),
    [
        (ANY, "  done \n", None, Evidence("done", None)),
        (ANY, None, f" {GOOD}\n", Evidence(None, GOOD)),
        (ANY, "done", GOOD, Evidence("done", GOOD)),
        (ANY, "  ", GOOD, Evidence(None, GOOD)),
        (ANY, "一二三四五六七八九十", None, Evidence("一二三四五六七八九十", None)),
        (ANY, "one\n\ttwo", None, Evidence("one\n\ttwo", None)),
        (ANY, "👩‍👩‍👧", None, Evidence("👩‍👩‍👧", None)),
        (TEXT, "done", None, Evidence("done", None)),
        (LINK, None, GOOD, Evidence(None, GOOD)),
        (LINK, "see", "http://www.b.example:8080/x?y=1#z", Evidence("see", "http://www.b.example:8080/x?y=1#z")),
        (LINK, None, "HTTPS://PHOTOS.EXAMPLE/图", Evidence(None, "HTTPS://PHOTOS.EXAMPLE/图")),
    ],
)  # fmt: skip
def test_what_is_asked_for_is_taken(
    terms: TaskApproval, text: str | None, link: str | None, kept: Evidence
) -> None:
    assert check_evidence(terms, text, link) == kept


@pytest.mark.parametrize(
    ("terms", "text", "link", "fault", "field"),
    [
        (ANY, None, None, EvidenceFault.TEXT_NEEDED, "text"),
        (ANY, " \n", "", EvidenceFault.TEXT_NEEDED, "text"),
        (ANY, "x" * 11, None, EvidenceFault.TEXT_TOO_LONG, "text"),
        (ANY, "nul\x00", None, EvidenceFault.NOT_READABLE, "text"),
        (ANY, "esc\x1b[2J", None, EvidenceFault.NOT_READABLE, "text"),
        (ANY, "a\u202eb", None, EvidenceFault.NOT_READABLE, "text"),
        (ANY, "a\u2066b", None, EvidenceFault.NOT_READABLE, "text"),
        (ANY, "a\ud800", None, EvidenceFault.NOT_READABLE, "text"),
        (TEXT, None, None, EvidenceFault.TEXT_NEEDED, "text"),
        (TEXT, "done", GOOD, EvidenceFault.NOT_TAKEN, "link"),
        (LINK, "done", None, EvidenceFault.LINK_NEEDED, "link"),
        (LINK, None, "https://other.example/", EvidenceFault.HOST_NOT_ALLOWED, "link"),
        (LINK, None, "https://evilphotos.example/", EvidenceFault.HOST_NOT_ALLOWED, "link"),
        (LINK, None, "https://photos.example.evil.example/", EvidenceFault.HOST_NOT_ALLOWED, "link"),
        (ANY, None, "javascript:alert(1)", EvidenceFault.NOT_A_LINK, "link"),
    ],
)
def test_what_can_not_be_taken_is_refused_with_a_reason(
    terms: TaskApproval, text: str | None, link: str | None, fault: EvidenceFault, field: str
) -> None:
    with pytest.raises(EvidenceRefused) as refused:
        check_evidence(terms, text, link)

    assert (refused.value.fault, refused.value.path) == (fault, [field])


@pytest.mark.parametrize(
    "link",
    [
        "",
        "photos.example/1",
        "//photos.example/1",
        "ftp://photos.example/1",
        "file:///etc/passwd",
        "data:text/html,x",
        "https://",
        "https:///1",
        "https://localhost/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://0x7f.1/",
        "https://a.0x7f/",
        "https://2130706433/",
        "https://[::1]/",
        "https://[fe80::1%25eth0]/",
        "https://ann@photos.example/",
        "https://photos.example@evil.example/",
        "https://photos.example:443@evil.example/",
        "https://evil.example\\@photos.example/",
        "https:\\\\photos.example/",
        "https://photos.example /1",
        "https://photos.example/a b",
        "https://photos.example/\u3000x",
        "https://photos.example/\n",
        "https://pho\ttos.example/",
        "https://photos.example/\u202egpj.exe",
        "https://photos。example/",
        "https://ｐhotos.example/",
        "https://фото.example/",
        "https://photos_.example/",
        "https://-photos.example/",
        "https://photos..example/",
        "https://.example/",
        "https://photos.example:0/",
        "https://photos.example:99999/",
        "https://photos.example:x/",
        f"https://photos.example/{'x' * LINK_LENGTH_MAX}",
        f"https://{'a.' * 130}example/",
    ],
)
def test_what_readers_may_take_differently_is_no_link(link: str) -> None:
    assert host_of(link) is None


@pytest.mark.parametrize(
    ("link", "host"),
    [
        ("https://photos.example", "photos.example"),
        ("https://Photos.Example./1", "photos.example"),
        ("http://photos.example:8080?x", "photos.example"),
        ("https://xn--e1aybc.example/a%20b", "xn--e1aybc.example"),
        ("https://photos.example/a@b:c", "photos.example"),
        ("https://photos.xn--p1ai/", "photos.xn--p1ai"),
    ],
)
def test_the_host_of_a_link(link: str, host: str) -> None:
    assert host_of(link) == host


@given(st.text(alphabet="https:/\\@.?#[]% \tabEx1。ａ-", max_size=40).map("https://".__add__))
def test_a_link_that_is_taken_leads_where_it_says(link: str) -> None:
    host = host_of(link)

    if host is not None:
        parts = urlsplit(link)
        assert parts.netloc.lower().split(":")[0].removesuffix(".") == host
        assert host.isascii()
        assert not host.rpartition(".")[2][0].isdigit()
        assert not set(link) & set("\\ \t")
