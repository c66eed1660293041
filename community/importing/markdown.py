"""HTML of elsewhere as the Markdown that would make it: pure."""

from markdownify import MarkdownConverter

from community.writing.limits import CONTROL

_CONVERTER = MarkdownConverter(heading_style="ATX", bullets="-", autolinks=False, escape_misc=True)


def from_html(html: str) -> str:
    """The Markdown. What Markdown can't say, as a smaller letter, is its text; scripts and styles are nothing."""
    converted: str = _CONVERTER.convert(html)
    return as_text(converted)


def as_text(text: str) -> str:
    """A text as it may be stored: with one kind of line ends, and nothing that is not shown."""
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip("\n").rstrip()
