import pytest
from graphql import GraphQLError

from resolvers.documents.cache import Documents, digest_of
from resolvers.documents.limits import Limits
from resolvers.documents.persisted import Manifest, ManifestError, Persisted
from resolvers.schema import schema

TEXT = "{ programme { key } }"
OTHER = "{ programme { version } }"


def asked(digest: str, version: object = 1) -> dict[str, object]:
    return {"persistedQuery": {"version": version, "sha256Hash": digest}}


def persisted(**stated: object) -> Persisted:
    return Persisted(Documents(schema._schema, Limits()), **stated)  # type: ignore[arg-type]


def refusal(found: Persisted, query: str | None, extensions: object, *, is_trusted: bool = False) -> str:
    with pytest.raises(GraphQLError) as caught:
        found.find(query, extensions, is_trusted=is_trusted)  # type: ignore[arg-type]
    return str((caught.value.extensions or {}).get("code"))


def test_a_hash_stands_for_a_text_that_was_sent_before() -> None:
    known = persisted()
    assert refusal(known, None, asked(digest_of(TEXT))) == "PERSISTED_QUERY_NOT_FOUND"
    sent = known.find(TEXT, asked(digest_of(TEXT)), is_trusted=False)
    assert known.find(None, asked(digest_of(TEXT)), is_trusted=False) is sent


def test_a_text_is_known_by_its_hash_without_being_registered() -> None:
    known = persisted()
    sent = known.find(TEXT, None, is_trusted=False)
    assert known.find(None, asked(digest_of(TEXT)), is_trusted=False) is sent


def test_a_hash_of_another_text_is_refused_and_not_kept() -> None:
    known = persisted()
    assert refusal(known, OTHER, asked(digest_of(TEXT))) == "INVALID_INPUT"
    assert refusal(known, None, asked(digest_of(TEXT))) == "PERSISTED_QUERY_NOT_FOUND"


def test_what_is_not_valid_is_never_kept() -> None:
    known = persisted()
    assert known.find("{ nope }", None, is_trusted=False).errors
    assert refusal(known, None, asked(digest_of("{ nope }"))) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "extension",
    [
        "text",
        [],
        {},
        {"version": 1},
        {"sha256Hash": digest_of(TEXT)},
        {"version": 2, "sha256Hash": digest_of(TEXT)},
        {"version": True, "sha256Hash": digest_of(TEXT)},
        {"version": 1, "sha256Hash": 7},
        {"version": 1, "sha256Hash": ""},
        {"version": 1, "sha256Hash": "a" * 201},
    ],
)
def test_a_malformed_extension_is_refused(extension: object) -> None:
    assert refusal(persisted(), TEXT, {"persistedQuery": extension}) == "INVALID_INPUT"


def test_it_can_be_turned_off() -> None:
    off = persisted(automatic=False)
    assert off.find(TEXT, None, is_trusted=False).operations
    assert refusal(off, None, asked(digest_of(TEXT))) == "PERSISTED_QUERY_NOT_SUPPORTED"


@pytest.mark.parametrize(
    "content",
    [
        b'{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"one","name":"A","type":"query","body":"{ programme { key } }"}]}',
        b'{"one":"{ programme { key } }"}',
    ],
)
def test_with_a_manifest_only_its_documents_run(content: bytes) -> None:
    only = persisted(manifest=Manifest.parse(content))
    for query, extensions in (
        (TEXT, None),
        (None, asked("one")),
        (None, asked(digest_of(TEXT))),
        (TEXT, asked(digest_of(TEXT))),
    ):
        assert only.find(query, extensions, is_trusted=False).digest == digest_of(TEXT)
    assert refusal(only, OTHER, None) == "PERSISTED_QUERY_REQUIRED"
    assert refusal(only, OTHER, asked(digest_of(OTHER))) == "PERSISTED_QUERY_REQUIRED"
    assert refusal(only, None, None) == "PERSISTED_QUERY_REQUIRED"


def test_a_text_that_names_a_hash_of_the_manifest_runs_the_manifests() -> None:
    only = persisted(manifest=Manifest({digest_of(TEXT): TEXT}))
    assert only.find(OTHER, asked(digest_of(TEXT)), is_trusted=False).digest == digest_of(TEXT)


def test_staff_and_services_are_not_bound_to_the_manifest() -> None:
    only = persisted(manifest=Manifest({digest_of(TEXT): TEXT}))
    assert only.find(OTHER, None, is_trusted=True).digest == digest_of(OTHER)


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b"7", b'{"a":7}', b'{"operations":[{"id":7,"body":"x"}]}', b'{"operations":[{"id":"a"}]}'],
)
def test_a_manifest_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(ManifestError):
        Manifest.parse(content)
