"""`starguild serve`."""

import asyncio
import errno
import importlib.util
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Annotated, Any

import typer
import uvicorn

from api.bootstrap import open_backend
from api.callers.signing import signing_secret
from api.cli.backends import own_servers
from api.cli.options import JsonOption
from api.cli.report import Report, Unavailable, reporting
from api.cli.tokens import sign
from api.credentials.keyfiles import issuing
from api.demo import ensure_demo
from api.demo_names import DEMO_MEMBER
from api.logs.configuring import configure_logging
from api.outgoing import outbound_of, sealer_of
from api.runtime import allow_open_files, tune_garbage_collection
from api.settings import Settings, load_settings
from api.ways import ways_of
from gamification.kit.actors import Role
from storage.embedded import Endpoints

TOKEN_LIFETIME = timedelta(days=7)
"""Of the tokens printed at the start."""
_GRACE_SECONDS = 5
_UNSENT_BYTES_MAX = 128 * 1024
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - what is printed for it


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on (STARGUILD_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on (PORT).")] = None,
    worker: Annotated[
        bool,
        typer.Option(help="Run the outbox relay and the scheduler inside; else `starguild worker` does."),
    ] = True,
    demo: Annotated[
        bool, typer.Option(help="Apply the demo programme to an empty database, and print ready tokens.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Serve the API until stopped; Ctrl-C stops it and its embedded servers."""
    with reporting(as_json=as_json) as report:
        settings = load_settings(host=host, port=port)
        configure_logging(settings)
        signing_secret(settings)  # a secret that can't be had is told before any server is started
        with (
            closing(_listen(settings)) as listener,
            own_servers(settings, report.say) as endpoints,
            asyncio.Runner(loop_factory=_loop_factory()) as runner,
        ):
            runner.run(_serve(settings, endpoints, listener, report, worker=worker, demo=demo))


async def _serve(
    settings: Settings,
    endpoints: Endpoints,
    listener: socket.socket,
    report: Report,
    *,
    worker: bool,
    demo: bool,
) -> None:
    # Here, so that the other commands need not wait for GraphQL to be loaded.
    from api.app import create_app
    from api.graphql.live.protocol import FrameProtocol
    from api.http_protocol import patient_protocol
    from resolvers.schema import schema

    outbound = outbound_of(settings)
    async with open_backend(
        endpoints.mongodb_url,
        endpoints.redis_url,
        settings.database,
        intake_waiting_max=settings.intake_waiting_max,
        command_timeout_s=settings.database_timeout_seconds,
        issuing=issuing(settings),
        outbound=outbound,
        sealer=sealer_of(settings),
        ways=ways_of(settings, outbound),
    ) as backend:
        programme = await ensure_demo(backend.services) if demo else None
        tune_garbage_collection()
        allow_open_files()
        config = uvicorn.Config(
            create_app(settings, schema, backend, with_worker=worker),
            log_config=None,
            access_log=False,
            lifespan="on",
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            timeout_keep_alive=settings.keep_alive_seconds,
            limit_concurrency=settings.connections_max or None,
            backlog=settings.connections_backlog,
            http=patient_protocol(settings.header_timeout_seconds),
            ws=FrameProtocol,
            ws_max_size=settings.socket_message_limit_bytes,
            # A few bytes could unpack to gigabytes.
            ws_per_message_deflate=False,
            ws_ping_interval=settings.socket_ping_seconds,
            ws_ping_timeout=settings.socket_ping_seconds,
        )
        server = _Server(config, lambda: _announce(report, settings, listener, programme))
        await server.serve(sockets=[listener])
        if not server.started:
            raise Unavailable("The server did not start; the log says why")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The quicker event loop, where this platform has it."""
    if importlib.util.find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop


class _Server(uvicorn.Server):
    """Tells when it takes requests, and leaves what runs after it in peace when it was stopped by a signal."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The original raises the signal again afterwards, which would cut the clean stop short.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def _listen(settings: Settings) -> socket.socket:
    """The bound socket, taken before anything is started. Raises: Unavailable."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            # Of each connection taken: what a slow client has not read waits here, where a newer state replaces it,
            # and not in the kernel, which would take megabytes.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES_MAX)
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise Unavailable(
                f"Port {settings.port} is in use: stop what uses it, or choose another one "
                f"(PORT={settings.port + 1})"
            ) from error
        raise Unavailable(
            f"Can't listen on {settings.host}:{settings.port}: {error.strerror or error}"
        ) from error
    return listener


def _announce(report: Report, settings: Settings, listener: socket.socket, programme: str | None) -> None:
    """Print the addresses, and tokens to begin with."""
    port = listener.getsockname()[1]
    host = _EVERYWHERE.get(settings.host, f"[{settings.host}]" if ":" in settings.host else settings.host)
    address = f"{host}:{port}"
    document: dict[str, Any] = {
        "graphql": f"http://{address}/graphql",
        "subscriptions": f"ws://{address}/graphql",
        "events": f"http://{address}/events",
        "ready": f"http://{address}/readyz",
    }
    report.show(
        f"\nStarguild serves\n"
        f"  GraphQL        {document['graphql']}\n"
        f"  Subscriptions  {document['subscriptions']}  (graphql-transport-ws)\n"
        f"  CloudEvents    {document['events']}\n"
        f"  Health         {document['ready']}"
    )
    if programme is not None and signing_secret(settings) is not None:
        tokens = {role.value: sign(settings, role, _holder(role), programme, TOKEN_LIFETIME) for role in Role}
        report.show(f"\nTokens for programme {programme}, good for {TOKEN_LIFETIME.days} days")
        for role, made in tokens.items():
            report.show(f"\n  {role} ({_holder(Role(role))})\n{made}")
        document |= {"programme": programme, "tokens": tokens}
    report.show("\nCtrl-C stops it.")
    report.result(document)


def _holder(role: Role) -> str:
    return DEMO_MEMBER if role is Role.MEMBER else role.value
