"""`contest`, `contests`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.types.contests import Contest, build_contest, contests_of


@strawberry.type
class ContestQueries:
    @strawberry.field(description="A contest by key; null where it is not there for the caller.")
    async def contest(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="Its key in the programme file.")],
    ) -> Contest | None:
        found = (await contests_of(info)).get(key)
        return await build_contest(info, found) if found else None

    @strawberry.field(
        description="Every contest in a space that the caller reads, in file order, archived ones too; at most 200."
    )
    async def contests(self, info: Info) -> list[Contest]:
        return [await build_contest(info, one) for one in (await contests_of(info)).values()]
