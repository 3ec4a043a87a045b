"""Files that can be read end in a right report that says what was done, and in a scorecard with the same customers."""

from __future__ import annotations

import ast
import datetime as dt
import re
import warnings
from pathlib import Path

import pandas as pd
import pytest
from corpus import FORMULAS, RIGHT
from few_customers import small_counts
from inert_page import Page

import crmlib.report
from crmlib import checkout, cli, sections
from crmlib.sheets import tables_in

DRAWN = {  # logs of other shapes; the charts of all others are those of "plain"
    "plain",
    "negative and zero amounts",
    "everything refunded",
    "refunds only",
    "all amounts zero",
    "one customer",
    "one purchase",
    "one day",
    "nobody bought twice",
    "everybody the same",
    "a report of the future",
    "signs of mathematics as a currency",
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "_today", lambda: dt.date(2026, 11, 21))
    monkeypatch.setenv("CRM_DEBUG", "1")  # what is not foreseen shows itself
    return tmp_path


@pytest.fixture(scope="module")
def template():
    """The statements of the report's notebook."""
    return ast.parse((checkout.root() / "course/reports/customer_base.py").read_text(encoding="utf-8")).body


def run(template, parameters):
    """What the cells of the notebook show, without a kernel."""
    names, shown = {}, []
    for statement in template:
        if isinstance(statement, ast.Expr):
            shown.append(eval(compile(ast.Expression(statement.value), "report", "eval"), names))
        elif isinstance(statement, ast.Assign) and statement.targets[0].id in parameters:
            names[statement.targets[0].id] = parameters[statement.targets[0].id]
        else:
            exec(compile(ast.Module([statement], []), "report", "exec"), names)
    return [each for each in shown if each is not None]


@pytest.mark.parametrize("name", RIGHT)
def test_the_report_states_the_facts_and_what_was_done(place, monkeypatch, template, name):
    right, shown = RIGHT[name], []

    def render(admission, *, name, as_of, currency, ids, **_):
        admission = admission()  # the command line hands a big log over
        sections.prepare(place, admission.transactions, admission.notes)
        parameters = {"DATA": name, "AS_OF": str(as_of), "CURRENCY": currency, "IDS": ids, "PREPARED": str(place)}
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # 0/0 that nobody has thought of
            shown.extend(run(template, parameters))
        return Path("done")

    monkeypatch.setattr(crmlib.report, "render", render)
    if name not in DRAWN:
        monkeypatch.setattr(sections, "chart", lambda *_: None)
    data = right.put(place / "in")
    extra = right.only_report.split()
    assert cli.main([*right.arguments("report", data, place / "out"), *extra]) == 0
    facts = dict(shown[0].pairs)
    assert facts["Data"] == right.name
    assert (facts["Customers"], facts["Revenue"]) == (str(right.customers), right.revenue)
    assert (facts["Days covered"], facts["As of"]) == (" to ".join(right.days), right.days[1])
    text = "\n".join(map(repr, shown))
    assert re.search(r"^Read .*: [\d,]+ lines?( after the header)?, ", text, re.M)
    assert not [note for note in right.notes if note not in text]
    assert not re.search(r"\bnan\b|\bNone\b|\bNaT\b|\binf\b|--[a-z]+=|as_of|_\w+=", text)
    for each in shown:
        if hasattr(each, "_repr_html_"):
            Page(each._repr_html_())
        for sheet in tables_in(each):
            assert not small_counts(sheet.table), sheet


@pytest.mark.parametrize("name", RIGHT)
def test_the_scorecard_has_the_same_customers_and_says_what_was_done(place, capsys, name):
    right = RIGHT[name]
    out = place / "out" / "scores.csv"
    assert cli.main(right.arguments("score", right.put(place / "in"), out)) == 0
    said = capsys.readouterr()
    assert said.out == f"{out}\n"
    assert [path.name for path in out.parent.iterdir()] == ["scores.csv"]
    scores = pd.read_csv(out, dtype={"customer": str}, keep_default_na=False)
    currency = right.only_report.split()[-1] if "--currency" in right.only_report else ""
    revenue = float(right.revenue.removeprefix(currency).replace(",", ""))
    assert len(scores) == scores["customer"].nunique() == right.customers
    assert scores["revenue"].sum() == pytest.approx(revenue, abs=1e-9)
    assert max(scores["last"]) <= right.days[1]
    door = [
        note
        for note in right.notes
        if re.match(r"Read |\d+ lines? (is|are|lie)|Dates |The date of the report", note)
    ]
    assert not [note for note in door if note not in said.err]
    assert len(set(said.err.splitlines())) == len(said.err.splitlines())


def test_ids_that_spreadsheets_run_are_neutral_in_csv_and_excel_and_untouched_in_parquet(place):
    right = RIGHT["ids that spreadsheets run as formulas"]
    data = right.put(place / "in")
    for ending in ("csv", "xlsx", "parquet"):
        assert cli.main(right.arguments("score", data, place / f"scores.{ending}")) == 0
    csv = pd.read_csv(place / "scores.csv", dtype=str)["customer"]
    excel = pd.read_excel(place / "scores.xlsx", dtype=str)["customer"]
    assert sorted(csv) == sorted(excel) == sorted(f"'{formula}" for formula in FORMULAS)
    assert b"<f>" not in (place / "scores.xlsx").read_bytes()
    assert sorted(pd.read_parquet(place / "scores.parquet")["customer"]) == sorted(FORMULAS)
