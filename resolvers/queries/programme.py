"""`programme`."""

import strawberry

from gamification.kit.actors import Permission
from resolvers.context import Info
from resolvers.relay import encode_id
from resolvers.types.ledger import build_unit
from resolvers.types.names import text
from resolvers.types.programme import DefinitionKind, Programme, definition_of


async def load_programme(info: Info) -> Programme:
    """The token's programme. Raises: NotFound where it was never applied."""
    caller = info.context.caller
    catalogue = await info.context.catalogue()
    settings = catalogue.settings
    definitions = None
    if caller.can(Permission.PROGRAMME_READ_DRAFTS):
        definitions = [
            definition_of(kind, definition)
            for kind in DefinitionKind
            for definition in catalogue.document.section(kind.value)
        ]
    return Programme(
        id=encode_id("Programme", settings.key),
        key=settings.key,
        name=await text(info, settings.name) or settings.key,
        locale=settings.locale,
        time_zone=settings.time_zone,
        version=catalogue.version,
        units=[
            await build_unit(info, unit) for unit in catalogue.document.units if unit.status == "published"
        ],
        definitions=definitions,
    )


@strawberry.type
class ProgrammeQueries:
    @strawberry.field(description="The programme that the token is for.")
    async def programme(self, info: Info) -> Programme:
        return await load_programme(info)
