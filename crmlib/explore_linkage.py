"""One customer, one record, turned and tested: what the lesson reads, the explorer of the threshold, what duplicates do.

Tables are pandas, because lessons read them with pandas.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from crmlib import checkout, datasets, pareto
from crmlib.errors import DataError
from crmlib.explorers import View
from crmlib.linkage import GRAY
from crmlib.wording import count, number, percent

__all__ = ["Raw", "beside", "consent_said", "manager_numbers", "raw_tables", "threshold_view", "write_links"]

TABLES = ("raw_records", "raw_lines", "raw_rates")


class Raw(NamedTuple):
    """What a lesson on records reads. ``said`` is why there is nothing to read, ``unscored`` why there is no truth."""

    said: str
    records: Any = None
    lines: Any = None
    rates: Any = None
    first: str = ""
    last: str = ""
    owners: Any = None
    defects: Any = None
    unscored: str = ""


def raw_tables(data) -> Raw:
    """The raw tables of a data set and, where it is open, the truth behind them; empty texts are "".

    ``first`` and ``last``: the years that the table of rates covers. Data without these tables gives only ``said``.

    >>> raw_tables("cdnow").said
    "This data has no raw records to link: The data set cdnow has no table 'raw_records'; it has 'transactions'."
    """
    try:
        records, lines, rates = (datasets.load(data, name).fillna("") for name in TABLES)
    except DataError as error:
        return Raw(f"This data has no raw records to link: {error}")
    years = sorted(rates["year"].astype(str))
    found = Raw("", records, lines, rates, f"{years[0]}-01-01", f"{years[-1]}-12-31")
    try:
        folder = datasets.truth(data)
    except DataError:
        why = "Its truth is not here (a class set keeps it with the instructor), so the same steps are counted and not scored."
        return found._replace(unscored=why)
    return found._replace(owners=datasets.load(folder, "records"), defects=datasets.load(folder, "defects").fillna(""))


def threshold_view(curves, *, threshold) -> View:
    """The explorer's callback: what a threshold does to precision and recall, or without a truth to the customers.

    ``curves``: from `link_quality.by_threshold`, with a row for the ``threshold`` and one for `linkage.GRAY`. The figure is
    outside pyplot, so that two moves of a slider that overlap share nothing.
    """
    from crmlib import plots

    rows = curves.set_index("threshold")
    here, ax = rows.loc[float(threshold)], plots.canvas(7.0, 4.0)
    between = max(int(rows["pairs"][float(GRAY)] - here["pairs"]), 0)
    total = int(here["customers"] + here["joined"])
    sentence = (
        f"From {number(threshold)} points on, {count(here['pairs'], 'pair')} of records are one customer each: "
        f"{count(total, 'record')} become {count(here['customers'], 'customer')}, "
        f"{number(here['with_several'])} of them with several records, at most {number(here['largest'])}. "
        f"{count(between, 'pair')} from {number(GRAY)} points up to there would be left to people."
    )
    if "precision" in curves:
        title = f"{number(threshold)} points: precision {percent(here['precision'])}, recall {percent(here['recall'])}"
        sentence += (
            f" Of the pairs that end up as one, {percent(here['precision'])} truly are; of those that truly are, "
            f"{percent(here['recall'])} are found."
        )
    else:
        title = f"{number(threshold)} points: {count(here['with_several'], 'customer')} with several records"
    plots.threshold_curves(curves, at=threshold, title=title, ax=ax)
    return View(ax.figure, sentence)


def beside(records, pairs, *, columns=("name", "street", "email", "phone")):
    """The two records of each pair below each other, with the evidence: for people who look.

    >>> two = pd.DataFrame({"record": ["R1", "R2"], "name": ["Ann", "An"]})
    >>> beside(two, pd.DataFrame({"one": ["R1"], "other": ["R2"], "evidence": [9.0]}), columns=("name",))
       pair record name  evidence
    0     1     R1  Ann       9.0
    1     1     R2   An       9.0
    """
    by, rows = records.set_index("record"), []
    for place, pair in enumerate(pairs.itertuples(), 1):
        rows += [(place, record, *by.loc[record, list(columns)], pair.evidence) for record in (pair.one, pair.other)]
    return pd.DataFrame(rows, columns=["pair", "record", *columns, "evidence"])


def manager_numbers(lines, links):
    """Five numbers that managers look at, counted by record and by customer: number, by_record, by_customer.

    ``lines``: repaired, with line, order, record, amount, quantity; lines without a record are left out. ``links``: record
    and customer. Only who bought counts, a sum below zero as zero; a customer's orders are those of all their records.

    >>> lines = pd.DataFrame({"order": ["O1", "O2"], "record": ["R1", "R2"], "amount": [30.0, 10.0], "quantity": [1, 1]})
    >>> links = pd.DataFrame({"record": ["R1", "R2"], "customer": ["a", "a"]})
    >>> manager_numbers(lines, links)[["by_record", "by_customer"]].to_numpy().tolist()
    [[2.0, 1.0], [1.0, 2.0], [20.0, 40.0], [1.0, 0.0], [0.3, 0.2]]
    """
    lines = lines[lines["record"].notna() & (lines["record"] != "")]
    owner = links.set_index("record")["customer"].reindex(lines["record"]).to_numpy()
    found = {name: _numbers(lines.assign(who=who)) for name, who in (("by_record", lines["record"].to_numpy()), ("by_customer", owner))}
    names = ["customers", "orders a customer", "revenue a customer", "share who ordered once", "share of the top 20 %"]
    return pd.DataFrame({"number": names} | found)


def _numbers(lines):
    bought = lines[lines["quantity"] > 0]
    orders = bought.groupby("who")["order"].nunique()
    revenue = lines.groupby("who")["amount"].sum().reindex(orders.index).clip(lower=0)
    top = pareto.top_share(pd.DataFrame({"customer": revenue.index, "revenue": revenue.to_numpy()}), 0.20)
    return [float(len(orders)), float(orders.mean()), float(revenue.mean()), float((orders == 1).mean()), float(top)]


def consent_said(records, links) -> str:
    """How many customers would be written to though they said no on another of their records: one sentence.

    ``records`` with consent as true and false, from `cleaning.read_records`.
    """
    said = records.assign(customer=links.set_index("record")["customer"].reindex(records["record"]).to_numpy())
    by = said.groupby("customer")["consent"]
    both = int((by.max() & ~by.min()).sum())
    return (
        f"{count(both, 'customer')} said yes on one record and no on another. By record they would be written to; "
        f"a no counts for the whole customer."
    )


def write_links(links, findings=None, *, folder=None) -> str:
    """Write links.csv, and findings.csv if there are any, into ``folder`` (None: work/ of the clone); says what was written.

    For `crm class score`: the first has record and customer, the second line, column, kind, was and now.
    """
    place = checkout.work() if folder is None else Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    links[["record", "customer"]].to_csv(place / "links.csv", index=False, lineterminator="\n")
    written = f"{place / 'links.csv'} has {count(len(links), 'record')}"
    if findings is None:
        return f"{written}."
    findings.to_csv(place / "findings.csv", index=False, lineterminator="\n")
    return f"{written}, {place / 'findings.csv'} {count(len(findings), 'finding')}."
