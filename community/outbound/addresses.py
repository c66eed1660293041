"""Which internet addresses may be called: public ones, and networks that the installation allows."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_SPECIAL_V4 = tuple(
    IPv4Network(stated)
    for stated in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # automatic multicast tunnelling
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and the broadcast address
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
"""All that is handed out to the public; ::1, mapped and translated IPv4, unique local and link-local lie outside."""
_SPECIAL_V6 = tuple(
    IPv6Network(stated)
    for stated in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: wraps an IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
METADATA = frozenset(
    ip_address(stated)
    for stated in (
        "100.100.100.200",
        "168.63.129.16",
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "192.0.0.192",
        "fd00:ec2::23",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)
"""Where clouds tell a machine its secrets: refused whatever network is allowed."""


def networks_of(stated: Sequence[str]) -> tuple[Network, ...]:
    """The networks of these texts, such as `10.1.0.0/16` or `fd12::/48`. Raises: ValueError."""
    return tuple(ip_network(text.strip(), strict=True) for text in stated)


def is_callable(address: Address, allowed: Sequence[Network] = ()) -> bool:
    """Whether an outgoing call may go there. Source: the IANA special-purpose address registries.

    An IPv6 address that wraps an IPv4 one (mapped, NAT64, 6to4, Teredo) is refused whatever it wraps.
    """
    if address in METADATA or _wraps_metadata(address):
        return False
    if any(address.version == network.version and address in network for network in allowed):
        return True
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_V4)
    if address.scope_id is not None or address not in _GLOBAL_V6:
        return False
    return not any(address in network for network in _SPECIAL_V6)


def _wraps_metadata(address: Address) -> bool:
    """Whether the address ends with a metadata service's IPv4 address where translators put it."""
    return isinstance(address, IPv6Address) and any(
        address in network and IPv4Address(int(address) >> shift & 0xFFFFFFFF) in METADATA
        for network, shift in _WRAPS
    )


_WRAPS = (
    (IPv6Network("::/96"), 0),
    (IPv6Network("::ffff:0:0/96"), 0),
    (IPv6Network("::ffff:0:0:0/96"), 0),
    (IPv6Network("64:ff9b::/96"), 0),
    (IPv6Network("64:ff9b:1::/48"), 0),
    (IPv6Network("2002::/16"), 80),
)
