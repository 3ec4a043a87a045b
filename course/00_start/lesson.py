# %% [markdown]
# # The course and how to work in it
#
# **After this notebook you can**
#
# 1. say what the course is about and in which order to read it;
# 2. get a copy of a workbook of your own, on the sample data or on your own log of purchases;
# 3. use a check: answer, ask for a hint, ask for the solution.
#
# **Time:** 10 minutes. **Builds on:** reading a little Python and pandas.
#
# Press Shift+Enter to run a cell and go to the next one.

# %% [markdown]
# ## What it is about
#
# Customer analytics: from a plain log of purchases (who, when, how much) to knowing which customers a business has, who
# brings the money, who is still there, and what they will be worth. It follows the four steps of IDIC: **identify** your
# customers, **differentiate** them by value and by need, **interact** with them, **customize** what you do for them.
#
# | step | lesson | workbook |
# |---|---|---|
# | identify | [From purchases to customers](10_customers.ipynb) | `uv run crm start customers` |
# | differentiate | [Who brings the money: Pareto, ABC, the 80/20 claim](30_pareto.ipynb) | `uv run crm start pareto` |
#
# Read a lesson here, in `notebooks/`. Where it asks you to predict, write your prediction down before you run the next
# cell.

# %% [markdown]
# ## What is installed
#
# The next cell says which log this notebook reads. Every lesson and every workbook begins with one like it.

# %% tags=["parameters"]
DATA = "cdnow"  # a name in datasets/, or a path to a file or folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "$"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}

# %%
from importlib.metadata import version

print("crmlib", version("crmlib"))

# %% [markdown]
# These data sets come with the course.

# %% tags=["nbval-check-output"]
from crmlib import datasets

for name in datasets.names():
    print(f"{name:14} {datasets.describe(name)['title']}")

# %% [markdown]
# `workbook` is the first thing that a workbook calls. It reads the log and gives back three things: the log itself
# (`tx`, one row a line of purchase), the customers (one row each), and the check for your answers.

# %% tags=["nbval-check-output"]
from crmlib.workbook import workbook

tx, customers, check = workbook("pareto", data=DATA, as_of=AS_OF, currency=CURRENCY, **OPTIONS)

first, last = tx["date"].min(), tx["date"].max()
print(f"{len(tx):,} lines from {first:%Y-%m-%d} to {last:%Y-%m-%d}")
print(f"{len(customers):,} customers, revenue {CURRENCY}{customers['revenue'].sum():,.2f}")

# %% [markdown]
# ## A copy of your own
#
# Do not answer in `exercises/`: those files belong to the course, and an update would run into your answers. Open a
# terminal (File > New > Terminal) and let the course make a copy for you:
#
# ```
# uv run crm start pareto
# uv run crm start pareto --data my-log.csv --customer CustomerID --date InvoiceDate --amount Total
# ```
#
# The first works on the sample data, the second on your own log. (Installed with pip or conda? Leave out `uv run`.) The
# copy is in the folder `work/`. What is there stays yours: `crm start` never overwrites a file, git ignores the folder,
# and a `git pull` does not touch it.

# %% [markdown]
# ## Checks
#
# In a workbook you replace the three dots, run the cell, and run the check below it. A check says one of four things:
# *not answered*, *correct*, *not yet*, or *could not compare*. It never stops the notebook. Here is one that is not
# answered, and one with an answer that is certainly wrong: a share below zero.

# %% tags=["nbval-check-output"]
check("top_share", ...)

# %% tags=["nbval-check-output"]
check("top_share", -0.2)

# %% [markdown]
# Where it can, a check names the mistake. It never shows the answer. Hints come in steps; run the next cell more than
# once.

# %%
check.hint("top_share")

# %% [markdown]
# `check.solution("top_share")` shows one way to answer, when you ask for it. The solved workbooks are in `solutions/`.
#
# The right answer is computed from the log that *you* loaded. That is why a number copied from somebody else's data is
# *not yet*, and why the same workbook works on your own log.

# %% [markdown]
# ## What you can do now
#
# 1. The order: [identify](10_customers.ipynb) first, then [differentiate](30_pareto.ipynb).
# 2. Your own copy: `uv run crm start customers`, and with `--data` on a log of your own.
# 3. A check: answer, `check.hint(...)`, `check.solution(...)`.
#
# Go on with [From purchases to customers](10_customers.ipynb).
