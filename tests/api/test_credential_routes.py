"""Issuers, keys, achievements, status lists and credentials over HTTP, without a token; and the files that hold keys."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from typer.testing import CliRunner

from api.app import create_app
from api.bootstrap import Backend
from api.cli.application import app as commands
from api.credentials.keyfiles import KeyFiles, issuing
from api.settings import Settings, load_settings
from community import services as wiring
from gamification.credentials.keys import KeysUnreadable
from gamification.credentials.service import Issuing
from gamification.credentials.status import encode
from resolvers.schema import schema
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.conftest import MakeProgramme
from tests.keyring import BASE_URL
from tests.support import Clock, ProgrammeUnderTest

DOCUMENT: dict[str, Any] = {
    "activity_types": [{"key": "come"}],
    "rules": [{"key": "r", "on": ["come"], "effects": [{"award": {"badge": "plain"}}]}],
    "badges": [{"key": "plain", "levels": [{"level": 1}]}, {"key": "draft", "status": "draft"}],
}


@pytest.fixture
def files(tmp_path: Path) -> KeyFiles:
    return KeyFiles(tmp_path / "keys")


@pytest.fixture
async def site(
    mongo: Mongo, redis_store: RedisStore, session_clock: Clock, settings: Settings, files: KeyFiles
) -> AsyncIterator[tuple[httpx.AsyncClient, wiring.Services]]:
    services = wiring.build(mongo, redis_store, session_clock, issuing=Issuing(BASE_URL, files))
    built = create_app(settings, schema, Backend(mongo, redis_store, services), with_worker=False)
    transport = httpx.ASGITransport(built)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client, services


@pytest.fixture
async def club(programme: MakeProgramme, files: KeyFiles) -> ProgrammeUnderTest:
    made = await programme(DOCUMENT)
    await made.join("ann")
    files.make(made.key)
    return made


async def test_everything_that_a_credential_names_is_found(
    site: tuple[httpx.AsyncClient, wiring.Services], club: ProgrammeUnderTest
) -> None:
    client, services = site
    came = await club.do("come", "ann")
    award = (await club.awards("ann"))["plain", ""]
    signed = await services.credentials.mine(club.member_actor("ann"), award.id)
    assert signed is not None

    served = await client.get(signed.url)

    assert (served.status_code, served.headers["content-type"]) == (200, "application/vc+jwt")
    assert served.text == signed.jwt
    header = jwt.get_unverified_header(signed.jwt)
    key = (await client.get(header["kid"])).json()
    shown = jwt.decode(signed.jwt, jwt.PyJWK(key), algorithms=["EdDSA"])
    assert (await client.get(shown["issuer"]["id"])).json()["id"] == shown["issuer"]["id"]
    assert (await client.get(f"{shown['issuer']['id']}/keys")).json() == {"keys": [key]}
    achievement = await client.get(shown["credentialSubject"]["achievement"]["id"])
    assert achievement.json()["name"] == "plain"
    assert achievement.headers["content-type"] == "application/ld+json"
    status = await client.get(shown["credentialStatus"]["statusListCredential"])
    assert status.headers["content-type"] == "application/vc+jwt"
    assert jwt.decode(status.text, jwt.PyJWK(key), algorithms=["EdDSA"])["iss"] == shown["iss"]

    await club.reverse(came)
    gone = await client.get(signed.url)
    assert (gone.status_code, gone.headers["content-type"]) == (410, "application/problem+json")


async def test_credentials_of_an_erased_member_are_gone_and_revoked_in_the_status_list(
    site: tuple[httpx.AsyncClient, wiring.Services], club: ProgrammeUnderTest
) -> None:
    client, services = site
    await club.join("bob")
    signed = []
    for name in ("ann", "bob"):
        await club.do("come", name)
        award = (await club.awards(name))["plain", ""]
        signed.append(await services.credentials.mine(club.member_actor(name), award.id))
    hers, his = signed
    assert hers is not None
    assert his is not None

    await services.erasures.erase(club.member_actor("ann"), None, "ann")

    assert (await client.get(hers.url)).status_code == 410
    assert (await client.get(his.url)).status_code == 200
    listed = jwt.decode((await client.get(hers.status_url)).text, options={"verify_signature": False})
    assert listed["credentialSubject"]["encodedList"] == encode([hers.credential.index])


@pytest.mark.parametrize(
    "path",
    [
        "/issuers/nobody",
        "/issuers/nobody/keys",
        "/issuers/{p}/keys/none",
        "/issuers/{p}/achievements/none",
        "/issuers/{p}/achievements/draft",
        "/issuers/{p}/achievements/plain/2",
        "/issuers/{p}/status/1",
        "/issuers/{p}/status/99999999999999999999",
        "/issuers/..%2Fescape/keys",
        "/credentials/00",
        "/credentials/zz",
        "/credentials/" + "0" * 32,
    ],
)
async def test_what_is_not_there_is_not_found(
    site: tuple[httpx.AsyncClient, wiring.Services], club: ProgrammeUnderTest, path: str
) -> None:
    answer = await site[0].get(path.replace("{p}", club.key))

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_requests_are_charged_to_their_address(
    mongo: Mongo,
    redis_store: RedisStore,
    session_clock: Clock,
    settings: Settings,
    files: KeyFiles,
    club: ProgrammeUnderTest,
) -> None:
    services = wiring.build(mongo, redis_store, session_clock, issuing=Issuing(BASE_URL, files))
    tight = settings.model_copy(update={"requests_per_second": 1, "requests_burst": 2})
    built = create_app(tight, schema, Backend(mongo, redis_store, services), with_worker=False)
    transport = httpx.ASGITransport(built, client=(f"10.{os.getpid() % 250}.3.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        codes = [(await client.get(f"/issuers/{club.key}")).status_code for _ in range(6)]

    assert codes[0] == 200
    assert 429 in codes


def test_a_key_file_is_the_owners_and_is_read_anew_when_it_changes(files: KeyFiles) -> None:
    assert files.of("p") is None

    first = files.make("p")
    assert files.file("p").stat().st_mode & 0o777 == 0o600
    held = files.of("p")
    assert held is not None
    assert held.kid == first.kid
    second = files.make("p")
    turned = files.of("p")
    assert turned is not None
    assert turned.kid == second.kid != first.kid
    assert set(turned.published) == {first.kid, second.kid}


def test_a_spoilt_key_file_signs_nothing_and_is_not_overwritten(files: KeyFiles) -> None:
    files.make("p")
    files.file("p").write_text("nonsense")

    assert files.of("p") is None
    with pytest.raises(KeysUnreadable):
        files.make("p")
    assert files.file("p").read_text() == "nonsense"


def test_the_command_makes_a_key_once_and_rotates_on_demand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARGUILD_CREDENTIAL_KEYS", str(tmp_path))
    runner = CliRunner()

    made = runner.invoke(commands, ["credential-key", "--programme", "p"])
    again = runner.invoke(commands, ["credential-key", "--programme", "p"])
    turned = runner.invoke(commands, ["credential-key", "--programme", "p", "--rotate", "--json"])

    assert (made.exit_code, again.exit_code, turned.exit_code) == (0, 2, 0)
    keys = KeyFiles(tmp_path).of("p")
    assert keys is not None
    assert len(keys.published) == 2
    assert keys.kid in turned.output
    assert '"d"' not in made.output + turned.output


def test_only_an_installation_that_knows_its_address_signs(tmp_path: Path) -> None:
    private = issuing(load_settings(data_dir=tmp_path, port=8123))
    assert private is not None
    assert private.base_url == "http://127.0.0.1:8123"
    stated = {"mongodb_url": "mongodb://db", "redis_url": "redis://r", "jwt_secret": "x" * 32}
    assert issuing(load_settings(data_dir=tmp_path, **stated)) is None
    public = issuing(load_settings(data_dir=tmp_path, public_url="https://club.example", **stated))
    assert public is not None
    assert public.base_url == "https://club.example"
