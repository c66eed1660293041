"""What is chosen together: pure.

How many members chose both of two items, beside how many would have by chance, shrunk towards chance where few chose either:
an item's share among those who chose another is (both + prior × share) / (others + prior), and the logarithm of how much that is
above its share among all, less what goes for every item alike, is log(1 + both / (prior × share)). So what few chose together
moves nothing, and what nobody chose together moves nothing at all: without evidence it is popularity that orders.

Source: Dirichlet prior smoothing, Zhai and Lafferty, "A study of smoothing methods for language models applied to information
retrieval", 2004; item-based recommendation, Deshpande and Karypis, "Item-based top-N recommendation algorithms", 2004.
"""

from collections.abc import Sequence
from math import sqrt

from community.recommendations.model import Neighbour

PRIOR = 300.0
"""As if so many more members had chosen as all do. bench/README.md has what others come to."""
WEAKER = 30.0
"""The same where a programme's own members are told better by it: few with tastes that differ much."""
TOGETHER_LEAST = 2
"""One member alone makes nothing chosen together."""
NEIGHBOURS_MAX = 50
BASKET_MAX = 100
"""Of a member who chose more, so many of the latest."""
_ROWS = 2000


def neighbours_of(
    baskets: Sequence[Sequence[str]],
    prior: float = PRIOR,
    together: int = TOGETHER_LEAST,
    most: int = NEIGHBOURS_MAX,
) -> dict[str, list[Neighbour]]:
    """The items chosen together with each, those first that are likeliest with it. A basket is what one member chose, the latest last; twice in it
    is as once."""
    import numpy as np
    from scipy import sparse

    kept = [list(dict.fromkeys(reversed(basket)))[:BASKET_MAX] for basket in baskets]
    items = sorted({item for basket in kept for item in basket})
    if not items:
        return {}
    place = {item: index for index, item in enumerate(items)}
    columns = [place[item] for basket in kept for item in basket]
    lengths = [len(basket) for basket in kept]
    rows = np.repeat(np.arange(len(kept)), lengths)
    chosen = sparse.csr_matrix(
        (np.ones(len(columns), dtype=np.int32), (rows, columns)), shape=(len(kept), len(items))
    )
    counts = np.asarray(chosen.sum(axis=0)).ravel()
    expected = prior * counts / max(len(kept), 1)
    found: dict[str, list[Neighbour]] = {}
    # Some rows at a time: all pairs at once are as many as the square of what is chosen.
    for start in range(0, len(items), _ROWS):
        part = (chosen[:, start : start + _ROWS].T @ chosen).tocsr()
        for row in range(part.shape[0]):
            span = slice(part.indptr[row], part.indptr[row + 1])
            others, both = part.indices[span], part.data[span]
            telling = (both >= together) & (others != start + row)
            others, both = others[telling], both[telling]
            if not len(others):
                continue
            gains = np.log1p(both / expected[others])
            # Those are kept that come out first with it, and not the rare ones that gain most and stay behind all the same.
            order = np.lexsort((others, -(expected[others] + both)))[:most]
            found[items[start + row]] = [
                Neighbour(items[others[at]], float(gains[at]), int(both[at])) for at in order
            ]
    return found


def gains(
    seeds: Sequence[tuple[str, float]], neighbours: dict[str, list[Neighbour]]
) -> dict[str, tuple[float, str, int]]:
    """By item, what the seeds together add to the logarithm of its share, and of them the one that adds most, with how many chose
    both. A seed is an item that the member chose, and how much it counts, above 0 and at most 1."""
    total: dict[str, float] = {}
    best: dict[str, tuple[float, str, int]] = {}
    for seed, counts in seeds:
        for one in neighbours.get(seed, ()):
            gain = counts * one.gain
            total[one.item] = total.get(one.item, 0.0) + gain
            if one.item not in best or gain > best[one.item][0]:
                best[one.item] = (gain, seed, one.members)
    # What members chose is not independent: so many seeds say less than so many times one.
    by = sqrt(sum(counts for _, counts in seeds)) or 1.0
    return {item: (gain / by, *best[item][1:]) for item, gain in total.items()}
