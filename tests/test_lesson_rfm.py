"""The lesson *RFM and the pyramid* on logs of other shapes: it runs, and what it says is true of them."""

import re

import matplotlib
import numpy as np
import pandas as pd
import pytest

from crmlib import checkout
from crmlib.workbook.source import Source, notebooks

PLACE = "course/33_rfm/lesson.py"
TINY = pd.DataFrame(
    [("a", "2024-05-01", 10.5), ("b", "2024-05-02", 20.0), ("c", "2024-05-04", 100.0), ("b", "2024-05-06", -4.25)],
    columns=["customer", "date", "amount"],
)


@pytest.fixture(scope="module")
def cells():
    source = Source(PLACE, "lesson", "33_rfm", "rfm")
    text = (checkout.root() / PLACE).read_text(encoding="utf-8")
    return notebooks(source, text)["notebooks/33_rfm.ipynb"].cells


def run(cells, capsys, monkeypatch, **parameters):
    """What the lesson prints, the names it leaves, the titles of its figures, and what its explorer showed."""
    import ipywidgets
    from matplotlib import pyplot

    matplotlib.use("Agg")
    pyplot.close("all")
    views = []

    def interact(callback, **knobs):
        views.append(callback(**{name: getattr(knob, "value", knob) for name, knob in knobs.items()}))

    monkeypatch.setattr(ipywidgets, "interact", interact)
    names = {}
    for cell in (cell for cell in cells if cell.cell_type == "code"):
        if "parameters" in cell.metadata.get("tags", ()):
            names |= parameters
        else:
            exec(compile(cell.source, PLACE, "exec"), names)
    titles = [figure.axes[0].get_title(loc="left") for figure in map(pyplot.figure, pyplot.get_fignums())]
    pyplot.close("all")
    return " ".join(capsys.readouterr().out.split()), names, [" ".join(title.split()) for title in titles], views[0]


def bound(tx, path, currency="CHF"):
    """The parameters for a file with other column names."""
    tx.rename(columns={"customer": "Kunde", "date": "Datum", "amount": "Betrag"}).to_csv(path, index=False)
    options = {"customer": "Kunde", "date": "Datum", "amount": "Betrag"}
    return {"DATA": str(path), "AS_OF": "", "CURRENCY": currency, "OPTIONS": options}


def percent(share):
    return f"{100 * share:.1f} %"


def test_it_tells_the_truth_about_another_log(cells, other_log, tmp_path, capsys, monkeypatch):
    tx = other_log.drop(columns="order").assign(quantity=1)
    said, names, titles, view = run(cells, capsys, monkeypatch, **bound(tx, tmp_path / "log.csv"))
    paid = tx[tx["amount"] >= 0].groupby("customer")["date"]
    orders, net, as_of = paid.nunique(), tx.groupby("customer")["amount"].sum(), tx["date"].max()
    silent = (as_of - paid.max()).dt.days
    n = len(orders)
    assert f"{n} customers with a purchase up to {as_of:%Y-%m-%d}; without one: 0" in said
    worse = orders.rank(method="min") - 1
    lowest = (worse * 5 // n == 0).mean()
    assert f"{percent((orders == 1).mean())} of them have one order. The lowest F score holds {percent(lowest)}." in said
    assert f"R 5 by the rule, a purchase in the last 30 days: {percent((silent <= 30).mean())}; relative:" in said
    assert f"F 1 by the rule, one order: {percent((orders == 1).mean())}" in said
    important = [(net > net.median()).mean(), (net > net.mean()).mean()]
    assert f"{{'median': '{percent(important[0])} important', 'mean': '{percent(important[1])} important'}}" in said
    assert "have another score in units." in said and "no column quantity" not in said

    active = net[(silent < 365) & (net > 0)].sort_values(ascending=False)
    assert f"{len(active)} customers in the four tiers; {n - len(active)} below or beside them" in said
    top = active[: int(np.ceil(0.01 * len(active)))]
    share = percent(top.sum() / active.sum())
    assert titles[1] == f"The top tier: {len(top)} customers, {share} of the revenue"
    assert f"down to top: {len(top)} customers, fits into 100; {share} of the revenue" in said
    assert said.count("did not hold: ") == 3  # none of the claims is near this log of small regulars
    assert "In all: Grading is worth it." in said

    start = pd.Timestamp(names["halves"].split)
    before = orders.index[orders.index.isin(tx[(tx["date"] < start) & (tx["amount"] >= 0)]["customer"])]
    later = before.isin(tx[(tx["date"] >= start) & (tx["amount"] >= 0)]["customer"])
    assert f"{len(before)} customers before {start:%Y-%m-%d}; {percent(later.mean())} bought from then on" in said
    assert f"by the kept thresholds: 0 of {(~later).sum()} silent customers have a lower F" in said
    assert f"new: {n - len(before)}" in said
    assert view.sentence.startswith("F in 5 bins, equal customers in the order of the rows: all are used")
    assert "cdnow" not in said


def test_the_part_by_hand_is_right_whatever_the_log(cells, tmp_path, capsys, monkeypatch):
    """And a log of three lines says what it cannot carry."""
    said, _, titles, view = run(cells, capsys, monkeypatch, **bound(TINY, tmp_path / "log.csv", currency=""))
    assert "P 1 1 1 Q 3 1 3 R 1 1 1 S 1 1 1 T 2 3 2 U 3 3 3 crmlib gives the same: True" in said
    assert "ValueError: Bin edges must be unique" in said and "duplicates='drop': 2 instead of 3" in said
    assert "4 of 6 customers got another score, and none of them did anything" in said
    assert "by hand: [3, 3, 3] crmlib: [3, 3, 3]" in said
    assert "10 cells have no segment: 215, 241, 251, 252, 341, 351, 441, 451, 541, 551 58 cells have two" in said
    assert "by hand: [1, 0, 1, 4] crmlib: [1, 0, 1, 4] ['top', 'large', 'medium', 'small']" in said
    assert "by hand: rate 0.150, break-even 0.125, index 20, profit 16" in said
    assert "by hand: Wang 500,000, Li 25,000,000, 50 times as much" in said

    assert "3 customers with a purchase up to 2024-05-06; without one: 0" in said
    assert "This log has no column quantity" in said
    assert "With 3 customers in the tiers 1 % is not even one, so there is no verdict." in said
    assert "2 customers before 2024-05-04; 0.0 % bought from then on" in said  # b's refund is no purchase
    assert "(we ask for 20 each) there is no verdict." in said
    assert "Grading is not worth it: there are too few customers" in said
    assert view.sentence.startswith("F in 5 bins, equal customers in the order of the rows: nobody has the scores 3 and 5")
    assert titles[0] == "The big spenders: 33.3 % of customers bring 79.2 % of revenue"


def test_it_runs_on_one_line_and_reads_another_log_where_it_needs_two_halves(cells, tmp_path, capsys, monkeypatch):
    said, names, _, _ = run(cells, capsys, monkeypatch, **bound(TINY[:1], tmp_path / "log.csv"))
    assert "1 customer with a purchase up to 2024-05-01" in said
    assert "The log covers one day, so it has no halves to compare. From here on cdnow_sample is read." in said
    assert "2,357 customers before 1997-10-01" in said and names["CURRENCY"] == "$"


@pytest.mark.parametrize("amounts", [[0.0, 0.0, 0.0], [-5.0, -1.0, -2.0]], ids=["free", "refunds only"])
def test_a_log_without_money_says_so_and_reads_another(cells, tmp_path, capsys, monkeypatch, amounts):
    log = TINY[:3].assign(customer=["a", "a", "b"], amount=amounts)
    said, names, _, _ = run(cells, capsys, monkeypatch, **bound(log, tmp_path / "log.csv"))
    assert "Nobody in this log paid more than was paid back" in said
    assert "2,357 customers with a purchase up to 1998-06-30" in said and names["CURRENCY"] == "$"


def test_it_runs_where_more_was_paid_back_than_paid(cells, tmp_path, capsys, monkeypatch):
    log = pd.DataFrame(
        [("a", "2024-05-01", 5.0), ("a", "2024-05-09", 3.0), ("c", "2024-05-02", 4.0), ("b", "2024-05-02", -50.0)],
        columns=["customer", "date", "amount"],
    )
    said, _, _, _ = run(cells, capsys, monkeypatch, **bound(log, tmp_path / "log.csv"))
    assert "2 customers with a purchase up to 2024-05-09; without one: 1" in said


def test_no_prose_holds_a_number_of_the_log(cells):
    """What depends on the data is printed, not written. Numbers that a claim, a rule or an example names may be."""
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    prose = prose[prose.index("## 4.") :]
    rules = {"100", "80", "20", "15", "50", "30", "40", "25", "80/20", "125", "365", "90", "180", "60", "16"}
    rules |= {"1,000", "10,000", "100,000", "10", "11", "12"}  # Wang and Li; sections
    found = set(re.findall(r"\d[\d,.]*\d|\d", re.sub(r"\]\([^)]*\)", "", prose)))
    assert found <= rules | {str(n) for n in range(10)}, found - rules


def test_it_keeps_to_the_pattern_of_a_lesson(cells):
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    objectives = re.findall(r"^\d\. ", prose[0], flags=re.MULTILINE)
    recap = next(text for text in prose if text.startswith("## Recap"))
    assert len(objectives) == 8 and objectives == re.findall(r"^\d\. ", recap, flags=re.MULTILINE)
    assert "**Time:** 75 minutes" in prose[0] and "**Builds on:** [Who brings the money](30_pareto.ipynb)" in prose[0]
    assert "uv run crm start rfm" in prose[0] and "uv run crm start rfm" in recap
    asked = sum("before you run" in " ".join(text.split()).lower() for text in prose[1:])
    assert asked >= 24
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert all(cell.source.count("\n") < 14 for cell in code)
    assert not any(re.search(r"^def ", cell.source, flags=re.MULTILINE) for cell in code)
    figures = [place for place, cell in enumerate(cells) if "plots." in cell.source or "interact(" in cell.source]
    after = [next(cell.source for cell in cells[place + 1 :] if cell.cell_type == "markdown") for place in figures]
    assert len(figures) >= 3 and all("For the business:" in text for text in after)
    assert "Nobody was mailed" in " ".join(prose) and "**not** what a" in " ".join(prose)
