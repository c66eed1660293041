"""What each kind of thing says of itself when it is to be shown: what of it a member may see, has not done and can afford at that
moment. A kind is added by one more source."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from community.recommendations.model import Kind
from community.recommendations.wording import Reason
from community.spaces.service import Viewer
from gamification.kit.records import record
from gamification.members.model import Member
from gamification.programmes.catalogue import Catalogue
from gamification.programmes.definitions import Definition, Tier, localised


@record(frozen=True, slots=True)
class Person:
    """Who is recommended something, as they are now. `viewer` is the member themselves, whoever looks."""

    member: Member
    viewer: Viewer
    catalogue: Catalogue
    now: datetime
    locale: str

    def label(self, definition: Definition) -> str:
        """A definition's name for whoever looks."""
        return definition.label(self.locale, self.catalogue.settings.locale)

    def tier_label(self, tier: Tier) -> str:
        """A tier's name for whoever looks."""
        return localised(tier.name, self.locale, self.catalogue.settings.locale) or tier.key


@record(frozen=True, slots=True)
class Offer:
    """Something that may be shown: `thing` is what the domain knows it as. `reason`: why by rule, where a rule speaks for it, and
    `worth`, how much that is, 0 to 1. `plain`: what may be said of it in any case. `group`: its author or space, of which there
    shall not be too much. `still`: whether what it was found by, as that nobody has answered it, is so still."""

    thing: Any
    reason: Reason | None = None
    worth: float = 0.0
    plain: Reason | None = None
    group: str | None = None
    still: bool = True


class Source(Protocol):
    """One kind. Reads are a few, however many items."""

    kind: Kind

    async def offers(self, person: Person, items: Sequence[str]) -> Mapping[str, Offer]:
        """By item, what of these may be shown, and what else its rules find. Of what there are few, all are looked at."""

    async def names(self, person: Person, items: Sequence[str]) -> Mapping[str, str]:
        """What these are called, of those that the member may know of."""
