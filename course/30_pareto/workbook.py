# %% [markdown]
# # Workbook: who brings the money
#
# Seven questions on one log, from a number to a decision that you argue in words.
#
# - **Time:** 35 minutes
# - **Builds on:** the lesson [Who brings the money](../notebooks/30_pareto.ipynb)
# - **A copy of your own:** `uv run crm start pareto` puts it into `work/`, where no update touches it
#
# How it works: put your answer in place of the three dots (`...`), run the cell, then run the check below it. A check
# names the mistake and never the answer. `check.hint("top_share")` gives hints in steps, `check.solution("top_share")`
# a solution.
#
# The next cell says which log is read; `crm start` fills it in.

# %% tags=["parameters"]
DATA = "cdnow"  # a name in datasets/, or a path to a file or folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "$"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}

# %% [markdown]
# `tx` is the log behind the door, up to `as_of`; `customers` has one row for each customer. `counted` leaves out
# whoever never bought and whoever has a negative revenue, as in the lesson.

# %% tags=["nbval-check-output"]
import pandas as pd

from crmlib import customer_table, pareto
from crmlib.concentration import buyers
from crmlib.wording import count, money, percent
from crmlib.workbook import workbook
from crmlib.workbook.sentences import nothing_to_share

tx, customers, check = workbook("pareto", data=DATA, as_of=AS_OF, currency=CURRENCY, **OPTIONS)
if why := nothing_to_share(customers):  # a log without money cannot carry the questions
    print(why)
    AS_OF, CURRENCY = "", "$"
    tx, customers, check = workbook("pareto", data="cdnow_sample", currency=CURRENCY)
as_of = AS_OF or f"{tx['date'].max():%Y-%m-%d}"
counted = buyers(customers)
print(f"{len(counted):,} of {count(len(customers), 'customer')} count; the log is read up to {as_of}")

# %%
counted[["customer", "orders", "revenue"]].head()

# %% [markdown]
# ## 1. What do the top 10 % bring?
#
# The top 10 % of the customers in `counted`, by revenue, interpolated as in the lesson. **Answer:** a share of the
# revenue between 0 and 1; do not round it. Do it by hand in pandas, or with `crmlib`.

# %% tags=["answer"] question="top_share"
share = ...
# ---- solution
share = pareto.top_share(counted, 0.10)
print(f"The top 10 % bring {percent(share)} of revenue, {share / 0.10:.1f} times what they would if all were equal.")
print("It is a share of revenue in this log and this window. It is no share of profit, and no law.")

# %% tags=["nbval-check-output"]
check("top_share", share)

# %% [markdown]
# ## 2. On how many customers does half of the business rest?
#
# What is the smallest number of customers in `counted` that bring at least half of the revenue? **Answer:** a whole
# number.

# %% tags=["answer"] question="half_of_revenue"
half = ...
# ---- solution
best_first = counted["revenue"].sort_values(ascending=False)
reached = best_first.cumsum() / best_first.sum()
half = int((reached < 0.5).sum()) + 1  # with one fewer it is less than half
print(f"Half of the revenue comes from {count(half, 'customer')}, {percent(half / len(counted))} of those who count.")
print("A list of that length shows whether they can be known by name, or only as a group.")

# %% tags=["nbval-check-output"]
check("half_of_revenue", half)

# %% [markdown]
# ## 3. Are orders spread as unevenly as money?
#
# Compute the Gini index of the column `orders` in `counted` (the plain one, not the unbiased one). **Answer:** a number
# between 0 and 1; do not round it. Then compare it with the Gini index of `revenue`: what does the difference tell you?

# %% tags=["answer"] question="gini_orders"
gini_orders = ...
# ---- solution
gini_orders = pareto.gini(counted, by="orders")
of_revenue = pareto.gini(counted)
wider = "more" if of_revenue > gini_orders else "not more"
print(f"Gini of orders {gini_orders:.3f}, of revenue {of_revenue:.3f}: money is {wider} unequal than orders.")
print("If every order brought the same money, the two would be equal. Part of the difference is that orders differ in")
print("value, and that those who order often may spend more, or less, each time.")

# %% tags=["nbval-check-output"]
check("gini_orders", gini_orders)

# %% [markdown]
# ## 4. Put every customer into a class
#
# ABC classes for **all** customers in the table `customers`, with cuts at **70 % and 90 %** of the cumulative revenue.
# The customer who crosses a cut belongs to the better class, and customers with the same revenue share a class. Whoever
# brought nothing, or less, is class `"N"` and no part of the total. **Answer:** a Series of letters indexed by
# customer, or a table with the columns `customer` and `class`. Best do it by hand as well, in the steps of the lesson's
# section 2, and compare.

# %% tags=["answer"] question="abc_classes"
classes = ...
# ---- solution
classes = pareto.abc_classes(customers, cuts=(0.70, 0.90))
for row in pareto.abc_summary(classes).itertuples():
    print(f"{row[1]}: {count(row.customers, 'customer')}, {percent(row.share_of_revenue)} of the revenue")
print("The shares of revenue repeat the cuts, up to the customers at a cut. The news is how many stand behind them.")

# %% tags=["nbval-check-output"]
check("abc_classes", classes)

# %% [markdown]
# ## 5. The same shop, another window
#
# Look at the second half of the log only, from `start` on. What do the top 20 % bring among those who count **in that
# half**, of what they paid **in that half**? **Answer:** a share between 0 and 1; do not round it.

# %% tags=["nbval-check-output"]
from crmlib.concentration import halfway

start = pd.Timestamp(halfway(tx, as_of=as_of))
print(f"the second half begins on {start:%Y-%m-%d}")

# %% tags=["answer"] question="recent_share"
recent_share = ...
# ---- solution
recent = buyers(customer_table(tx[tx["date"] >= start], as_of=as_of))
recent_share = pareto.top_share(recent, 0.20)
over_all = pareto.top_share(counted, 0.20)
print(f"Second half, {count(len(recent), 'buyer')}: {percent(recent_share)}. Whole log: {percent(over_all)}.")
print("Both numbers are right, and both describe one shop. Whoever reports one of them has to name its window.")

# %% tags=["nbval-check-output"]
check("recent_share", recent_share)

# %% [markdown]
# ## 6. Which claim holds there?
#
# Two claims about the top 20 %: they bring 80 % (`"80/20"`), or they bring 60 % (`"60/20"`). A claim held if the share
# is within five points of it. Which one held in the second half of this log? **Answer:** `"80/20"`, `"60/20"` or
# `"neither"`.

# %% tags=["answer"] question="claim"
claim = ...
# ---- solution
recent = buyers(customer_table(tx[tx["date"] >= start], as_of=as_of))
top_fifth = pareto.top_share(recent, 0.20)
held = {name: abs(top_fifth - claimed) <= 0.05 for name, claimed in (("80/20", 0.80), ("60/20", 0.60))}
claim = next((name for name in held if held[name]), "neither")
for name in held:
    print(f"{name} {'held' if held[name] else 'did not hold'}: measured {percent(top_fifth)}")
print("Neither claim names a window, and the number belongs to one. Ask for it before you agree or disagree.")

# %% tags=["nbval-check-output"]
check("claim", claim)

# %% [markdown]
# ## 7. What do you do with class C?
#
# "Class C costs us time and brings next to nothing. Let us stop serving it." You have to answer. Here is what the ABC
# classes (80/95) of the **first half** brought in the **second**:

# %% tags=["nbval-check-output"]
from crmlib.concentration import later_by_class, still_on_top

later = later_by_class(tx, as_of=as_of)
no_comparison = still_on_top(tx, as_of=as_of).missing  # a very short log has no halves to compare
print(no_comparison or later.round({"before": 0, "after": 0, "share_after": 3}).to_string(index=False))

# %% [markdown]
# `before` and `after` are money in the two halves, `bought_again` counts customers, `share_after` is of all that these
# customers paid later. Whoever is new in the second half is not in the table. If there is no class C, argue for the
# lowest class before N that it has.
#
# Stop, keep as it is, or something between? Argue your decision in at least 40 words: name a number from the table, say
# what this log does not know, and what would change your mind. **Answer:** a text in quotes; use three quotes for
# several lines.

# %% tags=["answer"] question="class_c"
class_c = ...
# ---- solution
from textwrap import fill

lowest = max((name for name in later["class"] if name != "N"), default="C")
c = later[later["class"] == lowest]
paid = f"{money(c['after'].sum(), CURRENCY, 0)}, {percent(c['share_after'].sum())} of what all these customers paid"
class_c = f"""
Class {lowest} of the first half was {count(c["customers"].sum(), "customer")}. In the second half
{c["bought_again"].sum():,} of them bought again, and the class paid {paid}. I would not stop serving them: that revenue
would go at once, and nobody can tell yet who of them would have come up. But I would not spend a visit or a call on
each of them either. I would move them to what costs almost nothing for one customer more, such as the web page and an
automatic reminder, and rank again every period. The log does not know the costs. If serving one of them costs more than
the margin on what they buy, even so, I would change my mind and ask for a minimum order first."""
print(fill(class_c.strip(), 88))

# %% tags=["nbval-check-output"]
check("class_c", class_c)

# %% [markdown]
# ## Where you stand

# %%
print(check.progress())

# %% [markdown]
# Next: run `uv run crm start pareto --data ...` on a log of your own, and see which of your answers change.
