"""`myBadgeCredential`: what is signed is what the standards ask for, and revocation follows.

What a credential must be is stated below from the standards themselves, and asked of an implementation that is not ours
(openbadgeslib): its verifier must take what we sign, and see what we revoke.
"""

import asyncio
import hashlib
import re
from typing import Any

import jwt
import pytest
from openbadgeslib.ob3 import OB3VerificationError, OB3Verifier

from community import services as wiring
from community.services import Services
from gamification.credentials.service import Gone, Issuing
from gamification.kit.errors import NotFound
from resolvers.relay import encode_id
from storage.mongo import Mongo
from storage.redis import RedisStore
from tests.conftest import MakeProgramme
from tests.keyring import BASE_URL, KeysInMemory
from tests.resolvers.harness import GraphQL, member_gid, refused
from tests.support import Clock, ProgrammeUnderTest

PLAIN: dict[str, Any] = {
    "programme": {"name": {"en": "The club", "zh": "俱乐部"}},
    "activity_types": [{"key": "come"}, {"key": "rise"}],
    "counters": [{"key": "rises", "on": ["rise"]}],
    "rules": [
        {"key": "r", "on": ["come"], "effects": [{"award": {"badge": "plain"}}]},
        {
            "key": "s",
            "on": ["rise"],
            "counters": ["rises"],
            "effects": [{"award": {"badge": "steps", "level": "counters.rises"}}],
        },
    ],
    "badges": [
        {
            "key": "plain",
            "name": {"en": "Plain", "zh": "普通"},
            "description": {"en": "For coming"},
            "criteria": {"en": "Come once."},
            "image_url": "https://pictures.example/plain.png",
            "limit": 5,
        },
        {"key": "steps", "levels": [{"level": 1}, {"level": 2, "name": {"en": "Gold"}}]},
        {"key": "hush", "secret": True},
    ],
}
ASK = "query ($award: ID!) { myBadgeCredential(award: $award) { jwt url issuerUrl statusListUrl issuedAt } }"


@pytest.fixture
def keyring() -> KeysInMemory:
    return KeysInMemory()


@pytest.fixture
def signing(mongo: Mongo, redis_store: RedisStore, session_clock: Clock, keyring: KeysInMemory) -> Services:
    """Services that sign."""
    return wiring.build(mongo, redis_store, session_clock, issuing=Issuing(BASE_URL, keyring))


@pytest.fixture
async def club(programme: MakeProgramme) -> ProgrammeUnderTest:
    made = await programme(PLAIN)
    await made.join("ann", display_name="Ann Secretive")
    await made.join("bob")
    return made


async def award_gid(club: ProgrammeUnderTest, badge: str = "plain", member: str = "ann") -> str:
    return encode_id("BadgeAward", (await club.awards(member, revoked=True))[badge, ""].id)


async def asked(graphql: GraphQL, club: ProgrammeUnderTest, signing: Services, badge: str = "plain") -> Any:
    answer = await graphql.read(
        club.member_actor("ann"), ASK, {"award": await award_gid(club, badge)}, services=signing
    )
    return answer["myBadgeCredential"]


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def pem(keyring: KeysInMemory, club: ProgrammeUnderTest) -> Any:
    keys = keyring.of(club.key)
    assert keys is not None
    return keys.signing.public_key()


async def checked(signing: Services, keyring: KeysInMemory, club: ProgrammeUnderTest, token: str) -> Any:
    """What the other implementation makes of a credential and its status list, as we publish it. Raises: theirs."""
    url = claims(token)["credentialStatus"]["statusListCredential"]
    published = await signing.credentials.status_list(club.key, int(url.rpartition("/")[2]))

    def download(asked: str) -> bytes:
        assert asked == url
        return published.encode()

    verifier = OB3Verifier(pem(keyring, club))
    return verifier.verify(token, check_status=True, download=download)


async def test_a_credential_is_what_the_standard_asks_for(
    graphql: GraphQL, club: ProgrammeUnderTest, signing: Services, keyring: KeysInMemory
) -> None:
    await club.do("come", "ann")

    given = await asked(graphql, club, signing)

    issuer = f"{BASE_URL}/issuers/{club.key}"
    assert (given["issuerUrl"], given["statusListUrl"]) == (issuer, f"{issuer}/status/0")
    shown = claims(given["jwt"])
    subject = shown["credentialSubject"]
    assert is_achievement_credential(shown) == []
    assert shown["id"] == given["url"]
    assert shown["name"] == "Plain"
    assert shown["issuer"] == {"id": issuer, "type": ["Profile"], "name": "The club", "url": issuer}
    assert subject["narrative"] == "1/5"
    assert subject["achievement"] | {"creator": None} == {
        "id": f"{issuer}/achievements/plain",
        "type": ["Achievement"],
        "creator": None,
        "name": "Plain",
        "description": "For coming",
        "criteria": {"narrative": "Come once."},
        "inLanguage": "en",
        "image": {"id": "https://pictures.example/plain.png", "type": "Image"},
    }
    header = jwt.get_unverified_header(given["jwt"])
    keys = keyring.of(club.key)
    assert keys is not None
    assert (header["alg"], header["kid"]) == ("EdDSA", f"{issuer}/keys/{keys.kid}")


URI = re.compile(r"https://\S+")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def is_achievement_credential(shown: dict[str, Any]) -> list[str]:
    """What of the standard does not hold.

    Source: Open Badges 3.0, B.1.1 AchievementCredential, B.1.2 Achievement, B.1.3 AchievementSubject, B.1.6 Criteria,
    B.1.9 IdentityObject, B.1.10 Image, B.1.11 Profile, 8.2.4.1 JWT payload; Verifiable Credentials Data Model 2.0, 4.3
    Contexts, 4.10 Status; Bitstring Status List 1.0, 2.1 BitstringStatusListEntry.
    """
    subject, status = shown["credentialSubject"], shown["credentialStatus"]
    achievement, identity = subject["achievement"], subject["identifier"][0]
    rules = {
        "the first context is the data model's, the second Open Badges'": shown["@context"][0]
        == "https://www.w3.org/ns/credentials/v2"
        and re.fullmatch(
            r"https://purl\.imsglobal\.org/spec/ob/v3p0/context-3\.0\.\d\.json", shown["@context"][1]
        ),
        "it is a verifiable credential and an Open Badge": {"VerifiableCredential", "OpenBadgeCredential"}
        <= set(shown["type"]),
        "its id is a URI": URI.fullmatch(shown["id"]),
        "it is valid from an instant": INSTANT.fullmatch(shown["validFrom"]),
        "it was awarded at an instant": INSTANT.fullmatch(shown["awardedDate"]),
        "its issuer is a profile with an id": shown["issuer"]["type"] == ["Profile"]
        and URI.fullmatch(shown["issuer"]["id"]),
        "its subject is one": "AchievementSubject" in subject["type"],
        "the subject has an id or an identifier": "id" in subject or subject["identifier"],
        "an identifier is an identity object": identity["type"] == "IdentityObject",
        "a hashed identity has its algorithm and digest": identity["hashed"] is True
        and re.fullmatch(r"sha256\$[0-9a-f]{64}", identity["identityHash"]),
        "the identity's kind is one of the standard's": identity["identityType"] == "systemId",
        "the achievement is one, with all it needs": "Achievement" in achievement["type"]
        and all(achievement[name] for name in ("id", "name", "description", "criteria")),
        "criteria are told or found": {"id", "narrative"} & achievement["criteria"].keys(),
        "the status is an entry of a list": status["type"] == "BitstringStatusListEntry",
        "it is about revocation": status["statusPurpose"] == "revocation",
        "the entry's place is a whole number as text": re.fullmatch(r"\d+", status["statusListIndex"]),
        "the list is found at a URI": URI.fullmatch(status["statusListCredential"]),
        "the entry's id is not the list's": status["id"] != status["statusListCredential"],
        "iss is the issuer": shown["iss"] == shown["issuer"]["id"],
        "jti is the credential": shown["jti"] == shown["id"],
        "nbf is when it is valid from": isinstance(shown["nbf"], int),
        "sub repeats the subject's id, where it has one": ("sub" in shown) == ("id" in subject),
        "the schema is the standard's": shown["credentialSchema"][0]["type"]
        == "1EdTechJsonSchemaValidator2019",
    }
    return [rule for rule, holds in rules.items() if not holds]


async def test_another_implementation_takes_it(
    graphql: GraphQL, club: ProgrammeUnderTest, signing: Services, keyring: KeysInMemory
) -> None:
    await club.do("come", "ann")
    given = await asked(graphql, club, signing)

    found = await checked(signing, keyring, club, given["jwt"])

    assert found.achievement.name == "Plain"
    head, _, signature = given["jwt"].rpartition(".")
    forged = f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    with pytest.raises(OB3VerificationError, match="signature"):
        await checked(signing, keyring, club, forged)


async def test_of_the_holder_it_says_a_hash_and_nothing_else(
    graphql: GraphQL, club: ProgrammeUnderTest, signing: Services
) -> None:
    await club.do("come", "ann")
    shown = claims((await asked(graphql, club, signing))["jwt"])

    assert "Secretive" not in str(shown)
    assert "'ann'" not in str(shown)
    assert club.id_of("ann").hex() not in str(shown)
    identity = shown["credentialSubject"]["identifier"][0]
    digest = hashlib.sha256(("ann" + identity["salt"]).encode()).hexdigest()
    assert identity["identityHash"] == f"sha256${digest}"


async def test_revocation_reaches_the_status_list_and_stays(
    graphql: GraphQL, club: ProgrammeUnderTest, signing: Services, keyring: KeysInMemory
) -> None:
    came = await club.do("come", "ann")
    await club.do("come", "bob")
    first = await asked(graphql, club, signing)
    theirs = await graphql.read(
        club.member_actor("bob"), ASK, {"award": await award_gid(club, member="bob")}, services=signing
    )

    await club.reverse(came)

    with pytest.raises(OB3VerificationError, match="is set"):
        await checked(signing, keyring, club, first["jwt"])
    await checked(signing, keyring, club, theirs["myBadgeCredential"]["jwt"])
    with pytest.raises(Gone):
        await signing.credentials.published(bytes.fromhex(first["url"].rpartition("/")[2]))
    assert await asked(graphql, club, signing) is None

    # Awarded again, it is another credential: the revoked one stays so.
    await club.do("come", "ann")
    second = await asked(graphql, club, signing)
    assert second["url"] != first["url"]
    await checked(signing, keyring, club, second["jwt"])
    with pytest.raises(OB3VerificationError, match="is set"):
        await checked(signing, keyring, club, first["jwt"])


async def test_a_hand_that_revokes_revokes_the_credential(
    graphql: GraphQL, club: ProgrammeUnderTest, signing: Services, keyring: KeysInMemory
) -> None:
    await club.do("come", "ann")
    given = await asked(graphql, club, signing)

    await graphql.done(
        club.moderator,
        "revokeBadge",
        {"memberId": member_gid(club, "ann"), "badge": "plain", "reason": "r", "idempotencyKey": "k"},
    )

    with pytest.raises(OB3VerificationError, match="is set"):
        await checked(signing, keyring, club, given["jwt"])


async def test_each_level_has_a_credential_and_a_lowered_one_is_revoked(
    graphql: GraphQL, club: ProgrammeUnderTest, signing: Services, keyring: KeysInMemory
) -> None:
    await club.do("rise", "ann")
    low = await asked(graphql, club, signing, "steps")
    second = await club.do("rise", "ann")
    high = await asked(graphql, club, signing, "steps")

    assert claims(low["jwt"])["name"] == "steps: 1"
    assert claims(high["jwt"])["name"] == "steps: Gold"
    for given in (low, high):
        await checked(signing, keyring, club, given["jwt"])
    await club.reverse(second)
    with pytest.raises(OB3VerificationError, match="is set"):
        await checked(signing, keyring, club, high["jwt"])
    again = await asked(graphql, club, signing, "steps")
    assert claims(again["jwt"])["name"] == "steps: 1"
    await checked(signing, keyring, club, again["jwt"])


async def test_asking_again_and_at_once_gives_the_same(
    graphql: GraphQL, club: ProgrammeUnderTest, signing: Services
) -> None:
    await club.do("come", "ann")

    given = await asyncio.gather(*(asked(graphql, club, signing) for _ in range(10)))

    assert len({one["jwt"] for one in given}) == 1
    assert [c async for c in signing.stores.awards.stream(club.key)] != []


async def test_after_a_rotation_old_and_new_are_checked_by_published_keys(
    graphql: GraphQL, club: ProgrammeUnderTest, signing: Services, keyring: KeysInMemory
) -> None:
    await club.do("come", "ann")
    before = await asked(graphql, club, signing)

    keyring.rotate(club.key)

    after = await asked(graphql, club, signing)
    assert after["url"] == before["url"]
    published = await signing.credentials.keys(club.key)
    kids = [jwt.get_unverified_header(one["jwt"])["kid"].rpartition("/")[2] for one in (after, before)]
    assert [key["kid"] for key in published["keys"]] == kids
    for given, kid in zip((after, before), kids, strict=True):
        key = jwt.PyJWK(await signing.credentials.key(club.key, kid))
        assert jwt.decode(given["jwt"], key, algorithms=["EdDSA"])["id"] == before["url"]


async def test_nobody_gets_the_credential_of_anothers_award(
    graphql: GraphQL, club: ProgrammeUnderTest, signing: Services
) -> None:
    await club.do("come", "ann")
    award = await award_gid(club)

    for actor in (club.member_actor("bob"), club.member_actor("nobody"), club.service, club.operator):
        assert await graphql.read(actor, ASK, {"award": award}, services=signing) == {
            "myBadgeCredential": None
        }
    for wrong in ("", "x", member_gid(club, "ann"), encode_id("BadgeAward", b"\0" * 16)):
        answer = await graphql.read(club.member_actor("ann"), ASK, {"award": wrong}, services=signing)
        assert answer == {"myBadgeCredential": None}
    refused(await graphql(None, ASK, {"award": award}, services=signing), "UNAUTHENTICATED")


async def test_without_a_key_it_says_so_and_makes_nothing(
    graphql: GraphQL, club: ProgrammeUnderTest, signing: Services, keyring: KeysInMemory, mongo: Mongo
) -> None:
    await club.do("come", "ann")
    keyring.without.add(club.key)

    result = await graphql(club.member_actor("ann"), ASK, {"award": await award_gid(club)}, services=signing)

    refused(result, "UNAVAILABLE", at="myBadgeCredential")
    assert await mongo.collection("credentials").count_documents({"programme_id": club.key}) == 0


async def test_a_secret_badge_has_a_credential_and_no_page(
    graphql: GraphQL, club: ProgrammeUnderTest, signing: Services
) -> None:
    await graphql.done(
        club.moderator,
        "awardBadge",
        {"memberId": member_gid(club, "ann"), "badge": "hush", "reason": "r", "idempotencyKey": "k"},
    )

    given = await asked(graphql, club, signing, "hush")

    assert claims(given["jwt"])["name"] == "hush"
    with pytest.raises(NotFound):
        await signing.credentials.achievement(club.key, "hush", 0)
    page = await signing.credentials.achievement(club.key, "steps", 2)
    assert page["name"] == "steps: Gold"
    for badge, level in (("nope", 0), ("steps", 3), ("plain", 1)):
        with pytest.raises(NotFound):
            await signing.credentials.achievement(club.key, badge, level)


async def test_a_status_list_says_what_the_standard_asks_for(
    club: ProgrammeUnderTest, signing: Services
) -> None:
    shown = claims(await signing.credentials.status_list(club.key, 0))

    url = f"{BASE_URL}/issuers/{club.key}/status/0"
    assert (shown["id"], shown["iss"], shown["jti"]) == (url, shown["issuer"], url)
    assert shown["type"] == ["VerifiableCredential", "BitstringStatusListCredential"]
    subject = shown["credentialSubject"]
    assert (subject["type"], subject["statusPurpose"]) == ("BitstringStatusList", "revocation")
    assert subject["encodedList"].startswith("u")
    assert shown["exp"] - shown["nbf"] == 24 * 3600
    with pytest.raises(NotFound):
        await signing.credentials.status_list(club.key, 1)
