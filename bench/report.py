"""How results are stated: the machine first, then a line a measurement with its floor or peer and the ratio of the two."""

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Line:
    """One measurement. `ratio` is stated so that greater is better where `aim` says "≥", less where it says "≤"; None
    where there is nothing to compare with. `cpu_ratio` is the same of the servers' processor time: where a server has
    a core to itself it is about the ratio of the rates, and others' work on the machine moves it less."""

    name: str
    value: str
    floor: str
    ratio: float | None
    aim: str
    cpu_ratio: float | None = None


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
        f"Python {platform.python_version()}; {os.getloadavg()[0]:.1f} processes wanted them when it began"
    )


def version_of(binary: Path) -> str:
    """What a server says of its own version, in a line."""
    answer = subprocess.run([str(binary), "--version"], capture_output=True, text=True, check=True)
    return answer.stdout.splitlines()[0]


def show(console: Console, groups: Mapping[str, Sequence[Line]]) -> None:
    """Print one table, each group under its name."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("What", "Measured", "Floor or peer", "Ratio", "by CPU", "Aim"):
        table.add_column(
            column, justify="right" if column in ("Ratio", "by CPU") else "left", overflow="fold"
        )
    for name, lines in groups.items():
        if not lines:
            continue
        table.add_section()
        table.add_row(f"[bold]{name}[/bold]")
        for line in lines:
            table.add_row(
                line.name, line.value, line.floor, stated(line.ratio), stated(line.cpu_ratio), line.aim
            )
    console.print(table)


def stated(ratio: float | None) -> str:
    """With as many digits as mean something."""
    if ratio is None:
        return ""
    return f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.2f}" if ratio < 9.995 else f"{ratio:.0f}"
