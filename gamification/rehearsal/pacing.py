"""Computing in slices, so that others of the process have their turn."""

import asyncio
import time

SLICE_SECONDS = 0.005
"""How long a rehearsal computes at a time."""


class Pace:
    """Asked between any two small steps."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    async def breathe(self) -> None:
        """Let others have their turn, where it is time for that."""
        if time.perf_counter() - self._began > SLICE_SECONDS:
            await asyncio.sleep(0)
            self._began = time.perf_counter()
