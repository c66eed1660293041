"""Codes of coupons: making unguessable ones, and showing them to who must not use them."""

import secrets

from gamification.programmes.definitions.catalogue_rewards import Codes

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and capital letters without I, L, O and U, which are taken for others. Source: Crockford's Base32."""
_SHOWN = 4


def make_code(codes: Codes) -> str:
    """A new code: 5 bits of chance a character, 12 at least, so that one in 2^60 guesses is a given one."""
    return codes.prefix + "".join(secrets.choice(ALPHABET) for _ in range(codes.length))


def masked(code: str) -> str:
    """A code for those who must not use it: its last four characters, of a short one none."""
    shown = code[-_SHOWN:] if len(code) >= 2 * _SHOWN else ""
    return "•" * (len(code) - len(shown)) + shown
