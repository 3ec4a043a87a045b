"""Reading a lesson without a kernel, on any log: what the tests of all lessons share. A lesson is one entry here."""

import re
from functools import cache
from typing import Any, NamedTuple

import matplotlib
import pandas as pd

from crmlib import checkout
from crmlib.workbook.source import Source, notebooks


class Lesson(NamedTuple):
    """What a lesson is held to; ``numbers`` are those that a rule, a claim or an example of its prose may name."""

    folder: str
    real_from: str  # the first heading after the part by hand
    minutes: int
    builds_on: str
    objectives: int
    guesses: int  # "before you run", at least
    lines: int  # of a cell, below
    figures: int  # with a sentence for the business; the explorer is one of them
    numbers: str


LESSONS = {
    "customers": Lesson("10_customers", "## 5.", 40, "", 7, 12, 15, 0, "1990 2024 10 90 30"),
    "one_record": Lesson("20_one_record", "## 3.", 80, "[From purchases to customers](10_customers.ipynb)", 8, 17, 15, 4,
                         "10 11 2024 03 05 05.03.2024 00001 00002"),
    "pareto": Lesson("30_pareto", "## 3.", 45, "[From purchases to customers](10_customers.ipynb)", 7, 15, 12, 5,
                     "100 80 20 60 95 70 90 10 30"),
    "rfm": Lesson("33_rfm", "## 4.", 75, "[Who brings the money](30_pareto.ipynb)", 8, 24, 14, 6,
                  "100 80 20 15 50 30 40 25 80/20 125 365 90 180 60 16 54 215 95 1,000 10,000 100,000 10 11 12"),
    "lifecycle": Lesson("36_lifecycle", "## 3.", 75, "[From purchases to customers](10_customers.ipynb)", 8, 22, 14, 10,
                        "30 60 90 180 365 40 99 20 10 11 12 15 50 110 1958 90th"),
    "customer_base_audit": Lesson("39_customer_base_audit", "## 3.", 100, "[The customer life cycle](36_lifecycle.ipynb)", 8, 28, 11, 11,
                                  "0.8 1.25 1.44 1.6 1.96 1997 10 100 12.50 13 144 165 18 20 200 25 28.80 365 36.80 37 40 43 44 49 50 60 95 "
                                  "1,000 5,000 25,000 100,000 120,000"),
    "worth_on_paper": Lesson("42_worth_on_paper", "## 11.", 90, "[The customer life cycle](36_lifecycle.ipynb)", 8, 20, 15, 6,
                             "11 12 25 85"),
    "worth_in_a_log": Lesson("45_worth_in_a_log", "## 4.", 90, "[What is a customer worth: on paper](42_worth_on_paper.ipynb)", 8, 23, 15, 10,
                             "180 200 30 10 90 95 2008 1.10 365 1/365"),
    "whom_to_contact": Lesson("60_whom_to_contact", "## 3.", 80, "[RFM and the pyramid](33_rfm.ipynb)", 8, 13, 15, 6,
                              "180 91 0.1 80 95 10 11"),
    "needs_and_offers": Lesson("80_needs_and_offers", "## 4.", 75, "[Who brings the money](30_pareto.ipynb)", 8, 17, 15, 7,
                               "10 11 12 20 30 40 80 100 0.5 1.02"),
}  # fmt: skip

TINY = pd.DataFrame(
    [("a", "2024-05-01", 10.5), ("b", "2024-05-02", 20.0), ("c", "2024-05-04", 100.0), ("b", "2024-05-06", -4.25)],
    columns=["customer", "date", "amount"],
)


class Ran(NamedTuple):
    """What a lesson printed, the names it left, the titles of its figures, and what its explorer showed."""

    said: str
    names: dict
    titles: list[str]
    view: Any


@cache
def cells(key):
    """The cells of a lesson as built."""
    folder = LESSONS[key].folder
    place = f"course/{folder}/lesson.py"
    text = (checkout.root() / place).read_text(encoding="utf-8")
    return notebooks(Source(place, "lesson", folder, key), text)[f"notebooks/{folder}.ipynb"].cells


def prose(key):
    """Its texts, cell by cell."""
    return [cell.source for cell in cells(key) if cell.cell_type == "markdown"]


@cache
def _compiled(key):
    code = [cell for cell in cells(key) if cell.cell_type == "code"]
    place = f"course/{LESSONS[key].folder}/lesson.py"
    return [None if "parameters" in cell.metadata.get("tags", ()) else compile(cell.source, place, "exec") for cell in code]


def run(key, capsys, monkeypatch, parameters) -> Ran:
    """Run all cells with these parameters; an explorer is called once, with its knobs as they stand."""
    import ipywidgets
    from matplotlib import pyplot

    matplotlib.use("Agg")
    pyplot.close("all")
    views, names = [], {}

    def interact(callback, **knobs):
        views.append(callback(**{name: getattr(knob, "value", knob) for name, knob in knobs.items()}))

    monkeypatch.setattr(ipywidgets, "interact", interact)
    for code in _compiled(key):
        if code is None:
            names |= parameters
        else:
            exec(code, names)
    titles = [figure.axes[0].get_title(loc="left") for figure in map(pyplot.figure, pyplot.get_fignums())]
    pyplot.close("all")
    said = " ".join(capsys.readouterr().out.split())
    return Ran(said, names, [" ".join(title.split()) for title in titles], views[0] if views else None)


def bound(tx, path, currency="CHF", **csv):
    """The parameters for a file with other column names; an order column keeps its name."""
    columns = {"customer": "Kunde", "date": "Datum", "amount": "Betrag"}
    tx.rename(columns=columns).to_csv(path, index=False, **csv)
    return {"DATA": str(path), "AS_OF": "", "CURRENCY": currency, "OPTIONS": columns}


def numbers_in(texts):
    """All numbers written in texts, those of links left out."""
    return set(re.findall(r"\d[\d,.]*\d|\d", re.sub(r"\]\([^)]*\)", "", "\n".join(texts))))


def percent(share):
    """As the course writes it."""
    return f"{100 * share:.1f} %"
