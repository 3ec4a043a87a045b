# %% [markdown]
# # Workbook: What is a customer worth, in a log
#
# Eight questions on one log, from a number to a decision that you argue in words.
#
# - **Time:** 45 minutes
# - **Builds on:** the lesson [What is a customer worth: in a log](../notebooks/45_worth_in_a_log.ipynb)
# - **A copy of your own:** `uv run crm start worth_in_a_log` puts it into `work/`, where no update touches it
#
# How it works: put your answer in place of the three dots (`...`), run the cell, then run the check below it. A check
# names the mistake and never the answer. `check.hint("t_x")` gives hints in steps, `check.solution("t_x")` a solution.
#
# The next cell says which log is read; `crm start` fills it in.

# %% tags=["parameters"]
DATA = "cdnow"  # a name in datasets/, or a path to a file or folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "$"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}

# %% [markdown]
# `tx` is the log behind the door, up to `as_of`. The fits see its first half, up to `split`: in `past` stand the
# customers as they were then, `model` is BG/NBD and `spend` is Gamma-Gamma, both fitted to them. `days` is how long the
# second half lasts, and the column `came` of `past` is what each customer did in it: days with a purchase.

# %%
from textwrap import fill

import pandas as pd

from crmlib.explore_forecasts import held_out, past_of
from crmlib.wording import count, money, percent
from crmlib.workbook import workbook

tx, customers, check = workbook("worth_in_a_log", data=DATA, as_of=AS_OF, currency=CURRENCY, **OPTIONS)
as_of = AS_OF or f"{tx['date'].max():%Y-%m-%d}"
half = past_of(tx, as_of=as_of)
test = None if half.missing else held_out(tx, split=half.split, as_of=as_of)
if why := half.missing or test.missing:  # it cannot carry the questions
    print(fill(f"{why} cdnow_sample is read.", 88))
    as_of, CURRENCY = "1998-06-30", "$"
    tx, customers, check = workbook("worth_in_a_log", data="cdnow_sample", as_of=as_of, currency=CURRENCY)
    half = past_of(tx, as_of=as_of)
    test = held_out(tx, split=half.split, as_of=as_of)

# %% tags=["nbval-check-output"]
split, model, spend = half.split, half.model, test.holdout.spend_model
days = (pd.Timestamp(as_of) - pd.Timestamp(split)).days
came = test.holdout.customers.set_index("customer")["actual_purchases"]
past = half.customers.assign(came=half.customers["customer"].map(came))
print(f"{count(len(past), 'customer')} by {split}; the second half has {count(days, 'day')} and ends on {as_of}")

# %%
past[["customer", "x", "t_x", "T", "mean_repeat_value", "orders", "mean_order", "came"]].head()

# %% [markdown]
# ## 1. Two recencies
#
# Now for the whole log, up to `as_of`: `t_x` of every customer with a purchase, in days. **Do it by hand**, from the
# lines of `tx`: from the first purchase of a customer to the last one. Purchases are lines with an amount of zero or
# more. **Answer:** a Series of numbers indexed by customer, or a table with the columns `customer` and `t_x`.

# %% tags=["answer"] question="t_x"
t_x = ...
# ---- solution
dates = tx[tx["amount"] >= 0].groupby("customer")["date"]
t_x = (dates.max() - dates.min()).dt.days
from_crmlib = customers.set_index("customer")["t_x"].dropna().astype(int)
print("in crmlib's customer table the same:", bool((from_crmlib == t_x.loc[from_crmlib.index]).all()))
print("RFM's recency begins where t_x ends: with the last purchase. A large t_x is good, a long silence is not.")

# %% tags=["nbval-check-output"]
check("t_x", t_x)

# %% [markdown]
# ## 2. Who is probably gone?
#
# From here on it is about `past`. For how many of its customers does `model` give a P(alive) **below one half**?
# **Answer:** a whole number.

# %% tags=["answer"] question="doubtful"
doubtful = ...
# ---- solution
alive = model.p_alive(past)
doubtful = int((alive < 0.5).sum())
silent = (past["T"] - past["t_x"])[alive < 0.5].median()
print(f"{doubtful:,} of {count(len(past), 'customer')}; half of them had been silent for {silent:,.0f} days or less.")
print(f"{percent((past['x'] == 0).mean())} bought once, and BG/NBD gives each of them a 1: it has no view on them.")

# %% tags=["nbval-check-output"]
check("doubtful", doubtful)

# %% [markdown]
# ## 3. What does the model promise?
#
# How many repeat purchases does `model` expect of **all** customers in `past` together, over the `days` of the second
# half? **Answer:** a number; do not round it.

# %% tags=["answer"] question="expected"
expected = ...
# ---- solution
expected = model.expected_purchases(past, horizon=days).sum()
print(f"{expected:,.0f} purchases expected, and {past['came'].sum():,} came: {expected / past['came'].sum() - 1:+.1%}.")
print("A budget takes this error along: the model does not know what the next half has in store.")

# %% tags=["nbval-check-output"]
check("expected", expected)

# %% [markdown]
# ## 4. What does a rule of thumb promise?
#
# The rule *own rate*: everybody goes on at `x / T` repeat purchases a day, for `days` days. (Who was first seen on the
# split itself has T = 0 and gets 0.) How far is its sum from the sum of `came`? **Answer:** forecast / actual - 1, a
# share such as 0.25 or -0.25; do not round it.

# %% tags=["answer"] question="own_rate"
own_rate = ...
# ---- solution
rate = (past["x"] / past["T"].where(past["T"] > 0)).fillna(0)
own_rate = days * rate.sum() / past["came"].sum() - 1
print(f"The rule is off by {own_rate:+.1%}, the model by {expected / past['came'].sum() - 1:+.1%}.")
print("The rule takes everybody for alive, and for as eager as in their best days.")

# %% tags=["nbval-check-output"]
check("own_rate", own_rate)

# %% [markdown]
# ## 5. Whose sum was nearest?
#
# Four forecasts of the **purchases**: the model, *same again* (as many as in the same number of days before the split),
# *own rate*, and the *mean* (everybody at the rate of all). Whose **sum** was nearest to what came? The table
# `test.holdout.methods` has them all. **Answer:** `"model"`, `"same again"`, `"own rate"` or `"mean"`.

# %% tags=["answer"] question="nearest"
nearest = ...
# ---- solution
methods = test.holdout.methods.query("measure == 'purchases'").set_index("method")
four = methods.rename(index={"BGNBD": "model"}).loc[["model", "same again", "own rate", "mean"]]
nearest = four["error"].abs().idxmin()
print(four[["predicted", "actual", "error", "mae", "found"]].round(2).to_string())
print(f"Nearest in sum: {nearest}. Least off for a customer: {four['mae'].idxmin()}. They need not be the same.")

# %% tags=["nbval-check-output"]
check("nearest", nearest)

# %% [markdown]
# ## 6. One purchase, much money
#
# Of the customers in `past` with just **one** repeat purchase (`x` is 1), take the one with the largest
# `mean_repeat_value`. What does `spend` expect of the **next purchase** of that customer? **Answer:** an amount, with
# two decimals.

# %% tags=["answer"] question="next_purchase"
next_purchase = ...
# ---- solution
once = past[past["x"] == 1]
lucky = once[once["mean_repeat_value"] == once["mean_repeat_value"].max()].head(1)
next_purchase = spend.expected_value(lucky)[0]
spent, usual = money(lucky["mean_repeat_value"].iloc[0], CURRENCY), money(spend.expected_value_new(), CURRENCY)
print(f"Spent {spent}, expected {money(next_purchase, CURRENCY)}; the mean of the population is {usual}.")
print("Whoever sorts customers by their mean spend finds the lucky ones first.")

# %% tags=["nbval-check-output"]
check("next_purchase", next_purchase)

# %% [markdown]
# ## 7. What is a customer worth?
#
# The CLV of each customer in `past`, by `model` and `spend`: the revenue of the next **365 days**, discounted day by day
# at **10 % a year**. What is its **mean**? **Answer:** an amount, with two decimals.

# %% tags=["answer"] question="mean_clv"
mean_clv = ...
# ---- solution
from crmlib.clv import clv

values = pd.Series(clv(past, model, spend, horizon=365, annual_discount=0.10), past["customer"])
mean_clv = values.mean()
print(f"mean {money(mean_clv, CURRENCY)}, median {money(values.median(), CURRENCY)}")
best = values.nlargest(max(1, len(values) // 10)).sum() / values.sum()
print(f"The best tenth holds {percent(best)}: for most customers the mean says little.")

# %% tags=["nbval-check-output"]
check("mean_clv", mean_clv)

# %% [markdown]
# ## 8. Model or rule?
#
# The shop has two jobs: a budget for next year, and a list of the best tenth to be invited to an evening. Here are the
# forecasts of the revenue once more; `found` is the share of the best tenth that each would have invited.

# %% tags=["nbval-check-output"]
by_revenue = test.holdout.methods.query("measure == 'revenue'").set_index("method")
print(by_revenue[["predicted", "actual", "error", "found"]].round(3).to_string())

# %% [markdown]
# For which of the two jobs would you use the model, and for which a rule of thumb? Argue in at least 40 words: name a
# number from the table for each job, say what this log does not know, and what would change your mind. **Answer:** a
# text in quotes; use three quotes for several lines.

# %% tags=["answer"] question="model_or_rule"
model_or_rule = ...
# ---- solution
rules = by_revenue.drop(index="BGNBD")
finds, sums, ours = rules["found"].idxmax(), rules["error"].abs().idxmin(), by_revenue.loc["BGNBD"]
for_sum = "the model" if abs(ours["error"]) < abs(rules["error"][sums]) else f"the rule '{sums}'"
for_list = "the model" if ours["found"] >= rules["found"][finds] + 0.02 else f"the rule '{finds}'"
model_or_rule = f"""
For the budget I would use {for_sum}: the model was off by {ours["error"]:+.1%}, the nearest rule, '{sums}', by
{rules["error"][sums]:+.1%}. I would write that error beside the figure. For the evening I would use {for_list}: the
model finds {percent(ours["found"])} of the best tenth, the rule '{finds}' {percent(rules["found"][finds])}, and where
both find about as many, the one that everybody understands is the better one. The log knows no margin, no campaign and
nobody who has not bought yet. Another half of the log that turned the two numbers round would change my mind."""
print(fill(model_or_rule.strip(), 88))

# %% tags=["nbval-check-output"]
check("model_or_rule", model_or_rule)

# %% [markdown]
# ## Where you stand

# %%
print(check.progress())

# %% [markdown]
# Next: run `uv run crm start worth_in_a_log --data ...` on a log of your own, and see which of your answers change.
