"""The last section: the identities between the lenses on this log, in cents, so that no table stands alone.

The identities are those of Fader, Hardie and Ross, The Customer-Base Audit (2022), as its public companion gives them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from crmlib.conclusions import carried
from crmlib.exhibits.parts import Column, tabled, text, written
from crmlib.frames import rows_of
from crmlib.inert import Prose, Refusal, Section
from crmlib.opened import Opened
from crmlib.two_periods import BEFORE_ONLY, BOTH, INACTIVE, NEW, RETURNING
from crmlib.wording import count, number, percent

__all__ = ["Identity", "identities", "reconciliation"]

KEY, HEADING = "reconciliation", "Reconciliation: do the tables add up?"


class Identity(NamedTuple):
    """Two ways to the same number. ``kind``: "money" (equal in cents), "count" or "ratio" (equal to 12 digits)."""

    what: str
    one: str
    other: str
    left: float
    right: float
    kind: str

    @property
    def holds(self) -> bool:
        if self.kind == "money":
            return round(100 * self.left) == round(100 * self.right)
        if self.kind == "ratio":
            return math.isclose(self.left, self.right, rel_tol=1e-12, abs_tol=1e-12)
        return self.left == self.right


def reconciliation(log: Opened) -> Section:
    """Every identity with both of its sides."""
    found = identities(log)
    wrong = [identity for identity in found if not identity.holds]
    write = {"money": log.money, "count": number, "ratio": lambda share: percent(share, 4)}
    rows = [
        {"what": one.what, "one": one.one, "left": write[one.kind](one.left), "other": one.other,
         "right": write[one.kind](one.right), "difference": write[one.kind](one.left - one.right)}
        for one in found
    ]  # fmt: skip
    columns = [Column("what", "identity", text), Column("one", "one way", text), Column("left", "gives", written),
               Column("other", "the other way", text), Column("right", "gives that", written),
               Column("difference", "difference", written)]  # fmt: skip
    if not found:
        nothing = Refusal(
            "This log carries no lens, so there is nothing to hold against each other.", "what the lenses lack",
            "what this log can carry", "carries",
        )  # fmt: skip
        return Section(KEY, HEADING, (nothing,))
    said = (
        f"All {count(len(found), 'identity', 'identities')} hold: money to the cent, customers to the head, ratios to twelve digits."
        if not wrong
        else f"{count(len(wrong), 'identity does', 'identities do')} not hold: do not use this report before that is explained."
    )
    return Section(KEY, HEADING, (Prose((said,)), tabled(rows, columns, caption="The same number on two ways")))


def identities(log: Opened) -> list[Identity]:
    """Those that this log has both sides of."""
    lenses = log.lenses
    found = []
    for lens, listed in (
        (lenses.one_period, _one_period), (lenses.two_periods, _two_periods), (lenses.one_cohort, _one_cohort),
        (lenses.cohorts_compared, _compared), (lenses.all_cohorts, _all_cohorts),
    ):  # fmt: skip
        if carried(lens):
            found += listed(lens)
    one, two, every, cohort = lenses.one_period, lenses.two_periods, lenses.all_cohorts, lenses.one_cohort
    if carried(one) and carried(two) and two.months == 12 and one.end == two.end:
        after = sum(row["customers"] for row in rows_of(two.bridge) if row["group"] in (BOTH, NEW, RETURNING))
        found.append(
            Identity("customers of the last 12 months", "lens 1", "lens 2", one.factors["customers"], after, "count")
        )
    if carried(cohort) and carried(every):
        same = [row for row in rows_of(every.chart) if row["cohort"] == cohort.cohort]
        if same:
            found.append(Identity(f"{cohort.money} of the cohort {cohort.cohort}", "row of the cohort chart", "lens 3",
                                  _sum(same, cohort.money), _sum(rows_of(cohort.by_age), cohort.money), "money"))  # fmt: skip
    return found


def _sum(rows, name):
    return math.fsum(row[name] for row in rows if row[name] is not None)


def _one_period(lens):
    deciles, own = rows_of(lens.deciles), lens.factors
    bins = sum(row["customers"] for row in rows_of(lens.distributions["orders"]))
    found = [
        Identity("customers of the period", "the deciles", "all who bought", _sum(deciles, "customers"), own["customers"], "count"),
        Identity("customers of the period", "the bins by orders", "all who bought", bins, own["customers"], "count"),
    ]  # fmt: skip
    found += [Identity(f"{name} of the period", "the deciles", "the lines of the log", _sum(deciles, name), total, "money")
              for name, total in lens.in_log.items()]  # fmt: skip
    factors = [own[name] for name in ("customers", "orders_each", "order_value", "margin") if name in own]
    if all(value is not None for value in factors):
        found.append(Identity(f"{lens.money} from its factors", "factors multiplied", "the lines of the log",
                              math.prod(factors), lens.in_log[lens.money], "money"))  # fmt: skip
    return found


def _two_periods(lens):
    rows = {row["group"]: row for row in rows_of(lens.bridge)}
    first, second = lens.in_log
    n = {group: row["customers"] for group, row in rows.items()}
    before, after = n[BOTH] + n[BEFORE_ONLY], n[BOTH] + n[NEW] + n[RETURNING]
    cells = rows_of(lens.decile_change)
    steps = sum(row["customers"] for row in cells if row["from"] != INACTIVE)
    stands = sum(row["customers"] for row in cells if row["to"] != INACTIVE)
    money = lens.money
    found = [
        Identity(f"{money} before", "the groups", "the lines of the log", _sum(rows.values(), f"{money}_before"), first, "money"),
        Identity(f"{money} after", "the groups", "the lines of the log", _sum(rows.values(), f"{money}_after"), second, "money"),
        Identity(f"change of {money}", "the steps of the bridge", "after less before", _sum(rows.values(), f"{money}_change"), second - first, "money"),
        Identity("customers before", "rows of the decile square", "both and before only", steps, before, "count"),
        Identity("customers after", "columns of the decile square", "both, new and returning", stands, after, "count"),
    ]  # fmt: skip
    if carried(lens.drivers):
        *factors, _ = rows_of(lens.drivers)
        found.append(
            Identity(
                f"change of {money}",
                "the factors",
                "after less before",
                _sum(factors, "change"),
                second - first,
                "money",
            )
        )
    return found


def _one_cohort(lens):
    ages = [row for row in rows_of(lens.by_age) if row["complete"]]
    money = lens.money
    product = [row["size"] * row["share_active"] * row["orders_each"] * row["order_value"] * (row["margin"] if money == "profit" else 1)
               for row in ages if None not in (row["orders_each"], row["order_value"], row.get("margin", 0))]  # fmt: skip
    found = [
        Identity("share active at age 0", "lens 3", "all members", ages[0]["share_active"], 1, "ratio"),
        *([Identity("customers of the cohort", "the patterns", "its size", _sum(rows_of(lens.patterns), "customers"), lens.size,
                    "count")] if carried(lens.patterns) else []),
        Identity("customers of the cohort", "its deciles", "its size", _sum(rows_of(lens.deciles), "customers"), lens.size, "count"),
        Identity(f"{money} to date of all members", "the running sum", "the periods", ages[-1][f"{money}_to_date"] * lens.size,
                 _sum(ages, money), "money"),
    ]  # fmt: skip
    if len(product) == len(ages):
        found.append(
            Identity(
                f"{money} from its factors",
                "age by age, multiplied",
                "the periods",
                math.fsum(product),
                _sum(ages, money),
                "money",
            )
        )
    if all(row["complete"] for row in rows_of(lens.by_age)):
        found.append(
            Identity(
                f"{money} to date",
                "the deciles",
                "the periods",
                _sum(rows_of(lens.deciles), money),
                _sum(ages, money),
                "money",
            )
        )
    shares = [
        row["share_repeated"]
        for row in rows_of(lens.next_orders)
        if row["order"] == 1 and row["share_repeated"] is not None
    ]
    if shares:
        falls = int((np.diff(shares) < 0).sum()) + (shares[-1] > 1)
        found.append(Identity("second purchases to date", "weeks in which the curve falls", "none", falls, 0, "count"))
    return found


def _compared(lens):
    rows = [row for row in rows_of(lens.second_by_age) if row["repeated"] is not None]
    falls = sum(
        later["repeated"] < one["repeated"] for one, later in zip(rows, rows[1:]) if one["cohort"] == later["cohort"]
    )
    return [Identity("second purchases of all cohorts", "ages at which a row falls", "none", falls, 0, "count")]


def _all_cohorts(lens):
    chart, base = rows_of(lens.chart), [row for row in rows_of(lens.base) if row["complete"]]
    money, periods = lens.money, {row["period"] for row in base}
    inside = [row for row in chart if row["period"] in periods]
    found = [
        Identity(f"{money} of all whole periods", "the cohort chart", "the base", _sum(inside, money), _sum(base, money), "money"),
        Identity(f"{money} of all whole periods", "new and carried", "the base", _sum(base, f"new_{money}") + _sum(base, f"carried_{money}"), _sum(base, money), "money"),
        Identity("customers of all whole periods", "the cohort chart", "the base", _sum(inside, "active"), _sum(base, "customers"), "count"),
    ]  # fmt: skip
    again = {row["period"]: row["again"] for row in base if row["again"] is not None}
    cohorts = [row for row in rows_of(lens.repeat_buying) if row["period"] in again]
    if again:
        found.append(Identity("customers who bought in the next period too", "repeat-buying rates of the cohorts × active", "the base",
                              round(math.fsum(row["repeat_buying_rate"] * row["active"] for row in cohorts if row["active"])),
                              sum(again.values()), "count"))  # fmt: skip
    return found
