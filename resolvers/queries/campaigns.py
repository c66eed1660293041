"""`campaign`, `campaigns`."""

from typing import Annotated

import strawberry

from gamification.campaigning.service import CampaignView
from gamification.members.model import Member
from resolvers.context import Info
from resolvers.relay import After, Before, Connection, First, Last, Listing, connect, page_of_list, window
from resolvers.types.campaigns import Campaign, CampaignKind, CampaignState, build_campaign
from storage.paging import Page

CAMPAIGNS = Listing("campaigns", (str,))


@strawberry.input(description="Which campaigns to list.")
class CampaignFilter:
    state: CampaignState | None = strawberry.field(default=None, description="Only in this state.")
    kind: CampaignKind | None = strawberry.field(default=None, description="Only of this kind.")


async def viewer_of(info: Info) -> Member | None:
    """The member that the caller is, where they are one."""
    return await info.context.services.members.me(info.context.caller)


async def campaign_of(info: Info, key: str) -> CampaignView | None:
    """The campaign of that key, as far as it is there for the caller."""
    return await info.context.services.campaigns.view(info.context.caller, await viewer_of(info), key)


@strawberry.type
class CampaignQueries:
    @strawberry.field(
        description="A campaign by key; null where it is not there for the caller. Members see those that take effect or did, of "
        "whose audience they are; moderators those for everyone."
    )
    async def campaign(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="Its key in the programme file.")],
    ) -> Campaign | None:
        found = await campaign_of(info, key)
        return await build_campaign(info, found) if found else None

    @strawberry.field(description="Every campaign that is there for the caller, in file order.")
    async def campaigns(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            CampaignFilter | None, strawberry.argument(description="All of them when not given.")
        ] = None,
    ) -> Connection[Campaign]:
        found = await info.context.services.campaigns.views(info.context.caller, await viewer_of(info))
        wanted = filter or CampaignFilter()
        chosen = [
            one
            for one in found
            if wanted.state in (None, one.state) and wanted.kind in (None, one.definition.kind)
        ]
        page = page_of_list(
            chosen, lambda one: one.definition.key, window(first, after, last, before, of=CAMPAIGNS)
        )
        built = Page(
            [await build_campaign(info, row) for row in page.rows],
            page.positions,
            page.has_next,
            page.has_previous,
        )

        async def count() -> int:
            return len(chosen)

        return connect(built, lambda row: row, CAMPAIGNS, count)
