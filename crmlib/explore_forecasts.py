"""Models of purchases tried on a log: what the lesson on customer value in a log turns, computes and says.

Every sentence is true of any log that passed the door. A verdict names its rule; rules without a source are our own.
"""

from __future__ import annotations

import datetime as dt
import warnings
from typing import Any, NamedTuple

import numpy as np

from crmlib import concentration
from crmlib.bgnbd import fit_bgnbd
from crmlib.customers import customer_table, until
from crmlib.errors import DataError, DataNotice, FitError
from crmlib.explorers import View
from crmlib.frames import as_day
from crmlib.gamma_gamma import fit_gamma_gamma, spend_correlation
from crmlib.holdout import holdout
from crmlib.mbgnbd import fit_mbgnbd
from crmlib.pareto_nbd import fit_pareto_nbd
from crmlib.wording import MODELS, count, number, percent, signed

__all__ = [
    "Attempt", "HeldOut", "Past", "attempt", "fit_said", "forecast_said", "found_said", "held_out",
    "influence_said", "knobs", "methods_said", "models_compared", "parameters_said", "past_of", "spend_again",
    "spend_said", "tracking_said",
]  # fmt: skip

MISPLACED = 0.05  # a fit by frequency holds while at most so many customers stand in another bar
OFF = 0.10  # a forecast of a sum holds while it is at most so far off
AHEAD = 0.02  # of two that find the best customers, one is ahead from so many points on
UNRELATED = 0.10  # number and size of purchases are unrelated while their correlation is at most that large
_HAIR = 1e-9  # floats differ in their last digits
FEW = 20  # no verdict on fewer customers, as in crmlib.explore_activity


class Attempt(NamedTuple):
    """What was found, or nothing and why; what was left out on the way is a ``notice``."""

    found: Any
    missing: str
    notice: str


def attempt(make) -> Attempt:
    """Call ``make``, and have a sentence in place of a `FitError` or `DataError`, and in place of notices.

    >>> import pandas as pd
    >>> attempt(lambda: fit_bgnbd(pd.DataFrame({"x": [0.0] * 5, "t_x": 0.0, "T": 9.0}))).missing
    'Nobody bought twice, so these customers say nothing about when they come back; take in a longer time.'
    """
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always", DataNotice)
        try:
            found, missing = make(), ""
        except (FitError, DataError) as error:
            found, missing = None, str(error)
    said = dict.fromkeys(str(one.message) for one in given if issubclass(one.category, DataNotice))
    return Attempt(found, missing, " ".join(said))


class Past(NamedTuple):
    """The customers as they stood at ``split``, the end of the first half, and BG/NBD fitted to them; or why not."""

    split: Any
    customers: Any
    model: Any
    missing: str


def past_of(tx, *, as_of) -> Past:
    """The first half of the days since the first purchase: its customers with a purchase, and BG/NBD fitted to them.

    >>> import pandas as pd
    >>> one = pd.DataFrame({"customer": ["a"], "date": pd.to_datetime(["2024-01-01"]), "amount": [5.0]})
    >>> past_of(one, as_of="2024-01-08").missing
    'From the first purchase on this log covers 8 days, and two halves of a week each are needed.'
    """
    bought = tx[tx["amount"] >= 0]
    bought = bought[bought["date"].dt.date <= as_day(as_of)]
    if not len(bought):
        return Past(None, None, None, "This log holds refunds and no purchase, so there is nothing to forecast.")
    covered = (as_day(as_of) - bought["date"].min().date()).days + 1
    if covered < 14:
        why = f"From the first purchase on this log covers {count(covered, 'day')}, and two halves of a week each are needed."
        return Past(None, None, None, why)
    split = as_day(concentration.halfway(bought, as_of=as_of)) - dt.timedelta(days=1)
    customers = customer_table(until(tx, split), as_of=split)
    customers = customers[customers["x"].notna()].reset_index(drop=True)
    fitted = attempt(lambda: fit_bgnbd(customers))
    return Past(split, customers, fitted.found, fitted.missing)


class HeldOut(NamedTuple):
    """The holdout test, and both models fitted again to the whole log; or why not."""

    holdout: Any
    customers: Any  # as of the last day, those with a purchase
    purchases: Any
    spend: Any
    missing: str
    notice: str


def held_out(tx, *, split, as_of) -> HeldOut:
    """Test BG/NBD and Gamma-Gamma on the days after ``split``; then fit both to all lines up to ``as_of``."""
    tested = attempt(lambda: holdout(tx, split=split, as_of=as_of))
    if tested.missing:
        return HeldOut(None, None, None, None, tested.missing, tested.notice)
    if not tested.found.actual_revenue > 0:
        return HeldOut(None, None, None, None, "All that was bought in the second half was free.", tested.notice)
    customers = customer_table(tx, as_of=as_of)
    customers = customers[customers["x"].notna()].reset_index(drop=True)

    def fits():
        purchases, spend = fit_bgnbd(customers), fit_gamma_gamma(customers)
        spend.expected_value_new()  # raises where spend has no mean
        return purchases, spend

    fitted = attempt(fits)
    if fitted.missing:
        return HeldOut(None, None, None, None, fitted.missing, fitted.notice)
    return HeldOut(tested.found, customers, *fitted.found, "", fitted.notice)


def parameters_said(model) -> str:
    """What the four parameters of a BG/NBD in days say of the living.

    >>> from crmlib import BGNBD
    >>> parameters_said(BGNBD(r=0.243, alpha=30.9, a=0.793, b=2.426)).split(". ")[0]
    'By r and alpha a living customer makes 2.9 repeat purchases a year on average, and half of them make fewer than 0.5'
    """
    from scipy.special import betaincinv, gammaincinv

    mean, middle = 365 * model.r / model.alpha, 365 * gammaincinv(model.r, 0.5) / model.alpha
    stop, usual = model.a / (model.a + model.b), betaincinv(model.a, model.b, 0.5)
    return (
        f"By r and alpha a living customer makes {number(mean, 1)} repeat purchases a year on average, and half of them make "
        f"fewer than {number(middle, 1)}. By a and b a customer stops after a repeat purchase with a chance of "
        f"{percent(stop)} on average; for half of them it is below {percent(usual)}."
    )


def fit_said(found) -> str:
    """Whether the expected numbers by frequency are near the actual ones; of `diagnostics.by_frequency`."""
    actual, expected = (found[name].to_numpy().astype(float) for name in ("customers", "expected"))
    apart = np.abs(actual - expected).sum() / 2 / actual.sum()
    verdict = "held" if apart <= MISPLACED + _HAIR else "did not hold"
    worst = int(np.argmax(np.abs(actual - expected)))
    return (
        f"{percent(apart)} of the customers stand in another bar than the model has them; furthest apart is x = "
        f"{found['x'].to_list()[worst]}, with {number(actual[worst])} and {number(expected[worst])} expected. 'The model fits "
        f"by frequency' (we take at most {percent(MISPLACED, 0)}) {verdict} here."
    )


def tracking_said(tracked, *, fitted_to) -> str:
    """How far the purchases expected beyond period ``fitted_to`` are from those that came; of `diagnostics.tracking`."""
    beyond = tracked[tracked["period"] > fitted_to]
    came, expected = int(beyond["actual"].sum()), float(beyond["expected"].sum())
    if not came:
        return "Beyond the split nobody bought again, so there is nothing to hold the forecast against."
    off = expected / came - 1
    verdict = "held" if abs(off) <= OFF + _HAIR else "did not hold"
    return (
        f"In the {count(len(beyond), 'week')} that the model had not seen it expected {number(expected)} repeat purchases, of "
        f"new customers too, and {number(came)} came: {_off(off)}. 'The forecast is within {percent(OFF, 0)}' {verdict} here."
    )


def _off(share):
    return f"{percent(abs(share))} too {'many' if share > 0 else 'few'}"


def _best_rule(methods, measure, of, best):
    """The row of the model and that of the best rule of thumb."""
    rows = methods[methods["measure"] == measure].reset_index(drop=True)
    rules = rows[1:]
    return rows.iloc[0], rules.loc[best(of(rules))]


def forecast_said(methods, measure) -> str:
    """Whether the model forecasts a sum better than every rule of thumb; of `Holdout.methods`."""
    model, rule = _best_rule(methods, measure, lambda rows: rows["error"].abs(), lambda errors: errors.idxmin())
    better = abs(model["error"]) < abs(rule["error"])
    return (
        f"{measure.capitalize()} in all: {MODELS[model['method']]} was off by {signed(model['error'])}, the nearest rule of "
        f"thumb, '{rule['method']}', by {signed(rule['error'])}. 'The model forecasts the sum better than every rule of "
        f"thumb' {'held' if better else 'did not hold'} here."
    )


def found_said(methods, measure) -> str:
    """Whether the model finds more of the best customers than every rule of thumb; of `Holdout.methods`."""
    model, rule = _best_rule(methods, measure, lambda rows: rows["found"], lambda found: found.idxmax())
    ahead = model["found"] - rule["found"]
    more = (
        "held here" if ahead >= AHEAD - _HAIR
        else f"did not hold here: {'the rule finds more' if ahead <= _HAIR - AHEAD else 'the rule finds as many'}"
    )  # fmt: skip
    return (
        f"Of the best tenth by {measure} {MODELS[model['method']]} found {percent(model['found'])}, the best rule of thumb, "
        f"'{rule['method']}', {percent(rule['found'])}. 'The model finds more of the best customers' (we ask for "
        f"{AHEAD * 100:.0f} points) {more}."
    )


def spend_said(customers) -> str:
    """Whether how often and how much are unrelated, as Gamma-Gamma has it, among repeat buyers."""
    buyers = int(((customers["x"] > 0) & (customers["mean_repeat_value"] > 0)).sum())
    related = spend_correlation(customers)
    if buyers < FEW or related != related:
        return f"With {count(buyers, 'repeat buyer')} nothing can be said on whether number and size of purchases are related."
    verdict = "held" if abs(related) <= UNRELATED + _HAIR else "did not hold"
    which = "more" if related > 0 else "less"
    then = "" if verdict == "held" else f" Who buys often spends {which} a purchase here, and values by customer are off for it."
    return (
        f"Correlation of the number of repeat purchases with their mean value, {count(buyers, 'repeat buyer')}: "
        f"{related:.2f}. 'How often and how much are unrelated' (we take at most {UNRELATED:.2f} either way) {verdict} "
        f"here.{then}"
    )


def spend_again(tx, customers, spend, *, split, as_of):
    """Repeat buyers of the first half in thirds by what they spent a purchase, and what the same spent a purchase later.

    A pandas row a third: third, customers (those who bought later too), before, expected (by ``spend``), after: means a
    purchase. Thirds by rank; whoever ties stays together.
    """
    import pandas as pd

    later = tx[(tx["amount"] >= 0) & (tx["date"] > pd.Timestamp(split)) & (tx["date"] <= pd.Timestamp(as_of))]
    later = later.groupby(["customer", "date"])["amount"].sum().groupby("customer").mean()
    repeat = customers[(customers["x"] > 0) & (customers["mean_repeat_value"] > 0)]
    known = pd.DataFrame({
        "customer": repeat["customer"], "before": repeat["mean_repeat_value"].astype(float),
        "expected": spend.expected_value(repeat), "after": repeat["customer"].map(later).astype(float),
    })  # fmt: skip
    rank = (known["before"].rank(method="min") - 1) * 3 // max(len(known), 1)
    known["third"] = rank.map({0: "lowest", 1: "middle", 2: "highest"})
    known = known.dropna(subset="after")
    found = known.groupby("third").agg(customers=("customer", "size"), **{name: (name, "mean") for name in ("before", "expected", "after")})
    return found.reindex(["lowest", "middle", "highest"]).dropna().reset_index()


def models_compared(customers, came, *, horizon):
    """BG/NBD, MBG/NBD and Pareto/NBD side by side: fitted to ``customers``, held against the purchases that came.

    ``came``: of each customer, in the order of the rows. A pandas row a model that settled: model, log_likelihood (the
    nearer to 0 the better it fits), alive_once (mean P(alive) of customers without repeat purchase), alive (mean of all),
    expected, error (expected / came - 1), mae. The second result has a sentence for each that did not settle.
    """
    import pandas as pd

    rows, missing = [], []
    once = (customers["x"] == 0).to_numpy()
    for fit in (fit_bgnbd, fit_mbgnbd, fit_pareto_nbd):
        tried = attempt(lambda fit=fit: fit(customers))
        if tried.missing:
            missing.append(tried.missing)
            continue
        model, alive = tried.found, tried.found.p_alive(customers)
        expected = model.expected_purchases(customers, horizon=horizon)
        rows.append({
            "model": MODELS[type(model).__name__], "log_likelihood": float(model.log_likelihood(customers).sum()),
            "alive_once": float(alive[once].mean()) if once.any() else float("nan"), "alive": float(alive.mean()),
            "expected": float(expected.sum()), "error": float(expected.sum() / came.sum() - 1),
            "mae": float(np.abs(expected - came).mean()),
        })  # fmt: skip
    return pd.DataFrame(rows), missing


def influence_said(table) -> str:
    """How far the fit moves without the heaviest customers; of `diagnostics.influence`."""
    everybody, moved = table.iloc[0], table.iloc[1:].dropna()
    if not len(moved):
        return "Without the heaviest customers the fit does not settle: it hangs on them."
    last = moved.iloc[-1]
    names = [name for name in ("r", "alpha", "a", "b") if name in table]
    changes = {name: last[name] / everybody[name] - 1 for name in names}
    most = max(changes, key=lambda name: abs(changes[name]))
    unsettled = table.loc[table["left_out"] > last["left_out"], "left_out"]
    then = f" Without {unsettled.min():.0f} the fit does not settle: it hangs on them." if len(unsettled) else ""
    return (
        f"Without the {count(last['left_out'], 'heaviest customer')} {most} moves most, by {signed(changes[most])}, and the "
        f"greatest change of anybody's P(alive) is {100 * last['p_alive_moved']:.1f} points.{then}"
    )


def methods_said(compared) -> str:
    """Whether CLV finds more revenue than the cheaper methods, as the textbook has it; of `compare_methods`."""
    by = compared.set_index("method")
    others = {name: by.loc[name, "found"] for name in ("ABC", "RFM")}
    best = max(others, key=others.get)
    ahead = by.loc["CLV", "found"] - others[best]
    exact = "held" if ahead >= AHEAD - _HAIR else "did not hold"
    behind = by.loc["ABC", "found"] - by.loc["RFM", "found"]
    rough = "held" if behind >= AHEAD - _HAIR else "did not hold"
    return (
        f"Of the customers who brought most later CLV found {percent(by.loc['CLV', 'found'])}, RFM "
        f"{percent(others['RFM'])}, ABC {percent(others['ABC'])}, chance {percent(by.loc['chance', 'found'])}. 'CLV is more exact than both' (we ask "
        f"for {AHEAD * 100:.0f} points) {exact} here; 'RFM is rougher than ABC' {rough}."
    )


def knobs(model, *, x, silent, seen, horizon=90) -> View:
    """The explorer's callback: P(alive) over the silence of customers with ``x`` repeat purchases, seen for ``seen`` days.

    The point is the customer who has been silent for ``silent`` days; the broken line is that of a customer with one
    repeat purchase, to compare with. The sentence has P(alive) and the purchases expected in the next ``horizon`` days. A
    customer with repeat purchases cannot be silent for as long as they were seen; the sentence says so. The figure is
    outside pyplot, so that two moves of a slider that overlap share nothing.
    """
    import pandas as pd

    from crmlib import plots
    from crmlib.plots.look import dress, legend, percent_ticks

    ax = plots.canvas(6.6, 4.0)
    if x and silent >= seen:
        ax.axis("off")
        return View(ax.figure, f"Seen for {count(seen, 'day')}, nobody with a repeat purchase can have been silent for "
                               f"{count(silent, 'day')}: the first purchase was earlier than the last.")  # fmt: skip
    silence = np.linspace(0, seen, 121)[:-1]

    def at(n, quiet):
        quiet = np.atleast_1d(np.asarray(quiet, dtype=float))
        return pd.DataFrame({"x": float(n), "t_x": seen - quiet if n else 0.0, "T": float(seen)}, index=range(len(quiet)))

    one = at(x, silent)
    alive, expected = float(model.p_alive(one)[0]), float(model.expected_purchases(one, horizon=horizon)[0])
    if x != 1:
        ax.plot(silence, model.p_alive(at(1, silence)), color=plots.PALETTE["mid"], linewidth=2, linestyle=(0, (5, 2)),
                label="1 repeat purchase")  # fmt: skip
    ax.plot(silence, model.p_alive(at(x, silence)), color=plots.PALETTE["dark"], linewidth=2.2, label=count(x, "repeat purchase"))
    ax.plot([silent if x else seen], [alive], marker="o", markersize=7, color=plots.PALETTE["accent"], linestyle="", label="_customer", zorder=4, clip_on=False)
    title = f"{count(x, 'repeat purchase')}, silent for {count(silent if x else seen, 'day')}: P(alive) {percent(alive)}"
    dress(ax, title, f"days of silence, of a customer first seen {count(seen, 'day')} ago", "P(alive)", legend=True)
    ax.set_ylim(-0.02, 1.04)
    percent_ticks(ax.yaxis)
    legend(ax, outside=True)
    said = (
        f"{count(x, 'repeat purchase')}, the last one {count(silent, 'day')} ago, first seen {count(seen, 'day')} ago: P(alive) "
        f"{percent(alive)}, and {number(expected, 2)} purchases expected in the next {count(horizon, 'day')}."
    )
    if not x:
        said = (
            f"No repeat purchase, first seen {count(seen, 'day')} ago, and so silent all the time: P(alive) {percent(alive)}, and "
            f"{number(expected, 2)} purchases expected in the next {count(horizon, 'day')}."
        )
    return View(ax.figure, said)
