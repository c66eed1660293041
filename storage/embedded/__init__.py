"""Real, private MongoDB and Valkey servers as child processes, for newcomers and for tests.

Start them with ``EmbeddedServers.start(data_dir)``; a second process finds them with ``running(data_dir)``.
They listen on loopback only and without a password, so any user of the machine can reach them: an
installation that others use brings servers of its own (``compose.yaml``).
"""

from storage.embedded.binaries import find_mongod, find_valkey
from storage.embedded.errors import EmbeddedServerError
from storage.embedded.servers import EmbeddedServers, running
from storage.embedded.state import Endpoints

__all__ = ["EmbeddedServerError", "EmbeddedServers", "Endpoints", "find_mongod", "find_valkey", "running"]
