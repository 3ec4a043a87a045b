"""The customer-base audit turned and tested: the log that a lesson reads, its small tables, the explorer's callback.

What the lesson says about them stands in `crmlib.workbook.sentences_audit`. Tables are pandas, because lessons read
them with pandas.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from crmlib import all_cohorts, carries, datasets, one_cohort, one_period, products, two_periods
from crmlib.audit import FEW
from crmlib.calendar_periods import period_label, period_of
from crmlib.concentration import first_day, window_start
from crmlib.customers import until
from crmlib.errors import DataError
from crmlib.explorers import View
from crmlib.frames import as_day
from crmlib.lenses import first_year_ends_in
from crmlib.overview import YEAR
from crmlib.wording import count, money, number, several, signed_money

__all__ = [
    "Audited", "agree", "audited", "both_by_birth", "both_ways", "by_birth", "cohort_of", "counted_ages", "drivers_by_window",
    "known_new",
]  # fmt: skip

INSTEAD = ("lighthouse", "€")
_NEEDED = ("one period", "two periods", "one cohort")


class Audited(NamedTuple):
    """What an audit reads: ``said`` is empty, or why another log is read.

    ``months`` is the length of each of the two periods, ``unit`` and ``cohort`` are those of the cohort that is
    followed, ``compared_by`` the unit in which cohorts are compared, ``since`` the day from which on first purchases
    are taken for such (None: from the beginning), ``by`` is "profit" where all lines have a cost and both periods made
    one, else "revenue", and ``carried`` the table of `crmlib.carries`.
    """

    said: str
    data: str
    tx: Any
    as_of: str
    currency: str
    months: int
    unit: str
    cohort: str
    compared_by: str
    since: str | None
    by: str
    carried: Any


def audited(data, *, as_of="", currency="", **options) -> Audited:
    """The log of an audit; `INSTEAD` where it carries no two periods and no cohort, and ``said`` says so.

    ``options`` are those of `datasets.admit_log`. Raises `DataError` for data that cannot be read at all.
    """
    tx = datasets.admit_log(data, **options).transactions
    try:
        return _audited("", data, tx, as_of, currency)
    except DataError as error:
        name, sign = INSTEAD
        said = f"{error} From here on {name} is read."
        return _audited(said, name, datasets.load(name), "", sign)


def _audited(said, data, tx, as_of, currency):
    as_of = as_of or f"{tx['date'].max():%Y-%m-%d}"
    tx = until(tx, as_of)
    if not (tx["amount"] >= 0).any():
        raise DataError("This log holds refunds and no purchase.")
    carried = carries.carries(tx, as_of=as_of)
    row = carried.set_index("lens")
    for lens in _NEEDED:
        if row.loc[lens, "verdict"] == "no":
            missing = row.loc[lens, "missing"]
            raise DataError(f"This log cannot carry the lens '{lens}': it lacks {missing}.")
    months, unit = int(row.loc["two periods", "months"]), row.loc["one cohort", "unit"]
    people = two_periods.changes(tx, as_of=as_of, months=months)
    sides = ("before", "after")
    if not all(people[f"{name}_{side}"].sum() > 0 for name in ("revenue", "orders") for side in sides):
        raise DataError("In one of its last two periods this log has no revenue above zero, or no order.")
    if (people["group"] == two_periods.BOTH).sum() < FEW:
        raise DataError(f"Fewer than {FEW} customers of this log bought in both of its last two periods.")
    earned = [f"profit_{side}" for side in sides]
    by = "profit" if set(earned) <= set(people) and (people[earned].sum() > 0).all() else "revenue"
    cohort = cohort_of(tx, as_of=as_of, unit=unit)
    compared_by = row.loc["cohorts compared", "unit"] if row.loc["cohorts compared", "verdict"] != "no" else unit
    since = str(first_day(tx) + dt.timedelta(days=YEAR)) if row.loc["all cohorts", "verdict"] == "yes" else None
    return Audited(said, str(data), tx, as_of, currency, months, unit, cohort, compared_by, since, by, carried)


def cohort_of(tx, *, as_of, unit) -> str:
    """The cohort that lesson and report follow: see `one_cohort.cohort_to_follow`.

    Of `FEW` or more customers and with `carries.AGES` complete periods; raises `DataError` without one.
    """
    ages = one_cohort.by_age(tx, as_of=as_of, unit=unit)
    since = first_year_ends_in(first_day(tx), unit)
    cohort = one_cohort.cohort_to_follow(ages, since=since, ages=carries.AGES, least=FEW)
    if cohort is None:
        raise DataError(f"No cohort of this log has {FEW} customers and {carries.AGES} complete periods.")
    return cohort


def counted_ages(tx, *, as_of, unit, cohort):
    """A cohort by age, wrongly and rightly: age, wrong_active, wrong_share, active, share_active; complete ages only.

    The wrong age numbers the periods *with* a purchase of each customer, from 0 on; the right one is the number of
    calendar periods since the first purchase, silent ones included.

    >>> days = pd.to_datetime(["2024-01-05", "2024-03-20", "2024-01-09"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "b"], "date": days, "amount": 5.0})
    >>> counted_ages(log, as_of="2024-03-31", unit="month", cohort="2024-01")[["age", "wrong_active", "active"]]
       age  wrong_active  active
    0    0             2       2
    1    1             1       0
    2    2             0       1
    """
    right = one_cohort.by_age(tx, as_of=as_of, unit=unit, cohort=cohort)
    right = right[right["complete"]]
    ends = right["period"].iloc[-1]
    bought = tx[tx["amount"] >= 0]
    bought = bought.assign(period=_periods(bought["date"], unit))
    first = bought.groupby("customer")["period"].transform("min")
    own = bought[(first == cohort) & (bought["period"] <= ends)]
    times = own.groupby("customer")["period"].nunique()
    wrong = np.array([int((times > age).sum()) for age in right["age"]])
    found = {"age": right["age"].to_numpy(), "wrong_active": wrong, "wrong_share": wrong / right["size"].to_numpy()}
    found |= {"active": right["active"].to_numpy().astype(int), "share_active": right["share_active"].to_numpy()}
    return pd.DataFrame(found)


def _periods(dates, unit):
    known = {day: period_label(period_of(day.date(), unit), unit) for day in dates.unique()}
    return dates.map(known)


def known_new(tx, *, as_of, months):
    """How many customers look new in the last period, by how much of the log is known: log_begins, new, returning,
    share_new (of those who bought in it and not in the period before).

    From the log as it is, and cut to begin one and two periods before ``as_of``; what a log does not reach has no row.
    """
    rows = []
    first = first_day(tx)
    starts = [first, *(window_start(as_of, months * back) for back in (2, 1))]
    for start in starts:
        if start < first:
            continue
        kept = tx[tx["date"] >= pd.Timestamp(start)]
        if start == starts[-1]:  # nothing before it, so everybody looks new
            people = one_period.by_customer(kept, as_of=as_of, months=months)
            new, returning = int(people["bought"].sum()), 0
        else:
            group = two_periods.changes(kept, as_of=as_of, months=months)["group"]
            new, returning = (int((group == name).sum()) for name in (two_periods.NEW, two_periods.RETURNING))
        rows.append((str(start), new, returning, new / (new + returning) if new + returning else np.nan))
    return pd.DataFrame(rows, columns=["log_begins", "new", "returning", "share_new"]).drop_duplicates("log_begins")


def both_ways(people, *, by="revenue", share=0.10):
    """The best tenth of the customers of both periods, chosen by one period and by the other: chosen_by, customers,
    before, after (the mean ``by`` of these customers), change (after / before - 1).

    The first two rows are the best of before and the best of after; the third is everybody in both periods. Equal money
    counts among the best.

    >>> people = pd.DataFrame({"group": "both", "revenue_before": [9.0, 5.0], "revenue_after": [5.0, 9.0]})
    >>> both_ways(people, share=0.5)
      chosen_by  customers  before  after    change
    0    before          1     9.0    5.0 -0.444444
    1     after          1     5.0    9.0  0.800000
    2      both          2     7.0    7.0  0.000000
    """
    both = people[people["group"] == two_periods.BOTH]
    before, after = both[f"{by}_before"], both[f"{by}_after"]
    many = max(1, round(share * len(both)))
    rows = []
    for name, values in (("before", before), ("after", after), ("both", None)):
        chosen = slice(None) if values is None else values >= values.nlargest(many).iloc[-1]
        one, other = before[chosen], after[chosen]
        rows.append(
            (name, len(one), one.mean(), other.mean(), other.mean() / one.mean() - 1 if one.mean() > 0 else np.nan)
        )
    return pd.DataFrame(rows, columns=["chosen_by", "customers", "before", "after", "change"])


def both_by_birth(people, *, by="revenue"):
    """The customers of both periods by when they first bought, before the first period or in it: born, customers, before,
    after (sums of ``by``), change (after / before - 1; a gap if before is not above 0); the last row is all of them.

    ``people`` is the result of `two_periods.changes`. Who came within the first period had only a part of it, so that a
    rise of theirs is no growth.

    >>> days = pd.to_datetime(["2023-12-01", "2024-01-05", "2024-02-05", "2024-01-31", "2024-02-03"])
    >>> tx = pd.DataFrame({"customer": ["a", "a", "a", "b", "b"], "date": days, "amount": [9.0, 8.0, 8.0, 2.0, 6.0]})
    >>> people = two_periods.changes(tx, as_of="2024-02-29", months=1)
    >>> both_by_birth(people)
                  born  customers  before  after  change
    0  before period 1          1     8.0    8.0     0.0
    1      in period 1          1     2.0    6.0     2.0
    2              all          2    10.0   14.0     0.4
    """
    both = people[people["group"] == two_periods.BOTH]
    old = both["settled"].to_numpy()
    rows = []
    for name, chosen in (("before period 1", old), ("in period 1", ~old), ("all", old | ~old)):
        one, other = (float(both.loc[chosen, f"{by}_{side}"].sum()) for side in ("before", "after"))
        rows.append((name, int(chosen.sum()), one, other, other / one - 1 if one > 0 else np.nan))
    return pd.DataFrame(rows, columns=["born", "customers", "before", "after", "change"])


def by_birth(tx, *, as_of, weeks=12):
    """Who bought a second time, by month of the first purchase, wrongly and rightly; None where no year carries it.

    born, customers, days_watched (mean, up to the end of the calendar year), by_year_end (share with a second purchase
    in the calendar year of the first) and in_weeks (share within ``weeks`` weeks of the own first). A purchase is a day
    with a purchase. The year is the last one whose customers were all watched for ``weeks`` weeks.
    """
    bought = tx[tx["amount"] >= 0][["customer", "date"]].drop_duplicates().sort_values(["customer", "date"])
    first = bought.groupby("customer")["date"].min()
    second = bought[bought.duplicated("customer")].groupby("customer")["date"].min().reindex(first.index)
    last = pd.Timestamp(as_day(as_of))
    for year in range(last.year, int(first.dt.year.min()) - 1, -1):
        ends, own = pd.Timestamp(year, 12, 31), first[first.dt.year == year]
        months = own.dt.month.nunique()
        if ends > last or months < 2 or own.max() + pd.Timedelta(weeks=weeks) > last:
            continue
        again = second[own.index]
        rows = pd.DataFrame({
            "born": own.dt.strftime("%Y-%m"), "days_watched": (ends - own).dt.days, "by_year_end": again <= ends,
            "in_weeks": (again - own).dt.days <= 7 * weeks,
        })  # fmt: skip
        found = rows.groupby("born").agg(["mean", "size"])
        columns = {"customers": found[("by_year_end", "size")]}
        columns |= {name: found[(name, "mean")] for name in ("days_watched", "by_year_end", "in_weeks")}
        return pd.DataFrame(columns).reset_index()
    return None


def agree(tx, *, as_of, months, unit):
    """The same totals from different lenses: total, from, and, one, other, differ (to the cent); a pandas table."""
    people = one_period.by_customer(tx, as_of=as_of, months=months)
    changed = two_periods.changes(tx, as_of=as_of, months=months)
    whole, steps = one_period.factors(people).iloc[0], two_periods.bridge(changed)
    parts, chart = two_periods.drivers(changed), all_cohorts.cohort_chart(tx, as_of=as_of, unit=unit, partial=True)
    groups = steps.set_index("group")["customers"]
    own = one_cohort.by_age(tx, as_of=as_of, unit=unit, partial=True)
    oldest, money = own["cohort"].min(), parts["factor"].iloc[-1]
    tenths = one_period.customer_deciles(people, by="revenue")
    rows = [
        ("customers", "one period", "two periods", whole["customers"], groups[["both", "new", "returning"]].sum()),
        ("revenue", "one period", "its tenths", whole["revenue"], tenths["revenue"].sum()),
        ("revenue", "one period", "bridge", whole["revenue"], steps["revenue_after"].sum()),
        ("change", "bridge", "factors", steps[f"{money}_change"].sum(), parts["change"].iloc[:-1].sum()),
        ("revenue", "all cohorts", "the log", chart["revenue"].sum(), tx["amount"].sum()),
        (f"cohort {oldest}", "one cohort", "all cohorts", own.loc[own["cohort"] == oldest, "revenue"].sum(),
         chart.loc[chart["cohort"] == oldest, "revenue"].sum()),
    ]  # fmt: skip
    if "product" in tx:
        sold = products.by_product(tx, as_of=as_of, months=months)["revenue"].sum()
        rows.append(("revenue", "one period", "products", whole["revenue"], sold))
    found = pd.DataFrame(rows, columns=["total", "from", "and", "one", "other"])
    found["differ"] = (found["one"] - found["other"]).round(2) + 0.0
    return found.assign(
        **{name: found[name].map(lambda value: number(value, 2)) for name in ("one", "other", "differ")}
    )


def drivers_by_window(tx, *, shift, months, as_of, currency="") -> View:
    """The explorer's callback: which factor moved the money between two periods of ``months`` months each.

    The later period ends ``shift`` months before ``as_of``. Where the log does not cover both, or a factor does not
    exist, the sentence says so. The figure is outside pyplot, so that two moves of a slider that overlap share nothing.
    """
    from crmlib import plots

    end = window_start(as_of, shift) - dt.timedelta(days=1) if shift else as_day(as_of)
    middle, start = window_start(end, months), window_start(end, 2 * months)
    when = f"{middle} to {end} against {start} to {middle - dt.timedelta(days=1)}"
    ax = plots.canvas(7.0, 3.6)
    if start < first_day(tx):
        ax.axis("off")
        return View(ax.figure, f"{when}: the log begins on {first_day(tx)}, so it does not cover both periods.")
    try:
        found = two_periods.drivers(two_periods.changes(until(tx, end), as_of=end, months=months))
    except DataError as error:
        ax.axis("off")
        return View(ax.figure, f"{when}: {error}")
    parts, whole = found.iloc[:-1], found.iloc[-1]
    most = parts.loc[parts["change"].abs().idxmax()]
    name = str(whole["factor"])
    title = f"{count(months, 'month')}, {shift} back: {_words(most['factor'])} moved {name} most"
    options = {"label": "factor", "change": "change", "start": whole["before"], "value": name, "currency": currency}
    plots.money_bridge(parts, **options, title=title, ax=ax)
    said = [f"{_words(row.factor)} {signed_money(row.change, currency)}" for row in parts.itertuples()]
    return View(
        ax.figure,
        f"{when}: {name} {money(whole['before'], currency, 0)} to {money(whole['after'], currency, 0)}, "
        f"{signed_money(whole['change'], currency)}. Of this {several(said)}.",
    )


def _words(factor) -> str:
    return str(factor).replace("_", " ")
