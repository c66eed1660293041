"""HTML of elsewhere as the Markdown that would make it: pure."""

import nh3
from markdownify import MarkdownConverter

from community.writing.limits import CONTROL

_CONVERTER = MarkdownConverter(heading_style="ATX", bullets="-", autolinks=False, escape_misc=True)


def from_html(html: str) -> str:
    """The Markdown. What Markdown can't say, as a smaller letter, is its text; scripts and styles are nothing. Of what is
    nested deeper than any text is, only the words are left."""
    try:
        converted: str = _CONVERTER.convert(f"<body>{html}")  # a text is never taken for the address of one
    except RecursionError:
        converted = _CONVERTER.convert(nh3.clean(html, tags=set()))
    return as_text(converted)


def as_text(text: str) -> str:
    """A text as it may be stored: with one kind of line ends, and nothing that is not shown."""
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip("\n").rstrip()
