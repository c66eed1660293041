"""From plain data to a document whose references hold."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from gamification.programmes.document import SECTIONS, Document, Problem
from gamification.programmes.references import dangling


def parse(data: object) -> Document:
    """The document that plain data states, its references checked. Raises: Problem, naming every place."""
    if not isinstance(data, dict):
        raise Problem([("document", "a programme file is a mapping with `programme:` and its sections")])
    try:
        document = Document.model_validate(data)
    except ValidationError as error:
        raise Problem([(_place(data, fault["loc"]), fault["msg"]) for fault in error.errors()]) from error
    problems = list(_duplicates(document)) + list(dangling(document))
    if problems:
        raise Problem(problems)
    return document


def _place(data: dict[str, Any], location: tuple[int | str, ...]) -> str:
    """A pydantic location with list indexes replaced by the definition's key where it states one."""
    parts: list[str] = []
    node: Any = data
    for step in location:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            node = None
        named = isinstance(step, int) and len(parts) == 1 and isinstance(node, dict) and node.get("key")
        parts.append(str(named or step))
    return ".".join(parts) or "document"


def _duplicates(document: Document) -> Iterator[tuple[str, str]]:
    for section in SECTIONS:
        seen: set[str] = set()
        for definition in document.section(section):
            if definition.key in seen:
                yield f"{section}.{definition.key}", "the key is stated twice"
            seen.add(definition.key)
