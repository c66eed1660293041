"""The demo programme: there is something to see on an empty installation."""

from api.demo_names import DEMO_MEMBER, DEMO_PROGRAMME
from api.programme_files import bundled
from community.services import Services
from gamification.kit.actors import Actor, Role, system_actor
from gamification.members.model import NewMember


async def ensure_demo(services: Services) -> str:
    """Apply the demo programme where there is no programme at all, and let its member join.

    The key of the programme to show: the demo's, else the first one.
    """
    keys = await services.programmes.keys()
    if not keys:
        operator = Actor(DEMO_PROGRAMME, "starguild", Role.OPERATOR)
        await services.programmes.apply(operator, bundled("demo"))
        keys = [DEMO_PROGRAMME]
    if DEMO_PROGRAMME not in keys:
        return keys[0]
    await services.members.ensure(
        system_actor(DEMO_PROGRAMME), [NewMember(DEMO_MEMBER, display_name="Demo Reader")]
    )
    return DEMO_PROGRAMME
