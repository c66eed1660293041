"""Programme files: YAML read strictly, and those that come with Starguild."""

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from gamification.programmes.document import Problem

FILE_BYTES_MAX = 2 * 1024 * 1024
_NODES_MAX = 200_000
_HERE = Path(__file__).parent
_FOLDERS = (_HERE / "programmes", _HERE.parent / "programmes")
"""In an installed package, and in the repository."""


def bundled(name: str) -> dict[str, Any]:
    """A programme that comes with Starguild, by its file's name without the ending."""
    path = next((path for folder in _FOLDERS if (path := folder / f"{name}.yaml").is_file()), None)
    if path is None:
        raise Problem([(f"{name}.yaml", "the programme files are missing from this installation")])
    return read_programme(path)


def read_programme(path: Path) -> dict[str, Any]:
    """The document in a file, not yet checked. Raises: Problem naming the place."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Problem([(str(path), f"can't be read: {error.strerror}")]) from error
    if len(raw) > FILE_BYTES_MAX:
        raise Problem([(str(path), f"is over {FILE_BYTES_MAX} bytes")])
    try:
        document = yaml.load(raw, _Loader)  # noqa: S506 - a SafeLoader, made stricter
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise Problem([(place, error.problem or error.context or "not YAML")]) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise Problem([(str(path), f"is not YAML in UTF-8: {error}".splitlines()[0])]) from error
    except RecursionError as error:
        raise Problem([(str(path), "is nested too deeply")]) from error
    if not isinstance(document, dict):
        raise Problem([(str(path), "a programme file is a mapping with `programme:` and its sections")])
    return document


class _Loader(yaml.SafeLoader):
    """YAML 1.2's core schema: `on` and `no` are text, and so are times, which their fields read themselves.

    A key stated twice is refused, and so is a file that aliases blow up to more than _NODES_MAX nodes.
    """

    def get_single_node(self) -> Any:
        node = super().get_single_node()
        if node is not None:
            _expanded(node, {})
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - overridden
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen and key.tag != _MERGE:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is stated twice", key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


_MERGE = "tag:yaml.org,2002:merge"
_CORE_SCHEMA = (
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL", "~nN"),
    ("tag:yaml.org,2002:null", r"", ("",)),
    ("tag:yaml.org,2002:int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?",
        "-+.0123456789",
    ),
    (_MERGE, r"<<", "<"),
)
"""(tag, what a plain scalar of it looks like, the characters it begins with)."""

_Loader.yaml_implicit_resolvers = {}  # none of YAML 1.1's
for _tag, _pattern, _first in _CORE_SCHEMA:
    _Loader.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern})$"), list(_first))


def _expanded(node: yaml.Node, known: dict[int, int]) -> int:
    """How many nodes there are once aliases are followed; a node is counted once, so this is quick."""
    size = known.get(id(node))
    if size == 0:
        raise yaml.constructor.ConstructorError(
            None, None, "an alias refers to what holds it", node.start_mark
        )
    if size is None:
        known[id(node)] = 0
        size = 1
        if isinstance(node, yaml.SequenceNode):
            size += sum(_expanded(child, known) for child in node.value)
        elif isinstance(node, yaml.MappingNode):
            size += sum(_expanded(key, known) + _expanded(value, known) for key, value in node.value)
        if size > _NODES_MAX:
            raise yaml.constructor.ConstructorError(None, None, "is far too large", node.start_mark)
        known[id(node)] = size
    return size
