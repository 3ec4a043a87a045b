"""A page that may be read by anyone: its text, and the promise that nothing in it runs or loads."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "hr", "col"}
PLAIN = (
    "html head title style body nav details summary header main footer figure ol ul li a p div span strong h1 h2 h3 dl dt dd"
)
TAGS = {*PLAIN.split(), *"table caption thead tbody tr th td".split(), *VOID}


class Page(HTMLParser):
    """The visible text of a page; fails on anything that could run, load or does not belong to the report."""

    def __init__(self, html):
        super().__init__()
        self.open, self.text = [], []
        self.feed(html)
        self.close()
        assert self.open == [], self.open
        self.text = " ".join(" ".join(self.text).split())

    def handle_starttag(self, tag, attrs):
        assert tag in TAGS, tag
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            if name in ("src", "href"):
                assert re.match(r"data:image/png;base64,|#", value), (tag, value)
            assert name not in ("srcset", "action", "formaction", "background", "ping"), name
            assert "url(" not in (value or "") and "javascript" not in (value or "").lower(), value
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag in VOID or self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text.append(data)
