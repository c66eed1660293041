"""`starguild credential-key`."""

from typing import Annotated

import typer

from api.cli.options import JsonOption
from api.cli.report import BadInput, reporting
from api.credentials.keyfiles import key_files
from api.demo_names import DEMO_PROGRAMME
from api.settings import load_settings
from gamification.credentials.keys import KeysUnreadable


def credential_key(
    programme: Annotated[str, typer.Option(metavar="KEY", help="The programme's key.")] = DEMO_PROGRAMME,
    rotate: Annotated[
        bool,
        typer.Option("--rotate", help="Make a new key where there is one; that goes on being published."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make the key that a programme signs badge credentials with; needs no server, and a running one notices."""
    with reporting(as_json=as_json) as report:
        files = key_files(load_settings())
        file = files.file(programme)
        if file.exists() and not rotate:
            raise BadInput(f"{file} holds a key: --rotate makes another that signs from now on")
        try:
            keys = files.make(programme)
        except (KeysUnreadable, OSError) as error:
            raise BadInput(f"{file}: {error}") from error
        report.show(
            f"Programme {programme} signs with key {keys.kid}; {len(keys.published)} published. Keep {file} safe."
        )
        report.result(
            {"programme": programme, "kid": keys.kid, "file": str(file), "published": list(keys.published)}
        )
