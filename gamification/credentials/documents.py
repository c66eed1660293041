"""Profiles, achievements, credentials and status lists as the standards state them: pure.

Source: 1EdTech Open Badges 3.0 (Profile, Achievement, AchievementCredential, IdentityObject; section 8.2.4 on JWT),
W3C Verifiable Credentials Data Model 2.0, W3C Bitstring Status List v1.0.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gamification.badges.model import BadgeAward
from gamification.credentials.model import Credential
from gamification.credentials.status import place
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Badge, localised

VC_CONTEXT = "https://www.w3.org/ns/credentials/v2"
OB_CONTEXT = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
OB_SCHEMA = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
STATUS_LIFETIME = timedelta(days=1)
"""A status list that was fetched longer ago is no evidence."""
STATUS_TTL = timedelta(minutes=5)
"""For so long verifiers may keep a list without asking again."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a programme's documents are, below the installation's public address."""

    base_url: str
    programme_id: str

    @property
    def issuer(self) -> str:
        return f"{self.base_url}/issuers/{self.programme_id}"

    @property
    def keys(self) -> str:
        return f"{self.issuer}/keys"

    def key(self, kid: str) -> str:
        return f"{self.keys}/{kid}"

    def achievement(self, badge: str, level: int) -> str:
        return f"{self.issuer}/achievements/{badge}" + (f"/{level}" if level else "")

    def status(self, number: int) -> str:
        return f"{self.issuer}/status/{number}"

    def credential(self, found: bytes) -> str:
        return f"{self.base_url}/credentials/{found.hex()}"


def profile(addresses: Addresses, catalogue: Catalogue) -> Json:
    """The programme as an issuer."""
    return {"@context": [VC_CONTEXT, OB_CONTEXT], **_issuer(addresses, catalogue)}


def achievement_page(addresses: Addresses, catalogue: Catalogue, badge: Badge, level: int) -> Json:
    """A badge, or one level of it, as an achievement at its own address."""
    return {"@context": [VC_CONTEXT, OB_CONTEXT], **achievement(addresses, catalogue, badge, level)}


def achievement(addresses: Addresses, catalogue: Catalogue, badge: Badge, level: int) -> Json:
    """A badge, or one level of it, as an achievement."""
    locale = catalogue.settings.locale
    name = badge.label(locale, locale)
    found = next((known for known in badge.levels if known.level == level), None)
    if found is not None:
        name = f"{name}: {localised(found.name, locale, locale) or level}"
    description = localised(badge.description, locale, locale) or name
    stated: Json = {
        "id": addresses.achievement(badge.key, level),
        "type": ["Achievement"],
        "creator": _issuer(addresses, catalogue),
        "name": name,
        "description": description,
        "criteria": {"narrative": localised(badge.criteria, locale, locale) or description},
        "inLanguage": locale,
    }
    if badge.image_url:
        stated["image"] = {"id": badge.image_url, "type": "Image"}
    return stated


def credential(
    addresses: Addresses, catalogue: Catalogue, badge: Badge, award: BadgeAward, made: Credential, holder: str
) -> Json:
    """An award as a JWT's payload: the credential, and the registered claims that repeat it. Of the holder it says the
    salted hash of the name by which the programme knows them, and nothing else."""
    number, index = place(made.index)
    subject: Json = {
        "type": ["AchievementSubject"],
        "identifier": [
            {
                "type": "IdentityObject",
                "hashed": True,
                "identityHash": identity_hash(holder, made.salt),
                "identityType": "systemId",
                "salt": made.salt,
            }
        ],
        "achievement": achievement(addresses, catalogue, badge, award.level),
    }
    if award.number is not None:
        subject["narrative"] = f"{award.number}/{badge.limit}"
    return {
        "@context": [VC_CONTEXT, OB_CONTEXT],
        "id": addresses.credential(made.id),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": subject["achievement"]["name"],
        "issuer": _issuer(addresses, catalogue),
        "validFrom": instant(made.issued_at),
        "awardedDate": instant(award.awarded_at),
        "credentialSubject": subject,
        "credentialStatus": {
            "id": f"{addresses.status(number)}#{index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(index),
            "statusListCredential": addresses.status(number),
        },
        "credentialSchema": [{"id": OB_SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}],
        "iss": addresses.issuer,
        "jti": addresses.credential(made.id),
        "nbf": int(made.issued_at.timestamp()),
    }


def status_list(addresses: Addresses, number: int, encoded: str, now: datetime) -> Json:
    """A status list as a JWT's payload."""
    url, until = addresses.status(number), now + STATUS_LIFETIME
    return {
        "@context": [VC_CONTEXT],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": addresses.issuer,
        "validFrom": instant(now),
        "validUntil": instant(until),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encoded,
            "ttl": int(STATUS_TTL.total_seconds() * 1000),
        },
        "iss": addresses.issuer,
        "jti": url,
        "nbf": int(now.timestamp()),
        "exp": int(until.timestamp()),
    }


def identity_hash(holder: str, salt: str) -> str:
    """`identityHash` of an identity: of its text and the salt after it."""
    return "sha256$" + hashlib.sha256((holder + salt).encode()).hexdigest()


def instant(at: datetime) -> str:
    """A `DateTimeZ` of the standard, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def key_set(published: Mapping[str, dict[str, str]]) -> Json:
    """The public keys as a JSON Web Key Set."""
    return {"keys": list(published.values())}


def _issuer(addresses: Addresses, catalogue: Catalogue) -> Json:
    settings = catalogue.settings
    return {
        "id": addresses.issuer,
        "type": ["Profile"],
        "name": localised(settings.name, settings.locale, settings.locale) or settings.key,
        "url": addresses.issuer,
    }
