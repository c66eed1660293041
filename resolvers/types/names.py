"""Names of definitions for the viewer: their own locale, else the programme's."""

from gamification.programmes.definitions import Definition, localised
from resolvers.context import Info


async def viewer_locale(info: Info) -> tuple[str, str]:
    """(the viewer's locale, the programme's)."""
    settings = (await info.context.catalogue()).settings
    return await info.context.locale() or settings.locale, settings.locale


async def label(info: Info, definition: Definition) -> str:
    """The definition's name."""
    locale, default = await viewer_locale(info)
    return definition.label(locale, default)


async def text(info: Info, names: dict[str, str]) -> str | None:
    """A text that is stated by locale; None where it is not stated."""
    locale, default = await viewer_locale(info)
    return localised(names, locale, default)
