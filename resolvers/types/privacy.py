"""Erasures and exports of members."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON

from gamification.privacy import sections
from gamification.privacy.model import Erasure
from resolvers.fields import of_model
from resolvers.relay import Listing, encode_id

MemberExportSection = sections.ExportSection
strawberry.enum(
    MemberExportSection,
    name="MemberExportSection",
    description="A part of what is held of a member: one list each. REFERRALS are those whom they brought, REFERRED_BY is how "
    "they were brought; BALANCES are one a unit; PROFILE is one record.",
)
EXPORTS = {
    section: Listing(f"export of {section.value}", source.kinds)
    for section, source in sections.SOURCES.items()
}


@strawberry.type(description="How far erasing a member has come. All that others see is gone from the start.")
class MemberErasure:
    model: strawberry.Private[Erasure]
    asked_at: datetime = of_model("asked_at", description="When the member became a tombstone.")
    done_at: datetime | None = of_model(
        "done_at",
        description="When the last of it was done; null while the worker is at it, which goes on after a crash.",
    )
    pseudonym: str = of_model(
        "pseudonym", description="The tombstone's `externalId`: random, and no token can be for it."
    )
    asked_by: str = of_model(
        "by", description="`member` where they asked themselves, else the role and subject of who did."
    )

    @strawberry.field(description="The id that the member had; it goes on being the tombstone's.")
    def member_id(self) -> strawberry.ID:
        return encode_id("Member", self.model.id)

    @classmethod
    def of(cls, erasure: Erasure) -> "MemberErasure":
        """The GraphQL object of an erasure."""
        return cls(model=erasure)


@strawberry.type(description="One record of a section of an export.")
class MemberExportRecord:
    row: strawberry.Private[dict[str, Any]]

    @strawberry.field(
        description="A JSON object: names in camelCase, ids in hexadecimal digits, instants by ISO 8601, amounts in "
        "the unit's smallest part; fields without a value are left out."
    )
    def data(self) -> JSON:
        return JSON(self.row)

    @classmethod
    def of(cls, row: dict[str, Any]) -> "MemberExportRecord":
        """The GraphQL object of a record."""
        return cls(row=row)
