# %% [markdown]
# # Workbook: from purchases to customers
#
# Seven questions on one log, from a number to a decision. The last has four parts, so there are nine answers that a check
# can judge and one that you argue in words.
#
# - **Time:** 30 minutes
# - **Builds on:** the lesson [From purchases to customers](../notebooks/10_customers.ipynb)
# - **A copy of your own:** `uv run crm start customers` puts it into `work/`, where no update touches it
#
# How it works: put your answer in place of the three dots (`...`), run the cell, then run the check below it. A check
# names the mistake and never the answer. `check.hint("orders")` gives hints in steps, `check.solution("orders")` a
# solution.
#
# The next cell says which log is read; `crm start` fills it in.

# %% tags=["parameters"]
DATA = "cdnow"  # a name in datasets/, or a path to a file or folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "$"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}

# %% [markdown]
# `tx` is the log behind the door, up to `as_of`. `customers` is the table that `crmlib` makes of it. Answer from `tx`,
# with pandas; that is what you are learning here. Then look into `customers` to see whether you agree.

# %% tags=["nbval-check-output"]
import pandas as pd

from crmlib.workbook import workbook

tx, customers, check = workbook("customers", data=DATA, as_of=AS_OF, currency=CURRENCY, **OPTIONS)
as_of = pd.Timestamp(AS_OF) if AS_OF else tx["date"].max()
print(f"as_of {as_of:%Y-%m-%d}: {len(tx):,} lines, {(tx['amount'] < 0).sum():,} of them refunds")
print("columns:", ", ".join(tx.columns))

# %%
tx.head()

# %% [markdown]
# ## 1. How many customers were there?
#
# `early` is the day on which a tenth of the time had passed. How many customers had bought at least once by the end of
# that day? **Answer:** a whole number.

# %% tags=["nbval-check-output"]
first_day = tx["date"].min()
early = first_day + pd.Timedelta(days=(as_of - first_day).days // 10)
print(f"early is {early:%Y-%m-%d}, {(early - first_day).days} days after {first_day:%Y-%m-%d}")

# %% tags=["answer"] question="customers_early"
customers_early = ...
# ---- solution
purchases = tx[tx["amount"] >= 0]
customers_early = purchases[purchases["date"] <= early]["customer"].nunique()
now = purchases["customer"].nunique()
print(f"{customers_early:,} customers on {early:%Y-%m-%d}, {now:,} on {as_of:%Y-%m-%d}.")
print("Both are the number of customers of this shop. Without its day, neither says anything.")

# %% tags=["nbval-check-output"]
check("customers_early", customers_early)

# %% [markdown]
# ## 2. How many orders did each customer place?
#
# One value for each customer who bought at least once, at `as_of`. Lines with the same order id are one order; where
# the log has no column `order`, all purchases of one customer on one day are one order. **Answer:** a Series of whole
# numbers, indexed by customer.

# %% tags=["answer"] question="orders"
orders = ...
# ---- solution
purchases = tx[tx["amount"] >= 0]
order = "order" if "order" in tx.columns else "date"
orders = purchases.groupby("customer")[order].nunique()
mean_lines = len(purchases) / orders.sum()
print(f"{len(purchases):,} purchase lines, {orders.sum():,} orders, {mean_lines:.3f} lines each.")
print("Counting lines would call somebody loyal for one basket of many lines.")

# %% tags=["nbval-check-output"]
check("orders", orders)

# %% [markdown]
# ## 3. How often did anybody come back?
#
# The column `x` counts, for each customer, the days with a purchase after the first one. What is the sum of `x` over
# all customers? **Answer:** a whole number.

# %% tags=["answer"] question="repeat_days"
repeat_days = ...
# ---- solution
purchases = tx[tx["amount"] >= 0]
purchase_days = purchases.groupby("customer")["date"].nunique()
repeat_days = (purchase_days - 1).sum()
print(f"{repeat_days:,} repeat days; orders minus customers: {orders.sum() - len(orders):,}.")
print("Two orders on one day, which only order ids can show, are one visit: no sign of coming back.")

# %% tags=["nbval-check-output"]
check("repeat_days", repeat_days)

# %% [markdown]
# ## 4. Who bought once?
#
# Which share of the customers who bought at all bought on one day only? **Answer:** a share between 0 and 1, not in per
# cent, right to three decimals.

# %% tags=["answer"] question="bought_once"
bought_once = ...
# ---- solution
purchases = tx[tx["amount"] >= 0]
purchase_days = purchases.groupby("customer")["date"].nunique()
bought_once = (purchase_days == 1).mean()
days = (as_of - first_day).days + 1
print(f"{bought_once:.3f} of the customers bought on one day only, in a log of {days:,} days.")
print("Name both numbers: everybody starts with one day, and some need time for the second.")

# %% tags=["nbval-check-output"]
check("bought_once", bought_once)

# %% [markdown]
# ## 5. How long has each customer been silent?
#
# The days from the last purchase to `as_of`, for each customer who bought at least once. **Answer:** a Series of
# numbers of days, indexed by customer.

# %% tags=["answer"] question="days_since_last"
days_since_last = ...
# ---- solution
purchases = tx[tx["amount"] >= 0]
days_since_last = (as_of - purchases.groupby("customer")["date"].max()).dt.days
print(f"Half of the customers have been silent for {days_since_last.median():,.0f} days or more.")
print("Silent is all that a log can say. Whether somebody has left, it cannot.")

# %% tags=["nbval-check-output"]
check("days_since_last", days_since_last)

# %% [markdown]
# ## 6. What did a customer bring?
#
# The mean revenue a customer: all money, refunds taken off, by the number of customers in the log (all of them, also
# those who have refunds only). **Answer:** a number in the currency of the log, right to the cent.

# %% tags=["answer"] question="revenue_per_customer"
revenue_per_customer = ...
# ---- solution
revenue_per_customer = tx["amount"].sum() / tx["customer"].nunique()
median = tx.groupby("customer")["amount"].sum().median()
print(f"Mean {CURRENCY}{revenue_per_customer:,.2f}, median {CURRENCY}{median:,.2f} a customer.")
print("Plan a budget with the mean, which adds up. Picture a person with the median.")

# %% tags=["nbval-check-output"]
check("revenue_per_customer", revenue_per_customer)

# %% [markdown]
# ## 7. Shall the shop write to the lapsed customers?
#
# A customer counts as lapsed here if the last purchase lies **more than** 180 days before `as_of`: 180 days are not yet
# lapsed.
#
# **a)** How many customers are lapsed? **Answer:** a whole number.

# %% tags=["answer"] question="lapsed"
lapsed = ...
# ---- solution
lapsed_ids = days_since_last[days_since_last > 180].index
lapsed = len(lapsed_ids)
print(f"{lapsed:,} of {len(days_since_last):,} customers who bought are lapsed by this definition.")
print("Lapsed is a word for a number of days; whether it fits this shop is a question of its own.")

# %% tags=["nbval-check-output"]
check("lapsed", lapsed)

# %% [markdown]
# The marketing team wants to send each lapsed customer a letter. These are the facts:

# %% tags=["nbval-check-output"]
from crmlib.wording import money, percent

LETTER_COST = 0.80  # in the currency of the log, a letter
MARGIN = 0.25  # of the money of an order, what remains after the goods are paid
LAST_RESPONSE = 0.03  # of the letters sent to lapsed customers last time, the share that led to an order
print("cost of a letter:", money(LETTER_COST, CURRENCY))
print("margin:", percent(MARGIN, 0))
print("response last time:", percent(LAST_RESPONSE, 0))

# %% [markdown]
# **b)** A letter costs `LETTER_COST`. An order leaves `MARGIN` of its value. Out of 100 letters, how many must lead to
# an order so that nothing is lost? Give it as a share. The value of such an order is the mean order of the lapsed
# customers: all they ever paid for purchases, refunds not taken off, by the number of their orders. **Answer:** a
# share between 0 and 1 (more than 1 if even an order from everybody would not do), right to three decimals.

# %% tags=["answer"] question="break_even"
break_even = ...
# ---- solution
purchases = tx[tx["amount"] >= 0]
lapsed_ids = days_since_last[days_since_last > 180].index
lapsed_orders = orders[lapsed_ids].sum()
lapsed_money = purchases[purchases["customer"].isin(lapsed_ids)]["amount"].sum()
mean_order = lapsed_money / lapsed_orders if lapsed_orders else 0.0
margin = MARGIN * mean_order
break_even = LETTER_COST / margin if margin else float("nan")
print(f"{len(lapsed_ids):,} lapsed customers with a mean order of {money(mean_order, CURRENCY)}.")
print(f"Its margin of {money(margin, CURRENCY)} pays for {margin / LETTER_COST:.1f} letters.")
print(f"Needed: {percent(break_even)} of the letters; last time: {percent(LAST_RESPONSE)}.")

# %% tags=["nbval-check-output"]
check("break_even", break_even)

# %% [markdown]
# **c)** What do these numbers say about a letter to all lapsed customers? **Answer:** `"send"` or `"do not send"`.

# %% tags=["answer"] question="letter"
letter = ...
# ---- solution
letter = "send" if break_even <= LAST_RESPONSE else "do not send"
profit = lapsed * (LAST_RESPONSE * margin - LETTER_COST)
print(f"With last time's response, the letters change the profit by {money(profit, CURRENCY)}.")

# %% tags=["nbval-check-output"]
check("letter", letter)

# %% [markdown]
# **d)** Now you speak to the head of marketing. Which decision do you recommend, with which numbers, and what would
# change your mind? Think of the customers who would have come back without a letter. **Answer:** a text of forty words
# or more, in quotes. No program grades it; show it to somebody.

# %% tags=["answer"] question="letter_why"
letter_why = """
...
"""
# ---- solution
letter_why = f"""
I recommend: {letter}. A letter to each of the {lapsed:,} lapsed customers pays if
{percent(break_even)} of them answer with an order of the usual size; last time
{percent(LAST_RESPONSE)} did. Both numbers can mislead. Some of these customers would
have come back without a letter, so its own effect is smaller than the share that
answers. And one order is not all that a customer who returns may bring, so its value
may be larger. Before deciding for good I would write to some of them, drawn by lot,
leave as many without a letter, and compare the two groups. I would change my mind if
the difference between them, and not the share that answers, lay on the other side of
{percent(break_even)}; or if 180 days were an ordinary pause between two purchases here,
because then these customers have not lapsed at all.
"""
if not margin:
    letter_why = """
No letter: no customer who ever paid anything has been silent for more than 180 days, so
there is nobody to write to and no order to set against the cost. I would ask again when
the log is longer, and choose the number of days from how long customers of this shop
usually pause between two purchases.
"""
print(letter_why)

# %% tags=["nbval-check-output"]
check("letter_why", letter_why)

# %% [markdown]
# ## How far are you?

# %% tags=["nbval-check-output"]
check.progress()

# %% [markdown]
# **What you did:** counted customers as of a day (1), orders instead of lines (2), repeat days (3) and one-time buyers
# (4), measured silence (5) and value (6), and turned them into a decision with a break-even (7). Next: [Who brings the
# money](../notebooks/30_pareto.ipynb).
