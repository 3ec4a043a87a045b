"""Cohorts against each other: at the same age, in the same calendar period, of the same season, seen equally long.

The fourth lens of a customer-base audit: a gap between two cohorts at equal age that vanishes in the calendar view hit
all customers at once and says nothing about the quality of either. After Fader, Hardie & Ross, The Customer-Base Audit
(2022), through its public companion.
"""

from __future__ import annotations

import math
from itertools import pairwise

import narwhals as nw
import numpy as np

from crmlib.arguments import is_number
from crmlib.calendar_periods import complete, period_label, period_of, period_start
from crmlib.cohorts import made_like
from crmlib.customer_periods import checked_log, purchase_days, ratio
from crmlib.errors import DataError, quote
from crmlib.frames import collect, like, rows_of, same_kind, table
from crmlib.numbering import changes, distinct

__all__ = [
    "newest_pair", "of_season", "pooled_gap", "second_purchase", "second_purchase_by_age", "two_cohorts",
]  # fmt: skip

_MEASURES = (
    "share_active", "orders_each", "order_value", "margin", "revenue_per_member", "revenue_to_date",
    "profit_per_member", "profit_to_date",
)  # fmt: skip
_ROUNDING = 1e-9  # of a logarithm: sums of floats are no more exact, so that less is no gap


def _season(label):
    """What of a period's label comes back every year: "Q4" of "2017 Q4", "12" of "2017-12", nothing of "2017"."""
    return label[5:]


@same_kind
def of_season(cohorts, season):
    """The rows of a table by cohort whose cohorts began in one season of the year, in any year.

    ``cohorts`` has a column ``cohort``, as `one_cohort.by_age` and `cohorts.cohort_table` make it; ``season`` is a
    quarter such as "Q4" or a month such as "12". Who starts in December is another customer than who starts in March,
    so that cohorts of one season tell more of a change in quality.

    >>> import pandas as pd
    >>> of_season(pd.DataFrame({"cohort": ["2016 Q4", "2017 Q1", "2017 Q4"]}), "Q4")["cohort"].to_list()
    ['2016 Q4', '2017 Q4']
    """
    frame = table(cohorts, ["cohort"], what="table of cohorts", eager=False)
    labels = collect(frame.select("cohort").unique())["cohort"].to_list()
    seasons = sorted({_season(label) for label in labels} - {""})
    if season not in seasons:
        raise DataError(f"No cohort began in the season {quote(season)}; there are {quote(seasons)}.")
    kept = [label for label in labels if _season(label) == season]
    return frame.filter(nw.col("cohort").is_in(kept)).to_native()


def newest_pair(cohorts, *, same_season, ages, least) -> tuple[str, str] | None:
    """The newest two cohorts that can be compared, from the result of `one_cohort.by_age` of all: of one season in two
    years, or else neighbours.

    Both have ``least`` or more customers and the newer one two or more complete periods; a pair whose newer one has
    ``ages`` of them comes before newer pairs, as with fewer no gap can be told from chance. None without a pair.

    >>> import pandas as pd
    >>> labels = [label for label in ("2023-01", "2023-12", "2024-01") for age in range(2)]
    >>> cohorts = pd.DataFrame({"cohort": labels, "size": 50, "complete": True})
    >>> [newest_pair(cohorts, same_season=season, ages=4, least=20) for season in (True, False)]
    [('2023-01', '2024-01'), ('2023-12', '2024-01')]
    """
    frame = table(cohorts, ["cohort", "size", "complete"], what="table of cohorts", eager=False)
    whole = frame.filter(nw.col("complete")).group_by("cohort").agg(nw.len().alias("ages"), nw.col("size").max())
    seen = {row["cohort"]: row["ages"] for row in rows_of(whole.to_native()) if row["size"] >= least and row["ages"] >= 2}
    labels = sorted(seen)
    a_year_before = lambda label: f"{int(label[:4]) - 1}{label[4:]}"  # noqa: E731
    pairs = [(a_year_before(label), label) for label in labels] if same_season else list(pairwise(labels))
    pairs = [pair for pair in pairs if pair[0] in seen]
    return next((pair for pair in reversed(pairs) if seen[pair[1]] >= ages), pairs[-1] if pairs else None)


@same_kind
def two_cohorts(cohorts, *, first, second, across="age"):
    """Two cohorts side by side: a row for each age (``across="age"``) or calendar period ("period") and measure.

    ``cohorts`` is the result of `one_cohort.by_age`. age (or period), measure (share_active, orders_each,
    order_value, revenue_per_member, revenue_to_date and, if there are costs, margin, profit_per_member,
    profit_to_date), first, second, difference (second - first), ratio (second / first; null where first is not above
    0), same_season (whether both began in the same part of the year).

    Only ages and periods that both cohorts were fully seen in have rows: the rest is no comparison. All measures are
    per member, per order or per active customer, so that size does not matter. The same kind of table as ``cohorts``.

    >>> import pandas as pd
    >>> from crmlib.one_cohort import by_age
    >>> days = pd.to_datetime(["2024-01-05", "2024-02-20", "2024-02-25", "2024-03-09"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "b", "c"], "date": days, "amount": [8.0, 6.0, 7.0, 5.0]})
    >>> found = two_cohorts(by_age(log, as_of="2024-03-31", unit="month"), first="2024-01", second="2024-02")
    >>> found[found["measure"] == "revenue_to_date"].drop(columns=["measure", "same_season"])
       age  first  second  difference  ratio
    4    0    8.0     7.0        -1.0  0.875
    9    1   14.0     7.0        -7.0  0.500
    """
    if across not in ("age", "period"):
        raise DataError(f"across is {quote(across)}; choose 'age' or 'period'.")
    needed = ["cohort", "age", "period", "complete", "share_active"]
    frame = table(cohorts, needed, what="table of cohorts", eager=False)
    measures = [name for name in _MEASURES if name in frame.collect_schema().names()]
    rows = collect(frame.select("cohort", across, "complete", *(nw.col(name).cast(nw.Float64) for name in measures)))
    labels, places, whole = (rows[name].to_list() for name in ("cohort", across, "complete"))
    values = np.column_stack([rows[name].to_numpy().astype(float) for name in measures])
    seen = {label: {} for label in labels}
    for label, place, seen_fully, row in zip(labels, places, whole, values, strict=True):
        if seen_fully:
            seen[label][place] = row
    for label in (first, second):
        if label not in seen:
            raise DataError(f"There is no cohort {quote(label)}; there are {quote(sorted(seen))}.")
    shared = sorted(set(seen[first]) & set(seen[second]))
    if not shared:
        raise DataError(f"The cohorts {first} and {second} share no complete {across}; choose a later as_of.")
    one, other = (np.array([seen[label][place] for place in shared]).ravel() for label in (first, second))
    columns = {
        across: np.repeat(shared, len(measures)).tolist(),
        "measure": measures * len(shared),
        "first": one,
        "second": other,
        "difference": other - one,
        "ratio": ratio(other, one),
        "same_season": [_season(first) == _season(second)] * len(one),
    }
    types = dict.fromkeys(columns, nw.Float64) | {"measure": nw.String, "same_season": nw.Boolean}
    return like(frame, columns, types | {across: nw.Int64 if across == "age" else nw.String}).to_native()


def pooled_gap(first, second, *, level=0.95) -> tuple[float, float, float] | None:
    """How much higher a ratio of totals is in the second of two cohorts than in the first, less 1: (change, low, high).

    ``first`` and ``second`` have a row a member: the member's own sums above and below the line over all ages that are compared,
    such as (revenue, orders). A cohort's ratio is the sum above over the sum below. The interval, at ``level``, is by the scatter
    of the members about the ratio of their cohort (linearised, on the logarithm of the quotient of the two ratios; Student's with
    the degrees of freedom of the smaller cohort), as if they were a sample of all who could have come. It must not be by the
    scatter of the ages: the same members stand behind all of them, so that who happened to join does not cancel out.

    None with fewer than two members in one of both, or where a sum is not above 0.

    >>> [round(one, 3) for one in pooled_gap([(10, 1), (10, 1), (10, 1)], [(11, 1), (12, 1), (13, 1)])]
    [0.2, -0.024, 0.476]
    """
    from scipy.special import stdtrit

    if not (isinstance(level, float) and 0 < level < 1):
        raise DataError(f"level is {quote(level)}; give the confidence of the interval between 0 and 1, e.g. 0.95.")
    variance, ratios, fewest = 0.0, [], math.inf
    for members in (np.asarray(first, float), np.asarray(second, float)):
        n, (above, below) = len(members), map(math.fsum, np.transpose(members).reshape(2, -1))
        if n < 2 or above <= 0 or below <= 0:
            return None
        ratios.append(above / below)
        variance += n / (n - 1) * (((members[:, 0] - above / below * members[:, 1]) / above) ** 2).sum()
        fewest = min(fewest, n)
    change = math.log(ratios[1] / ratios[0])
    half = max(stdtrit(fewest - 1, (1 + level) / 2) * math.sqrt(variance), _ROUNDING)
    change, low, high = (math.exp(end) - 1 for end in (change, change - half, change + half))
    return change, low, high


@same_kind
def second_purchase(tx, *, as_of, unit="quarter", weeks=(4, 13, 26, 52)):
    """How many of each cohort had bought a second time within equal windows from each one's own first purchase.

    cohort, weeks, size, watched (members whose first purchase was that many weeks before ``as_of`` or earlier),
    repeated (second purchase at most 7 days a week later), share_repeated (repeated / size). Where not all members were
    watched so long, repeated and share_repeated are null: cohorts of unequal exposure cannot be compared. A purchase is
    a day with a purchase, as in `cohorts.repeat_curve`. The same kind of table as ``tx``.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-01", "2024-01-20", "2024-02-05", "2024-02-12"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "b", "b"], "date": days, "amount": 5.0})
    >>> second_purchase(log, as_of="2024-02-20", unit="month", weeks=(1, 3))
        cohort  weeks  size  watched  repeated  share_repeated
    0  2024-01      1     1        1         0             0.0
    1  2024-01      3     1        1         1             1.0
    2  2024-02      1     1        1         1             1.0
    3  2024-02      3     1        0      <NA>             NaN
    """
    weeks = list(weeks) if isinstance(weeks, (list, tuple, range)) else [weeks]
    if not weeks or not all(is_number(one) and one >= 1 and one == int(one) for one in weeks):
        raise DataError(f"weeks is {quote(weeks)}; give whole numbers of at least 1, e.g. (13, 52).")
    lines, as_of = checked_log(tx, as_of)
    customer, day, born = purchase_days(lines, unit)
    begins = np.flatnonzero(changes(customer))
    second = np.minimum(begins + 1, len(day) - 1)
    gap = np.where(customer[second] == customer[begins], day[second] - day[begins], 0)
    cohorts = distinct(born)
    which = np.searchsorted(cohorts, born)
    size = np.bincount(which)
    found = {name: np.empty((len(cohorts), len(weeks))) for name in ("watched", "repeated")}
    for column, window in enumerate(weeks):
        found["watched"][:, column] = np.bincount(which, day[begins] <= as_of.toordinal() - 7 * window)
        found["repeated"][:, column] = np.bincount(which, (gap > 0) & (gap <= 7 * window))
    found["repeated"][found["watched"] < size[:, None]] = np.nan
    columns = {
        "cohort": np.repeat([period_label(int(one), unit) for one in cohorts], len(weeks)).tolist(),
        "weeks": np.tile(np.array(weeks, np.int64), len(cohorts)),
        "size": np.repeat(size, len(weeks)),
        "watched": found["watched"].ravel().astype(np.int64),
        "repeated": found["repeated"].ravel(),
        "share_repeated": (found["repeated"] / size[:, None]).ravel(),
    }
    types = {"cohort": nw.String} | dict.fromkeys(("weeks", "size", "watched"), nw.Int64)
    return made_like(lines, columns, types | dict.fromkeys(("repeated", "share_repeated"), nw.Float64), ["repeated"])


@same_kind
def second_purchase_by_age(tx, *, as_of, unit="quarter"):
    """How many of each cohort had bought a second time by the end of each age: a triangle that never falls.

    cohort, age, period, size, repeated, share_repeated; null where ``as_of`` cuts the period short. A second purchase
    in the first period counts at age 0. Age 0 gives those who began late in the period less time than those who began
    early; where cohorts began at different times in it, compare `second_purchase`, whose windows are equal. The same
    kind of table as ``tx``.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-01", "2024-02-20", "2024-01-05", "2024-02-12"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "b", "c"], "date": days, "amount": 5.0})
    >>> second_purchase_by_age(log, as_of="2024-02-29", unit="month")
        cohort  age   period  size  repeated  share_repeated
    0  2024-01    0  2024-01     2         0             0.0
    1  2024-01    1  2024-02     2         1             0.5
    2  2024-02    0  2024-02     1         0             0.0
    """
    lines, as_of = checked_log(tx, as_of)
    customer, day, born = purchase_days(lines, unit)
    begins = np.flatnonzero(changes(customer))
    again = begins[np.diff(begins, append=len(customer)) > 1] + 1  # the second day of those who have one
    oldest, last = int(born.min()), period_of(as_of, unit)
    starts = [period_start(one, unit).toordinal() for one in range(oldest, last + 1)]
    born_again = born[customer[again]]
    age = np.searchsorted(starts, day[again], side="right") - 1 + oldest - born_again
    parts = {name: [] for name in ("cohort", "age", "period", "size", "repeated", "share_repeated")}
    for one in distinct(born).tolist():
        ages, size = last - one + 1, int((born == one).sum())
        repeated = np.cumsum(np.bincount(age[born_again == one], minlength=ages)).astype(float)
        if not complete(last, unit, as_of=as_of):
            repeated[-1] = np.nan
        parts["cohort"] += [period_label(one, unit)] * ages
        parts["age"] += range(ages)
        parts["period"] += [period_label(one + later, unit) for later in range(ages)]
        parts["size"] += [size] * ages
        parts["repeated"] += repeated.tolist()
        parts["share_repeated"] += (repeated / size).tolist()
    types = {"cohort": nw.String, "age": nw.Int64, "period": nw.String, "size": nw.Int64}
    return made_like(lines, parts, types | dict.fromkeys(("repeated", "share_repeated"), nw.Float64), ["repeated"])
