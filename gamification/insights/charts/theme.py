"""Colours, light and dark, that also those can tell apart who see fewer of them. Pure.

The light ones are attributes, so that a chart shows where a policy forbids styles; the dark ones come from the chart's own style. Tests
hold the palettes against simulated protanopia, deuteranopia and tritanopia (Machado, Oliveira and Fernandes 2009) and the contrasts
of WCAG 2.2. No series is told by colour alone: lines have dashes, series a legend in their order.
"""

from gamification.kit.records import record


@record(frozen=True, slots=True)
class Theme:
    """Colours of one scheme. `series` in their order; `heat` from the least to the most."""

    ground: str
    ink: str
    quiet: str
    grid: str
    series: tuple[str, ...]
    heat: tuple[str, ...]
    heat_ink: tuple[str, ...]


_DARK_INK, _LIGHT_INK = "#14181D", "#FFFFFF"

LIGHT = Theme(
    ground="#FFFFFF",
    ink="#1B2027",
    quiet="#56606B",
    grid="#E2E6EA",
    series=("#005AB9", "#C53D2D", "#00A07A", "#AB4F9E", "#B48700", "#30343B"),
    heat=(
        "#F2F7FC",
        "#DCEAF7",
        "#C2DAF0",
        "#A3C7E8",
        "#7FB0DC",
        "#5A97CE",
        "#2F74B5",
        "#15609F",
        "#0A4C84",
        "#063963",
    ),
    heat_ink=(_DARK_INK,) * 6 + (_LIGHT_INK,) * 4,
)
DARK = Theme(
    ground="#15181C",
    ink="#E8EBEE",
    quiet="#A3ADB8",
    grid="#2C333B",
    series=("#5AAEEA", "#DB8600", "#31F092", "#CF939B", "#EFE543", "#CACEE9"),
    heat=(
        "#1B232C",
        "#1C2E40",
        "#1D3A55",
        "#1F486C",
        "#225784",
        "#28689C",
        "#4389BE",
        "#68A6D6",
        "#93C2E8",
        "#C2DFF7",
    ),
    heat_ink=("#E8EBEE",) * 5 + (_LIGHT_INK,) + (_DARK_INK,) * 4,
)
DASHES = ("", "7 3", "2 3", "10 3 2 3", "5 2 1 2 1 2", "14 4")
SERIES_MAX = len(LIGHT.series)
LEVELS = len(LIGHT.heat)


def style() -> str:
    """The dark scheme as rules that reach into charts only."""
    rules = [
        f".ground{{fill:{DARK.ground}}}",
        f".ink{{fill:{DARK.ink}}}",
        f".quiet{{fill:{DARK.quiet}}}",
        f".grid{{stroke:{DARK.grid}}}",
        f".axis{{stroke:{DARK.quiet}}}",
    ]
    for index, colour in enumerate(DARK.series):
        rules += [f".f{index}{{fill:{colour}}}", f".s{index}{{stroke:{colour}}}"]
    for index, colour in enumerate(DARK.heat):
        rules += [f".h{index}{{fill:{colour}}}", f".i{index}{{fill:{DARK.heat_ink[index]}}}"]
    inside = "".join(f".sg-chart {rule}" for rule in rules)
    return f"@media (prefers-color-scheme:dark){{{inside}}}"
