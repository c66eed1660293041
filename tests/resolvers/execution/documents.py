"""Random documents that are valid for a schema."""

from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)


class Documents:
    """Writes one document: an operation, its fragments, its variables. Aliases are numbered, so that no two fields of
    one answer's name can conflict."""

    def __init__(self, schema: GraphQLSchema, seed: int, *, depth: int = 3) -> None:
        self._schema = schema
        self._draw = Random(seed)
        self._depth = depth
        self._number = 0
        self._variables: dict[str, tuple[str, Any]] = {}
        self._fragments: list[str] = []

    def query(self) -> tuple[str, dict[str, Any]]:
        assert self._schema.query_type is not None
        return self._operation("query", self._schema.query_type)

    def mutation(self) -> tuple[str, dict[str, Any]]:
        assert self._schema.mutation_type is not None
        return self._operation("mutation", self._schema.mutation_type)

    def _operation(self, kind: str, root: GraphQLObjectType) -> tuple[str, dict[str, Any]]:
        one = self._draw.randrange(2)
        selection = f"{{ {self._field(root, self._depth)} }}" if one else self._selection(root, self._depth)
        stated = ", ".join(f"${name}: {type_}" for name, (type_, _) in self._variables.items())
        head = f"{kind} Drawn{f'({stated})' if stated else ''}"
        values = {name: value for name, (_, value) in self._variables.items() if value is not _LEFT_OUT}
        return "\n".join([f"{head} {selection}", *self._fragments]), values

    def _selection(self, kind: Any, depth: int) -> str:
        parts = [self._part(kind, depth) for _ in range(self._draw.randint(1, 3))]
        return "{ " + " ".join(parts) + " }"

    def _part(self, kind: Any, depth: int) -> str:
        turn = self._draw.randrange(12)
        if turn == 0:
            return f"{self._alias()}__typename"
        if turn == 1 and depth:
            return f"...{self._on(kind)} {self._directive()}{self._selection(kind, depth)}"
        if turn == 2 and depth:
            self._number += 1
            name = f"F{self._number}"
            body = self._selection(kind, depth - 1)
            self._fragments.append(f"fragment {name} on {kind.name} {body}")
            return f"...{name} {self._directive()}"
        if is_abstract_type(kind) and (turn < 9 or not getattr(kind, "fields", None)):
            possible = self._draw.choice(self._schema.get_possible_types(kind))
            return f"... on {possible.name} {self._selection(possible, depth)}"
        return self._field(kind, depth)

    def _field(self, kind: Any, depth: int) -> str:
        wanted = {
            name: one
            for name, one in kind.fields.items()
            if depth > 0 or not is_composite_type(get_named_type(one.type))
        }
        if not wanted:
            return f"{self._alias()}__typename"
        name = self._draw.choice(sorted(wanted))
        definition = wanted[name]
        below = get_named_type(definition.type)
        selection = self._selection(below, depth - 1) if is_composite_type(below) else ""
        return f"{self._alias()}{name}{self._arguments(definition.args)} {self._directive()}{selection}"

    def _alias(self) -> str:
        self._number += 1
        return f"a{self._number}: "

    def _on(self, kind: Any) -> str:
        return self._draw.choice((f" on {kind.name}", ""))

    def _directive(self) -> str:
        turn = self._draw.randrange(12)
        if turn > 2:
            return ""
        name = self._draw.choice(("skip", "include"))
        if turn == 0:
            return f"@{name}(if: {self._draw.choice(('true', 'false'))}) "
        return f"@{name}(if: {self._variable('Boolean!', self._draw.choice((True, False)))}) "

    def _arguments(self, arguments: dict[str, GraphQLArgument]) -> str:
        stated = []
        for name, argument in arguments.items():
            if not isinstance(argument.type, GraphQLNonNull) and self._draw.randrange(2):
                continue
            value = self._literal(argument.type)
            if self._draw.randrange(2):
                left_out = not isinstance(argument.type, GraphQLNonNull) and not self._draw.randrange(4)
                value = self._variable(
                    str(argument.type), _LEFT_OUT if left_out else self._json(argument.type)
                )
            stated.append(f"{name}: {value}")
        return f"({', '.join(stated)})" if stated else ""

    def _variable(self, kind: str, value: Any) -> str:
        self._number += 1
        self._variables[f"v{self._number}"] = (kind, value)
        return f"$v{self._number}"

    def _json(self, kind: Any) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self._json(kind.of_type)
        if isinstance(kind, GraphQLList):
            return [self._json(kind.of_type) for _ in range(self._draw.randrange(3))]
        if isinstance(kind, GraphQLInputObjectType):
            return {
                name: self._json(one.type)
                for name, one in kind.fields.items()
                if name != "inner" and self._draw.randrange(2)
            }
        if isinstance(kind, GraphQLEnumType):
            return self._draw.choice(sorted(kind.values))
        return self._draw.choice((0, 1, 2, 3))

    def _literal(self, kind: Any) -> str:
        return _written(self._json(kind))


_LEFT_OUT = object()


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_written(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_written(one) for one in value) + "]"
    return str(value)
