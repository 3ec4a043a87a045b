"""The analyst's deliverable: one row a customer with everything that the log says, and a file of it.

Text that a spreadsheet would run as a formula gets an apostrophe in front, in CSV and Excel: text that begins with one
of = + - @, a tab, a line end, or with an apostrophe itself. Taking one leading apostrophe away gives the text back.
Numbers and Parquet files are not touched.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import narwhals as nw

from crmlib import clv, lifecycle, pyramid, rfm
from crmlib.bgnbd import fit_bgnbd
from crmlib.errors import DataError, DataNotice, FitError
from crmlib.gamma_gamma import fit_gamma_gamma
from crmlib.overview import YEAR, as_it_stood, last_year
from crmlib.writing import whole

__all__ = ["ENDINGS", "Scorecard", "check_place", "neutral", "neutral_text", "scorecard", "write"]

ENDINGS = (".csv", ".parquet", ".xlsx")
FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "'",
    "＝",
    "＋",
    "－",
    "＠",
)  # the wide ones are read as formulas in East Asia
EXCEL_ROWS = 1_048_575  # below the header


class Scorecard(NamedTuple):
    """``table``: one row a customer; ``notices``: sentences on what it lacks, none if it is complete."""

    table: Any
    notices: tuple[str, ...]


def scorecard(tx, *, as_of) -> Scorecard:
    """The customer table at ``as_of`` with r, f, m, segment, tier, state and what the next 365 days may bring.

    ``tier`` ranks by the revenue of the last 365 days. Three columns come from BG/NBD and Gamma-Gamma: ``p_alive``,
    ``expected_purchases_365_days`` and ``expected_revenue_365_days`` (discounted day by day at 10 % a year); where the
    log cannot carry the models they are empty and a notice says why. The same kind of table as ``tx``.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-01-25", "2024-01-09"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "b"], "date": days, "amount": [10.0, 6.0, 8.0]})
    >>> card = scorecard(log, as_of="2024-01-31")
    >>> card.table[["customer", "orders", "revenue", "r", "tier", "state", "p_alive"]]
      customer  orders  revenue  r   tier       state  p_alive
    0        a       2     16.0  3    top      repeat      NaN
    1        b       1      8.0  1  small  first-time      NaN
    >>> len(card.notices)
    1
    """
    tx, customers = as_it_stood(tx, as_of=as_of)
    notices = []
    if nw.from_native(customers)["orders"].sum():
        table = nw.from_native(rfm.segments(rfm.scores(customers)))
    else:
        notices.append("No scores: the log holds no purchase.")
        table = nw.from_native(customers)
        kind = (
            nw.Float64 if table.implementation.is_pandas_like() else nw.Int64
        )  # pandas makes no whole numbers of gaps
        table = table.with_columns(nw.lit(None).cast(kind).alias(name) for name in "rfm")
        whole = nw.maybe_convert_dtypes(table.select("r", "f", "m"))
        table = table.with_columns(*whole.iter_columns(), segment=nw.lit(rfm.NO_PURCHASE))
    tiers = nw.from_native(pyramid.tiers(last_year(tx, customers, as_of=as_of), active_within=YEAR))
    states = nw.from_native(lifecycle.states(customers))
    table = table.with_columns(tiers["tier"], states["state"])
    names = ("p_alive", "expected_purchases_365_days", "expected_revenue_365_days")
    try:
        values = _expected(customers)
    except (FitError, DataError) as error:
        notices.append(f"No expected value: {error}")
        return Scorecard(
            table.with_columns(nw.lit(None).cast(nw.Float64).alias(name) for name in names).to_native(), tuple(notices)
        )
    columns = (
        nw.new_series(name, value, nw.Float64, backend=table.implementation)
        for name, value in zip(names, values, strict=True)
    )
    return Scorecard(table.with_columns(*columns).to_native(), tuple(notices))


def write(table, place, *, force=False) -> None:
    """Write a pandas table to ``place`` by its ending: .csv (UTF-8 with a mark that Excel knows), .parquet or .xlsx.

    Text is neutralised as the module says, except in Parquet. The file appears when it is whole. Raises `DataError` for
    another ending, for a file that exists unless ``force``, and for what Excel cannot hold.
    """
    place = Path(place)
    check_place(place, force=force)
    ending = place.suffix.lower()
    if ending != ".parquet":
        table = neutral(table)
    if ending == ".xlsx" and len(table) > EXCEL_ROWS:
        raise DataError(
            f"An Excel sheet holds {EXCEL_ROWS:,} rows and there are {len(table):,}; write .csv or .parquet."
        )
    with whole(place) as path:
        _save(table, path, ending)


def check_place(place, *, force=False) -> None:
    """Raise `DataError` if a table cannot be written to ``place``: another ending, or a file that is there already."""
    if place.suffix.lower() not in ENDINGS:
        raise DataError(f"The file {place.name!r} must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}.")
    if place.is_dir():
        raise DataError(f"{place} is a folder; give the name of a file.")
    if os.path.lexists(place) and not force:
        raise DataError(
            f"{place} exists and is kept; choose another name with out='scores.csv', or replace it with --force."
        )


def neutral(table):
    """A pandas table whose text no spreadsheet takes for a formula; numbers, dates and gaps are not touched.

    >>> import pandas as pd
    >>> neutral(pd.DataFrame({"customer": ["=1+1", "'x", "ok"], "revenue": [-1.0, 2.0, 3.0]}))["customer"].tolist()
    ["'=1+1", "''x", 'ok']
    """
    texts = table.select_dtypes(include=["object", "string"]).columns
    return table.assign(**{name: table[name].map(neutral_text) for name in texts})


def neutral_text(value):
    """One text with an apostrophe in front where a spreadsheet would take it for a formula; what is no text stays.

    >>> neutral_text("=1+1"), neutral_text("ok"), neutral_text(-1.0)
    ("'=1+1", 'ok', -1.0)
    """
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA) else value


def _save(table, path, ending):
    if ending == ".parquet":
        table.to_parquet(path, index=False)
    elif ending == ".csv":
        table.to_csv(path, index=False, encoding="utf-8-sig", date_format="%Y-%m-%d", lineterminator="\n")
    else:
        from openpyxl.utils.exceptions import IllegalCharacterError

        days = {name: table[name].dt.date for name in table.select_dtypes("datetime").columns}
        try:
            table.assign(**days).to_excel(path, index=False, sheet_name="customers", freeze_panes=(1, 1))
        except IllegalCharacterError:
            raise DataError(
                "A customer id holds a control character, which Excel cannot store; write .csv or .parquet."
            ) from None


def _expected(customers):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNotice)
        purchases, spend = fit_bgnbd(customers), fit_gamma_gamma(customers)
    worth = clv.clv(customers, purchases, spend, horizon=YEAR)
    return purchases.p_alive(customers), purchases.expected_purchases(customers, horizon=YEAR), worth
