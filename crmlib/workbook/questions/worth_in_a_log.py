"""The questions of *What is a customer worth: in a log*. `_first_half` has what they are about."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmlib.errors import DataError
from crmlib.workbook.checks import Choice, Labels, Number, Words, Wrong
from crmlib.workbook.questions._counting import purchases
from crmlib.workbook.questions._first_half import alive, case_of, day_by_day, days_with_money, if_alive

__all__ = ["QUESTIONS"]

HORIZON, DISCOUNT = 365, 0.10  # of the question on value
UNLIKELY = 0.5  # P(alive), of the second question
FORECASTS = ("model", "same again", "own rate", "mean")


# 1 t_x


def t_x(material):
    bought = purchases(material).groupby("customer")["date"]
    return (bought.max() - bought.min()).dt.days


def _silence(material):
    return (pd.Timestamp(material.as_of) - purchases(material).groupby("customer")["date"].max()).dt.days


def _age(material):
    return (pd.Timestamp(material.as_of) - purchases(material).groupby("customer")["date"].min()).dt.days


def _to_last_line(material):
    first = purchases(material).groupby("customer")["date"].min()
    return (material.tx.groupby("customer")["date"].max().reindex(first.index) - first).dt.days


def _mean_gap(material):
    days = days_with_money(purchases(material)).groupby("customer").size()
    return t_x(material) / (days - 1).where(days > 1, 1)


# 2 doubtful


def doubtful(material, **instead):
    return int((alive(material, **instead) < UNLIKELY).sum())


def _recency_of_rfm(material):
    past = case_of(material).past
    return past["T"] - past["t_x"]


# 3 expected


def _forecast(material, horizon=None, weighed=True):
    case = case_of(material)
    purchases_to_come = if_alive(case, case.days if horizon is None else horizon)[:, 0]
    return purchases_to_come * (alive(material).to_numpy() if weighed else 1)


def expected(material):
    return _forecast(material).sum()


def _expected_with_rfm_recency(material):
    return (if_alive(case_of(material), case_of(material).days)[:, 0] * alive(material, t_x=_recency_of_rfm(material))).sum()


def _expected_of_repeaters(material):
    return _forecast(material)[(case_of(material).past["x"] > 0).to_numpy()].sum()


def _mean_rate(material):
    case = case_of(material)
    return case.model.r / case.model.alpha * case.days * len(case.past)


# 4 own_rate, 5 nearest


def _rates(material, events=None, over="T"):
    case = case_of(material)
    events, length = case.past["x"] if events is None else events, case.past[over]
    return case.days * (events / length.where(length > 0)).fillna(0.0)


def _error(material, forecast):
    return float(np.sum(forecast)) / int(case_of(material).came.sum()) - 1


def own_rate(material):
    return _error(material, _rates(material))


def _forecasts(material):
    case = case_of(material)
    everybody = case.days * case.past["x"].sum() / max(case.past["T"].sum(), 1)
    return {"model": _forecast(material), "same again": case.before.to_numpy(), "own rate": _rates(material).to_numpy(),
            "mean": np.full(len(case.past), everybody)}  # fmt: skip


def nearest(material):
    return min(FORECASTS, key=lambda name: abs(_error(material, _forecasts(material)[name])))


def _least_absolute_error(material):
    came = case_of(material).came.to_numpy()
    return min(FORECASTS, key=lambda name: np.abs(_forecasts(material)[name] - came).mean())


def _highest_sum(material):
    return max(FORECASTS, key=lambda name: _error(material, _forecasts(material)[name]))


def _lowest_sum(material):
    return min(FORECASTS, key=lambda name: _error(material, _forecasts(material)[name]))


# 6 next_purchase


def _one_repeat(material):
    past = case_of(material).past
    once = past[(past["x"] == 1) & (past["mean_repeat_value"] > 0)]
    if once.empty:
        raise DataError("Nobody in its first half has just one repeat purchase.")
    return once.loc[once["mean_repeat_value"].idxmax()]


def _shrunk(spend, x, mean):
    """The population's mean and the customer's own, weighed; section 3 of Fader & Hardie (2013), note 025."""
    own = spend.p * x / (spend.p * x + spend.q - 1)
    return (1 - own) * spend.p * spend.gamma / (spend.q - 1) + own * mean


def next_purchase(material, x=1, column="mean_repeat_value"):
    return float(_shrunk(case_of(material).spend, x, _one_repeat(material)[column]))


def _population(material):
    _one_repeat(material)
    spend = case_of(material).spend
    return spend.p * spend.gamma / (spend.q - 1)


# 7 mean_clv


def _values(material):
    case = case_of(material)
    return _shrunk(case.spend, case.past["x"], case.past["mean_repeat_value"].fillna(0.0)).to_numpy()


def _discounted(material, share, horizon=HORIZON):
    """Purchases of each customer, day by day, each day's times ``share`` of it."""
    to_come = np.diff(day_by_day(case_of(material), horizon), axis=1)
    return to_come @ share(np.arange(1.0, horizon + 1)) * alive(material).to_numpy()


def _a_day(day):
    return (1 + DISCOUNT) ** (-day / 365)


def mean_clv(material):
    return float((_discounted(material, _a_day) * _values(material)).mean())


def _clv_with(material, share=_a_day, values=None, horizon=HORIZON):
    values = _values(material) if values is None else values
    return float((_discounted(material, share, horizon) * values).mean())


def _spent_so_far(material, column):
    return case_of(material).past[column].fillna(0.0).to_numpy()


def _of_all(material):
    return mean_clv(material) * len(case_of(material).past)


def _of_repeaters(material):
    each = _discounted(material, _a_day) * _values(material)
    return float(each[(case_of(material).past["x"] > 0).to_numpy()].mean())


_RFM = "Its `t_x` is the silence, RFM's recency. `t_x` runs from the first purchase to the last."

QUESTIONS = {
    "t_x": Labels(
        answer=t_x,
        praise="The age at the last purchase. The silence after it is T - t_x.",
        column="t_x",
        wrong=(
            Wrong(_silence, "This is the silence, the recency of RFM. `t_x` ends with the last purchase."),
            Wrong(_age, "This is T, up to the last day of the log. `t_x` ends with the last purchase."),
            Wrong(_to_last_line, "Refunds are the last line of some customers in yours. Only purchases count."),
            Wrong(_mean_gap, "You divided by the repeat purchases: these are mean gaps."),
            Wrong(lambda m: t_x(m) / 7, "These are weeks; the question asks for days."),
        ),
        hints=(
            "Two dates of each customer: the first purchase and the last one.",
            "Group the lines by customer; the difference of `max` and `min` of the dates has `.dt.days`.",
        ),
    ),
    "doubtful": Number(
        answer=doubtful,
        praise="Remember who is not among them: to BG/NBD nobody who bought once is ever doubtful.",
        within=0,
        wrong=(
            Wrong(lambda m: doubtful(m, t_x=_recency_of_rfm(m)), _RFM),
            Wrong(lambda m: doubtful(m, x=case_of(m).past["orders"]), "You took orders for x. x leaves out the first one."),
            Wrong(lambda m: doubtful(m, T=case_of(m).past["T"] / 7, t_x=case_of(m).past["t_x"] / 7),
                  "Your times are weeks, and the model was fitted to days."),
            Wrong(lambda m: doubtful(m, T=case_of(m).past["T"] + case_of(m).days),
                  "Your T runs to the end of the log. `past` ends with the split."),
            Wrong(lambda m: len(case_of(m).past) - doubtful(m), "These are the others, who are probably still there."),
            Wrong(lambda m: int(((case_of(m).past["x"] > 0) & (alive(m) >= UNLIKELY)).sum()),
                  "These are repeat buyers who are probably still there."),
            Wrong(lambda m: int((case_of(m).past["x"] > 0).sum()), "These are all repeat buyers."),
            Wrong(lambda m: doubtful(m) / len(case_of(m).past), "This is a share; the question asks how many they are."),
        ),
        hints=(
            "The model has a method for it, which reads the columns x, t_x and T of `past`.",
            "It gives one number a customer, between 0 and 1. How many of them are below the line?",
        ),
    ),
    "expected": Number(
        answer=expected,
        praise="Now hold it against what came, before anybody plans with it.",
        within=0.05,
        wrong=(
            Wrong(lambda m: _forecast(m, case_of(m).days / 7).sum(),
                  "Your horizon is in weeks. The model was fitted to days, so the horizon is in days."),
            Wrong(lambda m: _forecast(m, weighed=False).sum(), "You took everybody for alive. P(alive) is missing."),
            Wrong(_expected_with_rfm_recency, _RFM),
            Wrong(lambda m: _forecast(m, HORIZON).sum(), "Your horizon is a year; the second half has `days` days."),
            Wrong(_expected_of_repeaters, "You left out those who have bought once. They may come back too."),
            Wrong(_mean_rate, "This is the mean rate of the living times days: it forgets who has stopped, and who will."),
            Wrong(lambda m: int(case_of(m).came.sum()), "This is what came. The question asks what the model expected."),
            Wrong(lambda m: expected(m) / len(case_of(m).past), "This is the mean of a customer; what is it in all?"),
            Wrong(lambda m: float(alive(m).sum()), "This is the sum of P(alive): customers, and not purchases."),
        ),
        hints=(
            "The model has a method for it; it wants to know for how many days.",
            "It gives one number a customer. What is their sum?",
        ),
    ),
    "own_rate": Number(
        answer=own_rate,
        praise="A plus is a promise that was not kept: a rate so far knows nothing of leaving.",
        within=0.0005,
        wrong=(
            Wrong(lambda m: 100 * own_rate(m), "This is in per cent; the question asks for a share, such as 0.25."),
            Wrong(lambda m: own_rate(m) + 1, "This is the ratio. The error is what it lies above or below 1."),
            Wrong(lambda m: 1 / (own_rate(m) + 1) - 1 if own_rate(m) > -1 else np.inf,
                  "You divided what came by the forecast. Divide the forecast by what came."),
            Wrong(lambda m: -own_rate(m), "The sign is turned round: above what came is a plus."),
            Wrong(lambda m: _error(m, _forecast(m)), "This is the error of the model; the question is about the rule."),
            Wrong(lambda m: _error(m, _rates(m, over="t_x")), "You divided by t_x. The silence belongs to the time: use T."),
            Wrong(lambda m: _error(m, _rates(m, events=case_of(m).past["x"] + 1)),
                  "The first purchase is in your rate. It opens the time and is no repeat."),
            Wrong(lambda m: _error(m, case_of(m).before), "This is the rule 'same again'."),
            Wrong(lambda m: float(_rates(m).sum()), "This is the forecast itself; how far off is it?"),
        ),
        hints=(
            "Each customer's rate is x / T repeat purchases a day. Who was first seen on the split itself has none: 0.",
            "Times `days`, and summed: the forecast. Divided by the sum of `came`, and minus 1: the error.",
        ),
    ),
    "nearest": Choice(
        answer=nearest,
        praise="For this job, in this log, in this half. Another half may choose another.",
        choices=FORECASTS,
        wrong=(
            Wrong(_least_absolute_error, "It has the least error a customer. The question is about the sum."),
            Wrong(_highest_sum, "Its sum is the highest of the four, and not the nearest to what came."),
            Wrong(_lowest_sum, "Its sum is the lowest of the four, and not the nearest to what came."),
        ),
        hints=(
            "`test.holdout.methods` has a row for each forecast and each measure. Which measure is asked?",
            "The nearest is the one whose `error` has the smallest size, whatever its sign.",
        ),
    ),
    "next_purchase": Number(
        answer=next_purchase,
        praise="One purchase is little evidence, so the estimate leans towards everybody's mean.",
        within=0.005,
        wrong=(
            Wrong(lambda m: float(_one_repeat(m)["mean_repeat_value"]),
                  "This is what the customer spent. One purchase far from the mean was partly luck."),
            Wrong(_population, "This is the mean of the population; the customer's own purchase counts too."),
            Wrong(lambda m: next_purchase(m, x=2), "You took two purchases for x. The first purchase does not count."),
            Wrong(lambda m: next_purchase(m, column="mean_order"),
                  "The first purchase is in your mean. The model reads `mean_repeat_value`."),
            Wrong(lambda m: (_population(m) + float(_one_repeat(m)["mean_repeat_value"])) / 2,
                  "You took the middle of both means. The model has weights of its own for them."),
            Wrong(lambda m: float(_one_repeat(m)["mean_order"]), "This is the mean order of the customer so far."),
        ),
        hints=(
            "First the customer: of those with x == 1, the one with the largest `mean_repeat_value`.",
            "`spend` has a method that expects a value for every row of a table; give it that row.",
        ),
    ),
    "mean_clv": Number(
        answer=mean_clv,
        praise="Revenue, not profit, and of customers as they stood on that day.",
        within=0.005,
        wrong=(
            Wrong(lambda m: _clv_with(m, np.ones_like), "Nothing is discounted in yours."),
            Wrong(lambda m: _clv_with(m, lambda day: np.full_like(day, 1 / (1 + DISCOUNT))),
                  "You discounted everything for the whole year. Each day has a discount of its own."),
            Wrong(lambda m: _clv_with(m, lambda day: (1 + DISCOUNT / 365) ** -day),
                  "You divided the rate by 365; compounded that is more than the rate of the year. Take the root."),
            Wrong(lambda m: _clv_with(m, lambda day: (1 + DISCOUNT) ** -day), "You took the rate of a year for that of a day."),
            Wrong(lambda m: _clv_with(m, values=_spent_so_far(m, "mean_repeat_value")),
                  "You took what they spent so far for what they will. `spend` expects less of the lucky ones."),
            Wrong(lambda m: _clv_with(m, values=_spent_so_far(m, "mean_order")),
                  "You took the mean order so far. `spend` says what a purchase will bring."),
            Wrong(lambda m: _clv_with(m, values=_population(m)), "Everybody spends the same in yours."),
            Wrong(lambda m: _clv_with(m, horizon=52), "Your horizon is 52: weeks. It counts days."),
            Wrong(_of_all, "This is the sum of all; the question asks for the mean of a customer."),
            Wrong(_of_repeaters, "You left out those who have bought once."),
        ),
        hints=(
            "`crmlib.clv.clv` takes the customers, the model of purchases and the model of spend.",
            "The horizon is in days, the discount is for a year. It gives one value a customer.",
        ),
    ),
    "model_or_rule": Words(
        at_least=40,
        hints=(
            "Which job is it: a sum for the budget, or a list of whom to invite? They may need different answers.",
            "Name a number from the table for each of the two, and how far the model was off.",
            "What would change your mind: another half of the log, another trade, a cost?",
        ),
    ),
}
