"""Secrets, signatures and bodies as the Standard Webhooks specification states them."""

import base64
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from community.webhooks.model import Event
from community.webhooks.shapes import IdOf, iso
from gamification.members.model import Member

SECRET_BYTES = 32
PREFIX = "whsec_"


def new_secret() -> str:
    """A secret of 256 random bits, as receivers configure it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers_of(event: Event, body: bytes, secrets: Sequence[str], at: datetime) -> dict[str, str]:
    """The headers of an attempt: a signature for each secret, so that either lets the receiver check it."""
    from standardwebhooks.webhooks import Webhook

    moment, text = at.astimezone(UTC).replace(microsecond=0), body.decode()
    return {
        "content-type": "application/json",
        "webhook-id": event.webhook_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(event.webhook_id, moment, text) for secret in secrets
        ),
    }


def body_of(event: Event, member: Member | None, id_of: IdOf) -> bytes:
    """What is sent, to the byte. `member` is the event's; of one who is erased only the id is told."""
    return orjson.dumps(payload_of(event, member, id_of))


def payload_of(event: Event, member: Member | None, id_of: IdOf) -> dict[str, Any]:
    """The body before it is bytes."""
    data: dict[str, Any] = dict(event.data)
    if event.member_id is not None:
        known = member is not None and member.erased_at is None
        told = member.external_id if member is not None and known else None
        data = {"member": {"id": id_of("Member", event.member_id), "externalId": told}, **data}
    return {"type": event.type, "timestamp": iso(event.at), "data": data}
