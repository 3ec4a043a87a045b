# %% [markdown]
# # Start here: the course and how to work in it
#
# **After this notebook you can**
#
# 1. say what the course is about, for whom it is, and in which order to read it;
# 2. make a workbook of your own, on the sample data or on your own log of purchases;
# 3. use a check: answer, ask for a hint, ask for the solution.
#
# - **Time:** 10 minutes
# - **Builds on:** a little Python, and having seen a pandas table before
#
# Press Shift+Enter to run a cell and go to the next one.

# %% [markdown]
# ## What it is about, and for whom
#
# A shop's till writes down who bought, when, and for how much. This course goes from such a log to the questions that a
# business asks: which customers do we have, who brings the money, who is still there, and what will they be worth?
#
# - **You study.** Read a lesson, predict before each answer, then work in a workbook that checks every answer at once.
# - **You teach.** Every lesson and every workbook runs on any log of purchases, so each class can have its own.
# - **You have a log of your own.** The same lessons and workbooks run on it, and `uv run crm report` makes a report of
#   it.
#
# The course follows IDIC, four steps for customer relationship management (客户关系管理): **identify** (识别客户) your customers
# one by one, **differentiate** (差异分析) them by value and need, **interact** (互动) with them, **customize** (定制) what you
# do for them.

# %% [markdown]
# ## The order
#
# | step | lesson | workbook | minutes |
# |---|---|---|---|
# | identify | [From purchases to customers](10_customers.ipynb) | `crm start customers` | 40 + 30 |
# | differentiate | [Who brings the money: Pareto, ABC, the 80/20 claim](30_pareto.ipynb) | `crm start pareto` | 45 + 35 |
#
# Each lesson says at its top what it builds on. Where it asks you to predict, write your prediction down before you run
# the next cell. A wrong prediction that you wrote down teaches more than a right one that you only thought.

# %% [markdown]
# ## A log, live
#
# The next cell says which log is read. Every lesson and every workbook has one like it.

# %% tags=["parameters"]
DATA = "cdnow"  # a name in datasets/, or a path to a file or folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "$"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}

# %% [markdown]
# A workbook begins with one call. It gives back the log (`tx`, one row a line of purchase), the customers (one row
# each), and the check for your answers.

# %% tags=["nbval-check-output"]
from crmlib.workbook import workbook
from crmlib.wording import money

tx, customers, check = workbook("customers", data=DATA, as_of=AS_OF, currency=CURRENCY, **OPTIONS)
print(f"{len(tx):,} lines from {tx['date'].min():%Y-%m-%d} to {tx['date'].max():%Y-%m-%d}")
print(f"{len(customers):,} customers, revenue {money(customers['revenue'].sum(), CURRENCY)}")

# %% [markdown]
# These data sets come with the course; each has a card in its folder below `datasets/`. All are logs but the donors, a
# table for a model of yearly chances, which a lesson reads.

# %% tags=["nbval-check-output"]
from crmlib import datasets

for name in datasets.names():
    print(f"{name:14} {datasets.describe(name)['title']}")

# %% [markdown]
# ## A workbook of your own
#
# Do not answer in `exercises/`: those files belong to the course, and an update would run into your answers. Open a
# terminal (File > New > Terminal) and let the course make a copy for you:
#
# ```
# uv run crm start customers
# ```
#
# It prints where your copy is: in the folder `work/`. What is there stays yours. `crm start` never overwrites a file,
# git ignores the folder, and a `git pull` does not touch it. (Installed with pip or conda? Leave out `uv run`.)

# %% [markdown]
# ## Checks
#
# In a workbook you put your answer in place of the three dots, run the cell, and run the check below it. A check says
# one of four things: *not answered*, *correct*, *not yet*, or *could not compare*. It never stops the notebook. The
# first question to look at is not answered yet:

# %% tags=["nbval-check-output"]
orders = ...
check("orders", orders)

# %% [markdown]
# The question is how many orders each customer placed. **Before you run the next cell:** this answer counts the lines
# of each customer. In which logs is that wrong?

# %% tags=["nbval-check-output"]
orders = tx.groupby("customer").size()
check("orders", orders)

# %% [markdown]
# Where a check knows the mistake, it names it. It never shows the right answer. Hints come in steps; run the next cell
# more than once.

# %%
check.hint("orders")

# %% [markdown]
# `check.solution("orders")` shows one way to answer, when you ask for it. The solved workbooks are in `solutions/`.
#
# The right answer is computed from the log that *you* loaded. So a number taken from somebody else's data is *not yet*,
# and the same workbook works on a log that nobody has seen before. Checks are there for learning. Questions that ask
# for a decision in words are for people to judge.

# %% [markdown]
# ## Your own log
#
# It needs one row a line of purchase, with a customer, a date and an amount. CSV, Excel and Parquet will do; the
# columns may have any names, which you give once:
#
# ```
# uv run crm start customers --data my-log.csv --customer CustomerID --date InvoiceDate --amount Total
# uv run crm report --data my-log.csv --customer CustomerID --date InvoiceDate --amount Total
# ```
#
# The first makes a workbook on it, the second the report. If something in the file cannot be read without a guess, such
# as a date that may be in March or in April, you get one sentence that says where it stands and what to type.
#
# To read a *lesson* on your log, save a copy of it (File > Save Notebook As..., into `work/`), change the cell with
# `DATA` and `OPTIONS`, and run it again.

# %% [markdown]
# ## What you can do now
#
# 1. The course goes from a log of purchases to decisions on customers, along IDIC: first [From purchases to
#    customers](10_customers.ipynb), then [Who brings the money](30_pareto.ipynb).
# 2. `uv run crm start customers` makes a workbook of your own; with `--data` it is bound to your log.
# 3. A check says one of four things; `check.hint(...)` and `check.solution(...)` help when you ask.
#
# Go on with [From purchases to customers](10_customers.ipynb).
