"""Which arm of an experiment a member is in: decided by a hash alone, for good. Pure.

A member's bucket is one of 10,000, by a hash of the experiment's salt and the member's id. An allocation says which arm has which
buckets. It is made anew from the one before when weights change, so that members stay where they are:

1. An arm keeps the buckets that it has, as far as its weight goes, and gives up its highest ones where it shrinks.
2. An arm that grows takes back what it gave up itself, the lowest first; then buckets that no arm ever had; only then, where
   nothing else is left, buckets that another arm gave up.

So whoever is in an arm leaves it only when its weight falls, and changes to another arm only where that can't be avoided. The same
promise can't be kept by weights alone, without the allocation before: `docs/adr/0034-effects-that-may-be-watched.md` has the proof.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

from gamification.kit.errors import InvalidInput
from gamification.kit.records import record

BUCKETS = 10_000
"""A basis point is a bucket."""
HOLDOUT = "holdout"
"""The arm that gets nothing, where an experiment has one; any other key is a variant's."""
ARMS_MAX = 10


@record(frozen=True, slots=True)
class Arm:
    """A variant or the hold-out, and its share of all members in basis points."""

    key: str
    weight: int


@record(frozen=True, slots=True)
class Span:
    """Neighbouring buckets from `start` up to but without `end`. `held`: the arm has them; else it had them last."""

    start: int
    end: int
    arm: str
    held: bool = True


@record(frozen=True, slots=True)
class Allocation:
    """Who has which buckets, ascending. Buckets in no span belonged to nobody yet, and members there are in no arm."""

    spans: tuple[Span, ...] = ()

    def arm_of(self, bucket: int) -> str | None:
        """The arm that has the bucket."""
        for span in self.spans:
            if span.start <= bucket < span.end:
                return span.arm if span.held else None
        return None

    def weights(self) -> dict[str, int]:
        """Basis points of each arm that has any."""
        found: dict[str, int] = {}
        for span in self.spans:
            if span.held:
                found[span.arm] = found.get(span.arm, 0) + span.end - span.start
        return found


def bucket_of(salt: str, member_id: bytes) -> int:
    """A member's bucket in the experiment with this salt: 0 to 9,999, each as likely, and independent of other salts'.

    The salt should name the programme, the experiment and its run, and never change while it runs.
    """
    name = salt.encode()
    digest = blake2b(digest_size=8, person=b"sg.experiment")
    digest.update(len(name).to_bytes(4, "big") + name + member_id)
    return int.from_bytes(digest.digest(), "big") % BUCKETS


def assigned(allocation: Allocation, salt: str, member_id: bytes) -> str | None:
    """The member's arm; None for who is not in the experiment."""
    return allocation.arm_of(bucket_of(salt, member_id))


def allocate(arms: Sequence[Arm], before: Allocation | None = None) -> Allocation:
    """The allocation with these weights that moves nobody who need not be moved. Arms that are not named any more have weight 0.

    Raises: InvalidInput where weights are not of 0 to 10,000 or are more in all, a key comes twice, or there are too many arms.
    """
    _check(arms)
    owners: list[str | None] = [None] * BUCKETS
    held = [False] * BUCKETS
    for span in before.spans if before else ():
        for bucket in range(span.start, span.end):
            owners[bucket], held[bucket] = span.arm, span.held
    wanted = {arm.key: arm.weight for arm in arms}
    had: dict[str, list[int]] = {}
    for bucket, owner in enumerate(owners):
        if owner is not None and held[bucket]:
            had.setdefault(owner, []).append(bucket)
    for key, own in had.items():
        for bucket in own[wanted.get(key, 0) :]:
            held[bucket] = False
    missing = {key: weight - len(had.get(key, ())) for key, weight in wanted.items()}
    # What nobody ever had is shared out before anybody takes what was another's.
    for whose in (_own, _untouched, _others):
        for key in wanted:
            if missing[key] > 0:
                free = [b for b in range(BUCKETS) if not held[b] and whose(owners[b], key)][: missing[key]]
                for bucket in free:
                    owners[bucket], held[bucket] = key, True
                missing[key] -= len(free)
    return Allocation(_spans(owners, held))


def expected_shares(weights: Mapping[str, int]) -> dict[str, float]:
    """What part of those in the experiment each arm should have; arms without weight are left out."""
    total = sum(weights.values())
    return {key: weight / total for key, weight in weights.items() if weight}


def _own(owner: str | None, key: str) -> bool:
    return owner == key


def _untouched(owner: str | None, key: str) -> bool:
    return owner is None


def _others(owner: str | None, key: str) -> bool:
    return True


def _spans(owners: Sequence[str | None], held: Sequence[bool]) -> tuple[Span, ...]:
    found: list[Span] = []
    start = 0
    for end in range(1, BUCKETS + 1):
        if end < BUCKETS and owners[end] == owners[start] and held[end] == held[start]:
            continue
        owner = owners[start]
        if owner is not None:
            found.append(Span(start, end, owner, held[start]))
        start = end
    return tuple(found)


def _check(arms: Sequence[Arm]) -> None:
    if len(arms) > ARMS_MAX:
        raise InvalidInput(f"An experiment has at most {ARMS_MAX} arms.", path=["arms"], limit=ARMS_MAX)
    if len({arm.key for arm in arms}) < len(arms):
        raise InvalidInput("An arm's key comes twice.", path=["arms"])
    for index, arm in enumerate(arms):
        if type(arm.weight) is not int or not 0 <= arm.weight <= BUCKETS:
            raise InvalidInput(
                f"A weight is a whole number of 0 to {BUCKETS} basis points.",
                path=["arms", str(index), "weight"],
                limit=BUCKETS,
            )
    if sum(arm.weight for arm in arms) > BUCKETS:
        raise InvalidInput(f"Weights come to more than {BUCKETS}.", path=["arms"], limit=BUCKETS)
