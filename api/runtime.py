"""The process itself: how often Python looks for cyclic garbage."""

import gc

_YOUNG_MAX = 50_000


def tune_garbage_collection() -> None:
    """Look less often, and never again at what was made until now.

    A batch makes hundreds of thousands of objects without cycles; at Python's default thresholds looking
    through them took a third of intake's time (`bench/README.md`).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_MAX, 20, 50)
