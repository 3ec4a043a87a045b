"""The lesson *The customer life cycle* on logs of other shapes: it runs, and what it says is true of them."""

import re

import matplotlib
import pandas as pd
import pytest

from crmlib import checkout
from crmlib.workbook.source import Source, notebooks

PLACE = "course/36_lifecycle/lesson.py"
TINY = pd.DataFrame(
    [("a", "2024-05-01", 10.5), ("b", "2024-05-02", 20.0), ("c", "2024-05-04", 100.0), ("b", "2024-05-06", -4.25)],
    columns=["customer", "date", "amount"],
)


@pytest.fixture(scope="module")
def cells():
    source = Source(PLACE, "lesson", "36_lifecycle", "lifecycle")
    text = (checkout.root() / PLACE).read_text(encoding="utf-8")
    return notebooks(source, text)["notebooks/36_lifecycle.ipynb"].cells


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
    return " ".join(capsys.readouterr().out.split()), names, titles, views[0]


def bound(tx, path, currency="CHF"):
    """The parameters for a file with other column names."""
    tx.rename(columns={"customer": "Kunde", "date": "Datum", "amount": "Betrag"}).to_csv(path, index=False)
    options = {"customer": "Kunde", "date": "Datum", "amount": "Betrag"}
    return {"DATA": str(path), "AS_OF": "", "CURRENCY": currency, "OPTIONS": options}


def percent(share):
    return f"{100 * share:.1f} %"


def silences(tx, day):
    return (day - tx.groupby("customer")["date"].max()).dt.days


BY_HAND = (
    "by hand: [2, 3, 5] crmlib: [2, 3, 5]",
    "by hand: {'quick': 13.2, 'slow': 76.0} crmlib: {'quick': 13.2, 'slow': 76.0} {'quick': 'silent', 'slow': 'active'}",
    "by hand: {10: 0.167, 20: 0.375, 40: 0.688} crmlib: {10: 0.167, 20: 0.375, 40: 0.688}",
    "U 9 200.0 inactive inactive",
    "Z target 目标客户 potential",
    "up: g 10, u 30, e 90, slope 10.10; crmlib: slope 10.10, t 38.2, growth",
    "by hand: [0.0, 3.0, 3.0] crmlib: [0.0, 3.0, 3.0]",
    "by hand: repeat rate 0.333, repurchase rate 0.500 crmlib: repeat rate 0.333, repurchase rate 0.500",
)


def test_it_tells_the_truth_about_another_log(cells, other_log, tmp_path, capsys, monkeypatch):
    refunds_only = pd.DataFrame({"customer": "R1", "date": other_log["date"].max(), "amount": [-3.0]})
    tx = pd.concat([other_log.drop(columns="order"), refunds_only], ignore_index=True)
    said, names, titles, view = run(cells, capsys, monkeypatch, **bound(tx, tmp_path / "log.csv"))
    assert all(line in said for line in BY_HAND) and "nan" not in said
    bought, last = tx[tx["amount"] >= 0], tx["date"].max()
    assert f"400 customers bought between {bought['date'].min():%Y-%m-%d} and {last:%Y-%m-%d}" in said
    assert "1 customer with refunds only left out" in said
    silence = silences(bought, last)
    for window in (30, 60, 90, 180, 365):
        active = (silence < window).sum()
        assert f" {window} {active} {400 - active} {active / 400:.3f}" in said
    first = bought["date"].min()
    split = first + pd.Timedelta(days=((last - first).days + 1) // 2)
    then = silences(bought[bought["date"] < split], split - pd.Timedelta(days=1))
    back = then.index.isin(bought.loc[bought["date"] >= split, "customer"]) & (then >= 180).to_numpy()
    called = (then >= 180).sum()
    verdict = "held" if back.sum() / called <= 0.10 else "did not hold"
    assert (
        f"'Whoever is silent for 180 days does not come back' (we take at most 10 %) {verdict} here: {back.sum()} of {called} "
        f"did, {percent(back.sum() / called)}." in said
    )
    assert view.sentence.startswith(f"With a window of 60 days, {(silence < 60).sum()} of 400 customers count as active")
    inactive = (silence >= 180).mean()
    assert titles[0].startswith(f"Inactive: {percent(inactive)} of the customers, ")
    orders = bought.groupby("customer")["date"].nunique()
    in_half = bought[bought["date"] >= split]
    new = bought.groupby("customer")["date"].min() >= split
    placed = in_half.groupby("customer")["date"].nunique().sum()
    assert f"repurchase rate {placed - new.sum()} {placed} {(placed - new.sum()) / placed:.3f}" in said
    assert f"gross growth rate {new.sum()} {len(then)} {new.sum() / len(then):.3f}" in said
    assert f"with three gaps or more of their own: {(orders > 3).sum()} customers" in said
    row = names["checked"].set_index("window_days").loc[90]
    assert f"Vouchers to {row['called']:.0f} customers: {row['came_back']:.0f} used by who comes anyway" in said


def test_sections_that_a_handful_of_lines_cannot_carry_say_why(cells, tmp_path, capsys, monkeypatch):
    said, _, titles, view = run(cells, capsys, monkeypatch, **bound(TINY, tmp_path / "log.csv", currency=""))
    assert "3 customers bought between 2024-05-01 and 2024-05-06" in said and "nan" not in said
    assert "Nobody bought on two days in this log, so there is no gap between purchases to learn from." in said
    assert "One snapshot only, so there is no step." in said and "This log has 1 snapshot, and two steps need three." in said
    assert "there is no curve to read." in said and "Half-way nobody had been silent for 90 days" in said
    assert titles[0].startswith("Inactive: 0.0 % of the customers") and "called nobody inactive" in view.sentence


def test_it_runs_on_one_line(cells, tmp_path, capsys, monkeypatch):
    said, _, _, view = run(cells, capsys, monkeypatch, **bound(TINY[:1], tmp_path / "log.csv"))
    assert "1 customer bought between 2024-05-01 and 2024-05-01" in said and "nan" not in said
    assert "The log covers one day" in view.sentence


def test_a_log_of_refunds_says_so_and_reads_another(cells, tmp_path, capsys, monkeypatch):
    log = TINY.assign(amount=-1.0)
    said, names, _, _ = run(cells, capsys, monkeypatch, **bound(log, tmp_path / "log.csv"))
    assert "This log holds refunds and no purchase" in said and names["CURRENCY"] == "$"
    assert "2,357 customers bought between 1997-01-01 and 1998-06-30" in said


def test_no_prose_holds_a_number_of_the_log(cells):
    """What depends on the data is printed, not written. Numbers that a rule or an example names may stand there."""
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    prose = prose[prose.index("## 3.") :]
    rules = {"30", "60", "90", "180", "365", "40", "99", "20", "10", "11", "12", "1958", "90th"}
    found = set(re.findall(r"\d[\d,.]*\d|\d", re.sub(r"\]\([^)]*\)", "", prose)))
    assert found <= rules | {str(n) for n in range(10)}, found - rules


def test_it_keeps_to_the_pattern_of_a_lesson(cells):
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    objectives = re.findall(r"^\d\. ", prose[0], flags=re.MULTILINE)
    recap = next(text for text in prose if text.startswith("## Recap"))
    assert len(objectives) == 8 and objectives == re.findall(r"^\d\. ", recap, flags=re.MULTILINE)
    assert "**Time:** 75 minutes" in prose[0]
    assert "**Builds on:** [From purchases to customers](10_customers.ipynb)" in prose[0]
    assert "uv run crm start lifecycle" in prose[0] and "uv run crm start lifecycle" in recap
    assert sum("**Before you run the next cell:**" in " ".join(text.split()) for text in prose) >= 20
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert all(cell.source.count("\n") < 14 for cell in code)
    assert not any(re.search(r"^def ", cell.source, flags=re.MULTILINE) for cell in code)
    figures = [place for place, cell in enumerate(cells) if "plots." in cell.source or "interact(" in cell.source]
    after = [next(cell.source for cell in cells[place + 1 :] if cell.cell_type == "markdown") for place in figures]
    assert len(figures) >= 3 and all("For the business:" in text for text in after)


def test_nobody_is_called_lost_and_nothing_is_called_retention(cells):
    """Texts may be quoted as saying so; in its own voice the lesson says inactive and active."""
    prose = " ".join(" ".join(cell.source.split()) for cell in cells if cell.cell_type == "markdown")
    own = [text for text in re.split(r"(?<=[.:;])\s", prose) if re.search(r"\b(lost|retention|churn)\b", text)]
    allowed = ("of lost ones", 'never "lost"', "is called retention", "The text says lost", "lost (失去顾客)", "which texts call churn rate")
    assert all(any(phrase in text for phrase in allowed) for text in own), own
