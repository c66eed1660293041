"""`myBadgeCredential`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.relay import decode_bytes_id
from resolvers.types.credentials import BadgeCredential


@strawberry.type
class CredentialQueries:
    @strawberry.field(
        description="A badge that one holds as an Open Badges 3.0 credential; made when it is first asked for, the same "
        "afterwards. Null for what one does not hold."
    )
    async def my_badge_credential(
        self,
        info: Info,
        award: Annotated[strawberry.ID, strawberry.argument(description="The award's global id.")],
    ) -> BadgeCredential | None:
        caller, found = info.context.caller, decode_bytes_id(award, "BadgeAward")
        signed = await info.context.services.credentials.mine(caller, found) if found else None
        return BadgeCredential(model=signed) if signed else None
