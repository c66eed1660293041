"""`starguild rehearse`: a programme file is played over what is recorded, and nothing is written."""

from pathlib import Path

import orjson
import yaml

from tests.cli.support import Starguild

ROOT = Path(__file__).parents[2]
LINES = "\r\n".join(
    [
        "CUSTOMER DAY NUMBER DOLLARS",
        *(f"0000{n % 3} 199701{n:02d} {n % 4} {n * 3}.50" for n in range(1, 29)),
        "",
    ]
)


def draft(folder: Path, **rule: object) -> Path:
    """The purchases' programme with another first rule."""
    document = yaml.safe_load((ROOT / "programmes" / "purchases.yaml").read_text())
    document["programme"]["key"] = "shop"
    first = {key if isinstance(key, str) else "on": value for key, value in document["rules"][0].items()}
    document["rules"][0] = {**first, **rule}
    document["rules"][1] = {
        key if isinstance(key, str) else "on": value for key, value in document["rules"][1].items()
    }
    file = folder / "draft.yaml"
    file.write_text(yaml.safe_dump(document, allow_unicode=True))
    return file


def test_rehearse_a_file(elsewhere: Starguild, tmp_path: Path) -> None:
    purchases = tmp_path / "purchases.txt"
    purchases.write_text(LINES, newline="")
    assert elsewhere("import", "purchases", purchases, "--programme", "shop").code == 0
    double = draft(tmp_path, effects=[{"points": {"unit": "points", "amount": "2 * floor(activity.amount)"}}])
    stated = ("rehearse", double, "--programme", "shop", "--from", "1997-01-08", "--to", "1997-01-15")

    done = elsewhere(*stated, "--json")
    again = elsewhere(*stated)
    wrong = elsewhere("rehearse", double, "--programme", "shop", "--from", "soon", "--to", "1997-01-15")
    broken = elsewhere(
        "rehearse", draft(tmp_path, effects=[{"award": {"badge": "none"}}]), *stated[2:], "--json"
    )

    assert done.code == 0, done.err
    found = orjson.loads(done.out)
    was = sum(n * 3 for n in range(8, 15))
    points = next(one for one in found["units"] if one["unit"] == "points")
    assert (found["activities"], found["before"]) == (7, 7)
    assert (points["given"], points["was_given"]) == (2 * was, was)
    assert [one["member_id"] for one in found["gainers"] if one["unit"] == "points"] == [
        "00002",
        "00001",
        "00000",
    ]
    assert again.code == 0
    assert "Rehearsed 7 activities of 3 members, after 7 before" in again.out
    assert f"{2 * was}" in again.out
    assert (wrong.code, broken.code) == (2, 2)
    assert "--from is a day" in wrong.err
    assert orjson.loads(broken.out)["error"]["problems"][0]["place"].startswith("rules.point_per_dollar")
