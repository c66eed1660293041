"""Whom a tier lets in."""

from gamification.programmes.definitions.base import Key, Model


class TierGate(Model):
    """The member must have the tier `least` of a ladder, or a higher one."""

    ladder: Key
    least: Key
