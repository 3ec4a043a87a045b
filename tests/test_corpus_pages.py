"""Reports rendered in full from files that try to break them: one whole page, inert, with the facts of the file."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from corpus import IMAGE, RIGHT, SCRIPT
from inert_page import Page

from crmlib import cli

RENDERED = {
    "markup in ids, products and the name of the file": (SCRIPT, IMAGE, "a&b {{x}} ${y}$.csv", "<b>20.00"),
    "one purchase": ("The log lacks 20 or more customers.",),
    "everything refunded": ("Refunds of 20.00 are taken off.",),
    "gb18030, named, Chinese columns": ("Read customer from '客户', date from '日期', amount from '金额'.",),
    "lines of the future, cut off": ("1 line lies after 2024-02-06 and is left out.",),
}


@pytest.mark.parametrize("name", RENDERED)
def test_the_page_is_whole_inert_and_says_it(tmp_path, capsys, monkeypatch, name):
    monkeypatch.setattr(cli, "_today", lambda: dt.date(2026, 11, 21))
    right = RIGHT[name]
    out = tmp_path / "out"
    command = [*right.arguments("report", right.put(tmp_path / "in"), out), *right.only_report.split()]
    assert cli.main(command) == 0
    (path,) = out.iterdir()
    assert capsys.readouterr().out == f"{path}\n"
    html = path.read_text(encoding="utf-8")
    page = Page(html)
    for words in (
        f"Customers {right.customers} ",
        f"Revenue {right.revenue} ",
        f"Days covered {' to '.join(right.days)} ",
        *right.notes,
        *RENDERED[name],
    ):
        assert words in page.text, words
    assert not re.search(r"Traceback|Error|https?:", page.text)
    assert str(tmp_path) not in html
