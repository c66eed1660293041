"""Options that several commands share."""

from typing import Annotated

import typer

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on standard output, the rest on standard error.")
]
ProgrammeOption = Annotated[str, typer.Option("--programme", metavar="KEY", help="The programme's key.")]
