"""Several comparisons at once: the more one looks at, the more often chance alone shines. Pure."""

from collections.abc import Mapping


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """p-values corrected so that all true nothings together are called an effect no more often than one would be.

    Source: Holm (1979), "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6, 65–70.
    Order of the keys is kept.
    """
    found: dict[str, float] = {}
    least = 0.0
    for place, key in enumerate(sorted(p_values, key=lambda key: (p_values[key], key))):
        least = max(least, min(1.0, (len(p_values) - place) * p_values[key]))
        found[key] = least
    return {key: found[key] for key in p_values}
