"""Two questions of *The customer-base audit* on small tables, the same for every log: a split and a plan."""

from __future__ import annotations

import math

import pandas as pd

from crmlib.workbook.checks import Number, Wrong
from crmlib.workbook.questions._counting import HAIR

__all__ = ["AFTER", "BEFORE", "FACTORS", "NEW_NEEDED", "ORDERS_EFFECT", "QUARTERS", "TARGET", "split"]

# The small tables that the workbook shows: two years of a shop, and four quarters of another.
BEFORE = {"customers": 100, "orders each": 2.0, "order value": 50.0}
AFTER = {"customers": 150, "orders each": 1.7, "order value": 60.0}
QUARTERS = pd.DataFrame(
    [("Q1", 20_000, 9_000, 200), ("Q2", 22_000, 8_000, 160), ("Q3", 18_000, 5_600, 120), ("Q4", 25_000, 9_400, 180)],
    columns=["period", "revenue", "new_revenue", "new"],
)
TARGET = 27_000
FACTORS = tuple(BEFORE)


# 4 orders_effect, of a small table


def split(before, after):
    """What each factor brought, by logarithms."""
    ratios = [two / one for one, two in zip(before, after, strict=True)]
    first, last = math.prod(before), math.prod(after)
    scale = (last - first) / math.log(last / first) if abs(last - first) > HAIR * first else first
    return [scale * math.log(ratio) for ratio in ratios]


def orders_effect(_=None):
    return split(BEFORE.values(), AFTER.values())[1]


def _one_at_a_time(base):
    return base["customers"] * (AFTER["orders each"] - BEFORE["orders each"]) * base["order value"]


def _shapley():
    (n1, _, v1), (n2, _, v2) = BEFORE.values(), AFTER.values()
    step = AFTER["orders each"] - BEFORE["orders each"]
    return step * (n1 * v1 / 3 + n2 * v2 / 3 + (n1 * v2 + n2 * v1) / 6)


def _by_relative_change():
    shares = [two / one - 1 for one, two in zip(BEFORE.values(), AFTER.values(), strict=True)]
    return (math.prod(AFTER.values()) - math.prod(BEFORE.values())) * shares[1] / sum(shares)


# 9 new_needed, of a small table


def _plan(carry, *, base=25_000, per_new=50.0):
    return (TARGET - carry * base) / per_new


def new_needed(_=None):
    older = QUARTERS["revenue"] - QUARTERS["new_revenue"]
    carry = older[1:].sum() / QUARTERS["revenue"][:-1].sum()
    return _plan(
        carry, base=QUARTERS["revenue"].iloc[-1], per_new=QUARTERS["new_revenue"][1:].sum() / QUARTERS["new"][1:].sum()
    )


def _mean_carry():
    older = (QUARTERS["revenue"] - QUARTERS["new_revenue"])[1:].to_numpy()
    return _plan((older / QUARTERS["revenue"][:-1].to_numpy()).mean())


def _same_period():
    last = QUARTERS[1:]
    return _plan(1 - last["new_revenue"].sum() / last["revenue"].sum())


def _last_only():
    last = QUARTERS.iloc[-1]
    carry = (last["revenue"] - last["new_revenue"]) / QUARTERS["revenue"].iloc[-2]
    return _plan(carry, per_new=last["new_revenue"] / last["new"])


def _all_per_new():
    last = QUARTERS[1:]
    return _plan(0.7, per_new=last["revenue"].sum() / last["new"].sum())


ORDERS_EFFECT = Number(
    answer=orders_effect,
    praise="And the three parts sum to the change exactly, whatever the order of the factors.",
    within=0.5,
    wrong=(
        Wrong(
            lambda m: _one_at_a_time(BEFORE),
            "You changed this factor alone, at the old values of the others. Such parts do not sum to the change.",
        ),
        Wrong(
            lambda m: _one_at_a_time(AFTER),
            "You changed this factor alone, at the new values of the others. Such parts do not sum to the change.",
        ),
        Wrong(
            lambda m: _shapley(),
            "This is the Shapley mean over all sequences. It sums as well; the question asks for the split by logarithms.",
        ),
        Wrong(
            lambda m: _by_relative_change(),
            "You shared the change out by relative changes. Those do not sum like that, logarithms do.",
        ),
        Wrong(lambda m: -orders_effect(), "The sign is turned round: this factor fell."),
        Wrong(lambda m: split(BEFORE.values(), AFTER.values())[0], "This is what the number of customers brought."),
        Wrong(lambda m: split(BEFORE.values(), AFTER.values())[2], "This is what the value of an order brought."),
        Wrong(
            lambda m: math.log(AFTER["orders each"] / BEFORE["orders each"]),
            "This is the logarithm; turn it into money.",
        ),
    ),
    hints=(
        "What is the revenue of each year? Their ratio has a logarithm, and each factor's ratio has one.",
        "Each factor's part of the logarithm, times the change over the logarithm of the ratio of the revenues.",
    ),
)

NEW_NEEDED = Number(
    answer=new_needed,
    praise="If carry-over and new customers stay as they were. Write that beside the number.",
    within=0.05,
    wrong=(
        Wrong(lambda m: _plan(0.0), "You let nothing be carried over: older customers bring a part of it."),
        Wrong(lambda m: _plan(1.0), "You took all of the last quarter for carried over. Only a part comes back."),
        Wrong(lambda m: _mean_carry(), "You took the mean of three ratios. Divide the sums."),
        Wrong(
            lambda m: _same_period(),
            "You divided the older money by the revenue of the *same* quarters. What is carried over "
            "is a share of the quarter before.",
        ),
        Wrong(
            lambda m: QUARTERS["new_revenue"][1:].sum() / QUARTERS["new"][1:].sum(),
            "This is what a new customer brings. How many of them fill the gap between the target and what is carried?",
        ),
        Wrong(lambda m: TARGET - 0.7 * 25_000, "This is the money that is missing; how many new customers bring it?"),
        Wrong(lambda m: TARGET * 0.3 / 50, "You took the carry-over of the target. What is carried is a part of the last quarter."),
        Wrong(lambda m: _last_only(), "You took the last quarter alone. Three quarters are asked for."),
        Wrong(
            lambda m: _all_per_new(), "You divided all revenue by the new customers. Take what the new ones brought."
        ),
        Wrong(lambda m: TARGET - 25_000, "This is money, and more of it than a year of growth; how many customers?"),
    ),
    hints=(
        "Older money of a quarter is its revenue less that of the new ones. What share is it of the quarter before?",
        "Sum over the three quarters before you divide, for the carry-over and for the money of a new customer.",
        "What is carried of the last quarter's revenue? The rest of the target, divided by what a new customer brings.",
    ),
)
