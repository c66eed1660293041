from dataclasses import replace

import pytest

from resolvers.documents import cache
from resolvers.documents.cache import Documents, digest_of
from resolvers.documents.limits import Limits
from resolvers.schema import schema


def documents(limits: Limits | None = None) -> Documents:
    return Documents(schema._schema, limits or Limits())


def text(number: int) -> str:
    return f"query Q{number} {{ programme {{ key }} }}"


def test_a_document_is_read_once() -> None:
    kept = documents()
    assert kept.of(text(1)) is kept.of(text(1))
    assert kept.of("{ nope }") is kept.of("{ nope }")
    assert kept.by_digest(digest_of(text(1))) is kept.of(text(1))


def test_the_least_recently_used_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "DOCUMENTS_MAX", 20)
    kept = documents()
    for number in range(20):
        kept.of(text(number))
    kept.of(text(0))
    kept.of(text(20))
    assert kept.by_digest(digest_of(text(0))) is not None
    assert kept.by_digest(digest_of(text(1))) is None


def test_documents_that_are_refused_push_out_none_that_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "DOCUMENTS_MAX", 20)
    kept = documents()
    kept.of(text(0))
    for number in range(100):
        assert kept.of(f"{{ nope{number} }}").errors
    assert kept.by_digest(digest_of(text(0))) is not None
    assert len(kept._refused._documents) == 2


def test_long_documents_are_kept_up_to_a_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "TEXT_MAX", 100_000)
    kept = documents(replace(Limits(), characters=0))
    for number in range(10):
        kept.of(text(number) + " " * 30_000)
    assert len(kept._known._documents) == 3


def test_errors_are_at_most_five_and_suggest_nothing() -> None:
    found = documents().of("{ " + " ".join(f"programmee{n}: programm" for n in range(9)) + " }")
    assert len(found.errors) <= 6
    assert not any("Did you mean" in error.message for error in found.errors)
