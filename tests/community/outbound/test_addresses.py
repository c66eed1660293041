"""Which addresses an outgoing call may go to."""

from ipaddress import ip_address

import pytest

from community.outbound.addresses import METADATA, is_callable, networks_of

PRIVATE = [
    "0.0.0.0",  # noqa: S104 - nobody listens there
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.9.9.9",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "100.100.100.200",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:808:808::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "2620:4f:8000::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "4000::1",
    "e000::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "192.167.255.255",
    "192.169.0.1",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2003::1",
    "2606:4700:4700::1111",
    "2a00:1450::1",
    "2400:3200::1",
]


@pytest.mark.parametrize("stated", PRIVATE)
def test_what_only_this_network_reaches_is_not_called(stated: str) -> None:
    assert not is_callable(ip_address(stated))


@pytest.mark.parametrize("stated", PUBLIC)
def test_what_the_public_reaches_is_called(stated: str) -> None:
    assert is_callable(ip_address(stated))


def test_a_network_that_is_allowed_is_called_and_its_neighbours_are_not() -> None:
    allowed = networks_of(["10.1.0.0/16", "fd12::/48"])
    assert is_callable(ip_address("10.1.2.3"), allowed)
    assert is_callable(ip_address("fd12::9"), allowed)
    for stated in ("10.2.0.1", "127.0.0.1", "fd13::1", "::ffff:10.1.2.3", "64:ff9b::a01:203"):
        assert not is_callable(ip_address(stated), allowed)


@pytest.mark.parametrize("stated", sorted(str(one) for one in METADATA))
def test_where_clouds_tell_their_secrets_nothing_is_called_whatever_is_allowed(stated: str) -> None:
    everything = networks_of(["0.0.0.0/0", "::/0"])
    assert not is_callable(ip_address(stated), everything)
    if "." in stated:
        for wrapped in (f"::ffff:{stated}", f"64:ff9b::{stated}", f"::{stated}"):
            assert not is_callable(ip_address(wrapped), everything)
    assert is_callable(ip_address("127.0.0.1"), everything)


def test_a_network_with_bits_of_a_host_is_refused() -> None:
    with pytest.raises(ValueError, match="host bits"):
        networks_of(["10.1.2.3/16"])
