"""`flashSale`, `flashSales`."""

from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.queries.definitions import list_definitions
from resolvers.relay import After, Before, Connection, First, Last, Listing
from resolvers.types.flash_sales import FlashSale, build_sale

SALES = Listing("flash sales", (str,))


@strawberry.type
class FlashSaleQueries:
    @strawberry.field(description="A flash sale by key.")
    async def flash_sale(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="Its key in the programme file.")],
    ) -> FlashSale | None:
        found = await info.context.services.flash_sales.sale(info.context.caller, key)
        return await build_sale(info, found) if found else None

    @strawberry.field(description="Every flash sale, in file order; archived ones too.")
    async def flash_sales(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[FlashSale]:
        found = await info.context.services.flash_sales.sales(info.context.caller)
        return await list_definitions(info, found, build_sale, SALES, first, after, last, before)
