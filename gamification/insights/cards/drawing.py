"""A card as SVG: 720 by at least 1080 pixels, no script, no reference outward, every text escaped. Pure."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

from gamification.insights.cards.model import Card
from gamification.insights.charts.figures import Language
from gamification.insights.charts.marks import element, text
from gamification.insights.charts.writing import FONTS, clean, fitted, width

WIDTH, HEIGHT = 720, 1080
_MARGIN = 48.0
_GROUND, _INK, _QUIET, _PANEL, _ACCENT, _ON_ACCENT = (
    "#F6F4EF",
    "#1B2027",
    "#56606B",
    "#FFFFFF",
    "#1F4E79",
    "#FFFFFF",
)
_ROWS_MAX = 4
_CHIP = 36.0
_CHIP_ROWS = 3
WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("{year} 年度成长报告", "My year {year}"),
    "days": ("活跃天数", "Active days"),
    "streak": ("最长连续天数", "Longest streak"),
    "activities": ("活动次数", "Activities"),
    "tasks": ("完成任务", "Tasks done"),
    "badges": ("获得勋章", "Badges earned"),
    "points": ("获得积分", "Points earned"),
    "tier": ("会员等级", "Tier"),
    "top": ("最常参与", "Most often"),
    "rank": ("最佳排名", "Best rank"),
    "more": ("另有 {count} 枚", "{count} more"),
    "nothing": ("这一年还没有记录", "Nothing yet this year"),
}


def drawn(card: Card) -> str:
    """The whole picture."""
    tiles = [
        (_say(card, "days"), str(card.active_days)),
        (_say(card, "streak"), str(card.streak)),
        (_say(card, "activities"), str(card.activities)),
        (_say(card, "tasks"), str(card.tasks)),
    ]
    body = [_heading(card), _tiles(tiles)]
    y = 470.0
    rows = [
        *((f"{_say(card, 'points')} · {one.name}", one.value) for one in card.points[:_ROWS_MAX]),
        *((f"{_say(card, 'tier')} · {one.name}", one.value) for one in card.tiers[:_ROWS_MAX]),
    ]
    rows += [
        (f"{_say(card, key)} · {one.name}", one.value)
        for key, one in (("top", card.top), ("rank", card.rank))
        if one is not None
    ]
    if not rows and not card.badges:
        body.append(_text(_say(card, "nothing"), _MARGIN, y + 24, size=20, fill=_QUIET))
    for name, value in rows:
        body.append(_row(name, value, y))
        y += 52
    body.append(_badges(card, y + 28))
    height = (
        max(HEIGHT, y + 28 + 40 + (_CHIP_ROWS + 1) * (_CHIP + 12) + _MARGIN)
        if card.badges
        else max(HEIGHT, y)
    )
    foot = fitted(clean(card.programme), 16, WIDTH - 2 * _MARGIN)
    body.append(_text(foot, WIDTH / 2, height - 28, size=16, fill=_QUIET, anchor="middle"))
    return _document(card, height, [*tiles, *rows], "".join(body))


def _document(card: Card, height: float, told: Sequence[tuple[str, str]], body: str) -> str:
    title = f"{_title(card)} {clean(card.member)}".strip()
    colon, stop = (":", "。") if card.language is Language.ZH else (": ", ". ")
    described = stop.join(f"{clean(name)}{colon}{clean(value)}" for name, value in told)
    own = blake2b(f"{title}\n{body}".encode(), digest_size=6).hexdigest()
    return element(
        "svg",
        element("title", text(title), id=f"t{own}"),
        element("desc", text(described), id=f"d{own}"),
        element("rect", width=WIDTH, height=height, fill=_GROUND),
        body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {height:g}",
        width=WIDTH,
        height=height,
        role="img",
        lang="zh-CN" if card.language is Language.ZH else "en",
        aria_labelledby=f"t{own} d{own}",
        font_family=FONTS,
    )


def _heading(card: Card) -> str:
    room = WIDTH - 2 * _MARGIN
    name = fitted(clean(card.member), 44 * 1.06, room)
    return "".join(
        (
            element("rect", width=WIDTH, height=212, fill=_ACCENT),
            _text(_title(card), _MARGIN, 88, size=28, fill=_ON_ACCENT),
            _text(name, _MARGIN, 156, size=44, fill=_ON_ACCENT, bold=True),
        )
    )


def _tiles(tiles: Sequence[tuple[str, str]]) -> str:
    found, wide = [], (WIDTH - 2 * _MARGIN - 16) / 2
    for place, (name, value) in enumerate(tiles):
        x, y = _MARGIN + place % 2 * (wide + 16), 236 + place // 2 * 108
        found += [
            element("rect", x=x, y=y, width=wide, height=96, rx=14, fill=_PANEL),
            _text(fitted(value, 34 * 1.06, wide - 40), x + 20, y + 46, size=34, fill=_INK, bold=True),
            _text(fitted(name, 17, wide - 40), x + 20, y + 78, size=17, fill=_QUIET),
        ]
    return "".join(found)


def _row(name: str, value: str, y: float) -> str:
    """A name to the left and what it comes to to the right: each has half of the room at least."""
    room = WIDTH - 2 * _MARGIN
    shown = fitted(clean(value), 20 * 1.06, room * 0.55)
    left = fitted(clean(name), 18, room - width(shown, 20 * 1.06) - 20)
    return "".join(
        (
            _text(left, _MARGIN, y + 26, size=18, fill=_QUIET),
            _text(shown, WIDTH - _MARGIN, y + 26, size=20, fill=_INK, bold=True, anchor="end"),
            element(
                "line", x1=_MARGIN, y1=y + 42, x2=WIDTH - _MARGIN, y2=y + 42, stroke="#DDD8CC", stroke_width=1
            ),
        )
    )


def _badges(card: Card, y: float) -> str:
    """As many names as find room, and how many there are more."""
    if not card.badge_count:
        return ""
    found = [
        _text(f"{_say(card, 'badges')} · {card.badge_count}", _MARGIN, y + 18, size=20, fill=_INK, bold=True)
    ]
    x, top, row, shown = _MARGIN, y + 36, 0, 0
    for badge in card.badges:
        name = fitted(clean(badge), 17, 240)
        wide = width(name, 17) + 32
        if x > _MARGIN and x + wide > WIDTH - _MARGIN:
            x, top, row = _MARGIN, top + _CHIP + 12, row + 1
        if row == _CHIP_ROWS:
            top -= _CHIP + 12
            x = WIDTH
            break
        found += [
            element("rect", x=x, y=top, width=wide, height=_CHIP, rx=_CHIP / 2, fill=_PANEL, stroke=_ACCENT),
            _text(name, x + wide / 2, top + 24, size=17, fill=_ACCENT, anchor="middle"),
        ]
        x, shown = x + wide + 10, shown + 1
    if card.badge_count > shown:
        more = _say(card, "more").format(count=card.badge_count - shown)
        if x + width(more, 17) > WIDTH - _MARGIN:
            x, top = _MARGIN, top + _CHIP + 12
        found.append(_text(more, x, top + 24, size=17, fill=_QUIET))
    return "".join(found)


def _title(card: Card) -> str:
    return _say(card, "title").format(year=card.year)


def _say(card: Card, key: str) -> str:
    zh, en = WORDS[key]
    return zh if card.language is Language.ZH else en


def _text(
    content: str, x: float, y: float, *, size: float, fill: str, bold: bool = False, anchor: str = ""
) -> str:
    return element(
        "text",
        text(content),
        x=x,
        y=y,
        font_size=size,
        font_weight="600" if bold else "",
        fill=fill,
        text_anchor=anchor,
    )
