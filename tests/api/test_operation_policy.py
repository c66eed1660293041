"""What the environment says of operations reaches what runs them."""

import json
from pathlib import Path

import pytest

from api.limits import operation_policy
from api.settings import SettingsError, load_settings
from resolvers.documents.cache import digest_of
from resolvers.policy import Introspection

TEXT = "{ programme { key } }"


def test_the_defaults_are_those_of_a_public_server() -> None:
    policy = operation_policy(load_settings())
    assert policy.compiled
    assert policy.introspection is Introspection.STAFF
    assert (policy.query_timeout_s, policy.mutation_timeout_s) == (10, 30)
    assert policy.manifest is None


@pytest.mark.parametrize("off", ["off", "false", "0"])
def test_compiled_execution_can_be_turned_off(monkeypatch: pytest.MonkeyPatch, off: str) -> None:
    monkeypatch.setenv("STARGUILD_COMPILED_EXECUTION", off)
    monkeypatch.setenv("STARGUILD_LIMIT_DEPTH", "7")
    policy = operation_policy(load_settings())
    assert not policy.compiled
    assert policy.limits.depth == 7


def test_a_manifest_is_read_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"one": TEXT}))
    manifest = operation_policy(load_settings(trusted_documents=path)).manifest
    assert manifest is not None
    assert manifest.texts[digest_of(TEXT)] == TEXT


@pytest.mark.parametrize("content", [None, "{", "[]"])
def test_a_manifest_that_cannot_be_read_ends_the_start(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "manifest.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match="STARGUILD_TRUSTED_DOCUMENTS"):
        operation_policy(load_settings(trusted_documents=path))
