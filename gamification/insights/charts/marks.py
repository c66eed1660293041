"""SVG elements as text. Pure."""

from html import escape

from gamification.insights.charts.writing import clean

Attribute = str | float


def element(tag: str, *inside: str, **attributes: Attribute) -> str:
    """An element. `inside` is markup; attributes are escaped, their `_` are `-`, and a trailing one is dropped."""
    stated = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{value(of)}"' for name, of in attributes.items() if of != ""
    )
    return f"<{tag}{stated}>{''.join(inside)}</{tag}>" if inside else f"<{tag}{stated}/>"


def text(content: str) -> str:
    """Text as markup that shows just it."""
    return escape(clean(content), quote=True)


def value(of: Attribute) -> str:
    """An attribute's value; numbers to the hundredth of a pixel. Texts of others are no attributes: `text` is for them."""
    if isinstance(of, str):
        return escape(of, quote=True)
    rounded = f"{of:.2f}".rstrip("0").rstrip(".")
    return "0" if rounded in {"", "-0"} else rounded


def path(points: list[tuple[float, float]]) -> str:
    """A line through points, as a path's data."""
    return "M" + "L".join(f"{value(x)} {value(y)}" for x, y in points)
