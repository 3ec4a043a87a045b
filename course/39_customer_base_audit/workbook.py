# %% [markdown]
# # Workbook: the customer-base audit
#
# Ten questions on one log and two small tables, from a number to a memo that you argue in words.
#
# - **Time:** 75 minutes
# - **Builds on:** the lesson [The customer-base audit](../notebooks/39_customer_base_audit.ipynb)
# - **A copy of your own:** `uv run crm start customer_base_audit` puts it into `work/`, where no update touches it
#
# How it works: put your answer in place of the three dots (`...`), run the cell, then run the check below it. A check
# names the mistake and never the answer. `check.hint("half")` gives hints in steps, `check.solution("half")` a
# solution.
#
# The next cell says which log is read; `crm start` fills it in.

# %% tags=["parameters"]
DATA = "lighthouse"  # a name in datasets/, or a path to a file or folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "€"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}

# %% [markdown]
# `tx` is the log behind the door, up to `as_of`. The **last period** are its last `months` calendar months, up to and
# with `as_of`; the **period before** are as many months before them. `cohort` are all customers whose first purchase
# lies in that one period of the kind `unit`. An amount below zero is a refund; any other line, one of zero too, is
# part of a purchase.

# %% tags=["nbval-check-output"]
from textwrap import fill

import pandas as pd

from crmlib.explore_audit import audited
from crmlib.wording import count, money, number, percent
from crmlib.workbook import workbook

audit = audited(DATA, as_of=AS_OF, currency=CURRENCY, **OPTIONS)
if audit.said:  # it has no two periods and no cohort to ask about
    print(fill(audit.said, 88))
    DATA, AS_OF, CURRENCY, OPTIONS = audit.data, "", audit.currency, {}
tx, customers, check = workbook("customer_base_audit", data=DATA, as_of=AS_OF, currency=CURRENCY, **OPTIONS)
as_of, months, cohort, unit = audit.as_of, audit.months, audit.cohort, audit.unit
print(f"{count(len(customers), 'customer')} up to {as_of}; months {months}, cohort {cohort}, unit {unit}")

# %% [markdown]
# ## 1. What is an order worth?
#
# What is **revenue an order** of the last period: all its money, refunds taken off, by all orders that began in it?
# (Without an order column, a customer's day is one order.) **Answer:** an amount, with two decimals.

# %% tags=["answer"] question="order_value"
order_value = ...
# ---- solution
from crmlib import one_period

people = one_period.by_customer(tx, as_of=as_of, months=months)
order_value = one_period.factors(people)["order_value"].iloc[0]
means = one_period.averages(people).set_index("measure").loc["own_order_value", "mean"]
print(f"{money(order_value, CURRENCY)} an order; the mean of the customers' own averages is {money(means, CURRENCY)}.")
print("Only the first one multiplies back to the revenue.")

# %% tags=["nbval-check-output"]
check("order_value", order_value)

# %% [markdown]
# ## 2. Who makes half of it?
#
# Take the customers who bought in the last period, the one with most revenue first. How many of them does it take to
# reach **half** of the revenue of all of them? **Answer:** a whole number.

# %% tags=["answer"] question="half"
half = ...
# ---- solution
revenue = people.loc[people["bought"], "revenue"].sort_values(ascending=False)
half = int((revenue.cumsum() < revenue.sum() / 2).sum()) + 1
print(f"{number(half)} of {count(len(revenue), 'customer')}, {percent(half / len(revenue))}, bring half.")
print("It is a list that fits on a few pages. Some are on it by luck, and will not be next time.")

# %% tags=["nbval-check-output"]
check("half", half)

# %% [markdown]
# ## 3. Those who bought in both
#
# Take the customers who bought in **both** periods. By how much did their revenue change, all together, refunds taken
# off? **Answer:** after less before, an amount with its sign and two decimals.

# %% tags=["answer"] question="both_change"
both_change = ...
# ---- solution
from crmlib import two_periods

changed = two_periods.changes(tx, as_of=as_of, months=months)
bridge = two_periods.bridge(changed).set_index("group")
both_change = bridge.loc["both", "revenue_change"]
print(bridge[["customers", "revenue_before", "revenue_after", "revenue_change"]].round(0).to_string())
print(f"repeat-buying rate {percent(two_periods.repeat_buying_rate(changed))}")

# %% tags=["nbval-check-output"]
check("both_change", both_change)

# %% [markdown]
# ## 4. Which factor brought how much?
#
# A small table, the same for every log: a shop in two years.
#
# | | before | after |
# |---|---|---|
# | customers | 100 | 150 |
# | orders a customer | 2.0 | 1.7 |
# | revenue an order | 50 | 60 |
#
# Split the change of the revenue by logarithms. How much of it did **orders a customer** bring? Do it by hand; a
# calculator will do. **Answer:** an amount with its sign, to the whole unit; carry five digits of the logarithms.

# %% tags=["answer"] question="orders_effect"
orders_effect = ...
# ---- solution
from math import log

first, last = 100 * 2.0 * 50, 150 * 1.7 * 60
L = (last - first) / log(last / first)
parts = {name: L * log(ratio) for name, ratio in (("customers", 1.5), ("orders each", 0.85), ("order value", 1.2))}
orders_effect = parts["orders each"]
print({name: round(part, 2) for name, part in parts.items()}, "sum", round(sum(parts.values()), 2), "of", last - first)

# %% tags=["nbval-check-output"]
check("orders_effect", orders_effect)

# %% [markdown]
# ## 5. What moved your revenue?
#
# Back to `tx`. Which factor moved the **revenue** most from the period before to the last one, upwards or downwards?
# Split it as in question 4: three factors, and L from the two revenues. (In a log with costs the margin stays out of it:
# drop `profit_before` and `profit_after` from what `changes` gives before you call `drivers`.) **Answer:** `"customers"`, `"orders each"` or `"order value"`.

# %% tags=["answer"] question="mover"
mover = ...
# ---- solution
factors = two_periods.drivers(changed.drop(columns=["profit_before", "profit_after"], errors="ignore"))
change = factors.set_index("factor")["change"]
mover = change.drop("revenue").abs().idxmax().replace("_", " ")
print(change.round(2).to_string())
print("It says where the difference sits, and not why.")

# %% tags=["nbval-check-output"]
check("mover", mover)

# %% [markdown]
# ## 6. Has the top become wider?
#
# The best tenth of the period **before** began at a certain revenue: that of the customer on rank n / 10, rounded up,
# where n customers bought in it. How many customers of the **last** period brought at least that much in it?
# **Answer:** a whole number.

# %% tags=["answer"] question="top_now"
top_now = ...
# ---- solution
cut = two_periods.decile_cuts(changed, by="revenue")["least"].iloc[0]
top_now = int((people.loc[people["bought"], "revenue"] >= cut).sum())
share = top_now / people["bought"].sum()
print(f"The cut is {money(cut, CURRENCY)}; {number(top_now)} reach it now, {percent(share)} of the customers.")
print("A tenth of the last period's own would have said 10 %, as always.")

# %% tags=["nbval-check-output"]
check("top_now", top_now)

# %% [markdown]
# ## 7. What has a member brought?
#
# Follow `cohort` by calendar periods of the kind `unit`. How much revenue, refunds taken off, did it bring **to date
# per member** from age 0 up to and with **age 3**? **Answer:** an amount, with two decimals.

# %% tags=["answer"] question="to_date"
to_date = ...
# ---- solution
from crmlib import one_cohort

ages = one_cohort.by_age(tx, as_of=as_of, unit=unit, cohort=cohort).set_index("age")
to_date = ages.loc[3, "revenue_to_date"]
print(ages.loc[:3, ["active", "share_active", "orders_each", "order_value", "revenue_to_date"]].round(3).to_string())
survivors = (ages.loc[:3, "revenue"] / ages.loc[:3, "active"]).sum()
print(f"Per member {money(to_date, CURRENCY)}; per active customer it would look like {money(survivors, CURRENCY)}.")

# %% tags=["nbval-check-output"]
check("to_date", to_date)

# %% [markdown]
# ## 8. A fair comparison
#
# Cut `cohort` in two: members whose first purchase was before `middle`, and those from that day on. Which share of
# each bought on a **second day** within **12 weeks** of their own first? (Two orders on one day are one purchase; within
# means at most 7 × 12 days later.) **Answer:** late less early, a difference of
# shares such as 0.05; do not round it.

# %% tags=["nbval-check-output"]
starts = pd.PeriodIndex([cohort.replace(" ", "")], freq={"quarter": "Q", "month": "M", "year": "Y"}[unit])
begin, end = starts.start_time[0], (starts + 1).start_time[0]
middle = (begin + (end - begin) // 2).normalize()
print(f"The period of the cohort: {begin:%Y-%m-%d} up to the day before {end:%Y-%m-%d}; middle {middle:%Y-%m-%d}")

# %% tags=["answer"] question="fair"
fair = ...
# ---- solution
days = tx.loc[tx["amount"] >= 0, ["customer", "date"]].drop_duplicates().sort_values(["customer", "date"])
first = days.groupby("customer")["date"].min()
second = days[days["customer"].duplicated()].groupby("customer")["date"].min().reindex(first.index)
members = pd.DataFrame({"first": first, "second": second})[(first >= begin) & (first < end)]
in_weeks = (members["second"] - members["first"]).dt.days <= 7 * 12
late = members["first"] >= middle
fair = in_weeks[late].mean() - in_weeks[~late].mean()
this_period = members["second"] < end
for name, came in (("within 12 weeks", in_weeks), ("within the period", this_period)):
    print(f"{name}: early {percent(came[~late].mean())}, late {percent(came[late].mean())}")
print("In the second row the late ones had less time.")

# %% tags=["nbval-check-output"]
check("fair", fair)

# %% [markdown]
# ## 9. How many new customers?
#
# Another small table: four quarters of a shop. Of each, the revenue, the part of it that came from new customers, and
# how many these were.
#
# | quarter | revenue | of new customers | new customers |
# |---|---|---|---|
# | Q1 | 20,000 | 9,000 | 200 |
# | Q2 | 22,000 | 8,000 | 160 |
# | Q3 | 18,000 | 5,600 | 120 |
# | Q4 | 25,000 | 9,400 | 180 |
#
# The next quarter should bring **27,000**. Take carry-over and the money of a new customer as ratios of totals over
# Q2, Q3 and Q4. How many new customers does it take? **Answer:** a number.

# %% tags=["answer"] question="new_needed"
new_needed = ...
# ---- solution
carry = ((22_000 - 8_000) + (18_000 - 5_600) + (25_000 - 9_400)) / (20_000 + 22_000 + 18_000)
per_new = (8_000 + 5_600 + 9_400) / (160 + 120 + 180)
new_needed = (27_000 - carry * 25_000) / per_new
print(f"carry-over {percent(carry)}, carried {carry * 25_000:,.0f}, a new one brings {per_new:.2f}")
print(f"{new_needed:.1f} new customers needed")
print("The plan supposes that none of this changes, and knows nothing of the season.")

# %% tags=["nbval-check-output"]
check("new_needed", new_needed)

# %% [markdown]
# ## 10. The memo
#
# Your manager asks: "Is our growth, or our decline, one of more or of better customers, and what do we do about it?"
# ("Better" are more orders each, a higher value of an order or a better margin.) Here is what this log can carry, and the factors once more:

# %% tags=["nbval-check-output"]
from crmlib.two_periods import changes, drivers

parts = drivers(changes(tx, as_of=as_of, months=months))
print(audit.carried[["lens", "verdict"]].to_string(index=False))
print(parts[["factor", "before", "after", "change"]].round(2).to_string(index=False))

# %% [markdown]
# Write half a page, at least 80 words, with four parts: **the number** that answers it, with an interval or a caveat;
# **what this log cannot say**; **your decision**; and **what would change your mind**. **Answer:** a text in quotes;
# use three quotes for several lines.

# %% tags=["answer"] question="memo"
memo = ...
# ---- solution
most, whole = parts.loc[parts["change"].iloc[:-1].abs().idxmax()], parts.iloc[-1]
known = int(changed["group"].isin(["both", "before only"]).sum())
rate = two_periods.repeat_buying_rate(changed)
wide = 1.96 * (rate * (1 - rate) / known) ** 0.5
weak = ", ".join(audit.carried.loc[audit.carried["verdict"] != "yes", "lens"]) or "no lens, but causes"
before, after = (money(whole[name], CURRENCY, 0) for name in ("before", "after"))
up = most["change"] > 0
where = "the number of customers" if most["factor"] == "customers" else most["factor"].replace("_", " ")
kind = ("more" if up else "fewer") if most["factor"] == "customers" else ("better" if up else "worse")
memo = f"""
{str(whole["factor"]).capitalize()} went from {before} to {after} in {months} months. The largest part of the difference,
{money(most["change"], CURRENCY, 0)}, sits in {where}: it is first of all one of {kind} customers.
Of those who bought in the period before, {percent(rate)} did again; chance leaves that uncertain between
{percent(rate - wide)} and {percent(rate + wide)}. The split is
arithmetic and names no cause, and what this log carries in part or not at all is: {weak}. It does not know what winning
a customer costs, nor what rivals did. I would spend the next budget on the second purchase of those who came in the last
12 weeks, half of them drawn by lot, and leave the winning of new ones as it is. If the half without an offer came back
as often, or if a new customer turned out to cost less than they bring in a year, I would change my mind."""
print(fill(memo.strip(), 88))

# %% tags=["nbval-check-output"]
check("memo", memo)

# %% [markdown]
# ## Where you stand

# %%
print(check.progress())

# %% [markdown]
# Next: run `uv run crm start customer_base_audit --data ...` on a log of your own, and see which of your answers
# change.
