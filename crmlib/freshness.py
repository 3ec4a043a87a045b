"""How old customer data are: age, what is stale, how much of it may still be true.

Address data wear out by themselves: people move, change their telephone, marry. So the age of a record since somebody last
confirmed it says more than whether its fields are filled.
"""

from __future__ import annotations

import narwhals as nw
import numpy as np

from crmlib.arguments import check_numbers
from crmlib.errors import DataError
from crmlib.frames import as_day, check_days, collect, day_number, same_kind, table

__all__ = ["HALF_LIFE", "LIMIT", "aged", "curve", "summary"]

LIMIT = 365  # days after which a record counts as stale; ours: once a year every customer should be asked
HALF_LIFE = 1095  # days after which half of the addresses are taken to be out of date; ours, to be replaced by a measured one


@same_kind
def aged(records, *, as_of, updated="updated", limit=LIMIT, half_life=HALF_LIFE):
    """The table with age_days since ``updated``, stale (True from ``limit`` + 1 days on) and valid, the chance it still holds.

    valid = 0.5 ** (age / half_life): 1 on the day it was confirmed. An update after ``as_of`` has age 0. The same kind of
    table, also a lazy one. Raises `DataError` for a row without a day.

    >>> import pandas as pd
    >>> two = pd.DataFrame({"record": ["R1", "R2"], "updated": pd.to_datetime(["2024-12-31", "2023-12-31"])})
    >>> aged(two, as_of="2024-12-31", half_life=366)[["age_days", "stale", "valid"]]
       age_days  stale  valid
    0         0  False    1.0
    1       366   True    0.5
    """
    check_numbers(above=0, half_life=half_life)
    check_numbers(above=-1, limit=limit)
    frame = _dated(records, updated)
    number = as_day(as_of).toordinal() - day_number(nw.col(updated))
    frame = frame.with_columns(age_days=nw.when(number < 0).then(0).otherwise(number).cast(nw.Int64))
    age = nw.col("age_days").cast(nw.Float64)
    return frame.with_columns(stale=age > limit, valid=(age * (-np.log(2) / half_life)).exp()).to_native()


def _dated(records, updated):
    frame = table(records, [updated], what="table of records", eager=False)
    check_days(frame, updated, what="table of records", advice="make it dates first")
    gaps = collect(frame.select(gap=nw.when(nw.col(updated).is_null()).then(1).otherwise(0)).select(nw.col("gap").sum(), rows=nw.len()))
    if not gaps["rows"][0]:
        raise DataError("The table of records is empty.")
    if gaps["gap"][0]:
        raise DataError(f"{updated!r} is missing in {int(gaps['gap'][0]):,} of {int(gaps['rows'][0]):,} records; fill it or leave them out first.")
    return frame


@same_kind
def summary(records, *, as_of, by=None, updated="updated", limit=LIMIT, half_life=HALF_LIFE):
    """Of all records, or by a column ``by``: records, mean_age (days), stale, stale_share, valid_share (the mean chance).

    >>> import pandas as pd
    >>> two = pd.DataFrame({"record": ["R1", "R2"], "updated": pd.to_datetime(["2024-12-31", "2023-12-31"])})
    >>> summary(two, as_of="2024-12-31", half_life=366).iloc[0].to_list()
    [2.0, 183.0, 1.0, 0.5, 0.75]
    """
    frame = nw.from_native(aged(records, as_of=as_of, updated=updated, limit=limit, half_life=half_life))
    key = nw.lit("all").alias("by") if by is None else nw.col(by)
    frame = frame.select(key, "age_days", "valid", old=nw.when(nw.col("stale")).then(1).otherwise(0))
    name = "by" if by is None else by
    found = frame.group_by(name).agg(nw.len().alias("records"), nw.col("age_days").mean().alias("mean_age"),
                                     nw.col("old").sum().alias("stale"), nw.col("valid").mean().alias("valid_share"))  # fmt: skip
    found = found.with_columns(stale_share=nw.col("stale") / nw.col("records"))
    columns = ["records", "mean_age", "stale", "stale_share", "valid_share"]
    found = found.select(columns) if by is None else found.select(by, *columns).sort(by)
    return nw.maybe_reset_index(found).to_native()


def curve(records, *, as_of, updated="updated", days=(0, 90, 180, 365, 545, 730, 1095)):
    """The decay curve: for each number of days the share of the records that were not confirmed for longer; pandas.

    >>> import pandas as pd
    >>> two = pd.DataFrame({"updated": pd.to_datetime(["2024-12-31", "2023-12-31"])})
    >>> curve(two, as_of="2024-12-31", days=(0, 365, 366))["older"].to_list()
    [0.5, 0.5, 0.0]
    """
    import pandas as pd

    frame = nw.from_native(aged(records, as_of=as_of, updated=updated))
    age = collect(frame.select("age_days"))["age_days"].to_numpy()
    return pd.DataFrame({"days": list(days), "older": [float((age > day).mean()) for day in days]})
