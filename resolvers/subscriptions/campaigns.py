"""`campaignUpdated`: what a campaign brings and costs, while somebody looks at it."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from gamification.campaigning.measuring import campaign_bell
from gamification.kit.actors import Permission
from gamification.kit.errors import NotFound
from resolvers.context import Info
from resolvers.queries.campaigns import campaign_of
from resolvers.subscriptions.resting import rest
from resolvers.types.campaigns import Campaign, build_campaign

_COALESCED_S = 2.0
_RECHECK_S = 30.0


@strawberry.type
class CampaignSubscriptions:
    @strawberry.subscription(
        description="A campaign with what it brings and costs, now and as that changes: at most one message in 2 seconds, always "
        "the newest state; and every 30 seconds, for time alone may change its state. For operators and services."
    )
    async def campaign_updated(
        self, info: Info, key: Annotated[str, strawberry.argument(description="The campaign's key.")]
    ) -> AsyncGenerator[Campaign, None]:
        services, caller = info.context.services, info.context.caller
        caller.require(Permission.CAMPAIGNS_READ)
        with services.doorbells.listening(campaign_bell(caller.programme_id, key)) as bell:
            while True:
                found = await campaign_of(info, key)
                if found is None:
                    raise NotFound(f"There is no campaign {key[:100]!r}.", path=["key"])
                yield await build_campaign(info, found)
                await rest(_COALESCED_S)
                await bell.wait(_RECHECK_S)
                info.context.look()
