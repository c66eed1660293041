"""`starguild worker`."""

import asyncio
import signal

from api.bootstrap import open_backend
from api.cli.backends import found_or_own_servers
from api.cli.report import reporting
from api.logs.configuring import configure_logging
from api.outgoing import outbound_of, sealer_of
from api.settings import Settings, load_settings
from api.ways import ways_of
from api.worker import Worker
from storage.embedded import Endpoints


def worker() -> None:
    """Run the outbox relay and the scheduler beside `serve --no-worker`, until stopped."""
    with reporting(as_json=False) as report:
        settings = load_settings()
        configure_logging(settings)
        with found_or_own_servers(settings, report.say) as endpoints:
            report.say("The worker runs; Ctrl-C stops it.")
            asyncio.run(_run(settings, endpoints))


async def _run(settings: Settings, endpoints: Endpoints) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    outbound = outbound_of(settings)
    async with open_backend(
        endpoints.mongodb_url,
        endpoints.redis_url,
        settings.database,
        outbound=outbound,
        sealer=sealer_of(settings),
        ways=ways_of(settings, outbound),
    ) as backend:
        running = Worker(backend.services)
        running.start()
        await stopped.wait()
        await running.stop()
