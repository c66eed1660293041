"""Documents by their hash alone: automatic persisted queries, and a manifest of those that are trusted.

A request has either the text, or `extensions.persistedQuery` with version 1 and the text's SHA-256, or both, which
must then agree. Source: https://www.apollographql.com/docs/apollo-server/performance/apq
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLError

from gamification.kit.errors import ErrorCode
from resolvers.documents.cache import Document, Documents, digest_of


class ManifestError(Exception):
    """A manifest that can't be taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Texts by their SHA-256 in hexadecimal, and by the ids that the manifest gives them."""

    texts: Mapping[str, str]

    @classmethod
    def parse(cls, content: bytes) -> "Manifest":
        """Apollo's manifest (`operations` with `id` and `body`), or an object of texts by id. Raises: ManifestError."""
        try:
            stated = orjson.loads(content)
        except ValueError as error:
            raise ManifestError(f"it is not JSON: {error}") from error
        operations = stated.get("operations") if isinstance(stated, dict) else None
        if isinstance(operations, list):
            pairs = [(one.get("id"), one.get("body")) for one in operations if isinstance(one, dict)]
        elif isinstance(stated, dict):
            pairs = list(stated.items())
        else:
            raise ManifestError("it is neither a list of operations nor texts by id")
        texts: dict[str, str] = {}
        for name, text in pairs:
            if not isinstance(name, str) or not isinstance(text, str):
                raise ManifestError("an operation needs an id and a body, both texts")
            texts[name] = texts[digest_of(text)] = text
        return cls(texts)


class Persisted:
    """Finds the document that a request means."""

    def __init__(
        self, documents: Documents, *, automatic: bool = True, manifest: Manifest | None = None
    ) -> None:
        self._documents = documents
        self._automatic = automatic
        self._manifest = manifest

    def find(self, query: str | None, extensions: Mapping[str, Any] | None, *, is_trusted: bool) -> Document:
        """The document. Raises: GraphQLError for the caller."""
        digest = _stated_digest(extensions)
        if self._manifest is not None and not is_trusted:
            text = self._manifest.texts.get(digest or digest_of(query or ""))
            if text is None:
                raise _error(
                    "Only documents of this installation's manifest are run.", "PERSISTED_QUERY_REQUIRED"
                )
            return self._documents.of(text)
        if query:
            if digest is not None and digest != digest_of(query):
                raise _error("The hash is not that of the document.", ErrorCode.INVALID_INPUT)
            return self._documents.of(query)
        if digest is None:
            raise GraphQLError("No GraphQL query found in the request.")
        text = self._manifest.texts.get(digest) if self._manifest else None
        if text is not None:
            return self._documents.of(text)
        if not self._automatic:
            raise _error("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")
        found = self._documents.by_digest(digest)
        if found is None:
            raise _error("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
        return found


def _stated_digest(extensions: Mapping[str, Any] | None) -> str | None:
    """Raises: GraphQLError for an extension that is not as it should be."""
    stated = (extensions or {}).get("persistedQuery")
    if stated is None:
        return None
    digest = stated.get("sha256Hash") if isinstance(stated, dict) else None
    if not isinstance(digest, str) or not 0 < len(digest) <= 200:
        raise _error("`persistedQuery` needs a `sha256Hash`.", ErrorCode.INVALID_INPUT)
    version = stated.get("version")
    if type(version) is not int or version != 1:
        raise _error("Only version 1 of `persistedQuery` is known.", ErrorCode.INVALID_INPUT)
    return digest


def _error(message: str, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": str(code)})
