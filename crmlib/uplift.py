"""What a contact changed: customers who got an offer against customers on the same list who did not.

Only where lots decided who was contacted are the two groups alike, and only there is the difference of their response the
effect of the contact, called uplift. Where somebody chose, `naive` gives the same difference under another name, and
`selection` says how much of it the choice made.
"""

from __future__ import annotations

import warnings
from statistics import NormalDist

import narwhals as nw
import numpy as np

from crmlib.errors import DataError, DataNotice, quote
from crmlib.frames import alike, collect, like, same_kind, table
from crmlib.two_rates import newcombe, shrink
from crmlib.wording import several

__all__ = ["BY_LOT", "balance", "by_segment", "effects", "naive", "outcomes", "selection"]

BY_LOT = "at random"  # in the column `chosen` of the campaigns
UNLIKE = 0.1  # standardised difference above which two groups are called unlike (Austin 2009)
VERDICTS = ("sells", "keeps away", "too few to tell")


@same_kind
def outcomes(offers, responses):
    """One row a customer on the list of a campaign: campaign, customer, contacted, responded, orders, margin.

    ``offers`` says who was listed and whether ``contacted``; ``responses`` has one row an order in the window, with its
    ``margin``. Who ordered twice has ``orders`` 2 and responded once; who did not order has 0 orders and a margin of 0.

    Raises `DataError` for a customer listed twice for a campaign, a gap in contacted, and a response of nobody listed.

    >>> import pandas as pd
    >>> offers = pd.DataFrame({"campaign": "M1", "customer": ["a", "b"], "contacted": [True, False]})
    >>> outcomes(offers, pd.DataFrame({"campaign": ["M1"], "customer": ["a"], "margin": [12.5]}))
      campaign customer  contacted  responded  orders  margin
    0       M1        a       True       True       1    12.5
    1       M1        b      False      False       0     0.0
    """
    key = ["campaign", "customer"]
    listed = table(offers, [*key, "contacted"], what="table of offers", eager=False).select(*key, "contacted")
    bought = table(responses, [*key, "margin"], what="table of responses", eager=False)
    alike(listed, bought, "the table of offers", "the table of responses", key="customer")
    _check_contacted(listed)
    twice = collect(listed.group_by(*key).agg(nw.len().alias("__rows")).filter(nw.col("__rows") > 1).head(1))
    if len(twice):
        raise DataError(f"Customer {quote(twice['customer'][0])} is listed twice for campaign {quote(twice['campaign'][0])}.")
    stray = collect(bought.join(listed.select(*key), on=key, how="anti").head(1))
    if len(stray):
        raise DataError(
            f"Customer {quote(stray['customer'][0])} has a response to campaign {quote(stray['campaign'][0])} and is not on "
            "its list."
        )
    sums = bought.with_columns(__one=nw.lit(1)).group_by(*key).agg(nw.col("__one").sum(), nw.col("margin").sum())
    sums = sums.rename({"__one": "orders"})
    joined = listed.join(sums, on=key, how="left")
    found = nw.col("orders").fill_null(0).cast(nw.Int64)
    joined = joined.with_columns(orders=found, margin=nw.col("margin").cast(nw.Float64).fill_null(0.0))
    return joined.select(*key, "contacted", (nw.col("orders") > 0).alias("responded"), "orders", "margin").to_native()


@same_kind
def effects(outcomes, campaigns, *, level=0.95):
    """What the contact changed in each campaign whose contacted were drawn by lot, one row a campaign, by campaign.

    ``outcomes``: from `outcomes`. ``campaigns``: campaign, chosen ("at random" where by lot), contact_cost.

    =================================  ================================================================================
    contacted, held_back               customers
    rate_contacted, rate_held_back     share of them who responded
    uplift, uplift_low, uplift_high    difference of the rates, with Newcombe's interval of confidence ``level``
    margin_gain, margin_gain_low, ..   difference of the margin per customer, those without an order counting 0; Welch's
                                       standard error and the normal distribution
    more_responses                     uplift times customers contacted: who responded because of the contact
    more_orders                        the same for orders, of which a customer may have several
    cost                               contact_cost times customers contacted
    profit, profit_low, profit_high    margin_gain times customers contacted, less cost
    =================================  ================================================================================

    Campaigns for which somebody chose are left out, with a `DataNotice`: there the difference is no effect (`naive`).
    Raises `DataError` if none was by lot, or if one has nobody contacted or nobody held back.

    >>> import pandas as pd
    >>> drawn = pd.DataFrame({"campaign": "M1", "customer": list("abcd"), "contacted": [True, True, False, False],
    ...                       "responded": [True, True, True, False], "orders": [1, 1, 1, 0], "margin": [8.0, 6, 4, 0]})
    >>> campaigns = pd.DataFrame({"campaign": ["M1"], "chosen": ["at random"], "contact_cost": [1.0]})
    >>> effects(drawn, campaigns)[["uplift", "margin_gain", "more_responses", "cost", "profit"]]
       uplift  margin_gain  more_responses  cost  profit
    0     0.5          5.0             1.0   2.0     8.0
    """
    frame, known = _campaigns(outcomes, campaigns)
    chosen = sorted(name for name, one in known.items() if one["chosen"] != BY_LOT)
    lots = sorted(set(known) - set(chosen))
    if not lots:
        raise DataError(
            f"No campaign drew by lot whom it contacted ({several(chosen)}: somebody chose), so the difference between "
            "contacted and held back is no effect of the contact; naive() shows it."
        )
    if chosen:
        warnings.warn(
            f"{several(chosen)} left out: somebody chose whom to contact, so that the groups were not alike before.",
            DataNotice, stacklevel=3,
        )  # fmt: skip
    sums = _sums(frame, ["campaign"], lots)
    found = _rates(sums, level)
    z = NormalDist().inv_cdf((1 + level) / 2)
    n, h = sums["n"], sums["h"]
    gain = sums["margin_n"] / n - sums["margin_h"] / h
    half = z * np.sqrt(_variance(sums, "n") / n + _variance(sums, "h") / h)
    cost = np.array([known[name]["contact_cost"] for name in found["campaign"]], dtype=float) * n
    found |= {"margin_gain": gain, "margin_gain_low": gain - half, "margin_gain_high": gain + half}
    found |= {"more_responses": found["uplift"] * n, "more_orders": (sums["orders_n"] / n - sums["orders_h"] / h) * n}
    found |= {"cost": cost, "profit": gain * n - cost, "profit_low": (gain - half) * n - cost}
    return like(frame, found | {"profit_high": (gain + half) * n - cost}).to_native()


@same_kind
def naive(outcomes, campaigns, *, level=0.95):
    """Contacted against not contacted in every campaign, as if the groups were alike: the comparison that misleads.

    campaign, by_lot, contacted, held_back, rate_contacted, rate_held_back, difference, low, high (Newcombe), by campaign.
    Only where ``by_lot`` is True is the difference the effect of the contact; elsewhere the interval is about the wrong
    question, however narrow it is.

    >>> import pandas as pd
    >>> drawn = pd.DataFrame({"campaign": "M2", "customer": list("abcd"), "contacted": [True, True, False, False],
    ...                       "responded": [True, True, True, False], "orders": [1, 1, 1, 0], "margin": [8.0, 6, 4, 0]})
    >>> campaigns = pd.DataFrame({"campaign": ["M2"], "chosen": ["by marketing"], "contact_cost": [1.0]})
    >>> naive(drawn, campaigns)[["campaign", "by_lot", "difference"]]
      campaign  by_lot  difference
    0       M2   False         0.5
    """
    frame, known = _campaigns(outcomes, campaigns)
    found = _rates(_sums(frame, ["campaign"], sorted(known)), level)
    columns = {"campaign": found["campaign"], "by_lot": [known[one]["chosen"] == BY_LOT for one in found["campaign"]]}
    columns |= {name: found[name] for name in ("contacted", "held_back", "rate_contacted", "rate_held_back")}
    columns |= {"difference": found["uplift"], "low": found["uplift_low"], "high": found["uplift_high"]}
    return like(frame, columns).to_native()


@same_kind
def selection(outcomes, *, by):
    """How much of the naive difference the choice of customers made, as far as the columns ``by`` show; by campaign.

    Customers with the same values of ``by`` are compared with one another, and the differences averaged as the contacted
    lie: campaign, difference (naive), within (after that comparison), selection (the rest: difference - within), compared
    (the share of the contacted who have somebody like them held back; only they count in within). A gap is a value.

    Selection on what the columns do not show stays in ``within``: it is nearer to the effect, and not the effect.
    Raises `DataError` if nobody contacted has a like.

    >>> import pandas as pd
    >>> chosen = pd.DataFrame({"campaign": "M2", "customer": list("abcdef"), "buyer": ["big"] * 3 + ["small"] * 3,
    ...     "contacted": [True, True, False, True, False, False], "responded": [True, True, True, False, False, False]})
    >>> selection(chosen, by="buyer").round(2)       # the big buy with and without a contact, the small do not
      campaign  difference  within  selection  compared
    0       M2        0.33     0.0       0.33       1.0
    """
    by = [by] if isinstance(by, str) else list(by)
    frame = table(outcomes, ["campaign", "contacted", "responded", *by], what="table of outcomes", eager=False)
    _check_contacted(frame)
    cells = _cells(frame, ["campaign", *by])
    columns = {name: [] for name in ("campaign", "difference", "within", "selection", "compared")}
    for name in dict.fromkeys(cells["campaign"]):
        here = np.array([one == name for one in cells["campaign"]])
        n, h, r, s = (cells[one][here] for one in ("n", "h", "r", "s"))
        both = (n > 0) & (h > 0)
        if not both.any():
            raise DataError(f"In campaign {quote(name)} nobody contacted has a like by {several(by)} who was held back.")
        difference = r.sum() / n.sum() - s.sum() / h.sum()
        within = ((r[both] / n[both] - s[both] / h[both]) * n[both]).sum() / n[both].sum()
        row = (name, difference, within, difference - within, n[both].sum() / n.sum())
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
    return like(frame, columns).to_native()


@same_kind
def balance(listed, columns, *, unlike=UNLIKE):
    """Whether contacted and held back were alike before, in the numeric ``columns`` of one campaign's list.

    column, contacted, held_back (means of those known), difference (of the means, in standard deviations), by_chance
    (what lots alone exceed once in twenty: 1.96 sqrt(1/n + 1/h)), alike (False where the difference is above both
    ``unlike`` and by_chance). ``unlike`` is 0.1 by default (Austin 2009, who calls less negligible). Where a column does
    not vary, the difference is 0.

    >>> import pandas as pd
    >>> listed = pd.DataFrame({"contacted": [True, True, False, False], "orders_before": [9, 7, 1, 3]})
    >>> balance(listed, ["orders_before"]).round(2)
              column  contacted  held_back  difference  by_chance  alike
    0  orders_before        8.0        2.0        4.24       1.96  False
    """
    columns = [columns] if isinstance(columns, str) else list(columns)
    frame = table(listed, ["contacted", *columns], what="list of a campaign", eager=False)
    _check_contacted(frame)
    schema = frame.collect_schema()
    if odd := [name for name in columns if not schema[name].is_numeric()]:
        raise DataError(f"Column {odd[0]!r} of the list holds {schema[odd[0]]}, not numbers.")
    wanted = {}
    for name in columns:
        value = nw.col(name).cast(nw.Float64)
        wanted[f"n_{name}"] = nw.when(~value.is_null()).then(1).otherwise(0)
        wanted[f"s_{name}"], wanted[f"q_{name}"] = value.fill_null(0.0), (value * value).fill_null(0.0)
    rows = collect(frame.select("contacted", **wanted).group_by("contacted").agg(nw.col(*wanted).sum())).rows(named=True)
    groups = {bool(row["contacted"]): row for row in rows}
    if len(groups) < 2:
        raise DataError("Everybody on the list was contacted, or nobody, so there is nothing to compare.")
    found = {name: [] for name in ("column", "contacted", "held_back", "difference", "by_chance", "alike")}
    for name in columns:
        (n, mean, variance), (h, other, spread) = (_moments(groups[one], name) for one in (True, False))
        deviation = np.sqrt((variance + spread) / 2)
        difference = (mean - other) / deviation if deviation > 0 else 0.0
        chance = 1.96 * np.sqrt(1 / n + 1 / h) if n and h else np.nan
        row = (name, mean, other, difference, chance, not abs(difference) > max(unlike, chance))
        for column, value in zip(found.values(), row, strict=True):
            column.append(value)
    return like(frame, found).to_native()


@same_kind
def by_segment(outcomes, by, *, level=0.95):
    """The uplift of each segment of the customers of campaigns by lot: several looks at one test, and said so.

    ===============================  ==================================================================================
    the columns ``by``               one or several; their values make the segment. A gap is one of them, and comes last
    contacted, held_back             customers
    rate_contacted, rate_held_back   share of them who responded
    uplift, uplift_low, uplift_high  difference of the rates, Newcombe's interval of confidence ``level``
    all_low, all_high                the same so wide that with this confidence *all* intervals hold (Bonferroni)
    shrunk                           the uplift drawn towards the mean of all, the more the less is known
                                     (`two_rates.shrink`, half a success added to each rate of its variances)
    verdict                          "sells" or "keeps away" where all_low to all_high leaves 0 out, else "too few to tell"
    ===============================  ==================================================================================

    A segment without contacted or without held-back customers has no uplift. Several campaigns are taken together, which
    needs that each held back the same share; look at one at a time where they did not.

    >>> import pandas as pd
    >>> test = pd.DataFrame({"buys": ["often"] * 200 + ["seldom"] * 200, "contacted": [True, False] * 200,
    ...                      "responded": [False, True] * 60 + [True, False] * 40 + [True, False] * 100})
    >>> by_segment(test, "buys")[["buys", "uplift", "verdict"]]
         buys  uplift     verdict
    0   often    -0.2  keeps away
    1  seldom     1.0       sells
    """
    by = [by] if isinstance(by, str) else list(by)
    frame = table(outcomes, ["contacted", "responded", *by], what="table of outcomes", eager=False)
    _check_contacted(frame)
    cells = _cells(frame, by)
    n, h, r, s = (cells[one] for one in "nhrs")
    with np.errstate(divide="ignore", invalid="ignore"):
        p, q = r / n, s / h
    low, high = newcombe(r, n, s, h, level=level)
    known = int(((n > 0) & (h > 0)).sum())
    wide, wider = newcombe(r, n, s, h, level=1 - (1 - level) / max(known, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        error = _smoothed(r, n) / n + _smoothed(s, h) / h
    verdicts = np.select([wide > 0, wider < 0], VERDICTS[:2], VERDICTS[2]).tolist()
    columns = {"contacted": n, "held_back": h, "rate_contacted": p, "rate_held_back": q, "uplift": p - q}
    columns |= {"uplift_low": low, "uplift_high": high, "all_low": wide, "all_high": wider}
    columns |= {"shrunk": shrink(p - q, error), "verdict": verdicts}
    kinds = {"contacted": nw.Int64, "held_back": nw.Int64, "verdict": nw.String}
    schema = frame.collect_schema()
    kinds = {name: schema[name] for name in by} | {name: kinds.get(name, nw.Float64) for name in columns}
    return like(frame, {name: cells[name] for name in by} | columns, kinds).to_native()


# what they share


def _campaigns(outcomes, campaigns):
    """The wrapped outcomes, and the facts of each campaign that occurs in them."""
    needed = ["campaign", "contacted", "responded", "orders", "margin"]
    frame = table(outcomes, needed, what="table of outcomes", eager=False)
    _check_contacted(frame)
    facts = ["campaign", "chosen", "contact_cost"]
    rows = collect(table(campaigns, facts, what="table of campaigns", eager=False), *facts).rows(named=True)
    known = {row["campaign"]: row for row in rows}
    names = collect(frame.select("campaign").unique())["campaign"].to_list()
    if missing := sorted(set(names) - set(known)):
        raise DataError(f"Campaign {quote(missing[0])} is not in the table of campaigns.")
    return frame, {name: known[name] for name in names}


def _check_contacted(frame):
    dtype = frame.collect_schema()["contacted"]
    if dtype != nw.Boolean:
        raise DataError(f"Column 'contacted' holds {dtype}, not true or false; compare it with what means yes.")
    if int(collect(frame, nw.col("contacted").null_count())["contacted"][0] or 0):
        raise DataError("Column 'contacted' has gaps; it must say for everybody whether they got the offer.")


def _cells(frame, by):
    """For each combination of ``by``: customers contacted (n) and held back (h), and those of each who responded (r, s)."""
    one = frame.select(*by, "contacted", __responded=nw.when(nw.col("responded")).then(1).otherwise(0), __one=nw.lit(1))
    counted = collect(one.group_by(*by, "contacted").agg(nw.col("__one", "__responded").sum()))
    columns = [[_plain(value) for value in counted[name].to_list()] for name in (*by, "contacted", "__one", "__responded")]
    cells = {}
    for *key, contacted, rows, responded in zip(*columns, strict=True):
        place = cells.setdefault(tuple(key), [0, 0, 0, 0])
        place[0 if contacted else 1] += int(rows)
        place[2 if contacted else 3] += int(responded)
    cells = dict(sorted(cells.items(), key=lambda item: [_last_if_gap(one) for one in item[0]]))
    found = {name: [key[place] for key in cells] for place, name in enumerate(by)}
    counts = np.array(list(cells.values()), dtype=float).reshape(-1, 4).T
    return found | dict(zip("nhrs", counts, strict=True))


def _sums(frame, by, names):
    """Per campaign of ``names``: counts, responses, orders and margins of the contacted (n) and the held back (h)."""
    margin = nw.col("margin").cast(nw.Float64)
    wanted = {"n": nw.lit(1), "r": nw.when(nw.col("responded")).then(1).otherwise(0), "orders": nw.col("orders"),
              "margin": margin, "square": margin * margin}  # fmt: skip
    rows = frame.select(*by, "contacted", **{f"__{name}": one for name, one in wanted.items()})
    rows = rows.group_by(*by, "contacted").agg(nw.col(*(f"__{name}" for name in wanted)).sum())
    rows = {(row["campaign"], bool(row["contacted"])): row for row in collect(rows).rows(named=True)}
    for name in names:
        if (name, True) not in rows or (name, False) not in rows:
            who = "held back" if (name, True) in rows else "contacted"
            raise DataError(f"Campaign {quote(name)} has nobody {who}, so there is nothing to compare.")
    sums = {"campaign": names}
    for letter, contacted in (("n", True), ("h", False)):
        for name in wanted:
            values = np.array([float(rows[one, contacted][f"__{name}"]) for one in names])
            sums[letter if name == "n" else f"{name}_{letter}"] = values
    return sums


def _rates(sums, level):
    n, h = sums["n"], sums["h"]
    low, high = newcombe(sums["r_n"], n, sums["r_h"], h, level=level)
    p, q = sums["r_n"] / n, sums["r_h"] / h
    whole = {"contacted": n.astype(np.int64), "held_back": h.astype(np.int64)}
    rates = {"rate_contacted": p, "rate_held_back": q, "uplift": p - q, "uplift_low": low, "uplift_high": high}
    return {"campaign": sums["campaign"]} | whole | rates


def _variance(sums, group):
    """Of the margin a customer, with n - 1; a group of one has none."""
    n, total = sums[group], sums[f"margin_{group}"]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.maximum(sums[f"square_{group}"] - total**2 / n, 0) / (n - 1)


def _moments(row, name):
    n, total, squares = (float(row[f"{letter}_{name}"]) for letter in "nsq")
    if not n:
        return 0.0, np.nan, np.nan
    return n, total / n, max(squares - total**2 / n, 0.0) / (n - 1) if n > 1 else 0.0


def _smoothed(successes, trials):
    """The variance of one answer; half a success is added on each side, as a rate of 0 would look certain."""
    share = (successes + 0.5) / (trials + 1)
    return share * (1 - share)


def _plain(value):
    """None for every kind of gap."""
    return None if value is None or type(value).__name__ == "NAType" or value != value else value


def _last_if_gap(value):
    return (value is None, 0 if value is None else value)
