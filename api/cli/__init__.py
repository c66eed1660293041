"""The console command `starguild`."""

from api.cli.application import main

__all__ = ["main"]
