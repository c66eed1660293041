"""Checking what was published: the examples of the document hold, and every tampering is named."""

import copy
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from gamification.lottery.checking import NotADrawFile, check_document

PAGE = (Path(__file__).parents[3] / "docs/lottery.md").read_text()
SCHEDULED, INSTANT = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
Document = dict[str, Any]


# -- what the page says, written down again from the page alone


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def stream(key: bytes) -> Iterator[int]:
    for counter in range(10**6):
        block = mac(key, counter.to_bytes(8, "big"))
        yield from (int.from_bytes(block[at : at + 8], "big") for at in (0, 8, 16, 24))


def number(source: Iterator[int], n: int) -> int:
    while (word := next(source)) >= 2**64 - 2**64 % n:
        pass
    return word % n


def lines(*parts: str) -> bytes:
    return "".join(f"{part}\n" for part in ("starguild-draw/1", *parts)).encode()


def walk(rows: list[list[Any]], place: int) -> Any:
    for key, weight in rows:
        if place < weight:
            return key
        place -= weight
    raise AssertionError("beyond")


def winners_by_the_page(found: Document) -> list[list[Any]]:
    seed, out = bytes.fromhex(found["seed"]), {code for code, _ in found["excluded"]}
    won: list[list[Any]] = []
    entrants = found["entrants"]
    for prize, count in found["odds"]["prizes"]:
        for nth in range(1, count + 1):
            if all(code in out for code, _ in entrants):
                return won
            hashes = [found["odds_hash"], found["entrants_hash"], (found["beacon"] or "").encode().hex()]
            head = ["scheduled", found["programme"], found["draw"], found["round"]]
            source = stream(mac(seed, lines(*head, *hashes, prize, str(nth))))
            for _ in range(1000):
                code = walk(entrants, number(source, sum(chances for _, chances in entrants)))
                if code not in out:
                    break
            else:
                left = [row for row in entrants if row[0] not in out]
                code = walk(left, number(source, sum(chances for _, chances in left)))
            won.append([prize, nth, code])
            if found["odds"]["wins"] == "once":
                out.add(code)
    return won


def prizes_by_the_page(found: Document) -> list[Any]:
    seed, won = bytes.fromhex(found["seed"]), []
    for play in found["plays"]:
        head = ["instant", found["programme"], found["draw"], found["round"], found["odds_hash"]]
        own = [found["member"], str(play["nonce"]), play["client_seed"].encode().hex()]
        source = stream(mac(seed, lines(*head, *own)))
        won.append(walk(play["table"], number(source, sum(weight for _, weight in play["table"]))))
    return won


def odds_hash_by_the_page(found: Document) -> str:
    return sha(json.dumps(found["odds"], sort_keys=True, separators=(",", ":")).encode())


@pytest.mark.parametrize("found", [SCHEDULED, INSTANT], ids=["scheduled", "instant"])
def test_the_worked_examples_hold(found: Document) -> None:
    verdict = check_document(found)
    assert (verdict.wrong, verdict.open) == ([], [])
    assert found["seed_hash"] == sha(bytes.fromhex(found["seed"]))
    assert found["odds_hash"] == odds_hash_by_the_page(found)


def test_the_page_alone_is_enough_to_compute_the_scheduled_example() -> None:
    listed = "".join(f"{code} {chances}\n" for code, chances in SCHEDULED["entrants"]).encode()
    assert sha(listed) == SCHEDULED["entrants_hash"]
    assert winners_by_the_page(SCHEDULED) == SCHEDULED["winners"]
    assert winners_by_the_page({**SCHEDULED, "excluded": []})[1:] == [
        ["mug", 1, next(code for code, _ in SCHEDULED["entrants"] if code.startswith("574122f4"))],
        ["mug", 2, next(code for code, _ in SCHEDULED["entrants"] if code.startswith("22efed3f"))],
    ]


def test_the_page_alone_is_enough_to_compute_the_instant_example() -> None:
    assert prizes_by_the_page(INSTANT) == [play["prize"] for play in INSTANT["plays"]]


def test_the_intermediate_values_on_the_page_hold() -> None:
    key = mac(
        bytes(range(32)),
        lines(
            *("scheduled", "club", "raffle", "november", SCHEDULED["odds_hash"], SCHEDULED["entrants_hash"]),
            *(SCHEDULED["beacon"].encode().hex(), "trip", "1"),
        ),
    )
    assert f"key   {key.hex()}" in PAGE
    assert "words " + " ".join(f"{word:016x}" for word in islice(stream(key), 4)) in PAGE
    assert json.dumps(SCHEDULED["odds"], sort_keys=True, separators=(",", ":")) in PAGE
    first = next(stream(key))
    assert (first, first % 11, sum(chances for _, chances in SCHEDULED["entrants"])) == (
        17051159101150626826,
        0,
        11,
    )
    assert str(first) in PAGE
    assert str(first // 11) in PAGE


def test_a_member_finds_their_code_by_the_page() -> None:
    code = sha(lines("entrant", "club", "raffle", "november", "00" * 12, f"{0:032x}"))
    assert code in [found for found, _ in SCHEDULED["entrants"]]


# -- tampering


def tampered(found: Document, change: Callable[[Document], None]) -> Document:
    changed = copy.deepcopy(found)
    change(changed)
    assert changed != found
    return changed


def rehashed(found: Document) -> None:
    """Make the hashes of a forged file fit again."""
    found["odds_hash"] = odds_hash_by_the_page(found)
    if found["kind"] == "scheduled":
        listed = "".join(f"{code} {chances}\n" for code, chances in found["entrants"]).encode()
        found["entrants_hash"] = sha(listed)


def another_entrant(found: Document) -> None:
    found["entrants"] = sorted([*found["entrants"], ["ab" * 32, 1]])


def more_chances(found: Document) -> None:
    found["entrants"][0][1] += 1


def without_an_entrant(found: Document) -> None:
    found["entrants"].pop()


def swapped_entrants(found: Document) -> None:
    found["entrants"].reverse()


def other_odds(found: Document) -> None:
    found["odds"]["prizes"][0][1] += 1


def another_seed(found: Document) -> None:
    found["seed"] = "ff" * 32


def short_seed(found: Document) -> None:
    found["seed"] = "ff"


def another_winner(found: Document) -> None:
    found["winners"][0][2] = found["entrants"][3][0]


def no_last_winner(found: Document) -> None:
    found["winners"].pop()


def another_beacon(found: Document) -> None:
    found["beacon"] = "5432.11"


def no_beacon(found: Document) -> None:
    found["beacon"] = None


def nobody_excluded(found: Document) -> None:
    found["excluded"] = []


def excluded_from_elsewhere(found: Document) -> None:
    found["excluded"].append(["cd" * 32, "banned"])


def another_round(found: Document) -> None:
    found["round"] = "december"


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (another_entrant, "entrants"),
        (more_chances, "entrants"),
        (without_an_entrant, "entrants"),
        (swapped_entrants, "entrants"),
        (other_odds, "odds"),
        (another_seed, "seed"),
        (short_seed, "seed"),
        (another_winner, "winners"),
        (no_last_winner, "winners"),
        (no_beacon, "beacon"),
        (nobody_excluded, "winners"),
        (excluded_from_elsewhere, "excluded"),
        (another_round, "winners"),
    ],
)
def test_names_what_was_changed_in_a_scheduled_draw(change: Callable[[Document], None], part: str) -> None:
    verdict = check_document(tampered(SCHEDULED, change))
    assert {found for found, _ in verdict.wrong} == {part}


def test_names_the_place_of_a_winner_that_was_changed() -> None:
    verdict = check_document(tampered(SCHEDULED, another_winner))
    ((_, sentence),) = verdict.wrong
    assert sentence.startswith("place 1: the file says trip number 1 to 965c29b1")
    assert "the draw gives trip number 1 to 00c687e6" in sentence


@pytest.mark.parametrize("change", [another_entrant, more_chances, other_odds])
def test_hashes_of_before_find_what_was_changed_together_with_its_hash(
    change: Callable[[Document], None],
) -> None:
    published = {name: SCHEDULED[name] for name in ("seed_hash", "odds_hash", "entrants_hash")}
    forged = tampered(SCHEDULED, change)
    rehashed(forged)
    forged["winners"] = winners_by_the_page(forged)
    assert check_document(forged).ok, "a file alone can be made to agree with itself"

    name = "odds_hash" if change is other_odds else "entrants_hash"
    assert {part for part, _ in check_document(forged, published).wrong} == {name}


def test_a_seed_found_afterwards_is_not_the_one_committed_to() -> None:
    forged = tampered(SCHEDULED, another_seed)
    forged["seed_hash"] = sha(bytes.fromhex(forged["seed"]))
    forged["winners"] = winners_by_the_page(forged)
    assert check_document(forged).ok
    verdict = check_document(forged, {"seed_hash": SCHEDULED["seed_hash"]})
    assert {part for part, _ in verdict.wrong} == {"seed_hash"}


def another_prize(found: Document) -> None:
    found["plays"][0]["prize"] = "car"


def another_client_seed(found: Document) -> None:
    for play in found["plays"]:
        play["client_seed"] = "good luck"


def another_member(found: Document) -> None:
    found["member"] = "ff" * 12


def no_guarantee(found: Document) -> None:
    found["plays"][2]["guaranteed"] = False


def nothing_gone(found: Document) -> None:
    found["plays"][1]["gone"] = []


def worse_table(found: Document) -> None:
    found["plays"][0]["table"][0][1] = 0


def broken_run(found: Document) -> None:
    found["plays"][2]["streak"] = 0


def left_out(found: Document) -> None:
    del found["plays"][1]


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (another_prize, {"prizes", "plays"}),
        (another_client_seed, {"prizes"}),
        (another_member, {"prizes"}),
        (no_guarantee, {"tables"}),
        (nothing_gone, {"tables"}),
        (worse_table, {"tables"}),
        (broken_run, {"plays", "tables", "prizes"}),
        (left_out, {"plays"}),
        (another_seed, {"seed"}),
        (other_odds, {"odds", "tables"}),
    ],
)
def test_names_what_was_changed_in_instant_draws(change: Callable[[Document], None], parts: set[str]) -> None:
    verdict = check_document(tampered(INSTANT, change))
    assert not verdict.ok
    assert {found for found, _ in verdict.wrong} <= parts | {"prizes"}
    assert {found for found, _ in verdict.wrong} & parts


@pytest.mark.parametrize(
    "found",
    [
        None,
        [],
        "text",
        {},
        {"format": "starguild-draw/2"},
        {"format": "starguild-draw/1"},
        {"format": "starguild-draw/1", "kind": "other"},
        {**SCHEDULED, "seed": "no hex"},
        {**SCHEDULED, "entrants": [["a"]]},
        {**SCHEDULED, "entrants": 7},
        {**SCHEDULED, "winners": [["trip"]]},
        {**INSTANT, "plays": [{}]},
        {**INSTANT, "plays": "no"},
        {**INSTANT, "odds": {}},
    ],
)
def test_what_is_no_draw_is_refused(found: Any) -> None:
    with pytest.raises(NotADrawFile):
        check_document(found)


@pytest.mark.parametrize(
    "odds",
    [
        {**SCHEDULED["odds"], "prizes": [["trip", 10**15]]},
        {**SCHEDULED["odds"], "prizes": [["trip", -1], ["mug", 2]]},
        {**SCHEDULED["odds"], "entry": "twice"},
    ],
)
def test_odds_that_no_draw_can_have_are_refused(odds: Document) -> None:
    forged = copy.deepcopy({**SCHEDULED, "odds": odds})
    rehashed(forged)
    with pytest.raises(NotADrawFile):
        check_document(forged)


def test_before_the_seed_is_there_the_rest_can_be_checked() -> None:
    verdict = check_document({**SCHEDULED, "seed": None, "winners": None, "excluded": None})
    assert (verdict.wrong, verdict.checked, verdict.open) == ([], ["odds", "entrants"], ["seed", "winners"])
    opened = {**SCHEDULED, "seed": None, "winners": None, "entrants": None, "entrants_hash": None}
    assert check_document(opened).checked == ["odds"]
