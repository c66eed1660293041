"""How results are stated: the machine first, then a line a measurement with its floor and the ratio of the two."""

import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Line:
    """One measurement. `ratio` is stated so that greater is better where `aim` says "≥", less where it says "≤"."""

    name: str
    value: str
    floor: str
    ratio: float
    aim: str


def machine() -> str:
    """Cores, memory, processor, kernel and Python, in a line."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory_gib:.0f} GiB, {model}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def version_of(binary: Path) -> str:
    """What a server says of its own version, in a line."""
    answer = subprocess.run([str(binary), "--version"], capture_output=True, text=True, check=True)
    return answer.stdout.splitlines()[0]


def show(console: Console, lines: list[Line]) -> None:
    """Print the table."""
    table = Table(box=None, header_style="bold")
    for column in ("what", "measured", "floor", "ratio", "aim"):
        table.add_column(column, justify="right" if column == "ratio" else "left", overflow="fold")
    for line in lines:
        table.add_row(line.name, line.value, line.floor, f"{line.ratio:.2f}", line.aim)
    console.print(table)
