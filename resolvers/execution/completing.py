"""The source that completes a value: reads, checks and dictionaries in straight lines.

What can't wait is done object by object. A field that waits, or that has such below it, is done for all objects of
its level at once, so that loaders see every key before they read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)
from graphql.pyutils import is_awaitable

from resolvers.execution.leaves import check
from resolvers.execution.readers import Reader, Way, definition_of, reader_of
from resolvers.execution.selections import Selections
from resolvers.execution.surprises import Surprise, Unsupported, surprise
from resolvers.execution.together import together
from resolvers.execution.writer import Writer

Nodes = Sequence[FieldNode]
TYPENAME = "__typename"


@dataclass(frozen=True, slots=True)
class Call:
    """One field below the root whose resolver is given an info, arguments or both; its place is that in `S`."""

    reader: Reader
    kind: GraphQLObjectType
    definition: GraphQLField
    nodes: Nodes

    @property
    def takes_info(self) -> bool:
        """Whether its resolver is given one."""
        return self.reader.way is not Way.CALL or self.reader.info_name is not None


@dataclass(frozen=True, slots=True)
class _Field:
    key: str
    name: str
    nodes: Nodes
    definition: GraphQLField
    reader: Reader
    is_late: bool


class Completing:
    """Writes the functions of one plan. Generated functions take the value and `S`, the state of the run."""

    def __init__(self, schema: GraphQLSchema, selections: Selections) -> None:
        self._schema = schema
        self._selections = selections
        self._writer = Writer()
        self._waits: dict[tuple[str, tuple[int, ...]], bool] = {}
        self.calls: list[Call] = []

    def function(self, kind: GraphQLOutputType, nodes: Nodes) -> tuple[str, bool]:
        """The name of a function that completes a field's value, and whether it is to be awaited."""
        writer, waits = self._writer, self.waits(kind, nodes)
        name = writer.name("done")
        with writer.function(f"{'async ' if waits else ''}def {name}(v, S):"):
            self._prologue()
            if waits:
                writer.line("vs, out = [v], [{}]")
                self._nested(kind, nodes, "''")
                writer.line("return out[0]['']")
            else:
                self._complete(kind, "v", nodes)
                writer.line("return v")
        return name, waits

    def build(self) -> dict[str, Any]:
        """The functions by name."""
        return self._writer.build()

    @property
    def source(self) -> str:
        """What was written, for the curious."""
        return self._writer.source

    def waits(self, kind: GraphQLOutputType, nodes: Nodes) -> bool:
        """Whether completing a value of the type awaits anything."""
        named = get_named_type(kind)
        if is_leaf_type(named):
            return False
        key = (named.name, tuple(id(node) for node in nodes))
        known = self._waits.get(key)
        if known is None:
            known = any(
                field.is_late for possible in self._possible(named) for field in self._fields(possible, nodes)
            )
            self._waits[key] = known
        return known

    # ------------------------------------------------------------ at once

    def _complete(self, kind: GraphQLOutputType, variable: str, nodes: Nodes) -> None:
        """Lines after which the variable holds the completed value."""
        if isinstance(kind, GraphQLNonNull):
            self._complete_present(kind.of_type, variable, nodes)
            return
        with self._writer.block(f"if {variable} is not None:"):
            self._complete_present(kind, variable, nodes)

    def _complete_present(self, kind: GraphQLOutputType, variable: str, nodes: Nodes) -> None:
        writer = self._writer
        if is_leaf_type(kind):
            check(writer, kind, variable)
        elif isinstance(kind, GraphQLList):
            items, item = writer.name("items"), writer.name("item")
            self._check_list(variable)
            writer.line(f"{items} = []")
            with writer.block(f"for {item} in {variable}:"):
                self._complete(kind.of_type, item, nodes)
                writer.line(f"{items}.append({item})")
            writer.line(f"{variable} = {items}")
        elif isinstance(kind, GraphQLObjectType):
            self._complete_object(kind, variable, nodes)
        else:
            for possible in self._branches(kind, variable):
                self._complete_object(possible, variable, nodes, is_checked=True)

    def _complete_object(
        self, kind: GraphQLObjectType, variable: str, nodes: Nodes, *, is_checked: bool = False
    ) -> None:
        if not is_checked:
            self._check_class(kind, variable)
        fields = self._fields(kind, nodes)
        shown = self._read_all(kind, variable, fields)
        self._writer.line(f"{variable} = {{{', '.join(shown)}}}")

    def _read_all(self, kind: GraphQLObjectType, variable: str, fields: list["_Field"]) -> list[str]:
        """Lines that read and complete what needs no waiting; the items of the dictionary."""
        shown = []
        for field in fields:
            if field.name == TYPENAME:
                shown.append(f"{field.key!r}: {kind.name!r}")
            elif field.is_late:
                shown.append(f"{field.key!r}: None")
            else:
                value = self._writer.name("f")
                self._writer.line(f"{value} = {self._read(kind, field, variable)}")
                self._complete(field.definition.type, value, field.nodes)
                shown.append(f"{field.key!r}: {value}")
        return shown

    # ------------------------------------------------------------ level by level

    def _batch(self, kind: GraphQLObjectType, nodes: Nodes) -> str:
        """The name of an async function from objects of a type to their dictionaries."""
        writer = self._writer
        name = writer.name("batch")
        fields = self._fields(kind, nodes)
        with writer.function(f"async def {name}(os, S):"):
            self._prologue()
            writer.line("out = []")
            with writer.block("for o in os:"):
                self._check_class(kind, "o")
                shown = self._read_all(kind, "o", fields)
                writer.line(f"out.append({{{', '.join(shown)}}})")
            late = [self._late(kind, field) for field in fields if field.is_late]
            if len(late) == 1:
                writer.line(f"await {late[0]}(os, out, S)")
            elif late:
                gather = writer.constant(together, "together")
                writer.line(f"await {gather}([{', '.join(f'{one}(os, out, S)' for one in late)}])")
            writer.line("return out")
        return name

    def _late(self, kind: GraphQLObjectType, field: "_Field") -> str:
        """The name of an async function that fills one field of all dictionaries."""
        writer = self._writer
        name = writer.name("late")
        with writer.function(f"async def {name}(os, out, S):"):
            self._prologue()
            if field.reader.way is Way.BATCH:
                call = writer.constant(field.reader.call, "many")
                checked = writer.constant(_as_many, "as_many")
                writer.line(f"vs = {checked}(os, await {call}(os, I[{self._call(kind, field)}]))")
            elif field.reader.is_async:
                everything = writer.constant(together, "together")
                writer.line(f"vs = await {everything}([{self._read(kind, field, 'o')} for o in os])")
            else:
                writer.line(f"vs = [{self._read(kind, field, 'o')} for o in os]")
            if self.waits(field.definition.type, field.nodes):
                self._nested(field.definition.type, field.nodes, repr(field.key))
            else:
                with writer.block("for d, v in zip(out, vs):"):
                    self._complete(field.definition.type, "v", field.nodes)
                    writer.line(f"d[{field.key!r}] = v")
        return name

    def _nested(self, kind: GraphQLOutputType, nodes: Nodes, key: str) -> None:
        """Lines that put the completed `vs` into `out` under the key, all objects of a type in one batch."""
        writer = self._writer
        waiting: dict[str, tuple[GraphQLObjectType, str, str]] = {}
        for possible in self._possible(get_named_type(kind)):
            waiting[possible.name] = (possible, writer.name("objects"), writer.name("places"))
        for _, objects, places in waiting.values():
            writer.line(f"{objects}, {places} = [], []")
        with writer.block("for d, v in zip(out, vs):"):
            self._place(kind, "v", "d", key, waiting)
        for possible, objects, places in waiting.values():
            batch = self._batch(possible, nodes)
            with (
                writer.block(f"if {objects}:"),
                writer.block(f"for (c, k), r in zip({places}, await {batch}({objects}, S)):"),
            ):
                writer.line("c[k] = r")

    def _place(
        self,
        kind: GraphQLOutputType,
        variable: str,
        container: str,
        key: str,
        waiting: dict[str, tuple[GraphQLObjectType, str, str]],
    ) -> None:
        """Lines that note each object within a value, and where its dictionary goes."""
        writer = self._writer
        if not isinstance(kind, GraphQLNonNull):
            with writer.block(f"if {variable} is None:"):
                writer.line(f"{container}[{key}] = None")
            with writer.block("else:"):
                self._place(GraphQLNonNull(kind), variable, container, key, waiting)
            return
        present = kind.of_type
        if isinstance(present, GraphQLList):
            items, item, index = writer.name("items"), writer.name("item"), writer.name("index")
            self._check_list(variable)
            writer.line(f"{container}[{key}] = {items} = [None] * len({variable})")
            with writer.block(f"for {index}, {item} in enumerate({variable}):"):
                self._place(present.of_type, item, items, index, waiting)
        elif isinstance(present, GraphQLObjectType):
            _, objects, places = waiting[present.name]
            writer.line(f"{objects}.append({variable}); {places}.append(({container}, {key}))")
        else:
            for possible in self._branches(present, variable):
                _, objects, places = waiting[possible.name]
                writer.line(f"{objects}.append({variable}); {places}.append(({container}, {key}))")

    # ------------------------------------------------------------ parts

    def _prologue(self) -> None:
        self._writer.line("I, K = S.infos, S.arguments")

    def _fields(self, kind: GraphQLObjectType, nodes: Nodes) -> list["_Field"]:
        found = []
        for key, asked in self._selections.of(kind, [node.selection_set for node in nodes]).items():
            name = asked[0].name.value
            if name == TYPENAME:
                found.append(_Field(key, name, asked, _NOTHING, _NO_READER, is_late=False))
                continue
            definition = kind.fields[name]
            reader = reader_of(self._schema, kind, name, definition)
            is_late = reader.is_async or self.waits(definition.type, asked)
            found.append(_Field(key, name, asked, definition, reader, is_late))
        return found

    def _read(self, kind: GraphQLObjectType, field: "_Field", variable: str) -> str:
        """The expression of a field's value."""
        reader = field.reader
        if reader.way is Way.ATTRIBUTE:
            return f"{variable}.{reader.path}"
        call = self._writer.constant(reader.call, "call")
        if reader.way is Way.STOCK:
            place = self._call(kind, field)
            return f"{call}({variable}, I[{place}]._raw_info, **K[{place}])"
        given = [variable] if reader.takes_self else []
        if reader.info_name or field.definition.args:
            place = self._call(kind, field)
            given += [f"{reader.info_name}=I[{place}]"] if reader.info_name else []
            given += [f"**K[{place}]"] if field.definition.args else []
        return f"{call}({', '.join(given)})"

    def _call(self, kind: GraphQLObjectType, field: "_Field") -> int:
        self.calls.append(Call(field.reader, kind, field.definition, field.nodes))
        return len(self.calls) - 1

    def _check_list(self, variable: str) -> None:
        listed = self._writer.constant(_listed, "listed")
        with self._writer.block(f"if type({variable}) is not list:"):
            self._writer.line(f"{listed}({variable})")

    def _check_class(self, kind: GraphQLObjectType, variable: str) -> None:
        python, refuse = _class_of(kind), surprise if kind.is_type_of else _refuse_what_is_none
        line = f"{self._writer.constant(refuse, 'refuse')}({variable})"
        if python is None:
            self._writer.line(line)
            return
        with self._writer.block(f"if type({variable}) is not {self._writer.constant(python, 'class')}:"):
            self._writer.line(line)

    def _branches(self, kind: Any, variable: str) -> Any:
        """Within the loop's body: the lines for a value of that possible type of an interface or union."""
        definition = (kind.extensions or {}).get("strawberry-definition")
        if definition is None or getattr(definition, "resolve_type", None) is not None:
            raise Unsupported("resolve_type")
        head = "if"
        for possible in self._possible(kind):
            python = _class_of(possible)
            if python is None or getattr(definition_of(possible), "concrete_of", None):
                continue  # several types share the class; met at run time, it is a surprise
            name = self._writer.constant(python, "class")
            with self._writer.block(f"{head} type({variable}) is {name}:"):
                yield possible
            head = "elif"
        line = f"{self._writer.constant(surprise, 'surprise')}({variable})"
        if head == "if":
            self._writer.line(line)
        else:
            with self._writer.block("else:"):
                self._writer.line(line)

    def _possible(self, kind: Any) -> list[GraphQLObjectType]:
        return list(self._schema.get_possible_types(kind)) if is_abstract_type(kind) else [kind]


_NOTHING: Any = None
_NO_READER: Any = None


def _class_of(kind: GraphQLObjectType) -> type | None:
    """The class whose instances are of that type, beyond doubt. Raises: Unsupported where the type decides itself."""
    definition = definition_of(kind)
    if definition is None or definition.is_type_of is not None:
        raise Unsupported("is_type_of")
    generic = definition.concrete_of
    return generic.origin if generic is not None else definition.origin


def _refuse_what_is_none(value: object) -> None:
    """A type without interfaces takes objects of any class. Raises: Surprise for what is no object of it anyhow."""
    if value is None or value is Undefined or isinstance(value, Exception) or is_awaitable(value):
        raise Surprise("value")


def _listed(value: object) -> None:
    """Raises: Surprise for what can be gone through but once."""
    if type(value) is not tuple:
        raise Surprise("value")


def _as_many(objects: list[Any], values: list[Any]) -> list[Any]:
    if len(values) != len(objects):
        raise Surprise("batch")
    return values
