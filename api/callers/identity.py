"""Who a request is charged to."""

import ipaddress
from dataclasses import dataclass
from enum import StrEnum

from starlette.types import Scope

from gamification.kit.actors import Actor, Role


class Audience(StrEnum):
    """Whose figures hold."""

    ANONYMOUS = "anonymous"
    MEMBER = "member"
    TRUSTED = "trusted"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is charged: a token's subject in its role and programme, or without a token an address."""

    key: str
    audience: Audience


def caller_of(actor: Actor | None, address: str | None) -> Caller:
    """Who is charged. `address` is the client's, None where the server knows none."""
    if actor is None:
        return Caller(f"address {network_of(address)}", Audience.ANONYMOUS)
    audience = Audience.MEMBER if actor.role is Role.MEMBER else Audience.TRUSTED
    # With its length before it, no programme's key can pass for another one's with part of a subject.
    programme = actor.programme_id
    return Caller(f"{actor.role.value} {len(programme)} {programme} {actor.subject}", audience)


def address_of(scope: Scope) -> str | None:
    """Where the request comes from, as far as the server knows."""
    client = scope.get("client")
    return client[0] if client else None


def network_of(address: str | None) -> str:
    """Where a request comes from: an IPv4 address, or the /64 of an IPv6 one, of which a client has all."""
    if address is None:
        return "unknown"
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
