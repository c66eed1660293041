"""Markdown to HTML that does nothing but show: rendered once, when it is written.

Two walls stand one behind the other: the renderer writes no HTML of the author's, nor a link but to the web, mail or a
member; then a list of what is allowed takes out whatever else might have got there.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gamification.kit.records import record

MEMBER_SCHEME = "member"
"""`[@Ann](member:ID)` mentions the member of that id."""
_SCHEMES = frozenset({"http", "https", "mailto"})
_TAGS = frozenset(
    {
        *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li"),
        *("em", "strong", "s", "code", "pre", "span", "a", "img"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
)
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}, "code": {"class"}}
_ATTRIBUTES |= {"span": {"class", "data-member"}, "td": {"align"}, "th": {"align"}}
_REL = "noopener noreferrer nofollow ugc"
"""Nobody gains rank by linking to themselves here, and no page that is opened learns where from."""
_TITLED = re.compile(r'<(?:a|img)\b[^<>]*? title="([^"]*)"')


@record(frozen=True, slots=True)
class Link:
    """A link of a text: its address, and the text that it stands under."""

    url: str
    title: str


@record(frozen=True, slots=True)
class Rendered:
    """A text as it is shown. `text` is what of it is read, without any marks; `links` and `images` come in their order,
    once each; `mentions` are ids of members, as the text gives them."""

    html: str
    text: str
    links: tuple[Link, ...]
    images: tuple[str, ...]
    mentions: tuple[bytes, ...]


class Markup:
    """Renders the texts of a programme. `image_hosts`: from where pictures are shown, subdomains included; one from
    elsewhere becomes a link. `member_of` reads the id in a mention; what it can't read is no mention."""

    def __init__(self, image_hosts: Iterable[str], member_of: Callable[[str], bytes | None]) -> None:
        self._image_hosts = tuple(image_hosts)
        self._member_of = member_of

    def render(self, source: str) -> Rendered:
        """What a text looks like. Never raises: whatever is no Markdown is text."""
        parser = _parser()
        tokens = parser.parse(source)
        found = _Found()
        for token in tokens:
            if token.children:
                token.children = list(self._shown(token.children, found))
            elif style := token.attrs.pop("style", None):
                token.attrs["align"] = str(style).removeprefix("text-align:")
        html: str = parser.renderer.render(tokens, parser.options, {})
        return Rendered(
            html=clean(html),
            text=_text(tokens),
            links=tuple(dict.fromkeys(found.links)),
            images=tuple(dict.fromkeys(found.images)),
            mentions=tuple(dict.fromkeys(found.mentions)),
        )

    def _shown(self, tokens: Sequence[Token], found: "_Found") -> Iterator[Token]:
        """The tokens of a line: mentions instead of links to members, links instead of pictures from elsewhere."""
        closings: list[Token | None] = []
        for position, token in enumerate(tokens):
            if token.type == "link_open":
                url = str(token.attrGet("href") or "")
                member = self._mentioned(url)
                if member is not None:
                    found.mentions.append(member)
                    token = _opened("span", {"class": "mention", "data-member": url.partition(":")[2]})
                    closings.append(Token("span_close", "span", -1))
                elif url.startswith(f"{MEMBER_SCHEME}:"):
                    closings.append(None)
                    continue
                else:
                    found.links.append(Link(url, _title(tokens[position + 1 :])))
                    closings.append(Token("link_close", "a", -1))
            elif token.type == "link_close":
                closing = closings.pop() if closings else token
                if closing is None:
                    continue
                token = closing
            elif token.type == "image":
                yield from self._image(token, found)
                continue
            yield token

    def _image(self, token: Token, found: "_Found") -> Iterator[Token]:
        url = str(token.attrGet("src") or "")
        if _is_hosted(url, self._image_hosts):
            found.images.append(url)
            yield token
            return
        if urlsplit(url).scheme not in _SCHEMES:
            yield _words(token.content)
            return
        found.links.append(Link(url, token.content))
        yield _opened("a", {"href": url})
        yield _words(token.content or url)
        yield Token("link_close", "a", -1)

    def _mentioned(self, url: str) -> bytes | None:
        scheme, _, name = url.partition(":")
        return self._member_of(name) if scheme == MEMBER_SCHEME else None


@dataclass(slots=True)
class _Found:
    links: list[Link] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    mentions: list[bytes] = field(default_factory=list)


def clean(html: str) -> str:
    """Only what posts are made of: no scripts, styles, forms, frames, ids or handlers."""
    return nh3.clean(
        html,
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=_kept,
        link_rel=_REL,
        url_schemes=set(_SCHEMES),
        url_relative="deny",
    )


def excerpt(text: str, length: int = 200) -> str:
    """The beginning of a text, cut after a word where it has words, with an ellipsis where something is left out."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    head = line[: length - 1]
    words, _, broken = head.rpartition(" ")
    return f"{words if words and len(broken) < length // 2 else head}…"


def read_of(text: str, html: str) -> str:
    """All that can be read of a text that was rendered: itself, and then what its links and pictures show when a pointer rests
    on them."""
    return "\n".join([text, *map(unescape, _TITLED.findall(html))])


def _kept(tag: str, name: str, value: str) -> str | None:
    """An attribute's value, or nothing: classes are those that the renderer writes."""
    if name == "class":
        return value if value == "mention" or value.startswith("language-") else None
    return value


@cache
def _parser() -> MarkdownIt:
    """One for all texts: making it takes longer than most of them."""
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True})
    parser.enable(["table", "strikethrough", "linkify"])
    # mypy takes the attribute for the method that it replaces, as the library means it to be.
    parser.validateLink = _is_allowed  # type: ignore[method-assign]
    return parser


def _is_allowed(url: str) -> bool:
    """Whether a link may lead there: whole addresses of the web and of mail, and members."""
    scheme, colon, rest = url.partition(":")
    if not colon or scheme.lower() not in _SCHEMES | {MEMBER_SCHEME}:
        return False
    return scheme in ("mailto", MEMBER_SCHEME) or (rest.startswith("//") and _host(url) is not None)


def _is_hosted(url: str, hosts: Sequence[str]) -> bool:
    host = _host(url)
    if host is None or urlsplit(url).scheme != "https":
        return False
    return any(host == one or host.endswith(f".{one}") for one in hosts)


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _opened(tag: str, attributes: dict[str, str | int | float]) -> Token:
    return Token(f"{tag}_open", tag, 1, attrs=attributes)


def _words(text: str) -> Token:
    return Token("text", "", 0, content=text)


def _title(after: Sequence[Token]) -> str:
    """The text of a link, from what comes after its beginning."""
    end = next((number for number, token in enumerate(after) if token.type == "link_close"), len(after))
    return _text(after[:end]).strip()


def _text(tokens: Sequence[Token]) -> str:
    return "".join(_pieces(tokens)).strip()


def _pieces(tokens: Sequence[Any]) -> Iterator[str]:
    for token in tokens:
        if token.children:
            yield from _pieces(token.children)
            yield "\n"
        elif token.type in ("softbreak", "hardbreak"):
            yield "\n"
        elif token.type in ("text", "code_inline", "code_block", "fence", "image"):
            yield token.content
