# %% [markdown]
# # Workbook: the customer life cycle
#
# Eight questions on one log, from a number to a decision that you argue in words.
#
# - **Time:** 45 minutes
# - **Builds on:** the lesson [The customer life cycle](../notebooks/36_lifecycle.ipynb)
# - **A copy of your own:** `uv run crm start lifecycle` puts it into `work/`, where no update touches it
#
# How it works: put your answer in place of the three dots (`...`), run the cell, then run the check below it. A check
# names the mistake and never the answer. `check.hint("came_back")` gives hints in steps, `check.solution("came_back")`
# a solution.
#
# The next cell says which log is read; `crm start` fills it in.

# %% tags=["parameters"]
DATA = "cdnow"  # a name in datasets/, or a path to a file or folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "$"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}

# %% [markdown]
# `tx` is the log behind the door, up to `as_of`; `bought` leaves out refunds, which are no purchases. `customers` has
# one row for each customer in `tx`; its `x` counts the days with a purchase after the first.

# %% tags=["nbval-check-output"]
import pandas as pd

from crmlib.explore_activity import nobody_bought
from crmlib.wording import count, percent
from crmlib.workbook import workbook

tx, customers, check = workbook("lifecycle", data=DATA, as_of=AS_OF, currency=CURRENCY, **OPTIONS)
if why := nobody_bought(tx):  # a log of refunds alone cannot carry the questions
    print(why)
    AS_OF = ""
    tx, customers, check = workbook("lifecycle", data="cdnow_sample")
as_of = AS_OF or f"{tx['date'].max():%Y-%m-%d}"
bought = tx[tx["amount"] >= 0]
print(f"{bought['customer'].nunique():,} of {count(len(customers), 'customer')} bought; the log is read up to {as_of}")

# %%
customers[["customer", "orders", "x", "days_since_last"]].head()

# %% [markdown]
# ## 1. Who is active?
#
# With a window of **90 days**, which share of the customers *who ever bought* is active on `as_of`? **Answer:** a share
# between 0 and 1; do not round it.

# %% tags=["answer"] question="active_share"
active_share = ...
# ---- solution
silence = customers["days_since_last"].dropna()  # a gap: refunds only
active_share = float((silence < 90).mean())
print(f"{percent(active_share)} are active with a window of 90 days, {percent((silence < 180).mean())} with one of 180.")
print("A silence of exactly 90 days is inactive. Whoever quotes the share has to quote the window.")

# %% tags=["nbval-check-output"]
check("active_share", active_share)

# %% [markdown]
# ## 2. Called too early?
#
# Go back to the middle of the log. On the day before `start`, call everybody inactive who has been silent for `window`
# days or more, by the lines known on that day. Which share of **these** bought again from `start` on? **Answer:** a
# share between 0 and 1; do not round it.

# %% tags=["nbval-check-output"]
from crmlib.concentration import halfway

start = pd.Timestamp(halfway(bought, as_of=as_of))
window = max(1, (start - bought["date"].min()).days // 3)
print(f"start {start:%Y-%m-%d}, window {count(window, 'day')}")

# %% tags=["answer"] question="came_back"
came_back = ...
# ---- solution
first_half, second_half = bought[bought["date"] < start], bought[bought["date"] >= start]
eve = start - pd.Timedelta(days=1)
silence = (eve - first_half.groupby("customer")["date"].max()).dt.days
called = silence.index[silence >= window]
came_back = called.isin(second_half["customer"]).mean() if len(called) else float("nan")
print(f"{count(len(called), 'customer')} called inactive on {eve:%Y-%m-%d}; {percent(came_back)} of them bought again.")
print("So many farewells would have been too early. The others may still come: the log ends, and silence goes on.")

# %% tags=["nbval-check-output"]
check("came_back", came_back)

# %% [markdown]
# ## 3. Silent for longer than usual
#
# A gap is the number of days between two days with a purchase, of one customer. Take the customers with **three
# completed gaps or more**. How many of them have been silent on `as_of` for **longer** than the 90th percentile of
# their own gaps? (`quantile(0.90)` as pandas computes it.) **Answer:** a whole number.

# %% tags=["answer"] question="own_silent"
own_silent = ...
# ---- solution
days = bought[["customer", "date"]].drop_duplicates().sort_values(["customer", "date"])
gaps = days.assign(gap=days.groupby("customer")["date"].diff().dt.days).dropna()
own = gaps.groupby("customer")["gap"].agg(["size", lambda gap: gap.quantile(0.90)]).set_axis(["gaps", "usual"], axis=1)
own = own[own["gaps"] >= 3]
silence = (pd.Timestamp(as_of) - days.groupby("customer")["date"].max()).dt.days
own_silent = int((silence.reindex(own.index) > own["usual"]).sum())
print(f"{own_silent:,} of {count(len(own), 'customer')} with three gaps or more are silent for longer than is usual for them.")
print("One in ten of the completed gaps was longer too, so that being on this list is a reason to look, and no verdict.")

# %% tags=["nbval-check-output"]
check("own_silent", own_silent)

# %% [markdown]
# ## 4. How soon do they come again?
#
# Which share of **all** gaps between purchases, completed and open ones, has ended by `window` days (the number of
# question 2; a gap of exactly `window` days has ended by then)? Use Kaplan and Meier's estimate. **Answer:** a share
# between 0 and 1; do not round it.

# %% tags=["answer"] question="gaps_ended"
gaps_ended = ...
# ---- solution
from crmlib import survival

again = (customers["x"] > 0).any()
gaps_ended = survival.gap_survival(bought, as_of=as_of).ended(window) if again else float("nan")
completed = (gaps["gap"] <= window).mean()
print(f"By {count(window, 'day')} {percent(gaps_ended)} of all gaps have ended; of the completed ones {percent(completed)}.")
print("The completed gaps alone leave out what is still open on the last day, and these are the long ones.")

# %% tags=["nbval-check-output"]
check("gaps_ended", gaps_ended)

# %% [markdown]
# ## 5. Where does each relation stand?
#
# Give **every** customer in `customers` a state. Inactive is a silence of **120 days** or more, loyal are **3 orders**
# or more; the others are `"repeat"` or `"first-time"`. Whoever has refunds only is `"no purchase"`. **Answer:** a
# Series of states indexed by customer, or a table with the columns `customer` and `state`.

# %% tags=["answer"] question="states"
states = ...
# ---- solution
from crmlib import lifecycle

states = lifecycle.states(customers, inactive_after=120, loyal_orders=3)
for row in lifecycle.summary(states).itertuples():
    print(f"{row.state}: {count(row.customers, 'customer')}, {percent(row.share_of_customers)}")
print("Silence is asked first: many orders long ago are no loyalty today. Both thresholds are conventions.")

# %% tags=["nbval-check-output"]
check("states", states)

# %% [markdown]
# ## 6. Orders or customers?
#
# The **repurchase rate** of the whole log: of all orders, which share was *not* the customer's first order ever?
# (Without an order column, a customer's day is one order.) **Answer:** a share between 0 and 1; do not round it.

# %% tags=["answer"] question="repurchase"
repurchase = ...
# ---- solution
from crmlib import rates

value = rates.rates(bought, as_of=as_of).set_index("rate")["value"]
repurchase = float(value["repurchase rate"])
print(f"Repurchase rate {percent(repurchase)}, repeat rate {percent(value['repeat rate'])}.")
print("The first divides by orders, the second by customers; quoted without that, the two are easily mixed up.")

# %% tags=["nbval-check-output"]
check("repurchase", repurchase)

# %% [markdown]
# ## 7. A cohort grows older
#
# Take everybody whose first purchase lies in the calendar month of the log's first purchase. Which share of them bought
# in the month of **age 2**, two calendar months later? **Answer:** a share between 0 and 1; do not round it.

# %% tags=["answer"] question="cohort_active"
cohort_active = ...
# ---- solution
from crmlib import cohorts

table = cohorts.cohort_table(bought, as_of=as_of)
first = table[table["cohort"] == table["cohort"].min()].set_index("age")["share_active"]
cohort_active = float(first.get(2, float("nan")))
print(f"At age 2 {percent(cohort_active)} of the first cohort bought, at age 1 {percent(first.get(1))}.")
print("Silent customers stay in the denominator, and may be active again at the next age.")

# %% tags=["nbval-check-output"]
check("cohort_active", cohort_active)

# %% [markdown]
# ## 8. After how many days do you write?
#
# "Whoever has not bought for 30 days gets a voucher." You have to answer. Here is what each window would have done
# half-way through the log:

# %% tags=["nbval-check-output"]
from crmlib.explore_activity import windows_checked

checked = windows_checked(bought, as_of=as_of, windows=[30, 60, 90, 180])
shown = checked[["window_days", "called", "came_back", "share_back", "kept", "stayed_away", "share_away"]]
print(shown.round(3).to_string(index=False, na_rep="-"))

# %% [markdown]
# `called` and `kept` are the customers called inactive and active half-way; `came_back` of the first bought again in
# the second half, `stayed_away` of the second did not.
#
# 30 days, another window, a customer's own rhythm, or no voucher at all? Argue your decision in at least 40 words: name
# a number from the table, say what this log does not know, and what would change your mind. **Answer:** a text in
# quotes; use three quotes for several lines.

# %% tags=["answer"] question="reminder"
reminder = ...
# ---- solution
from textwrap import fill

short, long = checked.iloc[0], checked.iloc[-1]
reminder = f"""
I would not send a voucher after 30 days. Half-way through this log {short["called"]:,.0f} customers had been silent that
long, and {percent(short["share_back"])} of them bought again without one; they would take it as a gift. With 180 days it
is {percent(long["share_back"])} of {long["called"]:,.0f}, but {percent(long["share_away"])} of those still called active
bought nothing more. I would send a plain reminder early, because it costs next to nothing, and a voucher only to those
who are silent for longer than their own gaps allow. The log knows neither the margin nor what a voucher changes. So I
would leave out some by lot; if those with the voucher buy clearly more often than those without, I would send it
sooner."""
print(fill(reminder.strip(), 88))

# %% tags=["nbval-check-output"]
check("reminder", reminder)

# %% [markdown]
# ## Where you stand

# %%
print(check.progress())

# %% [markdown]
# Next: run `uv run crm start lifecycle --data ...` on a log of your own, and see which of your answers change.
