"""The links in emails by which one unsubscribes, and a whole installation that mails: settings, worker and mail server."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from typer.testing import CliRunner

from api.app import create_app
from api.bootstrap import Backend
from api.cli.application import app as cli
from api.middleware import UNSUBSCRIBE
from api.settings import Settings, SettingsError, load_settings
from api.ways import ways_of
from api.worker import Worker
from community.notifications.sending import UNSUBSCRIBE as LINKED
from community.outbound.client import GuardedClient
from gamification.programmes.definitions.notifications import Channel
from resolvers.schema import schema
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.keyring import BASE_URL
from tests.moderation_world import Desk
from tests.post_office import PostOffice, post_office
from tests.resolvers.test_notification_emails import (
    NOON,
    choose,
    confirmed,
    made,
    mailing,
    mention,
    send,
)
from tests.resolvers.test_notification_emails import (
    settings as settings_of,
)
from tests.support import Clock


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with post_office() as running:
        yield running


@pytest.fixture
async def desk(mongo: Mongo, redis_store: RedisStore, clock: Clock, office: PostOffice) -> Desk:
    clock.now = NOON
    return await made(mailing(mongo, redis_store, clock, office.port), clock)


@pytest.fixture
async def site(
    mongo: Mongo, redis_store: RedisStore, desk: Desk, settings: Settings
) -> AsyncIterator[httpx.AsyncClient]:
    built = create_app(settings, schema, Backend(mongo, redis_store, desk.club.services), with_worker=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(built), base_url=BASE_URL) as client:
        yield client


async def link(desk: Desk, office: PostOffice) -> str:
    """The path of the link in an email to Ann."""
    await confirmed(desk, office)
    await mention(desk)
    await send(desk)
    found = re.fullmatch(r"<(.+)>", office.got[0]["List-Unsubscribe"])
    assert found is not None
    return urlsplit(found[1]).path


async def wants(desk: Desk, kind: str) -> bool:
    preferences = (await settings_of(desk))["preferences"]
    (found,) = [one for one in preferences if (one["kind"], one["channel"]) == (kind, "EMAIL")]
    return bool(found["enabled"])


async def test_one_request_stops_emails_of_a_kind_without_a_login(
    site: httpx.AsyncClient, desk: Desk, office: PostOffice
) -> None:
    path = await link(desk, office)
    asked = await site.get(path)
    assert asked.status_code == 200
    assert "form method='post'" in asked.text
    assert "The club" in asked.text
    assert "no-store" in asked.headers["cache-control"]
    assert await wants(desk, "MENTIONED"), "looking at a link changes nothing: programs do it by themselves"
    for _ in range(2):
        done = await site.post(path, data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200
    assert not await wants(desk, "MENTIONED")
    assert await wants(desk, "TIER_CHANGED")
    office.got.clear()
    await mention(desk, title="Again")
    await send(desk)
    assert office.got == []


async def test_a_link_of_somebody_else_does_nothing(
    site: httpx.AsyncClient, desk: Desk, office: PostOffice
) -> None:
    path = await link(desk, office)
    for wrong in (path[:-2] + "AA", path + "A", f"{UNSUBSCRIBE}x", f"{UNSUBSCRIBE}{'A' * 500}"):
        for answer in (await site.get(wrong), await site.post(wrong)):
            assert answer.status_code == 404
    assert await wants(desk, "MENTIONED")


async def test_the_page_speaks_the_members_language_and_shows_no_html_of_others(
    site: httpx.AsyncClient, desk: Desk, office: PostOffice
) -> None:
    path = await link(desk, office)
    await desk.graphql.done(desk.club.member_actor("ann"), "updateProfile", {"locale": "zh"})
    answer = await site.get(path)
    assert "退订" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


async def test_the_link_of_a_campaign_takes_the_consent_back(
    site: httpx.AsyncClient, desk: Desk, office: PostOffice
) -> None:
    await confirmed(desk, office)
    await choose(desk, "ann", ("CAMPAIGN", "EMAIL", True))
    announcing = desk.club.services.notifications.announcing
    content = {"title": {"en": "Sale"}}
    await announcing.announce(desk.club.key, "spring", "one", [desk.club.id_of("ann")], content)
    await send(desk)
    path = urlsplit(office.got[0]["List-Unsubscribe"].strip("<>")).path
    assert "campaigns" in (await site.get(path)).text
    await site.post(path)
    assert not await wants(desk, "CAMPAIGN")


def test_links_are_where_the_routes_are() -> None:
    assert LINKED == UNSUBSCRIBE


# -- an installation


async def test_the_worker_tells_and_sends(desk: Desk, office: PostOffice, clock: Clock) -> None:
    await confirmed(desk, office)
    worker = Worker(desk.club.services)
    worker.start()
    try:
        await desk.graphql.done(desk.club.member_actor("ann"), "joinSpace", {"space": "square"})
        from tests.resolvers.harness import member_gid

        body = f"For [you](member:{member_gid(desk.club, 'ann')})"
        await desk.post("bob", "Soup", body=body)
        await office.until("Bob mentioned you in “Soup”")
    finally:
        await worker.stop()
    assert office.subjects.count("Bob mentioned you in “Soup”") == 1


def stated(**more: Any) -> Settings:
    return load_settings(**more)


async def test_nothing_is_sent_where_nothing_is_stated(tmp_path: Path) -> None:
    ways = ways_of(stated(data_dir=tmp_path), GuardedClient())
    assert ways.channels == frozenset()


async def test_a_mail_server_and_a_key_are_ways(tmp_path: Path) -> None:
    made_key = CliRunner().invoke(cli, ["push-key", "--json"], env={"STARGUILD_DATA_DIR": str(tmp_path)})
    assert made_key.exit_code == 0, made_key.output
    again = CliRunner().invoke(cli, ["push-key"], env={"STARGUILD_DATA_DIR": str(tmp_path)})
    assert again.exit_code != 0
    assert (tmp_path / "push-key.pem").stat().st_mode & 0o777 == 0o600
    settings = stated(
        data_dir=tmp_path,
        smtp_url="smtps://ann:pw@mail.example",
        mail_from="no-reply@club.example",
        push_contact="mailto:ops@club.example",
    )
    ways = ways_of(settings, GuardedClient())
    assert ways.channels == {Channel.EMAIL, Channel.PUSH}
    with pytest.raises(SettingsError, match="STARGUILD_PUSH_CONTACT"):
        ways_of(stated(data_dir=tmp_path), GuardedClient())


@pytest.mark.parametrize(
    ("more", "variable"),
    [
        ({"smtp_url": "smtp://mail.example"}, "STARGUILD_MAIL_FROM"),
        ({"smtp_url": "smtp://mail.example", "mail_from": "Club <a@b.example>"}, "STARGUILD_MAIL_FROM"),
        ({"push_contact": "ops@club.example"}, "STARGUILD_PUSH_CONTACT"),
    ],
)
def test_settings_that_can_not_be_worked_with_are_named(more: dict[str, Any], variable: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        stated(**more)


def test_a_url_that_is_no_mail_server_is_named(tmp_path: Path) -> None:
    settings = stated(data_dir=tmp_path, smtp_url="https://mail.example", mail_from="a@b.example")
    with pytest.raises(SettingsError, match="STARGUILD_SMTP_URL"):
        ways_of(settings, GuardedClient())
