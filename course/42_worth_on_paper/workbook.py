# %% [markdown]
# # Workbook: what is a customer worth, on paper
#
# Eight questions, from a number to a decision that you argue in words. A plan is worked out on the prices of one log.
#
# - **Time:** 50 minutes
# - **Builds on:** the lesson [What is a customer worth: on paper](../notebooks/42_worth_on_paper.ipynb)
# - **A copy of your own:** `uv run crm start worth_on_paper` puts it into `work/`, where no update touches it
#
# How it works: put your answer in place of the three dots (`...`), run the cell, then run the check below it. A check
# names the mistake and never the answer. `check.hint("subscriber")` gives hints in steps, `check.solution("subscriber")`
# a solution.
#
# The next cell says which log is read; `crm start` fills it in.

# %% tags=["parameters"]
DATA = "cdnow"  # a name in datasets/, or a path to a file or folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "$"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}

# %% [markdown]
# The shop plans a **subscription**: a parcel a month, at the price of a mean order of this log. Of each parcel 30 % is
# margin. People can cancel every month; the shop expects that 95 % of those there in one month are there in the next.
# The discount is 10 % **a year**.

# %% tags=["nbval-check-output"]
from crmlib.explore_value import order_value
from crmlib.wording import count, money, percent
from crmlib.workbook import workbook
from crmlib.workbook.sentences import nothing_to_share

tx, customers, check = workbook("worth_on_paper", data=DATA, as_of=AS_OF, currency=CURRENCY, **OPTIONS)
if why := nothing_to_share(customers):  # a log without money has no prices
    print(why)
    AS_OF, CURRENCY = "", "$"
    tx, customers, check = workbook("worth_on_paper", data="cdnow_sample")
as_of = AS_OF or f"{tx['date'].max():%Y-%m-%d}"
price = order_value(tx)
margin = round(0.30 * price, 2)
print(f"price {money(price, CURRENCY)}, margin {money(margin, CURRENCY)} a parcel; the log is read up to {as_of}")

# %% [markdown]
# Use the variables `price`, `margin` and `as_of`; do not type the amounts.
#
# ## 1. A new subscriber
#
# What is a new subscriber worth, who pays for the **first parcel today**, without an end? Leave out what it cost to win
# them. **Answer:** an amount of money.

# %% tags=["answer"] question="subscriber"
subscriber = ...
# ---- solution
a_month = 1.10 ** (1 / 12) - 1
subscriber = margin * (1 + a_month) / (1 + a_month - 0.95)
print(f"A new subscriber is worth {money(subscriber, CURRENCY)}, {subscriber / margin:.1f} times the margin of a parcel.")
print("Everything counts in months: the margin, the retention, and so the discount too.")

# %% tags=["nbval-check-output"]
check("subscriber", subscriber)

# %% [markdown]
# ## 2. Is the advertisement worth it?
#
# An advertisement costs `reach` for each person who sees it, and **4 %** of those who see it become subscribers like the
# one above. What does one person who sees it bring, with the cost taken off? **Answer:** an amount of money.

# %% tags=["nbval-check-output"]
reach = round(margin / 2, 2)
print(f"reach: {money(reach, CURRENCY)} a person")

# %% tags=["answer"] question="advertised"
advertised = ...
# ---- solution
advertised = 0.04 * subscriber - reach
print(f"Each person brings {money(advertised, CURRENCY)}: {'it pays' if advertised > 0 else 'it does not pay'}.")
print(f"To win one subscriber costs {money(reach / 0.04, CURRENCY)}, for all those who saw it and did nothing as well.")

# %% tags=["nbval-check-output"]
check("advertised", advertised)

# %% [markdown]
# ## 3. A forecast with one rate
#
# How long do subscribers stay? Fader and Hardie (2007) publish a cohort called High End. Somebody takes its **mean
# retention rate of the first seven years** (the constant rate that leads from 100 to what was left after year 7) and
# goes on with it to year 12. By how many **percentage points** of the cohort do more people stay than that forecast
# says? **Answer:** a number of points, such as 2.5; do not round it.

# %%
import pandas as pd

survivors = [100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1, 46.8, 44.5, 42.7, 40.9, 39.4]  # per cent, year 0 to 12
cohort = pd.DataFrame({"period": range(13), "survivors": survivors})

# %% tags=["answer"] question="missed"
missed = ...
# ---- solution
from crmlib.sbg import fit_sbg

rate = (cohort["survivors"][7] / 100) ** (1 / 7)
missed = cohort["survivors"][12] - 100 * rate**12
model = fit_sbg(cohort[:8])
print(f"Constant rate: {100 * rate**12:.1f} expected, {cohort['survivors'][12]} came, {missed:.1f} points more.")
print(f"sBG expects {100 * model.survival(12):.1f}. It knows that those who cancel easily have left by then.")

# %% tags=["nbval-check-output"]
check("missed", missed)

# %% [markdown]
# ## 4. When do you stop writing?
#
# Back to the shop as it is: nobody has a contract. Take a **season of six months** as the period. There are five states:
# state 1 bought in this season, state 2 last bought in the season before, and so on. `chances` has the shares of them
# who buy in the next season; whoever gets beyond state 5 does not come back. A season with a purchase brings `margin`.
# Everybody who is written to costs `letter` a season.
#
# By how much is a customer **who has just bought** worth more under the **best** rule for when to stop than if the shop
# writes to **all five** states? **Answer:** an amount of money.

# %% tags=["nbval-check-output"]
chances = [0.35, 0.25, 0.12, 0.06, 0.03]
letter = round(margin / 10, 2)
print(f"letter: {money(letter, CURRENCY)} a season")

# %% tags=["answer"] question="stopping"
stopping = ...
# ---- solution
from crmlib import migration_value

a_season = 1.10**0.5 - 1
rules = migration_value.stopping_rules(chances, margin=margin, contact=letter, discount=a_season)
stopping = rules["value"].max() - rules["value"].iloc[-1]
best = rules[rules["best"]].iloc[0]
print(f"Best is to stop after recency {best['contacts_until']}: {money(best['value'], CURRENCY)} a customer who just bought.")
print(f"Writing to all five states costs {money(stopping, CURRENCY)} of that: the last letters cost more than they bring.")

# %% tags=["nbval-check-output"]
check("stopping", stopping)

# %% [markdown]
# ## 5. Five points
#
# "Five points more retention raise the value by 25 to 85 %." A club keeps **75 %** of its members from one year to the
# next. Its discount is **12 %** a year, the fee is due today and every year, and it looks **10 payments** ahead, the one
# of today included. Retention rises by **five percentage points**. By which share does the value of a new member rise?
# **Answer:** a share between 0 and 1; do not round it.

# %% tags=["answer"] question="five_points"
five_points = ...
# ---- solution
before, after = (sum((rate / 1.12) ** year for year in range(10)) for rate in (0.75, 0.80))
five_points = after / before - 1
verdict = "held" if 0.25 <= five_points <= 0.85 else "did not hold"
print(f"The value rises by {percent(five_points)}. '25 to 85 %' {verdict} for this club.")
print("The claim needs a higher retention, margins that grow, or a longer look ahead.")

# %% tags=["nbval-check-output"]
check("five_points", five_points)

# %% [markdown]
# ## 6. What may it cost to win one back?
#
# Some subscribers have cancelled. Each had been won by the advertisement of question 2, and has paid for 12 parcels. With
# a personal offer **20 %** of them come back, without it **8 %**. Whoever comes back pays the next parcel **at once** and
# then stays as in question 1. How much may the offer cost at most for each of those who get it? **Answer:** an amount of
# money.

# %% tags=["answer"] question="win_back"
win_back = ...
# ---- solution
from crmlib import defection_value

win_back = defection_value.win_back_ceiling(subscriber, success=0.20, without=0.08)
print(f"At most {money(win_back, CURRENCY)} for each offer; at that price nothing is gained.")
print("Only whom the offer changes counts; parcels paid for and money spent long ago change nothing now.")

# %% tags=["nbval-check-output"]
check("win_back", win_back)

# %% [markdown]
# ## 7. Four quarters, and below zero
#
# Now the customers of the log. To serve one costs `serve` a year. `current` is the margin of all they paid (refunds
# taken off), less the cost since their first purchase; `future` supposes that the next year is like the last 365 days.
#
# Give everybody in `worth` a type. First: `"below zero"` if current and future together are below 0. The others: high
# on `current` is **`margin` or more**, high on `future` is **0 or more**. High and high is `"MVC"`, only future
# `"MGC"`, only current `"maintain"`, neither `"abandon"`. **Answer:** a Series of types indexed by customer, or a table
# with the columns `customer` and `value_type`.

# %% tags=["nbval-check-output"]
from crmlib.explore_value import naive_worth

serve = round(margin / 4, 2)
worth = naive_worth(tx, as_of=as_of, margin=0.30, serve=serve)
print(f"serve: {money(serve, CURRENCY)} a year; {count(len(worth), 'customer')}")
print(worth.head(3).to_string(index=False))

# %% tags=["answer"] question="types"
types = ...
# ---- solution
from crmlib import value_matrix

options = {"current": "current", "future": "future", "current_cut": margin, "future_cut": 0.0}
types = value_matrix.value_types(worth, **options)
for row in value_matrix.summary(types, current="current", future="future").itertuples():
    print(f"{row.value_type}: {count(row.customers, 'customer')}, {money(row.future, CURRENCY, 0)} expected next year")
print("The cuts are what an order leaves and what a year costs, so that nobody is called valuable at a loss.")

# %% tags=["nbval-check-output"]
check("types", types)

# %% [markdown]
# ## 8. Whom do you serve, and how?
#
# The shop could end the service for everybody who is `"abandon"` or `"below zero"`: no letters, no help by telephone.
# You have to answer. Here is what the numbers of question 7 say:

# %% tags=["nbval-check-output"]
low = worth["current"] < margin
not_covered = worth["future"] < 0
groups = pd.DataFrame({
    "low so far": [low.sum(), worth.loc[low, "future"].sum()],
    "cost not covered next year": [not_covered.sum(), worth.loc[not_covered, "future"].sum()],
    "both": [(low & not_covered).sum(), worth.loc[low & not_covered, "future"].sum()],
}, index=["customers", "expected next year"]).T  # fmt: skip
print(groups.round(0).astype(int).to_string())

# %% [markdown]
# End it, make it cheaper, or leave it as it is? Argue your decision in at least 40 words: name a number from the table,
# say which part of it is assumed and not measured, and what would change your mind. **Answer:** a text in quotes; use
# three quotes for several lines.

# %% tags=["answer"] question="service"
service = ...
# ---- solution
from textwrap import fill

both = groups.loc["both"]
service = f"""
I would make the service cheaper for them and not end it. {both["customers"]:,.0f} customers have brought little and are
not expected to cover their cost next year; together that is {money(both["expected next year"], CURRENCY, 0)}. But the
margin of 30 % and the cost to serve are assumed, and so is that the next year will be like the last: a customer who
buys every second year stands there as a loss, and new customers have had no time to bring more. The cost may not even
fall if we stop, because part of it is fixed. I would move them to e-mail and self-service, leave some out by lot, and
compare. If those without service buy as much as the others, I would end it; if the true cost is half of what we
assume, I would leave it as it is."""
print(fill(service.strip(), 88))

# %% tags=["nbval-check-output"]
check("service", service)

# %% [markdown]
# ## Where you stand

# %%
print(check.progress())

# %% [markdown]
# Next: run `uv run crm start worth_on_paper --data ...` on a log of your own, and see which of your answers change.
