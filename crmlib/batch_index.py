"""The page that compares the data sets of a batch of reports: one file, no script, nothing loaded from anywhere."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from crmlib.inert import safe
from crmlib.report import GENERATOR
from crmlib.wording import count, money, number, percent

__all__ = ["COLUMNS", "page"]

# heading, how a set's facts are written below it
COLUMNS = {
    "as of": lambda facts: facts["as_of"],
    "customers": lambda facts: number(facts["customers"]),
    "revenue": lambda facts: money(facts["revenue"], facts["currency"], 0),
    "top 20 % of customers bring": lambda facts: percent(facts["top_share"]),
    "Gini coefficient": lambda facts: number(facts["gini"], 3),
    "bought once": lambda facts: percent(facts["once"]),
    "median days between purchases": lambda facts: number(facts["gap"]),
    "median days since the last": lambda facts: number(facts["silence"]),
    "purchases expected in 365 days (BG/NBD)": lambda facts: number(facts["expected"]),
}

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="{generator}">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}
body {{ display: block; max-width: 84rem; }}</style>
</head>
<body>
<main id="report">
<h1>{title}</h1>
{body}</main>
<footer><p>Made with crmlib {version}: crm report --batch</p></footer>
</body>
</html>
"""


def page(rows, failed) -> str:
    """The page for ``rows`` (name of a set, file of its report, its facts) and for what ``failed`` (name, sentence)."""
    style = (Path(__file__).parent / "report_template" / "report.css").read_text(encoding="utf-8")
    title = f"{count(len(rows), 'report')}{f', {number(len(failed))} failed' if failed else ''}"
    body = _sets(rows) if rows else ""
    if failed:
        body += "<h2>What failed</h2>\n" + _table(("set", "why"), [(safe(name), safe(why)) for name, why in failed.items()])
    return _PAGE.format(generator=safe(f"{GENERATOR} {version('crmlib')}"), title=safe(title), style=style, body=body, version=safe(version("crmlib")))


def _sets(rows):
    said = "A dash stands where a log cannot carry a figure. Revenue is net of refunds."
    table = [
        (f'<a href="{quote(file)}">{safe(name)}</a>', *(safe(write(facts)) for write in COLUMNS.values()))
        for name, file, facts in rows
    ]
    return f"<p>{said}</p>\n" + _table(("set", *COLUMNS), table)


def _table(heading, rows):
    """Cells of ``rows`` are HTML already; figures stand to the right."""
    kind = "w" if heading[-1] == "why" else "n"
    cells = "".join(f'<th scope="col" class="{kind if place else ""}">{safe(name)}</th>' for place, name in enumerate(heading))
    lines = "\n".join(
        "<tr>" + "".join(f'<td class="{kind if place else ""}">{cell}</td>' for place, cell in enumerate(row)) + "</tr>" for row in rows
    )
    table = f"<table>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n{lines}\n</tbody>\n</table>"
    return f'<div class="scroll">{table}</div>\n'
