"""`starguild token`."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from api.callers.auth import issue_token
from api.callers.signing import signing_secret
from api.cli.options import JsonOption
from api.cli.report import BadInput, reporting
from api.demo_names import DEMO_MEMBER, DEMO_PROGRAMME
from api.settings import Settings, load_settings
from gamification.kit.actors import Role

LIFETIME_MAX = timedelta(days=3650)
_LIFETIME = re.compile(r"([1-9][0-9]{0,8})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def token(
    role: Annotated[Role, typer.Option(help="Whom it speaks for.")],
    member: Annotated[
        str | None, typer.Option(metavar="ID", help="The member's external id; with --role member only.")
    ] = None,
    programme: Annotated[str, typer.Option(metavar="KEY", help="The programme's key.")] = DEMO_PROGRAMME,
    ttl: Annotated[
        str, typer.Option(metavar="TIME", help="How long it is good: 90s, 30m, 12h or 7d.")
    ] = "24h",
    subject: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who staff or a service is, for the records.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print a token signed with this installation's secret; needs no server."""
    with reporting(as_json=as_json) as report:
        if role is Role.MEMBER and subject is not None:
            raise BadInput("--subject goes with the other roles; a member is named by --member")
        if role is not Role.MEMBER and member is not None:
            raise BadInput("--member goes with --role member; name staff or a service by --subject")
        lifetime = parse_lifetime(ttl)
        holder = (member or DEMO_MEMBER) if role is Role.MEMBER else (subject or role.value)
        made = sign(load_settings(), role, holder, programme, lifetime)
        expires_at = (datetime.now(UTC) + lifetime).replace(microsecond=0)
        report.show(made)
        report.result(
            {
                "token": made,
                "role": role.value,
                "subject": holder,
                "programme": programme,
                "expiresAt": expires_at.isoformat(),
            }
        )


def parse_lifetime(text: str) -> timedelta:
    """A time such as 12h. Raises: BadInput."""
    found = _LIFETIME.fullmatch(text.strip())
    if found is None:
        raise BadInput(f"--ttl {text!r} is not a time such as 90s, 30m, 12h or 7d")
    lifetime = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if lifetime > LIFETIME_MAX:
        raise BadInput(f"--ttl is at most {LIFETIME_MAX.days}d")
    return lifetime


def sign(settings: Settings, role: Role, subject: str, programme: str, lifetime: timedelta) -> str:
    """A token of this installation. Raises: BadInput where another party signs them, SettingsError."""
    secret = signing_secret(settings)
    if secret is None:
        raise BadInput(
            "Tokens of this installation are signed by the owner of STARGUILD_JWKS_URL: get one there"
        )
    return issue_token(
        secret,
        role=role,
        subject=subject,
        programme=programme,
        lifetime=lifetime,
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
    )
