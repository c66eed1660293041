"""Markdown to HTML that does nothing but show."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.writing.markup import Link, Markup, clean, excerpt

ANN = bytes(range(12))
MARKUP = Markup(["img.example.org"], lambda text: ANN if text == "ann" else None)
SCHEMES = ("http:", "https:", "mailto:")


class Seen(HTMLParser):
    """Every tag and attribute of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def is_harmless(html: str) -> bool:
    """Whether there is nothing in it that runs, loads from elsewhere or leads where it should not."""
    for tag, attributes in Seen(html).tags:
        if tag in (
            "script",
            "style",
            "iframe",
            "object",
            "embed",
            "form",
            "input",
            "svg",
            "math",
            "base",
            "meta",
        ):
            return False
        if any(name.startswith("on") or name in ("style", "id", "srcset") for name in attributes):
            return False
        href, src = attributes.get("href"), attributes.get("src")
        if href is not None and not href.lower().startswith(SCHEMES):
            return False
        if src is not None and not re.match(r"https://([a-z.]+\.)?img\.example\.org/", src):
            return False
    return True


HOSTILE = [
    "<script>x()</script>",
    "<img src=x onerror=x()>",
    "[a](javascript:x())",
    "[a](JaVaScRiPt:x())",
    "[a](java\tscript:x())",
    "[a](&#106;avascript:x())",
    "[a](data:text/html,<script>x()</script>)",
    "[a](vbscript:x())",
    "![a](javascript:x())",
    "![a](https://evil.example/a.png)",
    "![a](https://img.example.org.evil.example/a.png)",
    "![a](https://user@evil.example/https://img.example.org/a.png)",
    '![a](https://img.example.org/a.png"onerror="x())',
    '[a](https://ok.example/"onmouseover="x())',
    '[a](https://ok.example/ "t" onclick="x()")',
    "<a href='javascript:x()'>a</a>",
    "`<script>`",
    "```html\n<script>x()</script>\n```",
    '```x"onload="x()\ncode\n```',
    "<svg/onload=x()>",
    "<iframe src=//evil.example>",
    "[a]: javascript:x()\n\n[a]",
    "<javascript:x()>",
    "<https://ok.example/><b onclick=x()>",
    '[@a](member:ann"onclick="x())',
    "|a|\n|-|\n|<script>|",
    "> <style>@import '//evil.example'</style>",
    "&lt;script&gt;x()&lt;/script&gt;",
    "[a](//evil.example)",
    "[a](/relative)",
    "\u202e<script>",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_what_is_hostile_only_shows(source: str) -> None:
    assert is_harmless(MARKUP.render(source).html)


@given(
    st.lists(
        st.sampled_from([*HOSTILE, " ", "\n", "\n\n", "*", "_", "](", ")", "![", "<", ">", '"', "'", "`"]),
        max_size=8,
    )
)
def test_nothing_made_of_them_does_more(parts: list[str]) -> None:
    assert is_harmless(MARKUP.render("".join(parts)).html)


@given(st.text(max_size=300))
def test_every_text_is_rendered(source: str) -> None:
    rendered = MARKUP.render(source)

    assert is_harmless(rendered.html)
    assert clean(rendered.html) == rendered.html


def test_what_markdown_says_is_shown() -> None:
    rendered = MARKUP.render("# A\n\n*b* **c** ~~d~~ `e`\n\n- f\n\n3. g\n\n> h\n\n|i|j|\n|:-|-:|\n|k|l|")

    for part in (
        "<h1>A</h1>",
        "<em>b</em> <strong>c</strong> <s>d</s> <code>e</code>",
        "<ul>\n<li>f</li>",
        '<ol start="3">',
        "<blockquote>",
        '<th align="left">i</th>\n<th align="right">j</th>',
    ):
        assert part in rendered.html
    assert rendered.text.split() == ["A", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"]


def test_mentions_are_of_members() -> None:
    rendered = MARKUP.render("[@Ann](member:ann), [@Bob](member:bob), [@Ann](member:ann)")

    assert rendered.mentions == (ANN,)
    assert rendered.links == ()
    mention = '<span class="mention" data-member="ann">@Ann</span>'
    assert rendered.html == f"<p>{mention}, @Bob, {mention}</p>\n"


def test_links_are_listed_once_with_what_they_stand_under() -> None:
    rendered = MARKUP.render(
        "[a *b*](https://x.example/1) https://x.example/2 [a b](https://x.example/1) <me@x.example>"
    )

    assert rendered.links == (
        Link("https://x.example/1", "a b"),
        Link("https://x.example/2", "https://x.example/2"),
        Link("mailto:me@x.example", "me@x.example"),
    )
    assert rendered.html.count('rel="noopener noreferrer nofollow ugc"') == 4


def test_pictures_are_shown_from_where_they_may_come() -> None:
    rendered = MARKUP.render(
        "![a](https://img.example.org/a.png) ![b](https://eu.img.example.org/b.png) ![c](http://img.example.org/c.png)"
        " ![d](https://other.example/d.png)"
    )

    assert rendered.images == ("https://img.example.org/a.png", "https://eu.img.example.org/b.png")
    assert [link.url for link in rendered.links] == [
        "http://img.example.org/c.png",
        "https://other.example/d.png",
    ]
    assert rendered.html.count("<img") == 2


def test_chinese_text_stays_as_it_is() -> None:
    rendered = MARKUP.render("今天**读完**了一本书。\n明天继续")

    assert rendered.html == "<p>今天<strong>读完</strong>了一本书。\n明天继续</p>\n"
    assert rendered.text == "今天读完了一本书。\n明天继续"


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("short", 10, "short"),
        ("one two three", 9, "one two…"),
        ("今天读完了一本书", 5, "今天读完…"),
        ("a\n  b", 10, "a b"),
        ("x" * 20, 5, "xxxx…"),
    ],
)
def test_an_excerpt_ends_where_words_do(text: str, length: int, expected: str) -> None:
    assert excerpt(text, length) == expected
