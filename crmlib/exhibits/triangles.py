"""Cohorts by age as a table: a row a cohort, a column an age, empty where the cohort was not yet seen so long."""

from __future__ import annotations

from crmlib.exhibits.parts import Column, bounds_said, tabled, text
from crmlib.groups_shown import or_hidden, share_shown
from crmlib.inert import Table
from crmlib.wording import percent

__all__ = ["triangle"]

AGES, COHORTS = 9, 16  # the first ages and the newest cohorts, which a page can show


def triangle(rows, part, whole, *, caption, total=False) -> Table:
    """``part`` / ``whole`` of rows with ``cohort`` and ``age``; a gap where either is None, and text where few customers
    stand behind a share. With ``total`` a last row of all cohorts, weighted by ``whole``.

    >>> rows = [{"cohort": "2023", "age": 0, "again": 30, "active": 90}, {"cohort": "2023", "age": 1, "again": 12, "active": 30},
    ...         {"cohort": "2024", "age": 0, "again": 20, "active": 60}]
    >>> triangle(rows, "again", "active", caption="rates", total=True)
    rates
    cohort       0       1
    2023    33.3 %  40.0 %
    2024    33.3 %
    all     33.3 %  40.0 %
    """
    seen = [row for row in rows if row["age"] < AGES and row[part] is not None and row[whole]]
    cohorts = list(dict.fromkeys(row["cohort"] for row in seen))[-COHORTS:]
    ages = sorted({row["age"] for row in seen if row["cohort"] in cohorts})
    cells = {(row["cohort"], row["age"]): share_shown(row[part], row[whole]) for row in seen}
    table = [{"cohort": cohort} | {age: cells.get((cohort, age), "") for age in ages} for cohort in cohorts]
    if total:
        sums = {age: [sum(row[name] for row in seen if row["age"] == age) for name in (part, whole)] for age in ages}
        table.append({"cohort": "all"} | {age: share_shown(*sums[age]) for age in ages})
    columns = [Column("cohort", "cohort", text), *(Column(age, str(age), or_hidden(percent)) for age in ages)]
    few = bounds_said(value for row in table for value in row.values())
    return tabled(table, columns, caption=f"{caption}{few}")
