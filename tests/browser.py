"""A page in headless Chromium, for tests: what its scripts noticed.

Chromium is found on PATH (`apt install chromium` on Debian). Without one such tests are skipped, unless `TESTS_NEED_CHROMIUM` says
that there must be one.
"""

import html
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    # Nothing in a page leads out of this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--virtual-time-budget=20000",
)
_PATIENCE_S = 180

_NOTICING = """
const hits = [];
function hit(number) { hits.push(Number(number)); return true; }
addEventListener("message", event => hits.push(Number(event.data)));
"""
_POKING = """
const EVENTS = ["mouseover", "mouseenter", "mouseout", "mousemove", "pointerover", "focus", "blur", "toggle", "start"];
function poke(root) {
    root.addEventListener("click", event => {
        const link = event.target.closest && event.target.closest("a, button, area");
        if (!link || !/^javascript:/.test(link.href || link.formAction || "")) event.preventDefault();
    });
    for (const one of root.querySelectorAll("*")) {
        for (const name of EVENTS) one.dispatchEvent(new Event(name, {bubbles: false}));
        if (one.click) one.click();
    }
}
function told(seen) {
    document.getElementById("told").textContent = JSON.stringify({hits: [...new Set(hits)], seen});
}
"""


def find_chromium() -> str:
    """Where it is; skips the test where it is not, or fails where it must be."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        missing = "no Chromium is on PATH: `apt install chromium` on Debian"
        if os.environ.get("TESTS_NEED_CHROMIUM"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def opened(page: str, folder: Path) -> dict[str, Any]:
    """Open a page made by `page_of` or `frames_of`: which numbers were `hit`, and how many boxes it has at its end."""
    chromium = find_chromium()
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8", errors="surrogatepass")
    done = subprocess.run(
        [chromium, *_FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom", file.as_uri()],
        capture_output=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    text = done.stdout.decode(errors="replace")
    _, found, rest = text.partition('<pre id="told">')
    assert found, done.stderr.decode(errors="replace")[-2000:]
    told = html.unescape(rest.partition("</pre>")[0])
    assert told, "the page's own script was not reached"
    answer: dict[str, Any] = json.loads(told)
    return answer


def page_of(boxes: Sequence[str], plain: Mapping[int, str] | None = None) -> str:
    """A page with pieces of HTML as they are, each in a box, read once by the page and once more as scripts put HTML into
    pages; and with plain texts as text and as an attribute. Then everything in it is hovered over and clicked."""
    inner = "".join(f'<div class="box">{one}</div>\n' for one in boxes)
    texts = json.dumps(list((plain or {}).values())).replace("<", "\\u003c")
    return f"""<!doctype html><html><head><meta charset="utf-8"><title>t</title></head><body>
<pre id="told"></pre><script>{_NOTICING}{_POKING}</script>
{inner}
<div id="again"></div><div id="plain"></div>
<script type="application/json" id="texts">{texts}</script>
<script>
const boxes = document.querySelectorAll("div.box");
for (const box of boxes) {{
    const copy = document.createElement("div");
    copy.innerHTML = box.innerHTML;
    document.getElementById("again").append(copy);
}}
for (const text of JSON.parse(document.getElementById("texts").textContent)) {{
    const line = document.createElement("p");
    line.textContent = text;
    line.title = text;
    document.getElementById("plain").append(line);
}}
document.getElementById("plain").innerHTML += "";
poke(document);
setTimeout(() => told(boxes.length), 3000);
</script></body></html>"""


def frames_of(texts: Sequence[str]) -> str:
    """A page with each text as a page of its own, in a frame, with nothing that holds it up."""
    before = "<script>function hit(n){{top.postMessage(n,'*');return true}}</script>".format()
    inner = "".join(
        f'<iframe class="box" srcdoc="{html.escape(before + "<body>" + one)}"></iframe>\n' for one in texts
    )
    return f"""<!doctype html><html><head><meta charset="utf-8"><title>t</title></head><body>
<pre id="told"></pre><script>{_NOTICING}{_POKING}</script>
{inner}
<script>
const boxes = document.querySelectorAll("iframe.box");
setTimeout(() => {{
    for (const box of boxes) {{
        try {{ poke(box.contentDocument); }} catch (error) {{ }}
    }}
    setTimeout(() => told(boxes.length), 3000);
}}, 3000);
</script></body></html>"""
