"""What settings say of calls that go out, and of secrets that are read again."""

from api.settings import Settings
from community.outbound.addresses import networks_of
from community.outbound.client import GuardedClient
from community.outbound.sealing import Sealer
from community.outbound.urls import OutboundRules


def outbound_of(settings: Settings) -> GuardedClient:
    """The client by which this process calls addresses that others state."""
    return GuardedClient(
        OutboundRules(
            networks_of(settings.outbound_networks),
            settings.outbound_plain_http,
            str(settings.outbound_ca_file) if settings.outbound_ca_file is not None else None,
        )
    )


def sealer_of(settings: Settings) -> Sealer:
    """Seals with the first key that is stated; without one secrets are kept as they are."""
    return Sealer([key.get_secret_value() for key in settings.secret_keys])
