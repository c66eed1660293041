"""`checkIn`, `checkIns`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.queries.definitions import list_definitions
from resolvers.relay import After, Before, Connection, First, Last, Listing
from resolvers.types.check_ins import CheckIn, build_check_in

CHECK_INS = Listing("check-ins", (str,))


@strawberry.type
class CheckInQueries:
    @strawberry.field(description="A check-in programme by key.")
    async def check_in(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="Its key in the programme file.")],
    ) -> CheckIn | None:
        found = await info.context.services.check_in_readings.check_in(info.context.caller, key)
        return await build_check_in(info, found) if found else None

    @strawberry.field(description="Every check-in programme, in file order; archived ones too.")
    async def check_ins(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[CheckIn]:
        found = await info.context.services.check_in_readings.check_ins(info.context.caller)
        return await list_definitions(info, found, build_check_in, CHECK_INS, first, after, last, before)
