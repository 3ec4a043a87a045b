# %% [markdown]
# # The customer-base audit: five looks at one log
#
# **After this lesson you can**
#
# 1. say what an audit of a customer base asks, and what a log must hold to answer it;
# 2. take the money of a period apart into factors that multiply back, and keep ratios of totals from means of ratios;
# 3. say how different customers are: the distribution, the tenths, and who makes half of the money;
# 4. compare two periods: by group of customers, by factor with nothing left over, and against what chance alone does;
# 5. follow a cohort by age with silent periods and silent customers left in;
# 6. compare cohorts that were watched equally long, at equal age and of one season;
# 7. read all cohorts at once, and turn what is new and what is carried over into a plan;
# 8. read products by their customers, check that all tables agree, and write the result to a manager.
#
# - **Time:** 100 minutes
# - **Builds on:** [The customer life cycle](36_lifecycle.ipynb): silence, cohorts by age
# - **Workbook:** [ten questions](../exercises/39_customer_base_audit.ipynb); `uv run crm start customer_base_audit`
#   makes you a copy
#
# Where it says **before you run the next cell**, write your guess down first. The next cell says which log is read.

# %% tags=["parameters"]
DATA = "lighthouse"  # a name in datasets/, or a path to a file or folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "€"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}

# %% [markdown]
# ## 1. What an audit asks
#
# "Revenue is up by a tenth." Books of accounts say so to the cent, and say nothing of the people who paid it. Did
# more customers buy, or the same ones more? Are this year's new customers as good as last year's? What would be left
# if nobody new came? Fader, Hardie and Ross (2022) call the answer a **customer-base audit** (客户群审计). It needs one
# table, who bought when and for how much, and looks at it in five ways:
#
# | lens | what it holds still | what it asks |
# |---|---|---|
# | 1 | one period | how different are the customers? |
# | 2 | two periods, side by side | what changed, and by whom? |
# | 3 | one cohort: all who began together | how does it develop with age? |
# | 4 | two cohorts | are newer customers better or worse? |
# | 5 | all cohorts, stacked | is the base healthy? |
#
# **Age** is the number of calendar periods since a customer's first purchase; the period of that purchase is age 0.
#
# A sixth look, at products, is at the end. No model is fitted anywhere: an audit counts. That sounds safe, and it is
# not. Every lens has a way to be read wrongly that looks right, and you will see each done wrong beside done right.
#
# Words first. Without contracts a log shows silence and no departures (the lesson on the life cycle says why). So we
# say *active* (bought in the period), *share of the cohort active*, and *repeat-buying rate*: of those active in one
# period, the share active in the next. We do not say retention.

# %% [markdown]
# ## 2. By hand: one period, six customers
#
# Six invented customers and their year: how many orders, how much money, and what is left of it after the cost of the
# goods. (`bought` is there because `crmlib` has people with refunds only in such a table as well; here everybody did.)

# %%
import pandas as pd

six = pd.DataFrame({"customer": list("PQRSTU"), "bought": True})
six["orders"] = [1, 1, 1, 2, 5, 2]
six["revenue"] = [10.0, 20.0, 90.0, 60.0, 100.0, 40.0]
six["profit"] = [4.0, 8.0, 18.0, 30.0, 60.0, 8.0]
six

# %% [markdown]
# The money is a product of factors, and each answers a question of its own:
#
# **profit = customers × orders a customer × revenue an order × margin**
#
# How many bought? How often? How much at a time? How much of it is left? (The American names: N, AOF, AOV, m. Chinese
# reports have 笔单价 for revenue an order, and 客单价 sometimes for that and sometimes for revenue a *customer*: ask.)
#
# **Before you run the next cell:** all six together placed 12 orders for 320. What are orders a customer, revenue an
# order, and the margin? Multiply them back.

# %% tags=["nbval-check-output"]
from crmlib import one_period

orders_each = six["orders"].sum() / len(six)
order_value = six["revenue"].sum() / six["orders"].sum()
margin = six["profit"].sum() / six["revenue"].sum()
profit = 6 * orders_each * order_value * margin
print(f"by hand: 6 x {orders_each:.2f} x {order_value:.4f} x {margin:.2f} = {profit:.2f}")
row = one_period.factors(six).iloc[0]
print(f"crmlib:  {row['customers']:.0f} x {row['orders_each']:.2f} x {row['order_value']:.4f} x {row['margin']:.2f}")

# %% [markdown]
# ### Trap: the mean of the customers' means
#
# Another way to "the average order": work out each customer's own average, and take the mean of the six. Many
# dashboards do. **Before you run the next cell:** will it be more or less than revenue an order? Think of R, who came
# once and spent 90.

# %% tags=["nbval-check-output"]
own = six["revenue"] / six["orders"]
print("each customer's own average:", own.round(2).tolist())
print(f"wrong: their mean is {own.mean():.2f}, and 6 x {orders_each:.2f} x {own.mean():.2f} = {12 * own.mean():.2f}")
print(f"right: all money by all orders is {order_value:.2f}, and times 12 orders it is {12 * order_value:.2f}")

# %% [markdown]
# The mean of means counts R, with one order, as much as T, with five. It is a number about *customers*, and not the
# value of an *order*. It is **too high** where those who come seldom spend more at a time, as R does: multiplied back it
# invents money. It is **too low** where those who come often spend more at a time: then money goes missing. So a factor
# of an audit is always a **ratio of totals**. (The other number is useful where one asks what a typical customer spends
# at a time. Give it a name of its own.)

# %% [markdown]
# ## 3. What can this log carry?
#
# Now the log named at the top. If you left it as it was, it is [Lighthouse Coffee](../datasets/lighthouse/README.md),
# an invented company that sells coffee. Before any lens, the question that few reports ask: what *can* this log say?
# A group of customers that somebody followed cannot show growth; a log of one year has no second one to compare; one
# without costs knows no profit.

# %% tags=["nbval-check-output"]
from textwrap import fill

from crmlib.explore_audit import audited
from crmlib.wording import count, money, percent

audit = audited(DATA, as_of=AS_OF, currency=CURRENCY, **OPTIONS)
if audit.said:  # it has no two periods and no cohort to look at
    print(fill(audit.said, 88))
tx, as_of, CURRENCY = audit.tx, audit.as_of, audit.currency
print(f"{count(tx['customer'].nunique(), 'customer')} in {audit.data.split('/')[-1]}, read up to {as_of}")

# %%
pd.concat([tx.head(4), tx[tx["amount"] < 0].head(1)])  # the first lines, and the first refund if there is one

# %% [markdown]
# A row is a line of an **order**, which may have several. An amount below zero is a **refund**: it lowers the money and
# is no order; a line of zero is part of a purchase. **Revenue** is the sum of all amounts, so it is net of refunds wherever the word stands below.
#
# **Before you run the next cell:** think of the log that you would most like to audit. Which of the lenses could it
# not carry? (`say` holds sentences that are computed from tables; here and below they carry what depends on the log.)

# %% tags=["nbval-check-output"]
from crmlib.workbook import sentences_audit as say

print(audit.carried[["lens", "verdict", "unit"]].to_string(index=False, na_rep="-"))
for sentence in say.limits(audit.carried):
    print(fill(sentence, 88))

# %% [markdown]
# `unit` is how long a period of a cohort should be in this log, so that some cohort has enough of them.
#
# The next cell asks the same of a sample of [CDNOW](../datasets/cdnow/README.md), a log that many courses use. It
# follows everybody who came in the first weeks of 1997, and nobody who came later. **Before you run the next cell:**
# which lenses must it refuse?

# %% tags=["nbval-check-output"]
from crmlib import datasets
from crmlib.carries import carries

for sentence in say.limits(carries(datasets.load("cdnow_sample"), as_of="1998-06-30")):
    print(fill(sentence, 88))

# %% [markdown]
# A report that does not say this will say something else with great precision: that the shop shrank in each quarter,
# for one, when all that happened is that nobody looked at the new customers.

# %% [markdown]
# ## 4. Lens one: how different are the customers?
#
# The period of this lens ends where the log does. It is a year, if there are two of them to compare later, or else
# half a year, a quarter or a month. **Before you run the next cell:** how many orders does a customer of such a
# period place, and is the mean of means above or below revenue an order?

# %% tags=["nbval-check-output"]
months, by = audit.months, audit.by
people = one_period.by_customer(tx, as_of=as_of, months=months)
whole = one_period.factors(people).iloc[0]
bought = f"{count(whole['customers'], 'customer')}, {count(whole['orders'], 'order')}"
print(f"the {count(months, 'month')} to {as_of}: {bought}")
print(f"{by} {money(whole[by], CURRENCY, 0)}, orders each {whole['orders_each']:.3f}", end=", ")
print(f"order value {money(whole['order_value'], CURRENCY)}, margin {percent(whole.get('margin'))}")
print(fill(say.mean_of_means(people, CURRENCY), 88))

# %% [markdown]
# (A dash stands where a log has no costs. Then we look at revenue and say so.)
#
# How do customers spread? Each bar is a range of money; the height is the share of the customers in it. **Before you
# run the next cell:** sketch the shape. Where is the mean, and which share of the customers lies below it?

# %%
from crmlib import plots

bins = one_period.distribution(people, by=by)
average = one_period.averages(people).set_index("measure").loc[by]
below, mean = percent(average["share_below_mean"]), money(average["mean"], CURRENCY)
title = f"{below} of the customers are below the mean {by} of {mean}"
ax = plots.distribution_bars(bins, measure=f"{by} of a customer in the period", mean=average["mean"], title=title)

# %% [markdown]
# (All money of the period by its customers can be a little less than this mean: the total holds the refunds of people
# who bought nothing in the period, and the mean is one of those who did buy.)
#
# For the business: "our average customer" is nobody. Plan for the many small ones and the few large ones apart. Look
# at the bar below zero too, if there is one: these customers cost more than they pay, and no total shows them.
#
# Sort the customers by money and cut them into ten groups of equal size, the best first. **Before you run the next
# cell:** which share does the best tenth bring? And the last one?

# %%
tenths = one_period.customer_deciles(people, by=by)
title = f"The best tenth brings {percent(tenths[f'share_of_{by}'].iloc[0])} of the {by}"
ax = plots.decile_bars(tenths, value=by, title=title)

# %% [markdown]
# For the business: the first bars are a list of people to know by name, and the last ones a reason to keep the cost
# of service low. (*No order*, where it stands, is the money of people who bought nothing in the period and got a
# refund.) What makes a customer a good one stands in the table behind it: do the best tenth come more often, or spend
# more at a time?

# %% tags=["nbval-check-output"]
shown = tenths[["decile", "customers", "orders_each", "order_value", f"{by}_each"]].iloc[[0, 4, 9]]
print(shown.round(2).to_string(index=False))
halves = one_period.equal_slices(people, by=by, slices=2).iloc[0]
few, share = count(halves["customers"], "customer"), percent(halves["share_of_customers"])
print(f"half of the {by} is brought by {few}, {share} of all")
for sentence in say.textbook_of_a_period(people, by):
    print(fill(sentence, 88))

# %% [markdown]
# The claims are the usual findings in such audits; what we take for "held" stands in them or in brackets. Where one did not hold,
# it is the claim that has to go, not the log. (The **standard deviation** says how far values lie from their mean: the
# root of the mean squared distance. Divided by the mean it compares orders with money.)

# %% [markdown]
# ## 5. Lens two: what changed?
#
# ### By hand: by group
#
# Six customers in two years. P, Q and S bought in both, R in the first year only, T for the first time ever in the
# second. U had bought long before, and came back in the second.

# %%
two = pd.DataFrame({"customer": list("PQSRTU"), "group": ["both"] * 3 + ["before only", "new", "returning"]})
two["orders_before"], two["revenue_before"] = [3, 2, 1, 2, 0, 0], [40.0, 30, 10, 20, 0, 0]
two["orders_after"], two["revenue_after"] = [2, 2, 1, 0, 2, 1], [44.0, 35, 10, 0, 35, 20]
two

# %% [markdown]
# **Before you run the next cell:** the money rose from 100 to 144. How much of it is due to those who bought in both
# years?

# %% tags=["nbval-check-output"]
from crmlib import two_periods

steps = (two["revenue_after"] - two["revenue_before"]).groupby(two["group"], sort=False).sum()
print("by hand:", steps.to_dict(), "sum", steps.sum())
bridge = two_periods.bridge(two)
print("crmlib: ", dict(zip(bridge["group"], bridge["revenue_change"], strict=True)))

# %% [markdown]
# ### By hand: by factor
#
# The same 44 by factor. Before: 4 customers × 2 orders × 12.50 = 100. After: 5 × 1.6 × 18 = 144. What did the fifth
# customer bring? At the old frequency and value 1 × 2 × 12.50 = 25; at the new ones 1 × 1.6 × 18 = 28.80. Take all
# three factors at the old values of the others, and the parts sum to 49; at the new ones, to 36.80. Change one after the
# other, and they do sum to 44, but then the fifth customer brings 25 if changed first and 28.80 if changed last.
#
# **Logarithms turn a product into a sum.** (ln is the natural logarithm: `log` in Python's `math`, `np.log` for a
# column.) 144 is 100 × 1.25 × 0.8 × 1.44, so ln 1.44 = ln 1.25 + ln 0.8 + ln 1.44.
# Each factor has its part of the logarithm, and the parts sum exactly. To turn them into money, multiply by one
# number for all: L = 44 / ln 1.44, the *logarithmic mean* of 100 and 144.
#
# **Before you run the next cell:** 1.25 × 0.8 is 1. What follows for the first two factors? And what is left for the
# third?

# %% tags=["nbval-check-output"]
from math import log, sqrt

L = (144 - 100) / log(144 / 100)
by_hand = {"customers": L * log(5 / 4), "orders_each": L * log(1.6 / 2), "order_value": L * log(18 / 12.5)}
print(f"L = {L:.4f}, sum of the parts {sum(by_hand.values()):.4f}")
print("by hand:", {name: round(part, 4) for name, part in by_hand.items()})
parts = two_periods.drivers(two)
print("crmlib: ", dict(zip(parts["factor"], parts["change"].round(4), strict=True)))

# %% [markdown]
# More customers, who came less often: these two cancel, and all growth is in the value of an order. The split does
# not depend on the order of the factors and leaves nothing over. (Where a factor is zero or negative it has no
# logarithm; `crmlib` then changes one factor after the other, takes the mean over all sequences (Shapley) and says so.)
# It is arithmetic and no cause: that customers came less often may be *why* they spent more at a time.
#
# A log with costs splits profit, with the margin as a fourth factor. To split its **revenue**, drop the margin and take
# L from the two revenues; in code, drop the columns of profit before `two_periods.drivers`. Lenses that know both take
# `by="revenue"`.
#
# ### On the log
#
# **Before you run the next cell:** who moves the money most: those of both periods, those who fell silent, or the new
# ones?

# %%
changed = two_periods.changes(tx, as_of=as_of, months=months)
bridge = two_periods.bridge(changed)
before, after = bridge[f"{by}_before"].sum(), bridge[f"{by}_after"].sum()
title = f"{by.capitalize()} {money(before, CURRENCY, 0)} to {money(after, CURRENCY, 0)}, by group of customers"
step = {"label": "group", "change": f"{by}_change", "start": before, "value": by, "currency": CURRENCY}
ax = plots.money_bridge(bridge, **step, title=title)

# %% [markdown]
# For the business: the bar *before only* is what fell silent and must be made up for before anything grows. It is no
# list of the lost: some of *returning* stood in such a bar before.

# %% tags=["nbval-check-output"]
print(fill(say.bridge(bridge, by, CURRENCY, limited=audit.carried), 88))
rate = two_periods.repeat_buying_rate(changed)
known = changed["group"].isin(["both", "before only"]).sum()
wide = 1.96 * sqrt(rate * (1 - rate) / known)
print(f"repeat-buying rate: {percent(rate)} of the {count(known, 'customer')} of the period before bought in this one too")
print(f"chance leaves it uncertain between {percent(rate - wide)} and {percent(rate + wide)}")

# %% [markdown]
# **How far to trust a share:** p ± 1.96 × √(p(1 − p) / n), where n customers could have done it. Behind what they did
# stands a rate; of 100 such intervals about 95 hold the rate they were made for. What the *next* period shows has its own
# chance on top and falls outside more often.
#
# The same change by factor. **Before you run the next cell:** growth can be more customers, or better ones. Which was
# it?

# %% tags=["nbval-check-output"]
parts = two_periods.drivers(changed)
print(parts[["factor", "before", "after", "ratio", "change"]].round(3).to_string(index=False))
print(fill(say.drivers(parts, CURRENCY), 88))

# %% [markdown]
# ### Turn the knobs
#
# Run the next cell and move the two sliders. (Without a running kernel you see one position of them.)
#
# - Make the periods short. Which factor swings most? What has the season to do with it?
# - Shift a whole year and then single months. Does the factor that moved most stay the same one?
# - Find a window that would please the manager, and one that would not. Both are true: quote the window with the number.

# %%
from ipywidgets import IntSlider, fixed, interact

from crmlib.explore_audit import drivers_by_window

shift = IntSlider(value=0, min=0, max=24, description="months back", continuous_update=False)
length = IntSlider(value=months, min=1, max=12, description="months long", continuous_update=False)
_ = interact(drivers_by_window, tx=fixed(tx), as_of=fixed(as_of), currency=fixed(CURRENCY), shift=shift, months=length)

# %% [markdown]
# For the business: a factor that leads in every window is a finding; one that leads in one window only is a window.
# And compare whole years, or the same months of two: a quarter against the one before is mostly season.
#
# ### Trap: "our best customers are slipping"
#
# Take the customers of both periods, and of them the best tenth *of the period before*. How did they do in the period
# after? **Before you run the next cell:** better or worse than all customers of both periods?

# %% tags=["nbval-check-output"]
from crmlib.explore_audit import both_ways

ways = both_ways(changed, by=by)
print(ways.round(3).to_string(index=False))
print(fill(say.regression(ways, by), 88))

# %% [markdown]
# Read the second row backwards. Chosen by the *later* period, the same kind of customers had brought far less in the
# earlier one. Time cannot run both ways. Whoever is picked for a high number has had some luck in it, and luck stays
# behind: **regression to the mean**. It is no alarm, and no success either if a campaign went to the worst and they
# "improved". A fair comparison picks by one period and judges two others, or leaves some out by lot.
#
# ### Trap: customers of both periods who had only part of the first
#
# "All of both periods" did well? Look at when they first bought. **Before you run the next cell:** somebody who came
# in the last month of the first period is in both. How much of the first period did they have?

# %% tags=["nbval-check-output"]
from crmlib.explore_audit import both_by_birth

split = both_by_birth(changed, by=by)
print(split.round(3).to_string(index=False))
print(fill(say.newcomers(split, by), 88))

# %% [markdown]
# Who came within the first period had a part of it, and has all of the second: their money rises although they buy no
# faster. Only those who were there before it had the same time in both, so take them for "the same customers".
#
# ### Trap: tenths of each period's own
#
# How many customers "became a top customer"? Cut each period into tenths of its own, and there will always be a tenth
# on top, in the best year and in the worst. Take the cuts of the period *before* for both. **Before you run the next
# cell:** how many customers of the period after reach the money that the best tenth had before?

# %% tags=["nbval-check-output"]
now = changed.loc[changed["group"].isin(["both", "new", "returning"]), f"{by}_after"]
for word, which in (("wrong", "after"), ("right", "before")):
    cut = two_periods.decile_cuts(changed, by=by, of=which)["least"].iloc[0]
    on_top = count(int((now >= cut).sum()), "customer")
    print(f"{word}: {on_top} at or above {money(cut, CURRENCY)}, the cut of the period {which}")
print(fill(say.own_cuts(changed, by, CURRENCY), 88))

# %% [markdown]
# ### Trap: "new" in a log that begins too late
#
# New is whoever has no earlier purchase *in the log*. **Before you run the next cell:** what happens to the number of
# new customers if we forget the first part of the log?

# %% tags=["nbval-check-output"]
from crmlib.explore_audit import known_new

print(known_new(tx, as_of=as_of, months=months).round(3).to_string(index=False))

# %% [markdown]
# `share_new` is new by new and returning, so by all who bought in the period and not, as far as the log knows, in the one
# before. Nobody has bought or stayed away between the rows; only our memory got shorter, and returning customers turned into
# new ones. In the last row the log begins with the period itself, and everybody is new. The first row is cut as well:
# what was before the log, nobody sees. So say since when a log knows its customers, and be wary of "new" in its first
# year.

# %% [markdown]
# ## 6. Lens three: one cohort, by age
#
# ### By hand
#
# A cohort (同期群) is everybody whose first purchase lies in one period. Six purchases of three customers who began in
# January. a was silent in February, c from February on.

# %%
dates = ["2024-01-05", "2024-03-25", "2024-01-20", "2024-02-09", "2024-03-15", "2024-01-31"]
small = pd.DataFrame({"customer": list("aabbbc"), "date": pd.to_datetime(dates)})
small["amount"] = [20.0, 10, 10, 15, 5, 30]
small

# %% [markdown]
# **Before you run the next cell:** two traps at once. Number the months *with a purchase* of each customer 0, 1, 2:
# how many are "active at age 1"? And divide each month's money by the *active* customers and add up: what is a
# customer "worth"? What were the three really worth?

# %% tags=["nbval-check-output"]
from crmlib import one_cohort

kth = small.groupby("customer").cumcount().value_counts().sort_index()
month = small["date"].dt.month - 1
per_active = small.groupby(month)["amount"].sum() / small.groupby(month)["customer"].nunique()
right = one_cohort.by_age(small, as_of="2024-03-31", unit="month")
print("wrong: active", kth.tolist(), "and value to date per active", per_active.cumsum().round(2).tolist())
print("right: active", right["active"].tolist(), "and value to date per member", right["revenue_to_date"].tolist())
print(f"all money by all members: {small['amount'].sum() / 3:.2f}")

# %% [markdown]
# - **Age is a difference of calendar periods.** Whoever numbers the periods with a purchase sees nobody silent and
#   nobody come back, and the curve falls smoothly by construction.
# - **The denominator is the whole cohort.** Per active customer each month divides by whoever is left, and the sum grows
#   ever further above what anybody brought: survivors only.
#
# ### On the log
#
# The cohort is, if the log is long enough for it, the first one that began a year after the log: of those before,
# nobody knows whether they are new. **Before you run the next cell:** which share is active at age 1? Does it fall at
# every age?

# %% tags=["nbval-check-output"]
from crmlib.explore_audit import counted_ages

cohort, unit = audit.cohort, audit.unit
counted = counted_ages(tx, as_of=as_of, unit=unit, cohort=cohort)
print(f"cohort {cohort}, {count(int(counted['active'].iloc[0]), 'customer')}, by {unit}")
print(counted.round(3).to_string(index=False))

# %% [markdown]
# `wrong_share` is what many cohort charts show. It never rises, because it *cannot*: nobody has a third period with a
# purchase without a second one. The right one may rise, and it does not promise so much at age 1.
#
# What is the revenue of an age made of? **Before you run the next cell:** which of the factors falls with age, the
# share active, the orders of those active, or the value of an order? Read from age 1 on: at age 0 all are active, as that
# is how the cohort was chosen, and the day of the first purchase cuts the period short.

# %%
from crmlib.workbook import sentences_cohorts as of_cohorts

ages = one_cohort.by_age(tx, as_of=as_of, unit=unit, cohort=cohort)
ax = plots.cohort_factors(ages, currency=CURRENCY, title=of_cohorts.factors_title(ages, CURRENCY))

# %% [markdown]
# For the business: if decay sits in the share that is active, whoever still comes is as good as ever, and the lever
# is the second and third visit. If it sits in the value of an order, look at prices and assortment.

# %% tags=["nbval-check-output"]
print(fill(of_cohorts.decay(ages), 88))
print(fill(of_cohorts.survivors(ages, CURRENCY), 88))

# %% [markdown]
# How soon do they come again? Each customer has a clock of their own that starts with the own first purchase; and the
# next clock with the second one. **Before you run the next cell:** is the step from the second to the third order
# easier or harder than that from the first to the second?

# %%
curves = one_cohort.next_order_curves(tx, as_of=as_of, weeks=26, orders=4)
ax = plots.next_order_curves(curves, title=of_cohorts.next_orders_title(curves))

# %% [markdown]
# In brackets stand the customers behind a curve: all who made that order and were watched for all these weeks after it.
# So the second curve is of *all* with a second order, however late it came.
#
# For the business: the weeks in which the first curve climbs are the weeks for a reminder; where it is flat, one
# comes too late.

# %% tags=["nbval-check-output"]
print(fill(of_cohorts.next_orders(curves), 88))

# %% [markdown]
# Where a later curve lies higher, this does *not* say that one more order makes a better customer: whoever buys often
# is more often there to be counted. It is sorting. Where it lies lower, as after a good second order, the next step is the
# harder one in spite of the sorting: do not stop there. (A customer's orders of one day count once here.)

# %% [markdown]
# ## 7. Lens four: are newer customers worse?
#
# ### By hand: unequal exposure
#
# Six customers, born in January, August and November, two in each. Of each pair one buys again after 60 days, the
# other after 200. The three months won customers of *exactly* the same kind.

# %%
born = pd.to_datetime(["2024-01-15"] * 2 + ["2024-08-15"] * 2 + ["2024-11-20"] * 2)
again = born + pd.to_timedelta([60, 200] * 3, unit="D")
pairs = pd.DataFrame({"customer": list("abcdef") * 2, "date": born.append(again), "amount": 10.0})
pairs["month"] = born.append(born).strftime("%Y-%m")
pairs[:6].assign(second=again)

# %% [markdown]
# A manager asks: "Which share of the customers won in each month bought again *this year*?" **Before you run the next
# cell:** what are the three shares? And which share bought again within 13 weeks of their own first purchase? (Two
# orders on one day count as one purchase; within 13 weeks means at most 7 × 13 days later.)

# %% tags=["nbval-check-output"]
from crmlib import cohort_comparison

second = pairs[6:].reset_index(drop=True)
this_year = second["date"].dt.year.eq(2024).groupby(second["month"]).mean()
in_weeks = (second["date"] - born).dt.days.le(7 * 13).groupby(second["month"]).mean()
print("wrong, this year:", this_year.to_dict())
print("right, by hand:  ", in_weeks.to_dict())
found = cohort_comparison.second_purchase(pairs, as_of="2025-06-30", unit="month", weeks=13)
print("right, crmlib:   ", dict(zip(found["cohort"], found["share_repeated"], strict=True)))

# %% [markdown]
# Wrong says that customers get worse from month to month. They do not: January's had 50 weeks to come back,
# November's six. The same trap sits in **age 0** of every cohort: who was won on the first day of a quarter has all
# of it for a second purchase, who was won on the last day has nothing.
#
# ### On the log
#
# By month of the first purchase: `by_year_end` is the manager's share, `in_weeks` the fair one, and `days_watched` how
# many days the year still had for these customers, on average. **Before you run the next cell:** what will the two
# columns look like, from January down?

# %% tags=["nbval-check-output"]
from crmlib.explore_audit import by_birth

births = by_birth(tx, as_of=as_of, weeks=12)
seen = births is not None
print(births.round(3).to_string(index=False) if seen else "No calendar year of this log was watched long enough.")
print(fill(of_cohorts.exposure(births, weeks=12), 88))

# %% [markdown]
# And if the mix of birthdays moves, say to more customers won before Christmas, the wrong share of the *year* falls
# too, without anybody having changed.
#
# All cohorts, in equal windows: the share that had bought a second time within so many weeks of their own first
# purchase. A cohort has a point only if all its members were watched so long. **Before you run the next cell:** will the lines rise,
# fall, or go sideways?

# %%
windows = cohort_comparison.second_purchase(tx, as_of=as_of, unit=audit.compared_by, weeks=(4, 13, 26))
ax = plots.second_purchase_windows(windows, title=of_cohorts.windows_title(windows))

# %% [markdown]
# For the business: a slide over several cohorts is the alarm, and the short window sees it first. One odd cohort is a
# story about one season. Boring is good.
#
# **Equal season.** Whoever starts before Christmas is another customer than who starts in spring. So compare a cohort
# with that of the same season a year later, in two views: **by age** for what kind of customers they are, **by
# calendar** for what hit everybody at once. A gap by age that vanishes in the calendar view says nothing about the
# cohorts. **Before you run the next cell:** which view would show that a price rise, and not the customers, made the
# difference?

# %%
pair = of_cohorts.season(tx, as_of=as_of, unit=audit.compared_by, carried=audit.carried)
if pair.names:
    shown = {"measure": "order_value", "names": pair.names, "currency": CURRENCY}
    title = f"The value of an order: {pair.names[1]} beside {pair.names[0]}"
    ax = plots.two_cohorts_lines(pair.by_age, pair.by_period, **shown, title=title)
print(fill(pair.said, 88))

# %% [markdown]
# For the business: a gap that the calendar explains is a matter of prices, assortment or campaigns; one that it does
# not explain is a matter of whom you win. One whose interval holds 0 is no finding yet: wait. Mind how few customers
# are left behind a point at a late age.

# %% [markdown]
# ## 8. Lens five: is the base healthy?
#
# ### By hand
#
# Six purchases of three customers: a since January, b since February, c since March.

# %%
dates = ["2024-01-10", "2024-02-05", "2024-02-20", "2024-03-03", "2024-03-12", "2024-03-25"]
stack = pd.DataFrame({"customer": list("aababc"), "date": pd.to_datetime(dates)})
stack["amount"] = [40.0, 20, 40, 10, 30, 70]
stack.pivot_table(index="customer", columns=stack["date"].dt.strftime("%Y-%m"), values="amount", aggfunc="sum")

# %% [markdown]
# A column is a month, a row a cohort (here of one customer). Of February's 60, a new customer brought 40: 40 / 60, two
# thirds, is the **new share**. The older ones brought 20, where all together had brought 40 the month before: 20 / 40,
# one half, is the **carry-over**.
#
# A plan follows. April should bring 165. Of March's money the usual part is carried over; the rest has to come from
# new customers, and we know what one brings at first. **Before you run the next cell:** how many new customers? Take
# carry-over and money a new customer as ratios of totals over February and March.

# %% tags=["nbval-check-output"]
from crmlib import all_cohorts

january, february, march = 40, 20 + 40, 10 + 30 + 70
carry = (20 + (10 + 30)) / (january + february)  # of older ones in two months, by all of the months before these
per_new = (40 + 70) / 2
print(f"by hand: carry-over {carry:.2f}, carried {carry * march:.0f}", end=", ")
print(f"new needed {(165 - carry * march) / per_new:.2f}")
base = all_cohorts.base_by_period(stack, as_of="2024-03-31", unit="month")
plan = all_cohorts.new_customers_needed(base, target=165, over=2).iloc[0]
carry, carried, needed = plan[["carry_over", "carried", "new_needed"]]
print(f"crmlib:  carry-over {carry:.2f}, carried {carried:.0f}, new needed {needed:.2f}")

# %% [markdown]
# ### On the log
#
# The **customer cohort chart** stacks what each cohort brought, the oldest at the bottom, on the band of those who
# were there before. Its height is the revenue that the accounts know; its layers say who paid it. **Before you run
# the next cell:** does a layer get thinner for ever, or does it hold after a while?

# %%
refused = say.refusal(audit.carried, "all cohorts")
if refused:
    print(fill(refused, 88))
else:
    chart = all_cohorts.cohort_chart(tx, as_of=as_of, unit=unit, since=audit.since)
    ax = plots.cohort_chart(chart, currency=CURRENCY, title=of_cohorts.chart_title(chart))

# %% [markdown]
# For the business: cover the top layer with your hand. What is left is what you would have had without anybody new in
# that period. Total height that is held only by ever thicker new layers is a treadmill.
#
# New share and carry-over, period by period. The textbook expects of a base that matures: the new share drifts down,
# and carry-over holds. **Before you run the next cell:** do they here?

# %%
base = all_cohorts.base_by_period(tx, as_of=as_of, unit=unit)
again = refused and "The lens 'all cohorts' is refused here, for the reason given above."
if again:
    print(again)
else:
    last = base[base["complete"]].iloc[-1]
    title = f"{last['period']}: new share {percent(last['new_share'])}, carry-over {percent(last['carry_over'])}"
    ax = plots.new_and_carried(base, title=title)

# %% [markdown]
# For the business: a high new share is fine for a young base and alarming for an old one. Carry-over below 100 % is
# the rule; what matters is whether it slides. (In the first periods of a log everybody looks new.)

# %% tags=["nbval-check-output"]
print(fill(again or of_cohorts.maturing(base, unit=unit), 88))

# %% [markdown]
# Now the plan: the next period is to bring a tenth more than the last one. The sum looks free of assumptions and is
# not: it supposes that carry-over and the money of a new customer stay as they were over the last year, all seasons in
# one pool. Beside it stands the plan with both as they were in the same season a year ago: fairer to a season, and of
# fewer customers. **Before you run the next cell:** does it take more or fewer new customers than were won in the last
# period?

# %% tags=["nbval-check-output"]
print(fill(again or of_cohorts.plan(base, unit=unit, growth=0.10, currency=CURRENCY), 88))

# %% [markdown]
# ## 9. Products, and do the tables agree?
#
# By hand, six lines of three customers. **Before you run the next cell:** tea and milk have two buyers of three each,
# soap one. What do the shares sum to?

# %% tags=["nbval-check-output"]
from crmlib import products

day = pd.Timestamp("2024-01-05")
goods = ["tea", "milk", "tea", "soap", "milk", "tea"]
basket = pd.DataFrame({"customer": list("aabbca"), "date": day, "product": goods, "amount": [6.0, 2, 4, 3, 5, 1]})
buyers = basket.groupby("product")["customer"].nunique()
print("by hand:", (buyers / 3).round(3).to_dict(), "sum", round(buyers.sum() / 3, 3))
found = products.by_product(basket, as_of="2024-01-31", months=1).set_index("product")
print("crmlib: ", found["penetration"].round(3).sort_index().to_dict())
print("money:  ", found["revenue"].to_dict(), "sum", found["revenue"].sum())

# %% [markdown]
# **Penetration** is the share of the customers who bought a product. Customers buy several, so the shares sum to more
# than 1; an order can hold several, so the orders with each product sum to more than all orders. Only money sums exactly.
#
# On the log. **Before you run the next cell:** is the product with the most buyers the one with the most money?

# %%
missing = say.refusal(audit.carried, "products")
if missing:
    print(fill(missing, 88))
else:
    sold = products.by_product(tx, as_of=as_of, months=months)
    ax = plots.product_points(sold, currency=CURRENCY, title=of_cohorts.products_title(sold))

# %% [markdown]
# The height is what an order with the product brings *of this product*, often on a log scale. It is not the money of the
# product: that is buyers × orders each × height, and the title says which has most.
#
# For the business: a product far to the right and low down is cheap, bought by many, and may be the reason why they
# come; one far up on the left is dear and hangs on few people.
#
# Which product opens good relations? Take what each customer bought *first*, and what they brought in their own first
# year: equal age for all. Where the first day has several products, the one with most money on it counts; and only
# customers who were watched for 365 days count at all. **Before you run the next cell:** would you advertise the product at the top of this list?

# %% tags=["nbval-check-output"]
entry = of_cohorts.Entry("No products, no entry product.") if missing else of_cohorts.entry(tx, as_of=as_of)
if entry.rows is not None:
    print(entry.rows.round(2).to_string(index=False))
print(fill(entry.said, 88))

# %% [markdown]
# (A log has codes; `datasets.load("lighthouse", "products")` has the names of those of Lighthouse Coffee.) Careful:
# who buys an expensive thing first differs in more than this thing. To give others the same entry makes them no such
# customers; a test would tell.
#
# Last, what no reader sees and every auditor does: **the tables must agree**, to the cent.

# %% tags=["nbval-check-output"]
from crmlib.explore_audit import agree

print(agree(tx, as_of=as_of, months=months, unit=unit).to_string(index=False))

# %% [markdown]
# ## 10. What follows?
#
# An audit that ends in tables is not read. The last page is a memo of half a page: what was asked, the number and how
# far it can be trusted, what to do, and what would change your mind. "Better" customers are those with more orders each,
# a higher value of an order or a better margin. Here is one of an invented shop:
#
# > **Number:** Revenue rose from 100,000 to 120,000. More customers made it +25,000, fewer orders each -5,000. Of 1,000
# > customers of last year 40 % bought again; chance leaves that uncertain between 37 % and 43 %.
# >
# > **Caveat:** The log begins a year before these two, so some of the new ones are old. The split names no cause.
# >
# > **Decision:** Win no more for now. Remind half of this quarter's first buyers after four weeks, drawn by lot.
# >
# > **What would change my mind:** If the half without a reminder comes again as often, or if most of the new ones turn
# > out to have come for one discount.
#
# And here is a skeleton, filled with this log's numbers. **Before you run the next cell:** which number of this lesson would you put first?

# %% tags=["nbval-check-output"]
for line in say.memo(changed, parts, ages, audit=audit):
    print(fill(line, 88))

# %% [markdown]
# What the skeleton cannot know is the decision. More customers at which price? Whoever fell silent, or whoever came
# once? That is the last question of the workbook.

# %% [markdown]
# ## Recap
#
# 1. **An audit** counts, in five lenses, and says first what the log cannot carry and what would mend it.
# 2. **Money is a product:** customers, orders each, order value, margin, as ratios of totals. A mean of customers' means
#    is another number.
# 3. **Customers differ:** most lie below the mean; tenths and halves say who brings the money.
# 4. **Two periods:** groups bridge the change, logarithms split it with nothing left over. The best of one period fall
#    back in the other, whichever comes first; cuts are common to both; "new" is as good as the log is long.
# 5. **A cohort** has an age in the calendar and a denominator that never shrinks.
# 6. **Compare cohorts** watched equally long, at equal age, of one season; a gap that the calendar view removes hit
#    everybody.
# 7. **All cohorts:** new share and carry-over, and the new customers that a plan needs.
# 8. **Products** overlap, money does not; all tables agree, and the memo says what to do and what would change it.
#
# **Now you:** `uv run crm start customer_base_audit` puts your copy of the
# [workbook](../exercises/39_customer_base_audit.ipynb) into `work/`. It checks each answer at once.
