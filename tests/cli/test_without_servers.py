import stat
from pathlib import Path

import jwt
import orjson
import pytest

from tests.cli.support import ROOT, SECRET, Starguild


def test_help_names_the_commands_and_what_exit_codes_mean(here: Starguild) -> None:
    shown = here("--help")
    assert shown.code == 0
    for command in (
        "serve",
        "worker",
        "token",
        "apply",
        "verify",
        "simulate",
        "export-schema",
        "import",
        "rebuild",
    ):
        assert command in shown.out
    assert "Exit codes" in shown.out


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["token"], ["token", "--role", "admin"], ["apply"], ["import"]]
)
def test_wrong_usage_is_a_2(here: Starguild, arguments: list[str]) -> None:
    assert here(*arguments).code == 2


@pytest.mark.parametrize(
    ("arguments", "role", "subject", "programme"),
    [
        (["--role", "member"], "member", "demo", "demo"),
        (["--role", "member", "--member", "7", "--programme", "qc"], "member", "7", "qc"),
        (["--role", "operator"], "operator", "operator", "demo"),
        (["--role", "service", "--subject", "shop"], "service", "shop", "demo"),
    ],
)
def test_token(here: Starguild, arguments: list[str], role: str, subject: str, programme: str) -> None:
    made = here("token", *arguments, "--ttl", "90s", STARGUILD_JWT_SECRET=SECRET)
    assert (made.code, made.err) == (0, "")
    claims = jwt.decode(made.out.strip(), SECRET, algorithms=["HS256"])
    assert (claims["role"], claims["sub"], claims["programme"]) == (role, subject, programme)
    assert claims["exp"] - claims["iat"] == 90


def test_token_uses_the_secret_kept_in_the_data_directory(here: Starguild, tmp_path: Path) -> None:
    made = here("token", "--role", "moderator", "--json")
    file = tmp_path / "data" / "jwt-secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    claims = jwt.decode(made.document["token"], file.read_text().strip(), algorithms=["HS256"])
    assert claims["sub"] == made.document["subject"] == "moderator"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--role", "operator", "--member", "7"],
        ["--role", "member", "--subject", "x"],
        ["--role", "member", "--ttl", "soon"],
        ["--role", "member", "--ttl", "0s"],
        ["--role", "member", "--ttl", "99999d"],
    ],
)
def test_a_token_that_makes_no_sense_is_a_2(here: Starguild, arguments: list[str]) -> None:
    refused = here("token", *arguments)
    assert (refused.code, refused.out) == (2, "")
    assert refused.last_line.startswith("starguild: ")


def test_no_token_where_another_party_signs(here: Starguild) -> None:
    refused = here("token", "--role", "member", STARGUILD_JWKS_URL="https://id.example/jwks")
    assert refused.code == 2
    assert "STARGUILD_JWKS_URL" in refused.last_line


def test_export_schema_prints_the_committed_schema(starguild: Starguild) -> None:
    exported = starguild("export-schema")
    assert exported.code == 0
    assert "type Query" in exported.out
    assert starguild("export-schema", "--json").document["schema"] == exported.out.rstrip("\n")


def test_webhook_schemas_are_printed_without_a_server(starguild: Starguild) -> None:
    printed = starguild("webhook-schemas")
    assert printed.code == 0
    schemas = orjson.loads(printed.out)
    assert schemas["points.posted"]["properties"]["type"] == {"const": "points.posted"}
    assert starguild("webhook-schemas", "--json").document["schemas"] == schemas


@pytest.mark.parametrize("command", [["serve"], ["worker"], ["apply", "programmes/demo.yaml"]])
def test_own_servers_without_a_secret_are_refused_in_one_line(
    starguild: Starguild, command: list[str]
) -> None:
    arguments = [str(ROOT / part) if "/" in part else part for part in command]
    refused = starguild(*arguments, MONGODB_URL="mongodb://db/?replicaSet=rs0")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.count("\n") == 1
    assert "STARGUILD_JWT_SECRET" in refused.last_line


def test_a_server_url_that_is_none_is_one_line(starguild: Starguild) -> None:
    refused = starguild(
        "verify",
        "--programme",
        "demo",
        "--json",
        MONGODB_URL="mongodb://[",
        REDIS_URL="redis://127.0.0.1:1/0",
        STARGUILD_JWT_SECRET=SECRET,
    )
    assert refused.code == 3
    assert "MONGODB_URL" in refused.last_line
    assert refused.document["error"]["message"] in refused.err


def test_a_data_directory_that_can_not_be_used_is_one_line(starguild: Starguild, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    refused = starguild("serve", PORT="0x")
    assert refused.code == 2
    assert "PORT" in refused.last_line
    refused = starguild("serve")
    assert refused.code in (2, 3)
    assert "STARGUILD_DATA_DIR" in refused.last_line


def test_a_bad_programme_file_names_every_place_and_starts_nothing(here: Starguild, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(
        "programme: {key: p}\nunits: [{key: points, flor: 1}]\nrules: [{key: r, on: [nothing], effects: []}]\n"
    )
    refused = here("apply", file, "--json")
    assert refused.code == 2
    assert "units.points.flor" in refused.err
    places = [problem["place"] for problem in refused.document["error"]["problems"]]
    assert "units.points.flor" in places
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "command",
    [
        ["apply", "none.yaml"],
        ["import", "stackexchange", "none", "--programme", "qc", "--compare"],
    ],
)
def test_a_file_that_is_not_there_is_a_2(here: Starguild, tmp_path: Path, command: list[str]) -> None:
    refused = here(*command)
    assert (refused.code, refused.out) == (2, "")
    assert "none" in refused.err
    assert "Traceback" not in refused.err
    assert not (tmp_path / "data" / "mongodb").exists()
