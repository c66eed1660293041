"""Variables taken as they are have the values, or the errors, that graphql-core gives them."""

from typing import Any

import pytest
from graphql import GraphQLError, OperationDefinitionNode, build_schema, parse
from graphql.execution.values import get_variable_values
from hypothesis import given
from hypothesis import strategies as st

from resolvers.execution.variables import Variables

_SCHEMA = build_schema("""
    input Wish { name: String! }
    type Query { field: Int }
""")
_TYPES = [
    kind + ending
    for kind in ("Int", "String", "ID", "Boolean", "Float", "[Int]", "Wish")
    for ending in ("", "!")
]
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**33), 2**33),
    st.sampled_from([2**31 - 1, 2**31, -(2**31), -(2**31) - 1]),
    st.floats(allow_nan=False),
    st.text(max_size=4),
    st.lists(st.integers(0, 3), max_size=2),
    st.fixed_dictionaries({"name": st.text(max_size=2)}),
)


@given(
    st.lists(st.tuples(st.sampled_from(_TYPES), st.booleans()), min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(["v0", "v1", "v2", "other"]), _VALUES),
)
def test_gives_what_graphql_core_gives(stated: list[tuple[str, bool]], inputs: dict[str, Any]) -> None:
    defaults = {"Int": "3", "String": '"x"', "ID": '"i"', "Boolean": "true"}
    shown = [
        f"$v{place}: {kind}{f' = {defaults[kind]}' if has_default and kind in defaults else ''}"
        for place, (kind, has_default) in enumerate(stated)
    ]
    definition = parse(f"query ({', '.join(shown)}) {{ field }}").definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    defined = definition.variable_definitions or ()
    expected = get_variable_values(_SCHEMA, defined, inputs, hide_suggestions=True)

    variables = Variables(_SCHEMA, defined)

    if isinstance(expected, list):
        with pytest.raises(GraphQLError) as caught:
            variables.of(inputs)
        assert caught.value.message == expected[0].message
    else:
        found = variables.of(inputs)
        assert found.coerced == expected.coerced
        assert {name: type(value) for name, value in found.coerced.items()} == {
            name: type(value) for name, value in expected.coerced.items()
        }
        assert found.sources.keys() == expected.sources.keys()
        assert all(found.sources[name].value == source.value for name, source in expected.sources.items())
