"""Links of a text against a rule."""

import pytest

from community.screening.links import LinksFound, host_of, minded_links
from gamification.programmes.definitions import LinkRule

A, B, OWN, BAD = (
    "https://a.example/x",
    "https://b.example",
    "https://shop.own.example/",
    "http://spam.bad.example/",
)


@pytest.mark.parametrize(
    ("rule", "links", "minded"),
    [
        ({}, [], None),
        ({}, [A], (("a.example",), 1, 0)),
        ({"most": 1}, [A], None),
        ({"most": 1}, [A, f"{A}?2"], (("a.example",), 2, 1)),
        ({"most": 1, "allowed": ["own.example"]}, [OWN, OWN, OWN, A], None),
        ({"allowed": ["own.example"]}, [OWN, A], (("a.example",), 1, 0)),
        ({"allowed": ["own.example"]}, ["https://notown.example/"], (("notown.example",), 1, 0)),
        ({"forbidden": ["bad.example"]}, [A, B, OWN], None),
        ({"forbidden": ["bad.example"]}, [A, BAD], (("spam.bad.example",), 1, 0)),
        ({"forbidden": ["bad.example"], "most": 1}, [A, B], (("a.example", "b.example"), 2, 1)),
        ({"forbidden": ["bad.example"], "allowed": ["bad.example"]}, [BAD], (("spam.bad.example",), 1, 0)),
        (
            {"forbidden": ["bad.example"]},
            ["mailto:me@mail.bad.example?subject=x"],
            (("mail.bad.example",), 1, 0),
        ),
        ({"forbidden": ["bad.example"]}, ["https://BAD.example./"], (("bad.example",), 1, 0)),
        ({"forbidden": ["bad.example"]}, ["https://bad.example@good.example/"], None),
        ({"forbidden": ["bad.example"]}, ["https://good.example@bad.example/"], (("bad.example",), 1, 0)),
    ],
)
def test_links_are_held_against_hosts_and_their_number(
    rule: dict[str, object], links: list[str], minded: tuple[tuple[str, ...], int, int] | None
) -> None:
    found = minded_links(LinkRule.model_validate(rule), links)

    assert found == (LinksFound(*minded) if minded is not None else None)


def test_an_address_that_can_not_be_read_has_no_host_and_counts() -> None:
    assert host_of("https://[broken") == ""
    assert minded_links(LinkRule(), ["https://[broken"]) == LinksFound(("",), 1, 0)
