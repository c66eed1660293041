"""Secrets as the database holds them."""

import pytest

from community.outbound.sealing import Sealer, Unreadable

OLD, NEW = "o" * 32, "n" * 32


def test_a_sealed_secret_is_not_in_what_is_kept() -> None:
    sealed = Sealer([NEW]).seal("whsec_x", b"endpoint")
    assert b"whsec_x" not in sealed
    assert Sealer([NEW]).open(sealed, b"endpoint") == "whsec_x"
    assert sealed != Sealer([NEW]).seal("whsec_x", b"endpoint")


def test_without_a_key_it_is_kept_as_it_is_and_still_read_once_there_is_one() -> None:
    plain = Sealer().seal("whsec_x", b"endpoint")
    assert b"whsec_x" in plain
    assert Sealer([NEW]).open(plain, b"endpoint") == "whsec_x"
    assert not Sealer().has_key


def test_keys_are_changed_one_after_the_other() -> None:
    sealed = Sealer([OLD]).seal("whsec_x", b"endpoint")
    assert Sealer([NEW, OLD]).open(sealed, b"endpoint") == "whsec_x"
    with pytest.raises(Unreadable):
        Sealer([NEW]).open(sealed, b"endpoint")


def test_what_was_changed_or_is_anothers_is_not_opened() -> None:
    sealed = Sealer([NEW]).seal("whsec_x", b"endpoint")
    for broken, about in ((sealed, b"other"), (sealed[:-1] + bytes([sealed[-1] ^ 1]), b"endpoint")):
        with pytest.raises(Unreadable):
            Sealer([NEW]).open(broken, about)
