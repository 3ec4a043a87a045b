# %% [markdown]
# # From purchases to customers
#
# **After this lesson you can**
#
# 1. say what *identify* means in IDIC, and what counts as a customer in a log of purchases;
# 2. take a raw log through the door and read what it says about the lines it touched;
# 3. say which day a table of customers belongs to, and why it needs one;
# 4. work out every column of that table by hand;
# 5. tell lines, orders, purchase days and customers apart, and two different things called recency;
# 6. describe a customer base with a few numbers and two charts, and spot the ones that mislead;
# 7. say what a log of purchases cannot tell.
#
# - **Time:** 40 minutes
# - **Builds on:** pandas: boolean masks, `groupby` with `agg` and `transform`, dates and `.dt.days`; no other lesson
# - **Workbook:** [seven questions](../exercises/10_customers.ipynb); `uv run crm start customers` makes you a copy
#
# The next cell says which log is read. Everything below runs on any log of purchases: save a copy into `work/`, change
# the cell, run it again.

# %% tags=["parameters"]
DATA = "cdnow"  # a name in datasets/, or a path to a file or folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "$"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}

# %% [markdown]
# ## 1. The I of IDIC
#
# IDIC is a plan in four steps for customer relationship management (客户关系管理), by Don Peppers and Martha Rogers:
#
# - **identify** (识别客户): know who your customers are, one by one, and what each has done so far. *This lesson.*
# - **differentiate** (差异分析): find out how they differ in value and in need.
# - **interact** (互动): talk with them, and learn from each contact.
# - **customize** (定制): treat different customers differently.
#
# The other three steps calculate with the table that we make here. What goes wrong here goes wrong there too.
#
# Textbooks split the first step into five tasks: define, collect, integrate, update and protect customer information
# (客户信息). Here the till has collected it; we clean it (信息的清洗) and bring it together, one row a customer.
#
# Who is a customer? A consumer (消费者) uses the product. A buyer at the counter (顾客) may stay nameless. A customer (客户)
# is somebody whom the shop can tell from all others. In a log of purchases the mark of that is an id, so in this course
# **a customer is one id in the log**. One person with two ids is two customers; a family with one card is one.

# %% [markdown]
# ## 2. The door
#
# Here is a log as shops keep it: seven lines, invented, with most of the mess that real ones have.

# %%
from io import StringIO

import pandas as pd

text = """CustomerID,InvoiceDate,Total
007,25/01/2024,20.00
007,25/01/2024,20.00
007 ,25/01/2024,15.00
7,09/02/2024,12.50
012,01/03/2024,0.00
012,11/03/2024,40.00
012,14/03/2024,-40.00
"""
raw = pd.read_csv(StringIO(text), dtype=str)  # dtype=str: nothing is interpreted yet
raw.apply(lambda column: column.map(repr))  # with quotes, so that every space shows

# %% [markdown]
# **Before you run the next cell:** how many customers do you count? Which lines would you ask the shop about?
#
# `crmlib.admit` is the door of this course. Behind it a log has standard names and types, and nothing is changed
# without a note.

# %% tags=["nbval-check-output"]
import crmlib

admission = crmlib.admit(raw, customer="CustomerID", date="InvoiceDate", amount="Total")
for note in admission.notes:
    print(f"{note.code}\n    {note.sentence}")

# %% [markdown]
# Three customers come through: `007`, `012` and `7`. Read it note by note. Each is a decision that somebody has to
# take; the door takes none in silence.
#
# | note | what it asks |
# |---|---|
# | `spaces` | `007` with a space behind it is the same customer; the space goes. |
# | `dates` | Day first or month first? One date that has no second reading decides it for all. |
# | `duplicates` | Bought twice, or written twice by the till? Only the shop knows. Kept, unless you say otherwise. |
# | `same_day` | Three lines of one customer on one day. Without order ids they count as one order. |
# | `zero_amounts` | A free sample? A voucher? It counts as a purchase, because the customer came. |
# | `refunds` | Money that went back. It lowers the revenue and is no order. |
#
# "Kept, unless you say otherwise" is not a detail.
#
# **Before you run the next cell:** by how much does the revenue change if the repeated line is a mistake of the till?

# %% tags=["nbval-check-output"]
options = {"customer": "CustomerID", "date": "InvoiceDate", "amount": "Total"}
for duplicates in ("keep", "drop"):
    tx = crmlib.admit(raw, **options, duplicates=duplicates).transactions
    print(f"duplicates={duplicates!r}: {len(tx)} lines, revenue {tx['amount'].sum():.2f}")

# %% [markdown]
# 20.00 of 67.50 hang on one line. That is why the door says what it did, and lets you choose.
#
# ### Ids are text
#
# A spreadsheet that opens this file takes the ids for numbers. **Before you run the next cell:** who gets lost?

# %% tags=["nbval-check-output"]
tidy = text.replace("007 ", "007")  # without the space, so that all ids look like numbers
as_numbers = pd.read_csv(StringIO(tidy))["CustomerID"]
print("as text:   ", sorted(admission.transactions["customer"].unique()))
print("as numbers:", sorted(as_numbers.unique().tolist()))

# %% [markdown]
# `007` and `7` are two people. As numbers they are one, with a purchase history that nobody has. The door keeps ids as
# text; but it cannot bring back zeros that a spreadsheet has already eaten. Keep the original file.
#
# ### Dates that nobody can decide
#
# Above, `25/01/2024` showed that the day comes first. **Before you run the next cell:** what should happen to the two
# dates in it?

# %% tags=["nbval-check-output"]
undecided = pd.DataFrame(
    {"customer": ["007", "012"], "date": ["03/04/2024", "05/06/2024"], "amount": [20, 40]}
)
try:
    crmlib.admit(undecided)
except crmlib.DataError as error:
    print(error)

# %% [markdown]
# Refusing is right: a wrong guess would move both purchases to another month, and every number made from them would
# still look fine. Somebody who knows the till says how it writes.

# %%
crmlib.admit(undecided, date_format="%d/%m/%Y").transactions

# %% [markdown]
# ## 3. Which day is it?
#
# A smaller log for the rest of the work by hand: two customers, six lines, now with an order id.

# %%
log = pd.DataFrame(
    [
        ("007", "2024-01-10", 20.0, "A"),
        ("007", "2024-01-10", 5.0, "A"),
        ("007", "2024-01-10", 15.0, "B"),
        ("007", "2024-02-09", 30.0, "C"),
        ("007", "2024-02-14", -30.0, "C"),
        ("012", "2024-03-01", 0.0, "D"),
    ],
    columns=["customer", "date", "amount", "order"],
)
log = crmlib.admit(log).transactions

# %% [markdown]
# **Before you run the next cell:** the table of customers is made twice, as of 10 February and as of 31 March. Which of
# its numbers will differ? (`until` keeps the lines up to a day; `customer_table` makes one row a customer of them.)

# %% tags=["nbval-check-output"]
from crmlib.customers import customer_table, until

for day in ("2024-02-10", "2024-03-31"):
    table = customer_table(until(log, day), as_of=day)
    print(f"as of {day}")
    print(
        table[["customer", "orders", "days_since_last", "revenue"]].to_string(index=False), "\n"
    )

# %% [markdown]
# Both tables are right. On 10 February customer 012 did not exist yet, and the refund of 007 had not happened. So a
# table of customers belongs to a day: **`as_of`**, the last day that we have seen, itself included. Without it "1 day
# since the last purchase" says nothing, and two tables cannot be compared.
#
# Code that takes today's date instead makes everybody in an old log look lost, and gives another answer tomorrow. In
# this course `as_of` is always written down, and lines after it do not count.

# %% [markdown]
# ## 4. One row a customer, by hand
#
# **Before you go on:** take a sheet of paper and fill in this table from the six lines, as of 31 March 2024. Give it
# five minutes. All spans are in days. A repeat day is a day with a purchase after the first such day.
#
# | column | meaning | 007 | 012 |
# |---|---|---|---|
# | `orders` | distinct orders; a refund is none | | |
# | `first`, `last` | first and last day with a purchase | | |
# | `days_since_last` | from `last` to `as_of` | | |
# | `revenue` | all amounts, refunds taken off | | |
# | `units` | what was bought less what came back; only where the log has a `quantity` | | |
# | `mean_order` | money of the purchases divided by `orders`; refunds do not count | | |
# | `x` | the number of repeat days | | |
# | `t_x` | from `first` to `last` | | |
# | `T` | from `first` to `as_of` | | |
# | `mean_repeat_value` | money of the purchases on repeat days divided by `x`; empty if `x` is 0 | | |
# | `flag` | `non_positive_revenue` or `no_purchase` (refunds only) where that is so, else empty | | |
#
# Now in pandas, in three steps. First what the purchases say:

# %%
as_of = pd.Timestamp("2024-03-31")
purchases = log[log["amount"] >= 0]
by_hand = purchases.groupby("customer").agg(
    orders=("order", "nunique"), first=("date", "min"), last=("date", "max")
)
by_hand

# %% [markdown]
# Four purchase lines of 007 make three orders: A has two lines. Next the three spans of time, all in days:

# %%
by_hand["days_since_last"] = (as_of - by_hand["last"]).dt.days
by_hand["t_x"] = (by_hand["last"] - by_hand["first"]).dt.days
by_hand["T"] = (as_of - by_hand["first"]).dt.days
by_hand[["days_since_last", "t_x", "T"]]

# %% [markdown]
# For both customers `t_x + days_since_last = T`: known for `T` days, of which the last ones were silent. Last, the
# money and the repeat days:

# %%
by_hand["revenue"] = log.groupby("customer")["amount"].sum()  # all lines: refunds come off
by_hand["mean_order"] = purchases.groupby("customer")["amount"].sum() / by_hand["orders"]
by_hand["x"] = purchases.groupby("customer")["date"].nunique() - 1
is_first_day = purchases["date"] == purchases.groupby("customer")["date"].transform("min")
repeat_money = purchases[~is_first_day].groupby("customer")["amount"].sum()
by_hand["mean_repeat_value"] = repeat_money / by_hand["x"]  # missing where nobody came back

# %% [markdown]
# **Before you run the next cell:** compare your sheet first. Then see whether `crmlib` says the same.

# %% tags=["nbval-check-output"]
table = customer_table(log, as_of=as_of).set_index("customer")
# raises if any value differs; 1 and 1.0 are the same here, because a column with gaps holds floats
pd.testing.assert_frame_equal(table[by_hand.columns], by_hand, check_dtype=False)
for columns in (
    ["orders", "first", "last", "days_since_last", "t_x", "T"],
    ["revenue", "mean_order", "x", "mean_repeat_value"],
):
    print(table[columns].round({"mean_order": 2}).to_string(float_format="{:g}".format), "\n")

# %% [markdown]
# Three things to take along:
#
# - 007 has 4 purchase lines, 3 orders, 2 purchase days and `x` = 1. Four numbers, and each is called "purchases"
#   somewhere.
# - The refund of 007 takes 30 off the `revenue` and nothing off `mean_order` or `mean_repeat_value`: these two describe
#   what people decide to spend when they buy.
# - 012 bought something free. They are a customer with an order, a `revenue` of 0 and so a `flag`; leaving them out
#   would be a decision, and so it must be a visible one.

# %% [markdown]
# ## 5. A real log
#
# Now the log named at the top. If you left it as it was, it is CDNOW: music on CDs, sold over the web in the 1990s.
# [Its card](../datasets/cdnow/README.md) tells the story and the traps.

# %% tags=["nbval-check-output"]
from crmlib import datasets

admission = datasets.admit_log(DATA, **OPTIONS)
for note in admission.notes:
    print(f"{note.code}\n    {note.sentence}")

# %% [markdown]
# **Before you run the next cell:** where a note speaks of repeated lines, what part of the revenue hangs on them?

# %% tags=["nbval-check-output"]
from crmlib.wording import money

for duplicates in ("keep", "drop"):
    lines = datasets.admit_log(DATA, **{**OPTIONS, "duplicates": duplicates}).transactions
    total = money(lines["amount"].sum(), CURRENCY)
    print(f"duplicates={duplicates!r}: {len(lines):,} lines, revenue {total}")

# %% [markdown]
# Who reports the revenue of this log says which of the two it is. Here all lines stay, unless `OPTIONS` says otherwise.
#
# **Before you run the next cell:** the number of lines stands above. Guess the number of customers.

# %% tags=["nbval-check-output"]
tx = admission.transactions
as_of = pd.Timestamp(AS_OF) if AS_OF else tx["date"].max()
tx = until(tx, as_of)
customers = customer_table(tx, as_of=as_of)
revenue = money(customers["revenue"].sum(), CURRENCY)
print(f"{len(customers):,} customers as of {as_of:%Y-%m-%d}, in a log from {tx['date'].min():%Y-%m-%d} on")
print(f"{customers['orders'].sum():,} orders, revenue {revenue} net of refunds")

# %% [markdown]
# The three customers with the highest revenue, to see the columns with real numbers:

# %%
best = customers.sort_values("revenue", ascending=False).head(3).set_index("customer")
best.drop(columns="flag").round({"revenue": 2, "mean_order": 2, "mean_repeat_value": 2})

# %% [markdown]
# ### Lines, orders, purchase days
#
# **Before you run the next cell:** which of the three is the largest number, and can two of them be equal? (`sentences`
# puts what it finds in this log into words.)

# %% tags=["nbval-check-output"]
from crmlib.workbook import sentences

purchases = tx[tx["amount"] >= 0]
print(f"{len(purchases):>10,} purchase lines")
print(f"{customers['orders'].sum():>10,} orders")
print(f"{(customers['x'] + 1).sum():>10,.0f} purchase days")
print(f"{(customers['orders'] > 0).sum():>10,} customers who bought")
print(sentences.units(tx))

# %% [markdown]
# For the business: if "purchases per customer" counts lines, every line that a till adds to the same visit makes it
# higher. A report that does not say which of the four it counts cannot be compared with last year's, let alone with
# another shop's.

# %% [markdown]
# ### How often people bought
#
# **Before you run the next cell:** sketch the bars, customers by number of orders. Where is the highest one?
# (`overview` counts, `plots` draws. A plus behind the last number means: that many orders or more.)

# %%
from crmlib import overview, plots
from crmlib.wording import percent

counts = overview.order_counts(customers)
once = counts["share_of_customers"].iloc[0]
ax = plots.order_histogram(counts, title=f"{percent(once, 0)} of buyers placed a single order")

# %% tags=["nbval-check-output"]
print(sentences.bought_once(customers))
print(sentences.busiest(customers))

# %% [markdown]
# The chart counts orders, the sentence below it purchase days; they differ where a customer placed two orders on one
# day, which only a log with order ids can show.
#
# For the business: of somebody with one purchase day the shop knows what they took, and nothing about how often they
# come. Only a purchase on a second day can tell. The first sentence above says how many still owe it.
#
# **A warning about the share who bought once.** It is often quoted as if it described the shop. It describes the age of
# the log as well: everybody starts with one purchase, some need time for the second, and newcomers start at one again.
# **Before you run the next cell:** the same log, the same definition, seen after one, two, three and four quarters of
# its time. Which way does the share go?

# %% tags=["nbval-check-output"]
by_day = sentences.once_by_day(tx, as_of=as_of)
print(by_day.round(3).to_string(index=False))
print(sentences.once_moved(by_day))

# %% [markdown]
# Compare such a share only between groups that were watched for the same time.
#
# ### Who came when
#
# **Before you run the next cell:** in each month some buyers are new and some had bought before. In the first month all
# of them are new, in any log. Why? And what do you expect of the last whole month?

# %%
periods = overview.by_period(tx, as_of=as_of)
ax = plots.customers_by_period(periods, title=sentences.last_month(periods))

# %% tags=["nbval-check-output"]
print(sentences.arrivals(tx, as_of=as_of))

# %% [markdown]
# The title answers for the last whole month. A hatched bar is a month that the log does not wholly cover: do not
# compare it with the others.
#
# For the business: a shop lives on two streams, new customers and those who come again. The chart keeps them apart,
# because a total that stands still can hide that one of them dries up. Whether its bars are good or bad news depends on
# the sentence above: in a panel (one group, followed from its first purchases on) the dark part ends because nobody was
# added to the log, and the light part shows one group getting older.
#
# The first month is all new because a log cannot see what came before it. Beware of "new" in the first bars.

# %% [markdown]
# ### Active customers
#
# An active customer (活跃客户) has bought "within a period", and the definition leaves the period open. Here it means a
# `days_since_last` of at most the window. **Before you run the next cell:** how much does the number of active
# customers change between 30 days and a year?

# %% tags=["nbval-check-output"]
active = sentences.active_customers(customers, windows=(30, 90, 180, 365))
print(active.round(3).to_string(index=False))
print(sentences.active_spread(active))

# %% [markdown]
# "We have so many active customers" is a number without a unit until the window is named. The window belongs to the
# business: somebody who has not bought bread for 90 days buys it elsewhere; somebody who has not bought a bed
# still has one.

# %% [markdown]
# ### Customers without revenue
#
# **Before you run the next cell:** can a customer bring nothing and still be one?

# %% tags=["nbval-check-output"]
print(sentences.without_revenue(customers))

# %% [markdown]
# They stay in the table and carry a `flag`. "Customers", "customers who bought" and "paying customers" are three
# numbers; say which one you report. The shares above are shares of those who bought.

# %% [markdown]
# ### Two things called recency
#
# RFM (recency, frequency, monetary value: when, how often and for how much somebody bought) calls the days since the
# last purchase recency (最近一次购买). The papers on "buy till you die" models (BTYD, in later
# lessons) call something else recency: the time from the first to the last purchase. Here they are two columns,
# `days_since_last` and `t_x`. **Before you run the next cell:** what is `t_x` for somebody who bought once, long ago?

# %% tags=["nbval-check-output"]
print(sentences.two_recencies(customers))

# %% [markdown]
# A small `days_since_last` is good news. A small `t_x` is not: it says that the known history is short. The two add up
# to `T`, so among customers known equally long, one ranking is the other turned round: sorting by the wrong one puts
# the best customers last, without an error message.

# %% [markdown]
# ## 6. What this log cannot tell
#
# What the log says about itself stands in section 5: whether new customers keep coming, or whether it follows one
# group. Other limits hold for every log of purchases:
#
# - **Before its first day** it is blind. Whoever was a customer before looks new in it.
# - **After its last day** it is blind too. A silent customer may be gone or about to buy; nobody sends a notice when
#   they leave.
# - **Elsewhere** it sees nothing: what people buy from others is not in it, nor what part of their spending comes to
#   this shop, their share of wallet (钱袋份额).
# - **Without you** it tells nothing: who ordered after a letter might have ordered anyway. To see what the letter did,
#   leave some customers, drawn by lot, without one (a control group), and compare.
# - **Costs and reasons** are missing: revenue is no profit, and a purchase does not say why.
# - **People** are not ids: one person with two ids, two persons with one.
#
# And it holds data on people. Who works with it needs the ids to tell customers apart, and never the names.

# %% [markdown]
# ## Recap
#
# 1. **Identify** is the first step of IDIC: one row for each customer, and a customer is one id in the log.
# 2. **The door** reads a raw log, refuses what it would have to guess, and says in a note what it kept, merged or left
#    out.
# 3. **`as_of`** is the last day seen, itself included. Every number of a customer belongs to that day.
# 4. **By hand:** orders are distinct and hold no refunds; revenue is net of them; `x` counts purchase days after the
#    first; `t_x`, `T` and `days_since_last` are spans in days.
# 5. **Lines, orders, purchase days, customers** are four numbers. `days_since_last` (RFM) and `t_x` (BTYD) are two
#    recencies.
# 6. **A customer base** begins with a count, a share who bought once, a chart of orders and a chart of months. That
#    share depends on how long one watched, and "active" on the window.
# 7. **A log cannot tell** what came before it, what comes after it, what happens elsewhere, and why; a panel cannot
#    tell whether a shop grows.
#
# **Now you:** `uv run crm start customers` puts your copy of the [workbook](../exercises/10_customers.ipynb) into
# `work/`. It checks each answer at once. After that comes [Who brings the money](30_pareto.ipynb).
