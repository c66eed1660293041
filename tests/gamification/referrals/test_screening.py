"""Codes, mailboxes and what looks wrong: the pure parts of referrals."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamification.kit.causes import Cause
from gamification.members.model import Identity, Member
from gamification.programmes.definitions import ReferralOffer
from gamification.referrals.model import (
    Qualifying,
    Referral,
    ReferralFlag,
    ReferralRefused,
    ReferralStatus,
    RefusalReason,
    Signals,
)
from gamification.referrals.qualification import first_of, qualified, unqualified
from gamification.referrals.screening import (
    Sightings,
    digests,
    flags,
    new_code,
    normal_code,
    normal_email,
    refuse,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
OFFER = ReferralOffer(key="invite", per_day=3, per_address=2)


def member(name: str, joined: datetime = NOW, **more: Any) -> Member:
    return Member(name.encode(), "p", name, name, joined, "en", "UTC", **more)


def seen(**more: Any) -> Sightings:
    return Sightings(**{"ancestors": (), "of_referee": {}, "of_referrer": {}, "by_code": 0, "by_device": 0, "by_address": 0, **more})  # fmt: skip


@pytest.mark.parametrize(
    ("stated", "mailbox"),
    [
        ("Ann@Example.org", "ann@example.org"),
        (" ann+shop@example.org ", "ann@example.org"),
        ("a.n.n+x@gmail.com", "ann@gmail.com"),
        ("ann@googlemail.com", "ann@gmail.com"),
        ("a.n.n@example.org", "a.n.n@example.org"),
        ("ａnn@example.org", "ann@example.org"),
        ("+tag@example.org", None),
        ("ann", None),
        ("ann@localhost", None),
        ("", None),
    ],
)
def test_a_mailbox_is_known_by_all_its_names(stated: str, mailbox: str | None) -> None:
    assert normal_email(stated) == mailbox


LOCAL = st.text("abcdefghij", min_size=1, max_size=10)


@given(LOCAL, st.text("abc+.", max_size=8), st.booleans())
def test_tags_and_letter_case_never_make_another_mailbox(local: str, tag: str, upper: bool) -> None:
    address = f"{local}+{tag}@example.org"

    assert normal_email(address.upper() if upper else address) == f"{local}@example.org"


@given(LOCAL, st.lists(st.integers(0, 9), max_size=4))
def test_dots_mean_nothing_where_the_provider_says_so(local: str, places: list[int]) -> None:
    dotted = local
    for place in places:
        dotted = dotted[: place + 1] + "." + dotted[place + 1 :]

    assert normal_email(f"{dotted}@gmail.com") == normal_email(f"{local}@gmail.com")


def test_codes_are_read_as_people_write_them() -> None:
    assert normal_code(" abcd-efgh ") == "ABCDEFGH"
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(
        len(code) == 8 and normal_code(code) == code and not set(code) & set("01IOL") for code in codes
    )


def test_digests_tell_nothing_and_differ_between_programmes() -> None:
    ann = member("ann", identities=(Identity("email", "Ann+x@example.org"), Identity("wechat", "a@b.cd")))

    one, other = (digests(p, Signals(device="phone"), ann) for p in ("p", "q"))

    assert one["email"] == digests("p", Signals(email="ann@example.org"), member("bob"))["email"]
    assert len(one["email"]) == 1
    assert one["address"] == set()
    assert not one["device"] & other["device"]


@pytest.mark.parametrize(
    ("referrer", "referee", "known", "reason"),
    [
        (member("ann"), member("ann"), seen(), RefusalReason.SELF),
        (member("ann"), member("bob", NOW - timedelta(days=8)), seen(), RefusalReason.ALREADY_MEMBER),
        (member("ann"), member("bob"), seen(ancestors={b"cec", b"bob"}), RefusalReason.CYCLE),
        *(
            (member("ann"), member("bob"), seen(of_referee={kind: {b"x"}}, of_referrer={kind: {b"x", b"y"}}), RefusalReason.ALIAS)
            for kind in ("email", "device")
        ),
    ],
)  # fmt: skip
def test_a_code_is_refused_for_a_reason(
    referrer: Member, referee: Member, known: Sightings, reason: RefusalReason
) -> None:
    with pytest.raises(ReferralRefused) as caught:
        refuse(OFFER, referrer, referee, known, NOW)

    assert caught.value.reason is reason
    assert caught.value.message


def test_a_new_member_may_use_a_code_to_the_last_moment() -> None:
    refuse(OFFER, member("ann"), member("bob", NOW - timedelta(days=7)), seen(ancestors={b"cec"}), NOW)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (seen(), ()),
        (seen(by_code=2, by_address=1), ()),
        (seen(by_code=3), (ReferralFlag.VELOCITY,)),
        (seen(by_device=1, by_address=2), (ReferralFlag.DEVICE, ReferralFlag.ADDRESS)),
        (
            seen(of_referee={"address": {b"x"}}, of_referrer={"address": {b"x"}}),
            (ReferralFlag.SHARED_ADDRESS,),
        ),
    ],
)
def test_what_looks_wrong_is_flagged(known: Sightings, expected: tuple[ReferralFlag, ...]) -> None:
    assert flags(OFFER, known) == expected


REFERRAL = Referral(b"r", "p", "invite", b"ann", b"bob", NOW, NOW + timedelta(days=30))


def at(days: float, offer: str = "invite") -> Qualifying:
    return Qualifying(b"r", offer, NOW + timedelta(days=days), Cause())


def test_only_the_window_counts_and_the_first_in_it() -> None:
    assert first_of(REFERRAL, [at(-1), at(31), at(3, "other")]) is None
    assert first_of(REFERRAL, [at(30), at(0), at(5)]) == at(0)
    assert first_of(REFERRAL, [at(30)]) == at(30)


def test_a_flagged_one_is_held_until_it_is_cleared() -> None:
    flagged = Referral(b"r", "p", "invite", b"ann", b"bob", NOW, NOW, flags=(ReferralFlag.DEVICE,))
    cleared = Referral(
        b"r", "p", "invite", b"ann", b"bob", NOW, NOW, flags=(ReferralFlag.DEVICE,), cleared=True
    )

    assert qualified(REFERRAL, at(1), referrer_banned=False).status is ReferralStatus.REWARDED
    assert qualified(flagged, at(1), referrer_banned=False).status is ReferralStatus.HELD
    assert qualified(cleared, at(1), referrer_banned=False).status is ReferralStatus.REWARDED
    banned = qualified(REFERRAL, at(1), referrer_banned=True)
    assert (banned.status, banned.flags) == (ReferralStatus.HELD, (ReferralFlag.REFERRER_BANNED,))


def test_what_is_decided_stays_decided() -> None:
    rejected = Referral(b"r", "p", "invite", b"ann", b"bob", NOW, NOW, status=ReferralStatus.REJECTED)

    assert qualified(rejected, at(1), referrer_banned=False) == rejected
    assert unqualified(rejected) == rejected


def test_a_referral_lapses_with_its_window() -> None:
    assert REFERRAL.status_at(NOW + timedelta(days=30)) is ReferralStatus.PENDING
    assert REFERRAL.status_at(NOW + timedelta(days=31)) is ReferralStatus.EXPIRED
