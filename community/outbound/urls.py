"""Which URLs may be called, as far as the text of one tells; its address is judged at each call."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from community.outbound.addresses import Network, is_callable

URL_LENGTH_MAX = 2048
_TEXT = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
"""A last label that is one makes the host an odd way to write an IPv4 address. Source: the WHATWG URL standard."""
PORTS_LOW = frozenset({80, 443})
"""Below 1024 no others: what listens there speaks other protocols."""
_INTERNAL = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "localdomain", "onion")


@dataclass(frozen=True, slots=True)
class OutboundRules:
    """What an installation lets out. `networks` are called although they are not public, `is_plain_allowed` lets http
    through, `ca_file` holds the only authorities whose certificates are taken, in place of the system's."""

    networks: tuple[Network, ...] = ()
    is_plain_allowed: bool = False
    ca_file: str | None = None


class UrlRefused(ValueError):
    """Why not, in a sentence for whoever stated it."""


def checked_url(stated: str, rules: OutboundRules) -> str:
    """The URL, without its fragment. Raises: UrlRefused."""
    if not 0 < len(stated) <= URL_LENGTH_MAX:
        raise UrlRefused(f"A URL has 1 to {URL_LENGTH_MAX} characters.")
    if _TEXT.fullmatch(stated) is None or "\\" in stated:
        raise UrlRefused("A URL has visible ASCII characters only, others encoded.")
    try:
        parts = urlsplit(stated)
        port = parts.port
    except ValueError as error:
        raise UrlRefused("This is no URL.") from error
    if parts.scheme != "https" and not (parts.scheme == "http" and rules.is_plain_allowed):
        raise UrlRefused("The URL must begin with https://.")
    if "@" in parts.netloc:
        raise UrlRefused("The URL must not hold a user name or password.")
    _check_host(parts.hostname or "", rules)
    if port is not None and port not in PORTS_LOW and not 1024 <= port <= 65535:
        raise UrlRefused("The port must be 443, 80, or one from 1024 on.")
    return parts._replace(fragment="").geturl()


def _check_host(host: str, rules: OutboundRules) -> None:
    try:
        address = ip_address(host)
    except ValueError:
        if _HOST.fullmatch(host) is None or len(host) > 253:
            raise UrlRefused(
                "The URL needs a host name; one in another script is written in Punycode."
            ) from None
        name = host.rstrip(".")
        if _NUMBER.fullmatch(name.rpartition(".")[2]):
            raise UrlRefused("An IPv4 address is written as four decimal numbers.") from None
        if not rules.networks and any(name == end or name.endswith(f".{end}") for end in _INTERNAL):
            raise UrlRefused("This host is not on the public internet.") from None
        return
    if not is_callable(address, rules.networks):
        raise UrlRefused("This address is not on the public internet.")
