"""The lesson *From purchases to customers* on logs of other shapes: it runs, and what it says is true of them."""

import re

import matplotlib
import pandas as pd
import pytest

from crmlib import checkout
from crmlib.workbook.source import Source, notebooks

PLACE = "course/10_customers/lesson.py"
TINY = pd.DataFrame(
    [("z1", "2024-05-02", 5.0), ("z2", "2024-05-02", 0.0), ("z1", "2024-05-02", 7.0), ("z1", "2024-05-20", -3.0)],
    columns=["customer", "date", "amount"],
)


@pytest.fixture(scope="module")
def cells():
    source = Source(PLACE, "lesson", "10_customers", "customers")
    text = (checkout.root() / PLACE).read_text(encoding="utf-8")
    return notebooks(source, text)["notebooks/10_customers.ipynb"].cells


def run(cells, capsys, **parameters):
    """What the lesson prints, the names it leaves, and its figures."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.close("all")
    names = {}
    for cell in (cell for cell in cells if cell.cell_type == "code"):
        if "parameters" in cell.metadata.get("tags", ()):
            names |= parameters
        else:
            exec(compile(cell.source, PLACE, "exec"), names)
    titles = [figure.axes[0].get_title(loc="left") for figure in map(pyplot.figure, pyplot.get_fignums())]
    pyplot.close("all")
    return " ".join(capsys.readouterr().out.split()), names, titles


def bound(tx, path, currency="CHF"):
    """The parameters for a file with other column names."""
    tx.rename(columns={"customer": "Kunde", "date": "Datum", "amount": "Betrag"}).to_csv(path, index=False)
    options = {"customer": "Kunde", "date": "Datum", "amount": "Betrag"}
    return {"DATA": str(path), "AS_OF": "", "CURRENCY": currency, "OPTIONS": options}


@pytest.mark.parametrize("shape", ["with order ids", "without", "an earlier as_of"])
def test_it_tells_the_truth_about_another_log(cells, other_log, tmp_path, capsys, shape):
    tx = other_log if shape == "with order ids" else other_log.drop(columns="order")
    parameters = bound(tx, tmp_path / "log.csv")
    as_of = pd.Timestamp("2024-03-31") if shape == "an earlier as_of" else tx["date"].max()
    if shape == "an earlier as_of":
        parameters["AS_OF"] = "2024-03-31"
        tx = tx[tx["date"] <= as_of]
    said, names, titles = run(cells, capsys, **parameters)
    purchases = tx[tx["amount"] >= 0]
    days = purchases.groupby("customer")["date"].nunique()
    orders = purchases.groupby("customer")["order" if "order" in tx else "date"].nunique()
    last = purchases.groupby("customer")["date"].max()
    assert (
        f"{tx['customer'].nunique():,} customers as of {as_of:%Y-%m-%d}, in a log from {tx['date'].min():%Y-%m-%d}"
        in said
    )
    assert f"{orders.sum():,} orders, revenue CHF {tx['amount'].sum():,.2f} net of refunds" in said
    assert f"{len(purchases):,} purchase lines " in said and f"{days.sum():,} purchase days " in said
    once = f"{(days == 1).sum():,} of {len(days):,} customers who bought ({(days == 1).mean():.1%}"
    assert once.replace("%", " %") in said
    assert f"Customer {days.idxmax()} bought on {days.max()} days" in said
    assert "new customers keep coming in this log" in said and "cohort panel" not in said
    assert f"{((as_of - last).dt.days <= 30).sum():,} active customers with a window of 30 days" in said
    assert "refunds" in {note.code for note in names["admission"].notes}
    assert titles[0] == f"{(orders == 1).mean():.0%} of buyers placed a single order".replace("%", " %")
    assert titles[1] == names["sentences"].last_month(names["periods"])


def test_it_runs_on_a_handful_of_lines(cells, tmp_path, capsys):
    said, _, titles = run(cells, capsys, **bound(TINY, tmp_path / "log.csv", currency=""))
    assert "2 customers as of 2024-05-20" in said
    assert "Every customer bought on one day only: nobody has come back yet." in said
    assert "too little to tell whether new customers keep coming" in said
    assert "Of 2 customers, 1 bought and brought zero in all." in said
    assert titles == ["100 % of buyers placed a single order", "No whole calendar month lies in this log"]


def test_it_runs_on_one_line(cells, tmp_path, capsys):
    said, _, _ = run(cells, capsys, **bound(TINY[:1], tmp_path / "log.csv"))
    assert "The one customer bought on 1 day." in said


def test_no_prose_holds_a_number_of_the_log(cells, cdnow_log):
    """What depends on the data is printed, not written."""
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    prose = prose[prose.index("## 5.") :]
    known = {"1990", "2024", "10", "90"} | {str(n) for n in range(10)}
    found = {number for number in re.findall(r"\d[\d,.]*\d|\d", re.sub(r"\]\([^)]*\)", "", prose))}
    assert found <= known | {"30"}, found - known


def test_it_keeps_to_the_pattern_of_a_lesson(cells):
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    objectives = re.findall(r"^\d\. ", prose[0], flags=re.MULTILINE)
    recap = next(text for text in prose if text.startswith("## Recap"))
    assert objectives == re.findall(r"^\d\. ", recap, flags=re.MULTILINE)
    assert "**Time:** 40 minutes" in prose[0] and "**Builds on:**" in prose[0]
    assert "uv run crm start customers" in prose[0] and "uv run crm start customers" in recap
    assert sum("**Before you" in text for text in prose) >= 12
    assert all(cell.source.count("\n") < 15 for cell in cells if cell.cell_type == "code")
