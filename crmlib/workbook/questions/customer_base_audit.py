"""The questions of *The customer-base audit*. `_two_periods` has the periods; questions on a cohort stand in
`_one_cohort`, those on small tables in `_small_tables`.

Right answers are plain pandas and numpy; nothing of the modules under study is used.
"""

from __future__ import annotations

import math

import numpy as np

from crmlib.errors import DataError
from crmlib.workbook.checks import Choice, Number, Words, Wrong
from crmlib.workbook.questions._counting import HAIR, net_revenue, order_column, orders, purchases
from crmlib.workbook.questions._one_cohort import FAIR, TO_DATE
from crmlib.workbook.questions._small_tables import FACTORS, NEW_NEEDED, ORDERS_EFFECT, split
from crmlib.workbook.questions._two_periods import two_periods

__all__ = ["QUESTIONS"]


# 1 order_value


def order_value(material):
    return two_periods(material)[1].factors()[2]


def _mean_of_means(material):
    last = two_periods(material)[1]
    ordered = last.orders[last.orders > 0]
    return (last.revenue[ordered.index] / ordered).mean()


def _per_customer(material):
    last = two_periods(material)[1]
    return last.lines["amount"].sum() / len(last.customers)


def _mean_line(material):
    lines = two_periods(material)[1].lines
    return lines.loc[lines["amount"] >= 0, "amount"].mean()


def _gross(material):
    last = two_periods(material)[1]
    return last.lines.loc[last.lines["amount"] >= 0, "amount"].sum() / last.orders.sum()


def _profit_an_order(material):
    last = two_periods(material)[1]
    return last.profit.sum() / last.orders.sum()


def _zero_is_no_purchase(material):
    return order_value(material._replace(tx=material.tx[material.tx["amount"] != 0]))


def _median_order(material):
    lines = two_periods(material)[1].lines
    bought = lines[lines["amount"] >= 0]
    return bought.groupby(["customer", order_column(material)])["amount"].sum().median()


def _by_days(material):
    last = two_periods(material)[1]
    bought = last.lines[last.lines["amount"] >= 0]
    return last.lines["amount"].sum() / len(bought[["customer", "date"]].drop_duplicates())


def _whole_log(material):
    return material.tx["amount"].sum() / orders(material).sum()


# 2 half


def _best_first(money):
    money = np.sort(money.to_numpy())[::-1]
    if not money.sum() > 0:
        raise DataError("Its customers of the last period brought no revenue.")
    return money


def _makes_half(money):
    return int((money.cumsum() < money.sum() / 2 - HAIR).sum()) + 1


def half(material):
    return _makes_half(_best_first(two_periods(material)[1].revenue))


def _half_from_below(material):
    return _makes_half(_best_first(two_periods(material)[1].revenue)[::-1])


def _half_of_people(material):
    return math.ceil(len(two_periods(material)[1].customers) / 2)


def _half_of_orders(material):
    return _makes_half(_best_first(two_periods(material)[1].orders))


def _half_of_log(material):
    return _makes_half(_best_first(net_revenue(material.tx)[purchases(material)["customer"].unique()]))


# 3 both_change


def _sides(material):
    """Revenue before and after by customer, of all who bought in one of the periods, and who bought in which."""
    before, after = two_periods(material)
    everybody = np.union1d(before.customers, after.customers)
    money = [net_revenue(one.lines).reindex(everybody, fill_value=0.0).to_numpy() for one in (before, after)]
    return *money, np.isin(everybody, before.customers), np.isin(everybody, after.customers)


def both_change(material):
    before, after, was, now = _sides(material)
    return (after - before)[was & now].sum()


def _of_all(material):
    before, after = two_periods(material)
    return after.lines["amount"].sum() - before.lines["amount"].sum()


def _after_only(material):
    before, after, was, now = _sides(material)
    return after[now & ~was].sum()


def _before_only(material):
    before, after, was, now = _sides(material)
    return (after - before)[was & ~now].sum()


def _both_after(material):
    before, after, was, now = _sides(material)
    return after[was & now].sum()


def _who_bought_before(material):
    before, after, was, _ = _sides(material)
    return (after - before)[was].sum()


def _profit_change(material):
    before, after = two_periods(material)
    both = np.intersect1d(before.customers, after.customers)
    return (after.profit[both] - before.profit[both]).sum()


def _each(material):
    _, _, was, now = _sides(material)
    return both_change(material) / max((was & now).sum(), 1)


# 5 mover


def _moved(material, way=split):
    before, after = (one.factors() for one in two_periods(material))
    return dict(zip(FACTORS, way(before, after), strict=True))


def _largest(parts):
    return max(FACTORS, key=lambda name: abs(parts[name]))


def mover(material):
    return _largest(_moved(material))


def _in_units(material):
    return _largest(_moved(material, lambda before, after: np.subtract(after, before)))


def _most_upwards(material):
    parts = _moved(material)
    return max(FACTORS, key=parts.get)


def _least(material):
    parts = _moved(material)
    return min(FACTORS, key=lambda name: abs(parts[name]))


# 6 top_now


def _top(revenue):
    """The least money of the best tenth: that of the customer on rank n / 10, rounded up."""
    return np.sort(revenue.to_numpy())[::-1][math.ceil(len(revenue) / 10) - 1]


def _reach(revenue, cut):
    return int((revenue >= cut - HAIR).sum())


def top_now(material):
    before, after = two_periods(material)
    return _reach(after.revenue, _top(before.revenue))


def _of_profit(material):
    before, after = two_periods(material)
    return _reach(after.profit, _top(before.profit))


def _own_tenth(material):
    return math.ceil(len(two_periods(material)[1].customers) / 10)


def _top_again(material):
    before, after = two_periods(material)
    cut = _top(before.revenue)
    return _reach(after.revenue[np.intersect1d(before.customers, after.customers)], cut)


def _were_and_are(material):
    before, after = two_periods(material)
    cut = _top(before.revenue)
    both = np.intersect1d(before.customers, after.customers)
    return int(((after.revenue[both] >= cut - HAIR) & (before.revenue[both] >= cut - HAIR)).sum())


def _cut_of_after(material):
    before, after = two_periods(material)
    return _reach(before.revenue, _top(after.revenue))


QUESTIONS = {
    "order_value": Number(
        answer=order_value,
        praise="A ratio of totals: times the number of orders it gives the revenue back.",
        within=0.005,
        wrong=(
            Wrong(
                _mean_of_means,
                "This is the mean of the customers' own averages. It does not multiply back: who came once "
                "counts as much in it as who came often. Divide all money by all orders.",
            ),
            Wrong(_per_customer, "You divided by customers. Divide by orders."),
            Wrong(
                _mean_line, "This is the mean line. An order can have several lines, and refunds belong to the money."
            ),
            Wrong(_gross, "You left out the refunds. They are no orders, but they lower the money."),
            Wrong(_median_order, "This is the median order. Multiplied by the number of orders it gives no total."),
            Wrong(_by_days, "You counted days for orders. The log has order ids."),
            Wrong(_whole_log, "This is the whole log. The question is about the last period."),
            Wrong(
                lambda m: two_periods(m)[0].factors()[2], "This is the period before; the question is about the last one."
            ),
            Wrong(_profit_an_order, "This is profit; the question asks for revenue."),
            Wrong(_zero_is_no_purchase, "A line of zero is a purchase too: only amounts below zero are refunds."),
        ),
        hints=(
            "Two totals of the last period: all money, refunds included, and all orders that began in it.",
            "`one_period.by_customer` counts both by customer, `one_period.factors` has their ratio.",
        ),
    ),
    "half": Number(
        answer=half,
        praise="So few make half of it. The same list a year on will hold other names: some were on it by luck.",
        within=0,
        wrong=(
            Wrong(_half_from_below, "You began with the smallest. Take the best customers first."),
            Wrong(_half_of_people, "This is half of the customers; how many bring half of the *money*?"),
            Wrong(_half_of_orders, "This is half of the orders. The question is about money."),
            Wrong(_half_of_log, "You took the whole log. The question is about the last period."),
            Wrong(lambda m: _makes_half(_best_first(two_periods(m)[1].profit)), "This is half of the profit; the question asks for revenue."),
            Wrong(lambda m: half(m) - 1, "These bring a little less than half: one more is needed."),
            Wrong(
                lambda m: half(m) / len(two_periods(m)[1].customers),
                "This is a share; the question asks how many they are.",
            ),
        ),
        hints=(
            "Revenue by customer in the last period, of those who bought in it, the largest first.",
            "Add up from the top. At which customer is half of the sum reached?",
        ),
    ),
    "both_change": Number(
        answer=both_change,
        praise="Beware of calling them the same customers: who first bought inside the period before had only a part of "
        "it. What the bridge adds is who came and who fell silent.",
        within=0.005,
        wrong=(
            Wrong(_of_all, "This is the change of the whole. The question is about those who bought in both periods."),
            Wrong(lambda m: -both_change(m), "The sign is turned round: after less before."),
            Wrong(_after_only, "This is the money of those who bought in the last period only."),
            Wrong(_before_only, "These are the customers of the period before who bought nothing in the last one."),
            Wrong(_both_after, "This is what they brought in the last period. By how much did it change?"),
            Wrong(
                _who_bought_before,
                "You took all customers of the period before. Those who fell silent are another group.",
            ),
            Wrong(_profit_change, "This is profit; the question asks for revenue."),
            Wrong(_each, "This is the mean of a customer; the question asks for all of them together."),
        ),
        hints=(
            "Two sets of customers: who bought before, and who bought after. Who is in both?",
            "`two_periods.changes` has both periods side by side, and a group for each customer.",
        ),
    ),
    "orders_effect": ORDERS_EFFECT,
    "mover": Choice(
        answer=mover,
        praise="By arithmetic. Whether it is the cause is another question.",
        choices=FACTORS,
        wrong=(
            Wrong(
                _in_units,
                "It changed most in its own unit. Customers, orders and money cannot be compared: split the money.",
            ),
            Wrong(_least, "Its part of the change is not the largest, whatever the sign."),
            Wrong(
                _most_upwards,
                "Another part is larger. The question asks for the largest part, whatever its sign.",
            ),
        ),
        hints=(
            "Three factors of each period as ratios of totals; the question before this one has the way to split.",
            "`two_periods.drivers` has a row a factor. This question is about revenue: drop the "
            "margin, and take L from the two revenues.",
        ),
    ),
    "top_now": Number(
        answer=top_now,
        praise="With the same cut for both periods the top can grow and shrink.",
        within=0,
        wrong=(
            Wrong(_own_tenth, "You cut the last period into tenths of its own: a tenth is always on top of that."),
            Wrong(
                _cut_of_after,
                "You turned it round: the cut of the last period, held to the customers of the one before.",
            ),
            Wrong(_of_profit, "You took profit; the question asks for revenue."),
            Wrong(_were_and_are, "These were on top and still are. Others may have come up, or be new."),
            Wrong(_top_again, "You took those who bought in both periods. New and returning customers count too."),
            Wrong(
                lambda m: top_now(m) / len(two_periods(m)[1].customers),
                "This is a share; the question asks how many they are.",
            ),
        ),
        hints=(
            "First the cut: sort the revenue of the period before, the largest first, and take the one on rank n / "
            "10, rounded up.",
            "Then count in the last period: who brought at least that much?",
        ),
    ),
    "to_date": TO_DATE,
    "fair": FAIR,
    "new_needed": NEW_NEEDED,
    "memo": Words(
        at_least=80,
        hints=(
            "Four parts: a number from above with its interval or caveat, what the log cannot say, your decision, and what would "
            "change your mind.",
            "Which of the traps could your number have fallen into, and how do you know that it did not?",
            "What would change your mind: another period, a cost, a test?",
        ),
    ),
}
