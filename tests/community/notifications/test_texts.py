"""The words that come with Starguild: of every kind, in English and Chinese, of placeholders that there are."""

import pytest

from community.notifications.from_feeds import _MAKES
from community.notifications.secrets import Unsubscribing, code_of, is_signed, link_token, stated_in
from community.notifications.texts import EMAIL, TEXTS
from gamification.kit.messages import parse
from gamification.programmes.definitions.notifications import NotificationKind, placeholders_of

KEY = bytes(range(32))


@pytest.mark.parametrize("kind", NotificationKind)
def test_every_kind_has_its_words_in_both_languages(kind: NotificationKind) -> None:
    assert set(TEXTS[kind]) == {"en", "zh"}
    for title, body in TEXTS[kind].values():
        assert title
        for text in (title, body):
            assert parse(text).faults(placeholders_of(kind)) == []


def test_what_emails_say_is_in_both_languages() -> None:
    assert EMAIL["en"].keys() == EMAIL["zh"].keys()
    for texts in EMAIL.values():
        for text in texts.values():
            parse(text)


def test_every_message_of_a_feed_that_is_told_is_a_kind() -> None:
    assert {kind.value for kind in _MAKES} <= {kind.value for kind in NotificationKind}


def test_a_link_is_its_members_and_its_kinds_alone() -> None:
    wanted = Unsubscribing("club", bytes(12), NotificationKind.CAMPAIGN)
    token = link_token(KEY, wanted)
    assert stated_in(token) == wanted
    assert is_signed(KEY, wanted, token)
    assert not is_signed(bytes(32), wanted, token)
    for other in (
        Unsubscribing("other", bytes(12), NotificationKind.CAMPAIGN),
        Unsubscribing("club", bytes(11) + b"x", NotificationKind.CAMPAIGN),
        Unsubscribing("club", bytes(12), NotificationKind.REACTED),
    ):
        assert not is_signed(KEY, other, token)


@pytest.mark.parametrize("token", ["", "x", "!!!", "AAAA" * 20, "é"])
def test_what_is_no_link_says_nothing(token: str) -> None:
    assert stated_in(token) is None


def test_a_code_is_of_one_member_address_and_salt() -> None:
    codes = {
        code_of(KEY, member, email, salt)
        for member in (bytes(12), b"x" * 12)
        for email in ("a@b.example", "c@d.example")
        for salt in (bytes(16), b"y" * 16)
    }
    assert len(codes) == 8
    assert all(len(code) == 6 and code.isdigit() for code in codes)
