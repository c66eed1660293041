"""Which URLs may be stated."""

import pytest

from community.outbound.addresses import networks_of
from community.outbound.urls import URL_LENGTH_MAX, OutboundRules, UrlRefused, checked_url

HERE = OutboundRules(networks_of(["127.0.0.0/8"]), is_plain_allowed=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/hooks?a=1",
        "https://shop.example:8443/",
        "https://SHOP.example.",
        "https://1.1.1.1/",
        "https://[2606:4700:4700::1111]/x",
        "https://xn--fiqs8s.example/",
    ],
)
def test_public_urls_are_taken(url: str) -> None:
    assert checked_url(url, OutboundRules()) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example",
        "http://shop.example/",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "gopher://shop.example/",
        "https://",
        "https:///x",
        "https://user@shop.example/",
        "https://user:secret@shop.example/",
        "https://:@shop.example/",
        "https://shop.example:25/",
        "https://shop.example:0/",
        "https://shop.example:65536/",
        "https://shop.example:x/",
        "https://shop.example/a b",
        "https://shop.example/\r\nHost: other",
        "https://shop.example\\@127.0.0.1/",
        "https://商店.example/",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://[::1/",
        "https://localhost/",
        "https://api.localhost./",
        "https://db.internal/",
        "https://printer.local/",
        "https://shop..%20example/",
        f"https://shop.example/{'x' * URL_LENGTH_MAX}",
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(UrlRefused):
        checked_url(url, OutboundRules())


def test_what_the_installation_allows_is_taken() -> None:
    for url in ("http://127.0.0.1:9000/x", "http://localhost:9000/x", "https://shop.internal/"):
        assert checked_url(url, HERE) == url
    with pytest.raises(UrlRefused):
        checked_url("http://10.0.0.1/", HERE)


def test_a_fragment_is_never_sent() -> None:
    assert checked_url("https://shop.example/x#part", OutboundRules()) == "https://shop.example/x"
