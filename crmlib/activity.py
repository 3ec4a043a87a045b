"""Who is active, who is inactive and who is silent: three rules side by side, and how much hangs on the window.

======  =============  ==================================================================================
status  Chinese        in the texts
======  =============  ==================================================================================
active  活跃客户       bought, or interacted (promotion, community, survey), "within a certain time"
silent  流失客户       "churned": stopped buying *and* no longer interacts "within a certain time"
======  =============  ==================================================================================

The texts leave the time open, and it decides everything, see `sensitivity`. They also leave open what lies between,
here "inactive" (不活跃客户): longer silent than an active customer, not yet so long that we speak of silence. No log
can show that a customer without a contract has gone; "silent" says what it does show.
"""

from __future__ import annotations

import operator

import narwhals as nw
import numpy as np

from crmlib.classes import ascending
from crmlib.customers import check_log
from crmlib.errors import DataError, quote
from crmlib.frames import alike, as_day, check_days, collect, day_number, like, same_kind, table, with_names
from crmlib.gaps import is_pair, purchase_days, usual_gaps
from crmlib.survival import survival_of

__all__ = ["CHINESE", "NO_PURCHASE", "RULES", "STATUSES", "UNKNOWN", "WINDOWS", "activity", "counts", "sensitivity"]

STATUSES = ("active", "inactive", "silent")
UNKNOWN = "unknown"  # the log is too short, or too few came back, to say
NO_PURCHASE = "no purchase"  # refunds only
CHINESE = {"active": "活跃客户", "inactive": "不活跃客户", "silent": "流失客户"}
RULES = ("by_window", "by_own_gaps", "by_survival")
WINDOWS = (30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330, 365)  # days
_NAMES = (*STATUSES, UNKNOWN, NO_PURCHASE)


@same_kind
def activity(
    tx,
    *,
    as_of,
    contacts=None,
    window=(180, 365),
    quantiles=(0.90, 0.99),
    own_gaps=3,
    population=None,
    comes_back=(0.25, 0.10),
    within=180,
    at_risk=30,
):
    """One row a customer, by their ids, as the log stood on ``as_of``; later lines are left out and counted.

    ==================  ===============================================================================================
    customer            as in ``tx``
    days_since_last     as_of - last purchase, days; null with refunds only
    days_since_contact  as_of - last contact, days; only with ``contacts``
    usual_gap           the days by which 90 % of the gaps between purchases had ended, see `crmlib.gaps.usual_gaps`
    by_window           active below ``window[0]`` days of silence, silent from ``window[1]`` on; a contact breaks the
                        silence as a purchase does
    by_own_gaps         active up to the customer's own quantile ``quantiles[0]`` of gaps, silent above ``quantiles[1]``
    by_survival         active until at most a share ``comes_back[0]`` of all customers with such a silence buy in the
                        ``within`` days after, silent from where it is at most ``comes_back[1]``
    ==================  ===============================================================================================

    What is neither active nor silent is "inactive"; "no purchase" are customers with refunds only. The last two rules
    go by purchases. "unknown" are all customers where nobody bought twice, and by survival where even after the longest
    silence that the log can judge more than ``comes_back[0]`` come back (`crmlib.survival.GapSurvival.silence`); where
    only ``comes_back[1]`` is not reached, nobody is silent.

    ``contacts`` is a table of the same kind with a line a contact, ``customer`` and ``date``; those after ``as_of`` and
    of others than the customers do not count. 180 and 365 days are the last of the fixed RFM cut-offs of shop
    integrations, 0.90 of a customer's own gaps an idea of vendors (exploratory.io; statlas.dev takes 0.40 for "at risk"
    and 0.80 for "churned"); 0.99, a quarter and a tenth who come back within half a year are our conventions.

    Raises `DataError` if ``as_of`` is before the first purchase, or if a table or an option is not as it should be.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-21", "2024-01-31", "2024-03-20"])
    >>> log = pd.DataFrame({"customer": list("aaaab"), "date": days, "amount": 10.0})
    >>> activity(log, as_of="2024-03-31").iloc[:, :5]
      customer  days_since_last  usual_gap by_window by_own_gaps
    0        a             60.0       10.0    active      silent
    1        b             11.0       10.0    active      silent
    """
    for name, pair, most in (("window", window, np.inf), ("quantiles", quantiles, 1)):
        if not (is_pair(pair) and 0 < pair[0] <= pair[1] <= most):
            raise DataError(f"{name} is {quote(pair)}; give two numbers above 0, the smaller first.")
    if population is not None and not is_pair(population):
        raise DataError(f"population is {quote(population)}; give two numbers of days, e.g. population=(60, 180).")
    if not (is_pair(comes_back) and 1 > comes_back[0] >= comes_back[1] > 0):
        raise DataError(f"comes_back is {quote(comes_back)}; give two shares between 0 and 1, the larger first.")
    frame, as_of = table(tx, ["customer", "date", "amount"], what="table of transactions", eager=False), as_day(as_of)
    check_log(frame, as_of)
    days, last = purchase_days(frame), as_of.toordinal()
    met = None if contacts is None else _last_contacts(frame, contacts, days.customers, last)
    there = np.flatnonzero(days.seen <= last)
    days = days.until(last)
    silence = days.silence(last)
    usual, most = usual_gaps(days, quantiles, own_gaps=own_gaps, population=population)
    sign = silence if met is None else np.fmin(silence, last - met)
    columns = {"days_since_last": silence}
    if met is not None:
        columns["days_since_contact"] = last - met
    columns["usual_gap"] = np.where(np.isnan(silence), np.nan, usual)
    codes = {
        "by_window": _status(sign >= window[0], sign >= window[1]),
        "by_own_gaps": _status(silence > usual, silence > most, unknown=np.isnan(usual)),
        "by_survival": _by_survival(days, silence, last, comes_back, within, at_risk),
    }
    for code in codes.values():
        code[np.isnan(silence)] = _NAMES.index(NO_PURCHASE)
    columns = {name: values[there] for name, values in (columns | codes).items()}
    types = {"customer": frame.collect_schema()["customer"]}
    types |= {name: nw.Int64 if name in codes else nw.Float64 for name in columns}
    made = like(frame, {"customer": np.array(days.customers, dtype=object)[there].tolist()} | columns, types)
    for name in codes:
        made = with_names(made, name, nw.col(name), _NAMES)
    return made.to_native()


@same_kind
def counts(active):
    """The three rules side by side: status, and the number of customers with it by_window, by_own_gaps, by_survival.

    "unknown" and "no purchase" have a row only if there are such customers.

    >>> import pandas as pd
    >>> counts(pd.DataFrame({"by_window": ["active", "active"], "by_own_gaps": ["active", "silent"],
    ...                      "by_survival": ["inactive", "active"]}))
         status  by_window  by_own_gaps  by_survival
    0    active          2            1            1
    1  inactive          0            0            1
    2    silent          0            1            0
    """
    frame = table(active, RULES, what="table of activity", eager=False)
    found = {name: dict.fromkeys(_NAMES, 0) for name in RULES}
    grouped = collect(frame.group_by(*RULES).agg(nw.len().alias("customers")))
    for *statuses, customers in grouped.select(*RULES, "customers").iter_rows():
        for name, status in zip(RULES, statuses, strict=True):
            if status not in _NAMES:
                raise DataError(f"The status {status!r} in {name!r} is not among {list(_NAMES)}.")
            found[name][status] += customers
    names = [one for one in _NAMES if one in STATUSES or any(found[name][one] for name in RULES)]
    columns = {name: [found[name][status] for status in names] for name in RULES}
    types = {"status": nw.String} | dict.fromkeys(RULES, nw.Int64)
    return like(frame, {"status": names} | columns, types).to_native()


@same_kind
def sensitivity(customers, *, windows=WINDOWS, by="days_since_last"):
    """How many customers are active depends on the window: window_days, active, inactive, share_active.

    Active is a silence of less than window_days; the shares are of the customers with a purchase. ``by`` is the column
    with the silence in days, of the customer table or of `activity`. A longer window never has fewer active customers;
    one longer than the log has nobody inactive. Raises `DataError` for windows that are no days above 0.

    >>> import pandas as pd
    >>> sensitivity(pd.DataFrame({"days_since_last": [5.0, 30.0, 59.0, 400.0, None]}), windows=[30, 31, 365])
       window_days  active  inactive  share_active
    0           30       1         3          0.25
    1           31       2         2          0.50
    2          365       3         1          0.75
    """
    frame = table(customers, [by], eager=False)
    try:
        windows = sorted({operator.index(days) for days in windows})
    except TypeError:
        windows = []
    if not windows or windows[0] < 1:
        raise DataError("windows must be whole numbers of days above 0, e.g. windows=[30, 90, 180, 365].")
    silence = ascending(frame.filter(~nw.col(by).is_null()), by)
    active = np.searchsorted(silence, windows)
    columns = {"window_days": windows, "active": active, "inactive": len(silence) - active}
    types = dict.fromkeys(columns, nw.Int64) | {"share_active": nw.Float64}
    return like(frame, columns | {"share_active": active / len(silence)}, types).to_native()


def _status(inactive, silent, *, unknown=False):
    code = inactive.astype(np.int64) + silent
    return np.where(unknown, _NAMES.index(UNKNOWN), code)


def _by_survival(days, silence, last, comes_back, within, at_risk):
    if not len(days.gaps()[0]):
        return _status(silence < 0, silence < 0, unknown=True)
    curve = survival_of(days, last)
    limits = [curve.silence(share, within=within, at_risk=at_risk) for share in comes_back]
    first, second = (np.inf if days is None else days for days in limits)
    return _status(silence >= first, silence >= second, unknown=limits[0] is None)


def _last_contacts(frame, contacts, customers, last):
    """The day number of the last contact of each customer up to the day ``last``; NaN without one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    met = table(contacts, ["customer", "date"], what="table of contacts", eager=False)
    alike(frame, met, "the table of transactions", "the table of contacts", key="customer")
    check_days(met, "date", what="contacts", advice="make it dates first")
    met = met.select("customer", day=day_number(nw.col("date")))
    met = collect(met.group_by("customer", "day").agg(nw.len().alias("lines")))
    for name, column in (("customer", "customer"), ("date", "day")):
        if met[column].is_null().any():
            raise DataError(f"Column {name!r} of the contacts has gaps; fill it or leave those lines out first.")
    day = met["day"].to_numpy().astype(float)
    ids = met["customer"].to_arrow()
    place = pc.index_in(ids, value_set=pa.array(customers, ids.type)).to_numpy(zero_copy_only=False).astype(float)
    known = ~np.isnan(place) & (day <= last)
    found = np.full(len(customers), -np.inf)
    np.maximum.at(found, place[known].astype(np.int64), day[known])
    return np.where(np.isinf(found), np.nan, found)
