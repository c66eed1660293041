"""What can go wrong with an embedded server, each as one line that says what to do."""

import json
import re
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

OWN_SERVERS_HINT = "or set MONGODB_URL and REDIS_URL to servers of your own"

_DEBIAN_PACKAGES = {
    "libcurl.so.4": "libcurl4",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "liblzma.so.5": "liblzma5",
    "libgcc_s.so.1": "libgcc-s1",
}
_LINE_MAX = 300


class EmbeddedServerError(Exception):
    """An embedded server can't be found, started or kept; the message is one line that says what to do."""


class PortInUseError(EmbeddedServerError):
    """Another process took the port between the moment it was found free and the server's start."""


def unusable_directory(path: Path, error: OSError) -> EmbeddedServerError:
    """The error for a data directory that can't be made or written."""
    return EmbeddedServerError(
        f"The data directory {path} can't be written ({error.strerror}): free or allow it, "
        "or set STARGUILD_DATA_DIR to another one"
    )


def explain_failure(name: str, log: str, returncode: int | None, data_path: Path) -> EmbeddedServerError:
    """Turn the log of a server that did not come up into one line for the person who started it.

    ``returncode`` is the child's, None while it still runs; ``data_path`` is where the server keeps its data.
    """
    lines = [_readable(line) for line in log.splitlines()]
    # Only what tells of trouble: a healthy start, too, talks of permissions and compatibility versions.
    trouble = "\n".join(text for troubled, text in lines if troubled)
    for pattern, line in _EXPLANATIONS:
        if found := re.search(pattern, trouble):
            kind = PortInUseError if line is _port_in_use else EmbeddedServerError
            return kind(line(name, found, data_path))
    if returncode == -signal.SIGILL:
        return EmbeddedServerError(
            f"{name} can't run on this processor (mongod needs one with AVX): "
            "set MONGODB_URL and REDIS_URL to servers elsewhere"
        )
    how = "did not answer in time" if returncode is None else f"stopped (exit code {returncode})"
    last = _last_meaningful(lines)
    return EmbeddedServerError(
        f"{name} {how}; its last word: {last or 'nothing'}; its files are in {data_path}"
    )


def _last_meaningful(lines: Sequence[tuple[bool, str]]) -> str:
    """The last line that tells of trouble, else the last one."""
    spoken = [line for line in lines if line[1]]
    if not spoken:
        return ""
    text = next((text for troubled, text in reversed(spoken) if troubled), spoken[-1][1])
    return text if len(text) <= _LINE_MAX else text[: _LINE_MAX - 1] + "…"


def _readable(line: str) -> tuple[bool, str]:
    """Whether the line tells of trouble, and its text without the log's own fields."""
    if not line.startswith("{"):
        # Valkey marks a line's level by a sign after the time. What carries none comes from the system's
        # loader or an option parser, and these only speak up in trouble.
        calm = re.match(r"\d+:[A-Z] .* [*.-] ", line) is not None
        return not calm, line.strip()
    try:
        entry = json.loads(line)
    except ValueError:  # a line cut short when the process died
        return False, line.strip()
    detail = _detail(entry.get("attr"))
    return entry.get("s") in {"E", "F"}, f"{entry.get('msg', '')}{': ' if detail else ''}{detail}".strip()


def _detail(attributes: Any) -> str:
    """The error text among a mongod log entry's attributes, if there is one."""
    if not isinstance(attributes, dict):
        return ""
    error = attributes.get("error", attributes.get("reason", ""))
    if isinstance(error, dict):
        error = error.get("errmsg", error)
    return str(error).replace("\n", " ")


def _missing_library(name: str, found: re.Match[str], _data_path: Path) -> str:
    library = found["library"]
    package = _DEBIAN_PACKAGES.get(library)
    how = (
        f"install it (Debian, Ubuntu: apt-get install {package})"
        if package
        else "install the package that has it"
    )
    return f"{name} needs the shared library {library}: {how}, {OWN_SERVERS_HINT}"


def _old_system(name: str, found: re.Match[str], _data_path: Path) -> str:
    return f"{name} needs {found['symbol']}, newer than this system has: use a newer one, {OWN_SERVERS_HINT}"


def _port_in_use(name: str, _found: re.Match[str], _data_path: Path) -> str:
    return f"{name} found its port in use: start again, {OWN_SERVERS_HINT}"


def _directory_in_use(name: str, _found: re.Match[str], data_path: Path) -> str:
    return f"Another {name} uses {data_path}: stop that one, or set STARGUILD_DATA_DIR to another directory"


def _other_version(name: str, _found: re.Match[str], data_path: Path) -> str:
    return (
        f"The data in {data_path} was written by another version of {name}: put that version first on PATH, "
        "or set STARGUILD_DATA_DIR to a new directory"
    )


def _unreadable_snapshot(name: str, _found: re.Match[str], data_path: Path) -> str:
    return (
        f"{name} can't read {data_path / 'dump.rdb'}: remove that file, what it held is rebuilt from MongoDB"
    )


def _not_writable(name: str, found: re.Match[str], data_path: Path) -> str:
    return (
        f"{name} can't write to {data_path} ({found[0]}): free or allow it, "
        "or set STARGUILD_DATA_DIR to another directory"
    )


_EXPLANATIONS: tuple[tuple[str, Callable[[str, re.Match[str], Path], str]], ...] = (
    (r"error while loading shared libraries: (?P<library>[^:\s]+)", _missing_library),
    (r"version `(?P<symbol>[A-Z]+_[\d.]+)' not found", _old_system),
    (r"(?i)address already in use", _port_in_use),
    (r"DBPathInUse|Unable to lock the lock file", _directory_in_use),
    (
        r"UPGRADE PROBLEM|(?i:invalid feature ?compatibility ?version)|too (?:recent|old) to start up",
        _other_version,
    ),
    (r"Fatal error loading the DB|Can't handle RDB format", _unreadable_snapshot),
    (r"Permission denied|Read-only file system|No space left on device", _not_writable),
)
