"""Python source, line by line, and the constants that it refers to by name."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from resolvers.execution.surprises import Unsupported

LINES_MAX = 4_000
"""Of one plan: abstract types within abstract types multiply, and such an operation is left to graphql-core."""


class Writer:
    """One module of generated functions."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0
        self._count = 0
        self._constants: dict[str, Any] = {}
        self._names: dict[int, str] = {}

    def name(self, stem: str) -> str:
        """A name that nothing else has."""
        self._count += 1
        return f"{stem}{self._count}"

    def constant(self, value: Any, stem: str) -> str:
        """The name under which generated code finds a value; the same value keeps its name."""
        known = self._names.get(id(value))
        if known is None:
            known = self._names[id(value)] = self.name(f"_{stem}")
            self._constants[known] = value  # also keeps it alive, so that its id stays its own
        return known

    def line(self, text: str) -> None:
        """One line at the present depth. Raises: Unsupported when there are too many."""
        if len(self._lines) >= LINES_MAX:
            raise Unsupported("size")
        self._lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """What is written within is the body of `head`."""
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    @contextmanager
    def function(self, head: str) -> Iterator[None]:
        """A function at the top, also when asked for in the middle of another."""
        outer_lines, outer_depth = self._lines, self._depth
        self._lines, self._depth = [], 0
        with self.block(head):
            yield
        self._lines, self._depth = self._lines + outer_lines, outer_depth

    @property
    def source(self) -> str:
        """All of it."""
        return "\n".join(self._lines) + "\n"

    def build(self) -> dict[str, Any]:
        """Run the source; the functions and constants by name."""
        namespace = dict(self._constants)
        exec(compile(self.source, "<plan>", "exec"), namespace)  # noqa: S102 - names and constants are our own
        return namespace
