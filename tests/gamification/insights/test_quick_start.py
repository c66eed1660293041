"""The API and `starguild --help` start without what only figures need."""

import subprocess
import sys

_MODULES = [
    *(
        f"gamification.experiments.{one}"
        for one in ("assignment", "means", "power", "ratio", "sequential", "shares")
    ),
    *(f"gamification.insights.lifetime.{one}" for one in ("backtest", "forecast", "gammagamma", "history")),
    *(f"gamification.insights.charts.{one}" for one in ("bars", "heatmap", "lines")),
]


def test_statistics_and_charts_import_nothing_heavy_before_they_are_used() -> None:
    heavy = ["numpy", "scipy", "babel"]
    program = f"import sys, {', '.join(_MODULES)}; print([one for one in {heavy} if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
