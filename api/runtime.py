"""The process itself: how often Python looks for cyclic garbage, how many files it may open."""

import contextlib
import gc
import sys

_YOUNG_MAX = 50_000


def tune_garbage_collection() -> None:
    """Look less often, and never again at what was made until now.

    A batch makes hundreds of thousands of objects without cycles; at Python's default thresholds looking
    through them took a third of intake's time (`bench/README.md`).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_MAX, 20, 50)


def allow_open_files() -> None:
    """Raise the limit of open files as far as the system lets this process: each socket is one."""
    if sys.platform == "win32":
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(ValueError, OSError):  # where "no limit" is more than the kernel takes
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
