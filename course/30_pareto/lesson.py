# %% [markdown]
# # Who brings the money: Pareto, ABC and the 80/20 claim
#
# **After this lesson you can**
#
# 1. draw a Lorenz curve by hand, and read from it what the top 20 % of the customers bring;
# 2. test the 80/20 claim on a log, by a rule that you set before you look;
# 3. compute the Gini index, and say what one number about a curve leaves out;
# 4. say how the answer moves with the window of the log;
# 5. test how many of today's best customers are among the best later;
# 6. put customers into ABC classes, and state the rule by which you did it;
# 7. turn these numbers into a decision, and say where revenue is not enough for one.
#
# - **Time:** 45 minutes
# - **Builds on:** [From purchases to customers](10_customers.ipynb): the customer table, `as_of`, net revenue
# - **Workbook:** [seven questions](../exercises/30_pareto.ipynb); `uv run crm start pareto` makes you a copy
#
# Where it says **before you run the next cell**, write your guess down first. The next cell says which log is read.

# %% tags=["parameters"]
DATA = "cdnow"  # a name in datasets/, or a path to a file or folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "$"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}

# %% [markdown]
# ## 1. A claim with a number in it
#
# Textbooks, and the lecture notes that this course grew from, state it as a law, the 80/20 rule (二八法则), or Pareto's law
# (帕累托定律): 80 % of a firm's profit comes from 20 % of its customers. These are the vital few, and the others the trivial
# many (关键的少数和次要的多数).
#
# A claim with a number in it can be measured. Three questions come first:
#
# - **80 % of what?** The law says profit. A log of purchases knows revenue and no costs. We measure revenue, and say
#   so.
# - **20 % of whom?** Of everybody who bought and did not get more back than they paid.
# - **In which time?** The claim is silent about that. It will turn out to matter.

# %% [markdown]
# ## 2. By hand, on six customers
#
# Six invented customers. Together they bring 100, so that every amount is a percentage too.

# %%
import pandas as pd

six = pd.DataFrame({"customer": list("PQRSTU"), "revenue": [10, 50, 3, 20, 5, 12]})
ranked = six.sort_values("revenue", ascending=False, ignore_index=True)  # the best first
ranked["share"] = ranked["revenue"] / ranked["revenue"].sum()
ranked["cumulative"] = ranked["share"].cumsum()
ranked

# %% [markdown]
# Sort, share, cumulate: everything in this lesson is made of these three steps.
#
# **Before you run the next cell:** what do the top 20 % bring? Mind that 20 % of six customers is 1.2 customers.

# %% tags=["nbval-check-output"]
from crmlib import pareto

parts, whole = pareto.top_share(six, 0.20), pareto.top_share(six, 0.20, method="count")
print(f"1 customer and 0.2 of the next (interpolated): by hand {(50 + 0.2 * 20) / 100:.2f}, crmlib {parts:.2f}")
print(f"2 whole customers (by count, 1.2 rounded up):  by hand {(50 + 20) / 100:.2f}, crmlib {whole:.2f}")

# %% [markdown]
# Two honest readings, and on six customers they are far apart. In this course "the top 20 %" is interpolated, unless it
# says "by count". Somebody who reports such a share from a short list must say which one it is.
#
# ### The Lorenz curve
#
# Turn the table round, the smallest customer first, and cumulate again. **Before you run the next cell:** what do the
# smallest three customers bring together?

# %% tags=["nbval-check-output"]
shares = six["revenue"].sort_values() / six["revenue"].sum()
curve = [0.0, *shares.cumsum()]
print("by hand:", [f"{height:.2f}" for height in curve])
print("crmlib: ", [f"{height:.2f}" for height in pareto.lorenz(six)["share_of_value"]])

# %%
from crmlib import plots

title = "Six customers: the top 20 % bring 54 %"
ax = plots.lorenz_curve(pareto.lorenz(six), top=(0.20, pareto.top_share(six, 0.20)), title=title)

# %% [markdown]
# If all six paid the same, the curve would be the dashed line. For the business: the further it sags, the fewer
# customers the firm rests on. Here one of them going away takes half of the revenue along.
#
# ### The Gini index
#
# How far does it sag? Take the area between the dashed line and the curve as a share of the whole triangle below the
# dashed line. **Before you run the next cell:** estimate it from the figure.

# %% tags=["nbval-check-output"]
import numpy as np

under = np.trapezoid(curve, dx=1 / 6)  # the area under the curve; the triangle has 1/2
print(f"by hand {1 - 2 * under:.3f}, crmlib {pareto.gini(six):.3f}")

# %% [markdown]
# 0 means that all bring the same. If one customer brings everything, the index of *n* customers is 1 - 1/n: it comes
# close to 1 only in a large base. `unbiased=True` stretches it, so that the largest value is 1; we do not use that
# here.
#
# ### ABC classes
#
# ABC analysis (ABC分析法) cuts the ranking, best first, where the **cumulative value** reaches 80 % and 95 %. A customer
# is in A while the customers *before* it hold less than 80 %; so whoever crosses the line still belongs to A.
#
# **Before you run the next cell:** which letters do the six get?

# %% tags=["nbval-check-output"]
before = ranked["cumulative"] - ranked["share"]  # what better customers hold
before = before.groupby(ranked["revenue"]).transform("min")  # equal customers take the place of the first of them
ranked["by_hand"] = np.select([before < 0.80, before < 0.95], ["A", "B"], "C")
ranked["crmlib"] = pareto.abc_classes(six)["class"].to_numpy()
print(ranked.round(2).to_string(index=False))

# %% [markdown]
# Many spreadsheets ask instead whether the cumulative share *with* the customer is at most 80 %. **Before you run the
# next cell:** what does that rule make of a firm with one dominant customer?

# %% tags=["nbval-check-output"]
few = pd.DataFrame({"customer": list("XYZ"), "revenue": [850.0, 100.0, 50.0]})
reached = few["revenue"].cumsum() / few["revenue"].sum()
print("inclusive rule:", "".join(np.select([reached <= 0.80, reached <= 0.95], ["A", "B"], "C")))
print("crossing rule: ", "".join(pareto.abc_classes(few)["class"]))

# %% [markdown]
# By the inclusive rule a firm can have no A customer at all, and it would be the most dependent one. Ask for the rule
# before you compare two ABC reports. And ask what becomes of customers with the same revenue at a cut: in the line with
# `transform("min")` above, and in `crmlib`, they share a class. A rule that splits them goes by chance.

# %% [markdown]
# ## 3. The claim on real customers
#
# Now the log named at the top. If you left it as it was, it is [CDNOW](../datasets/cdnow/README.md), a shop for music.

# %%
from crmlib import customer_table, datasets
from crmlib.customers import until

log = datasets.admit_log(DATA, **OPTIONS)
as_of = AS_OF or f"{log.transactions['date'].max():%Y-%m-%d}"
tx = until(log.transactions, as_of)
customers = customer_table(tx, as_of=as_of)

# %%
from crmlib.workbook.sentences import nothing_to_share

if why := nothing_to_share(customers):  # a log without money cannot carry the rest
    print(why)
    tx, CURRENCY = datasets.load("cdnow_sample"), "$"
    as_of = f"{tx['date'].max():%Y-%m-%d}"
    customers = customer_table(tx, as_of=as_of)

# %% [markdown]
# Who counts? A Lorenz curve has no place for somebody with a negative revenue. `buyers` keeps everybody who bought and
# did not get more back than they paid, as section 1 has it.

# %% tags=["nbval-check-output"]
from crmlib.concentration import buyers
from crmlib.wording import count, money, percent

counted = buyers(customers)
revenue = counted["revenue"].sum()
print(f"{count(len(counted), 'customer')} from {tx['date'].min():%Y-%m-%d} to {as_of}, {money(revenue, CURRENCY)}")
print(f"{count(len(customers) - len(counted), 'customer')} left out: refunds only, or more refunds than purchases")

# %% [markdown]
# **Before you run the next cell:** what do the top 20 % bring? Write your number down. And decide now how near to 80 %
# is near enough. Our rule: the claim held if the share is within five points of 80 %. The report that `crm report`
# makes judges by the same rule.

# %% tags=["nbval-check-output"]
share = pareto.top_share(counted, 0.20)
whole = pareto.top_share(counted, 0.20, method="count")
verdict = "held" if abs(share - 0.80) <= 0.05 else "did not hold"
apart = 100 * (whole - share)
print(f"The top 20 % bring {percent(share)} of the revenue; by count {percent(whole)}, {apart:.2f} points apart.")
print(f"'80 % from 20 %' {verdict} here: measured minus claimed is {100 * (share - 0.80):+.1f} points.")

# %%
title = f"The top 20 % of {count(len(counted), 'customer')} bring {percent(share)}"
ax = plots.lorenz_curve(pareto.lorenz(counted), top=(0.20, share), title=title)

# %% [markdown]
# For the business: the height of the curve at the coloured line is what the other 80 % bring. A firm that looks only at
# its top risks that much.
#
# ### How much of that is chance?
#
# Other people could have come, and a few large ones more or less move the share. The **bootstrap** asks how far: draw as
# many customers as there are from the list, with replacement, so that some come twice and others not at all; measure
# the share again; repeat. The middle 95 % of these shares are an interval for it.
#
# **Before you run the next cell:** how wide is it, in points? And could chance in who came explain the difference to
# 80 %?

# %% tags=["nbval-check-output"]
from textwrap import fill

from crmlib.workbook.sentences_pareto import by_chance

print(fill(by_chance(counted, rng=np.random.default_rng(30)), 88))  # pareto.top_share_interval, in a sentence

# %% [markdown]
# The interval knows one kind of chance: which customers came. It says nothing of another window, another year or a log
# that leaves somebody out. A narrow interval around the wrong question is still the wrong answer.
#
# ### More than one share
#
# With six customers the two readings were far apart, because one customer was a sixth of the base. The more customers,
# the less it matters which one you take. **Before you run the next cell:** what do the top 1 % bring, and how much
# comes from the "trivial many"?

# %% tags=["nbval-check-output"]
for q in (0.01, 0.05, 0.20, 0.50):
    print(f"top {percent(q, 0):>4}: {percent(pareto.top_share(counted, q)):>7} of the revenue")
print(f"the other 80 %: {percent(1 - share)}, {money((1 - share) * revenue, CURRENCY, 0)}")
print(f"another ranking, by orders: the top 20 % place {percent(pareto.top_share(counted, by='orders'))} of the orders")

# %% [markdown]
# Ask the other way round. **Before you run the next cell:** the claim says that 80 % of the revenue takes 20 % of the
# customers. How many does it take here?

# %% tags=["nbval-check-output"]
best_first = counted["revenue"].sort_values(ascending=False)
reached = best_first.cumsum() / best_first.sum()
for goal in (0.80, 0.90):
    needed = int((reached < goal).sum()) + 1  # the one who crosses is needed too
    of_all = percent(needed / len(counted))
    print(f"{percent(goal, 0)} of the revenue takes {count(needed, 'customer')}, {of_all} of all")

# %% [markdown]
# ### Is there a law behind it?
#
# "Pareto's law" is a formula: the top *q* bring a share of *q* to the power 1 - 1/alpha, and 80/20 fixes alpha. One
# number would then give the whole curve. **Before you run the next cell:** take the law of 80/20, and then the law that
# goes through this log's own top 20 %. Do they give more or less than the top 1 % that you measured above?

# %% tags=["nbval-check-output"]
from crmlib.pareto_law import pareto_exponent
from crmlib.workbook.sentences_pareto import one_law

alpha = pareto_exponent(0.80, 0.20)  # 1 / (1 - ln 0.80 / ln 0.20)
print(f"By the law of 80/20 the top 1 % bring {percent(0.01 ** (1 - 1 / alpha))}.")
print(fill(one_law(counted), 88))

# %% [markdown]
# Wherever law and measurement differ, the top-20 number does not give you the rest of the curve. The Gini index uses
# the whole curve, so it can tell two shops with the same top 20 % apart; but it is one number as well, and two
# different curves can share it. To plan for the top 1 %, measure the top 1 %.
#
# There is a second way to alpha. The first one reads it from a single share. **Maximum likelihood** asks every customer
# from some minimum up, and takes the alpha under which just these customers are most likely: their number, divided by the
# sum of ln(value / minimum). If the law held, both ways would give about one number, wherever you begin.
#
# **Before you run the next cell:** begin with the top 20 %, and then with the top 5 %. Does alpha stay where it is?

# %% tags=["nbval-check-output"]
from crmlib.workbook.sentences_pareto import two_exponents

print(fill(two_exponents(counted), 88))

# %% [markdown]
# What does a difference mean? The share weighs the top against everybody below it, however poor. The likelihood sees
# only how fast customers become rare from the minimum up, and a larger alpha means: faster. Where alpha grows with the
# minimum, the very large customers that the law promises are not there; where it shrinks, there are more of them. Either
# way alpha then belongs to the place where you measured it, and must not be carried to another.

# %% [markdown]
# ## 4. Which window?
#
# Sharp, Romaniuk and Graham measured it on brands (*Marketing's 60/20 Pareto Law*, SSRN 3498097). Their finding: the
# top 20 % bring a little more than half, up to about 60 %, and the longer the window, the more.
#
# **Before you run the next cell:** take only the last 3 months, and only those who bought in them. Do the top 20 %
# bring a larger or a smaller share than in the whole log?

# %% tags=["nbval-check-output"]
from crmlib.concentration import shares_by_window
from crmlib.workbook.sentences_pareto import longer_is_steeper

windows = shares_by_window(tx, as_of=as_of, months=(3, 6, 12, 18))
shown = windows[["months", "start", "customers", "top_share", "gini"]]
print(shown.to_string(index=False, float_format="{:.3f}".format))
print(fill(longer_is_steeper(windows), 88))

# %% [markdown]
# A window by hand is one more step at the beginning: keep the lines, and only then make customers of them.

# %% tags=["nbval-check-output"]
if len(windows):
    start = windows["start"].iloc[0]  # of the shortest window
    recent = buyers(customer_table(tx[tx["date"] >= start], as_of=as_of))
    top = pareto.top_share(recent, 0.20)
    print(f"by hand, from {start:%Y-%m-%d}: {count(len(recent), 'buyer')}, top 20 % {top:.3f}")

# %%
low, high = percent(windows["top_share"].min()), percent(windows["top_share"].max())
if len(windows) > 1:
    ax = plots.share_by_window(windows, title=f"The top 20 % bring {low} to {high}, by window")

# %% [markdown]
# For the business: "our top 20 % bring so much" is half a sentence. The other half is "in so many months". A shop that
# compares last quarter with last year compares two windows, not two states of its customers.
#
# Why should a longer window be steeper? One explanation: in a short one a regular has had time for a few orders; give
# them more time and their orders pile up, while an occasional buyer still has one or two. **Before you run the next
# cell:** if that is the reason, which way must each of the last three columns go?

# %% tags=["nbval-check-output"]
windows["ratio"] = windows["orders_top"] / windows["orders_rest"]  # orders a customer, the top 20 % by the others
print(windows[["months", "customers", "orders_top", "orders_rest", "ratio"]].round(2).to_string(index=False))

# %% [markdown]
# If the ratio and the share above rise together, it fits; it proves nothing. If the share fell, look for another
# reason. And look at `orders_top` alone: where it falls although the window is longer, orders piling up are not the
# reason there. If `customers` jumps in the same line, people with few orders have entered the base, and that can make
# it steeper, too.
#
# One trap: windows count buyers of that window. Whoever leaves the silent customers in, with a revenue of zero, makes
# the curve steeper, and most where most were silent. The number then says how many were silent, and no longer how
# buyers differ.

# %% [markdown]
# ## 5. Turn the knobs
#
# Run the next cell and move the two sliders. (If you read this without a running kernel you see one position of them.)
#
# - Leave the top at 20 % and make the window longer, month by month. The thin curve is the whole log. Does the thick
#   one move towards it at every step?
# - Set the longest window, which is the whole log. Which top brings 80 %? Compare with section 3.
# - Is there a window in which the top 20 % come within five points of 80 %?

# %%
from ipywidgets import FloatSlider, IntSlider, fixed, interact

from crmlib.concentration import months_to_cover
from crmlib.explorers import lorenz_by_window

longest = months_to_cover(tx, as_of=as_of)
months = IntSlider(value=min(3, longest), min=1, max=longest, continuous_update=False)
q = FloatSlider(0.20, min=0.01, max=0.99, step=0.01, description="top", readout_format=".0%", continuous_update=False)
_ = interact(lorenz_by_window, tx=fixed(tx), as_of=fixed(as_of), currency=fixed(CURRENCY), months=months, q=q)

# %% [markdown]
# For the business: whoever chooses the window chooses the headline. Ask for the window first.

# %% [markdown]
# ## 6. Are the best still the best?
#
# A key account manager for the top 20 % is a bet that they stay on top. The same authors report that about half of one
# year's top fifth are not in it the next year.
#
# By hand on the six: rank them, rank the same six again by what they paid later, and count who is in both tops. A group
# of people is made of whole customers, so from here to the end of the section the top 20 % are taken by count: 2 of the
# 6. **Before you run the next cell:** two of the six are silent later. What place do they get in the second ranking?

# %% tags=["nbval-check-output"]
from crmlib.concentration import still_on_top

six["later"] = [30, 40, 0, 5, 25, 0]  # P to U, in a second period
top_before = set(six.nlargest(2, "revenue")["customer"])
top_later = set(six.nlargest(2, "later")["customer"])
print(f"on top: {sorted(top_before)}, later {sorted(top_later)}; in both by hand: {len(top_before & top_later)}")

periods = {"2024-01-01": six["revenue"], "2024-01-02": six["later"]}  # the same as a log of two days
two_days = pd.concat(six[["customer"]].assign(date=pd.Timestamp(day), amount=paid) for day, paid in periods.items())
print(f"in both by crmlib: {still_on_top(two_days, as_of='2024-01-02').stayed}")

# %% [markdown]
# The silent ones stay in, with zero, at the end of the ranking. Mind the trap of section 4: here that is on purpose,
# because we follow the same people. That alone makes the second ranking steeper.
#
# Now the log: cut it into two halves, rank the customers of the first half, and rank the same customers again by what
# they paid in the second. **Before you run the next cell:** how many of the top 20 % are in the top 20 % again?

# %% tags=["nbval-check-output"]
halves = still_on_top(tx, as_of=as_of)
print(fill(halves.turnover(), 88))

# %% [markdown]
# What would a ranking without any memory give? A name drawn at random misses the top fifth about four times out of
# five.
#
# Two things mix here: some have left, and some only had a lucky half. This count cannot tell them apart. The lucky ones
# had their one large month in just the half that chose them. Most of them will not repeat it, and others take their
# place. Statisticians call it regression to the mean.
#
# If there is luck in it, the chosen group should also bring a smaller share of the money than in the half that chose
# them. **Before you run the next cell:** do they?

# %% tags=["nbval-check-output"]
print(fill("Two halves of the log: " + halves.fallback(), 88), "\n")
print(fill("The last two half-years: " + still_on_top(tx, as_of=as_of, months=6).fallback(), 88))

# %% [markdown]
# Two comparisons, because the first can mislead. If the log begins with everybody's first purchase, as that of a cohort
# does, the first half holds a purchase from each of them, and whoever never came back brings nothing in the second.
# That alone pushes the share of the others up, and can hide a fall. In later windows nobody's first purchase is forced
# into the first one. In a log that follows one cohort there are no new customers even then.
#
# For the business: the top list of one period is a guess for the next, and the count above says how good a one it was.
# Make it again every period, and look at who came up.

# %% [markdown]
# ## 7. ABC classes
#
# Back to the whole log, with all customers: those who brought nothing, or less than nothing, get a class of their own,
# N. They are no part of the total. C brings little; N has brought nothing or less. Here the base is all customers, N
# included, and not only those who count, as in section 3. The revenue of A, B and C adds up to 100 %; a negative N is
# what refunds take off again.
#
# **Before you run the next cell:** how many customers are in A? Section 3 has the number; only customers with the same
# revenue as the last of them can add to it.

# %% tags=["nbval-check-output"]
classes = pareto.abc_classes(customers)  # cuts=(0.80, 0.95), on cumulative value
summary = pareto.abc_summary(classes)
print(summary.round(3).to_string(index=False))

# %%
in_a = summary.iloc[0]
width, height = percent(in_a["share_of_customers"]), percent(in_a["share_of_revenue"])
title = f"Class A: {width} of all customers, {height} of the revenue"
ax = plots.abc_curve(classes, cuts=(0.80, 0.95), title=title)

# %% [markdown]
# For the business: the width of A is the news, not its height. It says how many customers one has to look after to look
# after most of the revenue.
#
# There is no law about the cuts. 80/95 is common, and others cut elsewhere. A sample report in the lecture notes behind
# this course *finds* that its A customers bring 70 % of the sales, B 20 % and C 10 %. **Before you run the next cell:**
# what would you find if you cut at 70 % and 90 %?

# %% tags=["nbval-check-output"]
for cuts in ((0.80, 0.95), (0.70, 0.90)):
    table = pareto.abc_summary(pareto.abc_classes(customers, cuts=cuts)).set_index("class")
    print(f"cuts {cuts}:", ", ".join(f"{name} {count(n, 'customer')}" for name, n in table["customers"].items()))
    print("   shares of revenue:", ", ".join(f"{name} {percent(s)}" for name, s in table["share_of_revenue"].items()))

# %% [markdown]
# Whoever cuts on cumulative value finds the cuts again, give or take the customer who crosses. With cuts at 70 % and 90
# % a share of about 70 % for A is no finding. The finding is the number of customers.
#
# Others cut on the **number**: A is the best 20 % of the customers, whatever they bring, B the next 30 %. That is another
# rule with the same letters: now the width of a class is what you put in, and its height is the finding.
#
# **Before you run the next cell:** what share will A bring by this rule? Section 3 has a number close to it. And how many
# customers get another letter?

# %% tags=["nbval-check-output"]
by_count = pareto.abc_classes(customers, cuts=(0.20, 0.50), on="count")
print(pareto.abc_summary(by_count).round(3).to_string(index=False))
moved = (by_count["class"].to_numpy() != classes["class"].to_numpy()).sum()  # both are sorted in the same way
print(f"Customers with another letter than by the cuts 80/95 on value: {moved:,} of {len(classes):,}.")

# %% [markdown]
# Nobody paid more or less, and yet letters change. So always say whether the cut is on value or on count.
#
# Rules in use are data in `crmlib`, each with its source. The lecture notes also name four tiers, by which they mean few
# very large customers and many small ones; their cuts are lost, and `crmlib` has its own in their place.
#
# **Before you run the next cell:** would you cut such tiers on value or on count?

# %% tags=["nbval-check-output"]
rule = pareto.ABC_RULES["four tiers"]
print(rule)
print(pareto.abc_summary(pareto.abc_classes(customers, **rule)).round(3).to_string(index=False))
print(fill(pareto.ABC_SOURCES["four tiers"], 88))

# %% [markdown]
# ## 8. What follows?
#
# ### Who gets an account manager?
#
# The same lecture notes give every key account (大客户) special service. That costs money, which no log of purchases
# knows, so the next cell *assumes* two numbers. Change them to what you know of a business of yours.
#
# **Before you run the next cell:** would one manager for the whole top 1 % pay?

# %% tags=["nbval-check-output"]
MARGIN, MANAGER = 0.30, 60_000  # assumed: margin on revenue, cost of one manager a year

days = (pd.Timestamp(as_of) - tx["date"].min()).days + 1
earned = MARGIN * pareto.top_share(counted, 0.01) * revenue
cost = MANAGER * days / 365
size = 0.01 * len(counted)
if size < 1:
    print(f"1 % of {count(len(counted), 'customer')} is not even one: there is no such group here.")
else:
    print(f"In {count(days, 'day')} the top 1 % ({size:,.1f} of them) left a margin of {money(earned, CURRENCY, 0)}.")
    print(f"A manager then costs {money(cost, CURRENCY, 0)}: to pay, they must buy {percent(cost / earned)} more.")

# %% [markdown]
# That, and not the rank of a customer, decides: what does the care change, and what does it cost? A log shows what the
# best customers bring, and not whether they would bring more if somebody called them.
#
# ### What would it cost to let the others go?
#
# "80 % of the money comes from 20 %, so drop the rest" is heard often. In section 6 you have all that is needed to
# price it: stop serving everybody who was not on top in the first half.
#
# **Before you run the next cell:** which two losses will the second half show?

# %% tags=["nbval-check-output"]
print(fill(halves.rest(CURRENCY), 88))

# %% [markdown]
# It loses what the others pay, and it loses those who were about to come up. (Where the log has no two halves to
# compare, it cannot price this.)
#
# **And revenue is not profit.** A large customer with large discounts, returns and visits can cost more than they
# bring; a small one who orders from a web page can be the most profitable of all. Whether 80 % of the *profit* comes
# from 20 % of the customers is a question that this log cannot answer. Who says so from revenue alone has guessed the
# costs.

# %% [markdown]
# ## Recap
#
# 1. **Lorenz curve:** sort from the smallest, share, cumulate. The top 20 % bring what the curve still has to climb at
#    80 %. Interpolated or by count: say which.
# 2. **The 80/20 claim** is a number to be measured against a rule set before: within five points of 80 %, or not.
#    Section 3 says what this log says, and how far chance could have moved it.
# 3. **The Gini index** is twice the area between equality and curve. It sums up the whole curve, and neither it nor the
#    top 20 % nor an alpha gives you the top 1 %.
# 4. **The window** is part of the number. More time can let the orders of regulars pile up, and can bring in people who
#    buy once; silent customers stay out.
# 5. **Staying on top** is not to be taken for granted: rank the same people again later and count. A group chosen for
#    its best period tends to fall back, and some of it has left.
# 6. **ABC** cuts on cumulative value, or on the number of customers: say which. The customer who crosses belongs to the
#    better class; zero and less is N. No cut is a law, and what you cut on is what the classes give back.
# 7. **Decide** by what an effort changes and what it costs. Revenue says who pays, and not who is profitable.
#
# **Now you:** `uv run crm start pareto` puts your copy of the [workbook](../exercises/30_pareto.ipynb) into `work/`. It
# checks each answer at once.
