"""Links of a text against a rule: pure."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from gamification.kit.records import record
from gamification.programmes.definitions import LinkRule


@record(frozen=True, slots=True)
class LinksFound:
    """The `hosts` that are not allowed, and how many links were counted of them, against the `limit` that they broke."""

    hosts: tuple[str, ...]
    found: int
    limit: int


def minded_links(rule: LinkRule, links: Sequence[str]) -> LinksFound | None:
    """What of the links breaks the rule; None where they keep it. Each link of a text counts, two to one host as two."""
    hosts = [host_of(link) for link in links]
    forbidden = [host for host in hosts if is_under(host, rule.forbidden)]
    if forbidden:
        return LinksFound(tuple(dict.fromkeys(forbidden)), len(forbidden), 0)
    limit = rule.limit
    others = [host for host in hosts if not is_under(host, rule.allowed)]
    if limit is None or len(others) <= limit:
        return None
    return LinksFound(tuple(dict.fromkeys(others)), len(others), limit)


def is_under(host: str, stated: Sequence[str]) -> bool:
    """Whether it is one of these hosts, or a subdomain of one."""
    return any(host == one or host.endswith(f".{one}") for one in stated)


def host_of(link: str) -> str:
    """The host that a link leads to, or that its mail goes to; empty where that can't be read."""
    scheme, _, rest = link.partition(":")
    if scheme.lower() == "mailto":
        host = rest.partition("?")[0].rpartition("@")[2]
    else:
        try:
            host = urlsplit(link).hostname or ""
        except ValueError:
            return ""
    return host.lower().rstrip(".")
