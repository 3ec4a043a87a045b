# %% [markdown]
# # RFM and the pyramid: who to write to, who to visit
#
# **After this lesson you can**
#
# 1. score customers on recency, frequency and money by hand, and say what a score is relative to;
# 2. say what a way of cutting does to equal customers, and read how many customers each score really holds;
# 3. choose between independent, nested and fixed scores, and score new customers by kept thresholds;
# 4. name segments by a map, and find the holes in a map;
# 5. build the pyramid of 1, 4, 15 and 80 %, test what is claimed about it, and say whether grading is worth it;
# 6. read response by cell against break-even, and say how far a small cell can be trusted;
# 7. follow customers from one segment or tier to another between two dates;
# 8. take a difference in revenue apart into factors, and turn all this into a decision.
#
# - **Time:** 75 minutes
# - **Builds on:** [Who brings the money](30_pareto.ipynb): ranking, classes, the window, two halves of a log
# - **Workbook:** [eight questions](../exercises/33_rfm.ipynb); `uv run crm start rfm` makes you a copy
#
# Where it says **before you run the next cell**, write your guess down first. The cell that reads the log says which.

# %% tags=["parameters"]
DATA = "cdnow"  # a name in datasets/, or a path to a file or folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "$"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}

# %% [markdown]
# ## 1. Three questions to every customer
#
# RFM asks three questions. In Chinese texts they stand as 最近一次消费, 消费频率 and 消费金额:
#
# | letter | question | column of the customer table | better is |
# |---|---|---|---|
# | R, recency | how long ago was the last purchase? | `days_since_last` | less |
# | F, frequency | how many orders? | `orders` | more |
# | M, money | how much, net of refunds? | `revenue` | more |
#
# One of the lecture notes behind this course has R for how *active* a customer is and F for the *time of the last
# purchase*. That is a slip: it swapped the letters. Recency is about the last purchase, frequency is about how often.
#
# Then each answer becomes a score from 1 to *k*, and *k* is the best; the scores are also called **bins**. So R is
# turned round: few days, high score.

# %% [markdown]
# ## 2. By hand, on six customers
#
# Six invented customers. Look at R and S: they are equal in everything.

# %%
import pandas as pd

six = pd.DataFrame({"customer": list("PQRSTU"), "days_since_last": [200, 10, 90, 90, 30, 5]})
six["orders"] = [1, 1, 1, 1, 2, 7]
six["revenue"] = [10, 50, 12, 12, 20, 90]
six

# %% [markdown]
# One rule serves all three: **count who is strictly worse**. A customer of whom a share *w* of all are worse gets the
# score 1 + the whole part of *w* times *k*. Nobody worse: score 1.
#
# **Before you run the next cell:** with three bins, which F scores do the six get? Four of them have one order.

# %% tags=["nbval-check-output"]
from crmlib import rfm

by_hand = six[["customer"]].copy()
for letter, good in {"r": -six["days_since_last"], "f": six["orders"], "m": six["revenue"]}.items():
    worse = good.rank(method="min") - 1  # how many customers are strictly worse
    by_hand[letter] = (1 + worse * 3 // 6).astype(int)
print(by_hand.to_string(index=False))

scored = rfm.scores(six, bins=3)
print("crmlib gives the same:", (scored[["r", "f", "m"]] == by_hand[["r", "f", "m"]]).all(axis=None))

# %% [markdown]
# Nobody has F 2, and that is no fault. Four equal customers are more than a third of the six, and no honest rule can
# put two of them into the next bin. A score says where a customer stands **among these customers**, on this day, in
# this log. It is no property of the customer alone.

# %% [markdown]
# ## 3. What the usual recipes do to equal customers
#
# Most recipes on the web cut with `pandas.qcut`. **Before you run the next cell:** what will it say to four equal
# customers out of six?

# %% tags=["nbval-check-output"]
try:
    pd.qcut(six["orders"], 3, labels=[1, 2, 3])
except ValueError as error:
    print("ValueError:", str(error).split(":")[0])
print("bins with duplicates='drop':", pd.qcut(six["orders"], 3, duplicates="drop").nunique(), "instead of 3")

# %% [markdown]
# `qcut` puts an edge where a third and where two thirds of the customers lie; both edges are at one order here, and so
# it stops. With `duplicates="drop"` it silently makes fewer bins than you asked for, so that "the best score" is
# another number in every log. The recipes therefore go on with `rank(method="first")`, which ranks equal customers
# (**ties**) in the order of the rows, and now nothing stops them.
#
# **Before you run the next cell:** the same six customers, once as they stand and once with the rows turned round. How
# many get another F score?

# %% tags=["nbval-check-output"]
for name, rows in {"as they stand": six["orders"], "turned round": six["orders"][::-1]}.items():
    six[name] = pd.qcut(rows.rank(method="first"), 3, labels=[1, 2, 3]).astype(int)
six["tie-safe"] = rfm.scores(six, bins=3)["f"]
print(six[["customer", "orders", "as they stand", "turned round", "tie-safe"]].to_string(index=False))
changed = (six["as they stand"] != six["turned round"]).sum()
print(f"{changed} of {len(six)} customers got another score, and none of them did anything")

# %% [markdown]
# R and S did the same thing on the same day, and P and Q are equal to them in F. By the recipe some of the four are
# written to and others are not, and the next export of the table turns it round. The rule of section 2 cannot do that:
# it is **tie-safe**. The price is an empty score, and it is paid in the open.

# %% [markdown]
# ## 4. Real customers
#
# Now the log named at the top. If you left it as it was, it is [CDNOW](../datasets/cdnow/README.md), a shop for music.

# %%
from crmlib import customer_table, datasets
from crmlib.customers import until
from crmlib.workbook.sentences import nothing_to_share

log = datasets.admit_log(DATA, **OPTIONS)
as_of = AS_OF or f"{log.transactions['date'].max():%Y-%m-%d}"
tx = until(log.transactions, as_of)
customers = customer_table(tx, as_of=as_of)
if why := nothing_to_share(customers):  # a log without money cannot carry the rest
    print(why)
    tx, CURRENCY, as_of = datasets.load("cdnow_sample"), "$", "1998-06-30"
    customers = customer_table(tx, as_of=as_of)

# %% [markdown]
# **Before you run the next cell:** five bins, so a fifth of the customers in each, if there were no ties. Which of the
# three letters is furthest from that?

# %% tags=["nbval-check-output"]
from crmlib.wording import count, money, percent

scored = rfm.scores(customers)  # bins=5; customers with refunds only have no scores
counts = rfm.bin_counts(scored)
buyers = int(counts["r"].sum())
print(f"{count(buyers, 'customer')} with a purchase up to {as_of}; without one: {len(customers) - buyers:,}")
print(counts.to_string(index=False))
once = (customers["orders"] == 1).sum() / buyers
print(f"{percent(once)} of them have one order. The lowest F score holds {percent(counts['f'][0] / buyers)}.")

# %% [markdown]
# The same counts as a picture, the three letters side by side:

# %%
from crmlib import plots

empty = [f"{axis.upper()} {score}" for axis in "rfm" for score in counts["score"][counts[axis] == 0]]
nobody = f"nobody has {', '.join(empty)}" if empty else "no score is empty"
title = f"The lowest F score holds {percent(counts['f'][0] / buyers)} of the customers; {nobody}"
ax = plots.rfm_bin_counts(counts, title=title)

# %% [markdown]
# For the business: always ask for the counts before you read "F 1" or "the best fifth". The scores with nobody in them
# are where many customers are equal, and the bins below them are fuller than a fifth.

# %% [markdown]
# ## 5. Turn the knobs
#
# Run the next cell and turn the three knobs: the letter, the number of bins, and what becomes of equal customers. (If
# you read this without a running kernel you see one position of them.)
#
# - Leave F and raise the bins. With the order of the rows every bin is full. How many equal customers does that cost?
# - Now let equal customers share a score. Which scores get empty, and from which number of bins on?
# - Take M. How many customers are equal there, and does the treatment of ties still matter?

# %%
from ipywidgets import Dropdown, IntSlider, fixed, interact

from crmlib.explore_rfm import TIES, bins_and_ties

axis = Dropdown(options={"F: orders": "f", "R: days since last": "r", "M: revenue": "m"}, description="letter")
bins = IntSlider(value=5, min=2, max=10, continuous_update=False)
ties = Dropdown(options={words: name for name, words in TIES.items()}, value="rows")
_ = interact(bins_and_ties, customers=fixed(customers), axis=axis, bins=bins, ties=ties)

# %% [markdown]
# For the business: a full bin is no sign of a good cut. If equal customers are in two bins, whoever is written to was
# decided by the order of a table. Here is what the knobs show with five bins, for all letters and treatments.

# %% tags=["nbval-check-output"]
from crmlib.explore_rfm import ties_compared

print(ties_compared(customers, bins=5).to_string(index=False))

# %% [markdown]
# ## 6. Relative to whom?
#
# ### Nested scores
#
# Above, each letter was cut on its own: **independent** scores. In the mail-order trade, F is often cut *within* each
# R, and M within each R and F: **nested** scores. By hand, on the six with two bins: among those with the same R, count
# who is strictly worse in F. **Before you run the next cell:** customer T has 2 orders. Is that still the better half?

# %% tags=["nbval-check-output"]
halved = rfm.scores(six, bins=2)
among = halved.groupby("r")["orders"]
halved["by hand"] = (1 + (among.rank(method="min") - 1) * 2 // among.transform("size")).astype(int)
halved["crmlib"] = rfm.scores(six, bins=2, nested=True)["f"]
print(halved[["customer", "r", "orders", "f", "by hand", "crmlib"]].to_string(index=False))

# %% [markdown]
# `f` is the independent score, the last two columns are nested. The customers with the same three scores are a
# **cell**; nested cells are more even in size, so that fewer of them are too small to judge. **Before you run the next
# cell:** what will it cost? Think of what F 5 means beside R 5, and beside R 1.

# %% tags=["nbval-check-output"]
nested = rfm.scores(customers, nested=True)
for name, table in {"independent": scored, "nested": nested}.items():
    cells = table.groupby(["r", "f", "m"]).size()
    print(f"{name}: {len(cells)} of 125 cells are used, the fullest holds {percent(cells.max() / buyers)}")
best = nested[nested["f"] == 5].groupby("r")["orders"].min()
print("the fewest orders with a nested F 5:", {f"R {r}": n for r, n in best.items()} or "nobody has it here")

# %% [markdown]
# A nested F 5 is the best among customers of the same R, and no statement about orders. Never compare it across R.
#
# ### Thresholds that stay
#
# Both kinds are relative: about a fifth of the customers has R 5 in good times and in bad. `rfm.thresholds` keeps where
# the scores begin, and scores others by that yardstick: 1, and one more for every threshold passed, by more orders,
# more money, fewer days. By hand: a new customer V bought twice, 20 days ago, for 60. **Before you run the next cell:**
# between which of the six does V stand, and with which scores?

# %% tags=["nbval-check-output"]
kept = rfm.thresholds(six, bins=3)
print(kept)
v = pd.DataFrame({"customer": ["V"], "days_since_last": [20], "orders": [2], "revenue": [60]})
by_hand = [1 + (20 < 90) + (20 < 30), 1 + (2 > 1) + (2 > 1), 1 + (60 > 12) + (60 > 20)]
print("by hand:", by_hand, "crmlib:", rfm.scores(v, thresholds=kept)[["r", "f", "m"]].iloc[0].tolist())
print("scores that nobody can have:", kept.unreachable)

# %% [markdown]
# ### Fixed cut-offs
#
# Or set the yardstick by hand. For R, tools publish 30, 90, 180 and 365 days. The cut-offs for orders and money in the
# next cell are *assumed*; change them to what means something in your trade. **Before you run it:** will more or fewer
# than a fifth have R 5?

# %% tags=["nbval-check-output"]
fixed_cuts = rfm.Thresholds(r=rfm.FIXED_DAYS, f=(1, 2, 4, 9), m=(50, 100, 200, 500))
by_rule = rfm.bin_counts(rfm.scores(customers, thresholds=fixed_cuts))
print(by_rule.to_string(index=False))
lately, relative = by_rule["r"][4] / buyers, counts["r"][4] / buyers
print(f"R 5 by the rule, a purchase in the last 30 days: {percent(lately)}; relative: {percent(relative)}")
print(f"F 1 by the rule, one order: {percent(by_rule['f'][0] / buyers)}")

# %% [markdown]
# Fixed cut-offs give news where quantiles cannot: if fewer customers come, fewer have R 5. They can also put everybody
# into one bin. Quantiles rank, cut-offs measure; say which one a report uses.
#
# ### RFA: units for money
#
# Chinese texts also have RFA, with A for the *amount bought*, in pieces, in place of M. A log that counts them has a
# column `quantity`, and its customer table `units`. **Before you run the next cell:** how many customers get another
# score for pieces than for money?

# %% tags=["nbval-check-output"]
if "units" in customers:
    by_units = rfm.scores(customers, measure="units")
    other = int((by_units["m"] != scored["m"]).sum())
    print(f"{count(other, 'customer')} of {buyers:,} ({percent(other / buyers)}) have another score in units.")
else:
    print("This log has no column quantity, so it cannot say how many pieces anybody bought.")

# %% [markdown]
# If the two differ much, prices differ much between customers. Where prices move, units say who consumes, and money
# says who pays.

# %% [markdown]
# ## 7. From scores to segments
#
# ### Two by two by two
#
# Chinese texts cut each letter once, into near and far, often and seldom, much and little: eight groups, and every
# customer is in exactly one. High M is *important* (重要), low M is *general* (一般).
#
# Where is the cut? Many texts take the mean, `crmlib` by default the median. In the table 2 is better than the cut, and
# 1 is at the cut or worse. **Before you run the next cell:** a few customers spend very much. By which of the two cuts
# are more customers "important"?

# %% tags=["nbval-check-output"]
eight, cut_at_mean = rfm.TWO_BY_TWO, rfm.mean_thresholds(customers)
median = rfm.segments(rfm.scores(customers, bins=2), eight)["segment"].value_counts()
mean = rfm.segments(rfm.scores(customers, thresholds=cut_at_mean), eight)["segment"].value_counts()
shown = eight.to_table()
shown["median"] = [median.get(name, 0) for name in shown["segment"]]
shown["mean"] = [mean.get(name, 0) for name in shown["segment"]]
print(shown.to_string(index=False))
important = {"median": shown["median"][:4].sum(), "mean": shown["mean"][:4].sum()}
print({cut: f"{percent(n / buyers)} important" for cut, n in important.items()})

# %% [markdown]
# Two reports on one log, both "the" eight groups. Ask where the cut is before you compare them. One thing more: where
# most customers have one order, so is the median; F 2 then begins with the second order, and the halves are none.
#
# ### Ten segments
#
# With five scores a map has 5 × 5 × 5 = 125 cells to share out. `rfm.TEN_SEGMENTS` is one such map, a table of rules
# that you can read and change:

# %% tags=["nbval-check-output"]
print(rfm.TEN_SEGMENTS.to_table().to_string(index=False))

# %% [markdown]
# Read the first rule: R 4 or 5, F 5 and M 5 are the champions. **Before you run the next cell:** which segment is the
# largest, and which brings most?

# %% tags=["nbval-check-output"]
segmented = rfm.segments(scored)
summary = rfm.segment_summary(segmented)
shown = summary[["segment", "customers", "share_of_customers", "share_of_revenue", "median_days_since_last"]]
print(shown.round(3).to_string(index=False, na_rep="-"))

# %%
richest = summary.loc[summary["revenue"].idxmax()]
whose = f"{percent(richest['share_of_customers'])} of customers bring {percent(richest['share_of_revenue'])}"
ax = plots.share_bars(summary, label="segment", title=f"The {richest['segment']}: {whose} of revenue")

# %% [markdown]
# For the business: a segment is worth a name only if something follows from it. No segment here is called "lost": a log
# shows who is silent, and not who has left.

# %% tags=["nbval-check-output"]
from textwrap import fill

for row in summary[summary["customers"] > 0].nlargest(3, "revenue").itertuples():
    head = f"{row.segment} ({count(row.customers, 'customer')}, {money(row.revenue, CURRENCY, 0)}): "
    print(fill(head + rfm.ACTIONS[row.segment], 88))

# %% [markdown]
# The actions are advice of ours, and no finding. Whether one works is for section 9.
#
# ### A map with holes
#
# Maps on the web are copied from one another, and few have been checked. Here is the default map of a package for the
# language R, as it was published; each row has the ranges of R, F and M, and the first row that fits wins. A cell is
# written as its three scores: 215 is R 2, F 1, M 5. **Before you run the next cell:** do the ten rows cover all cells?

# %% tags=["nbval-check-output"]
ranges = """Champions 55 55 55; Potential Loyalist 35 35 25; Loyal Customers 24 24 24; Promising 34 13 35
New Customers 45 13 15; Can't Lose Them 12 34 45; At Risk 12 25 45; Need Attention 13 35 35
About To Sleep 23 13 14; Lost 11 15 15"""  # each range of scores as two digits: 25 is 2 to 5
rows = [row.rsplit(maxsplit=3) for row in ranges.replace("\n", ";").split(";")]
published = [(name.strip(), *((int(low), int(high)) for low, high in scores)) for name, *scores in rows]
check = rfm.check_map(published)
print(f"{len(check.uncovered)} cells have no segment: {', '.join(check.uncovered)}")
print(f"{len(check.overlaps)} cells have two or more, e.g. {check.overlaps[0]}")
print("rules that win no cell:", check.unreachable or "none")

# %% [markdown]
# A customer in a hole gets no letter, and nobody notices. **Before you run the next cell:** how many of the customers
# here stand in one? And what does `crmlib` do with such a map?

# %% tags=["nbval-check-output"]
with_scores = scored.dropna(subset=["r", "f", "m"])
cell = with_scores["r"].astype(str) + with_scores["f"].astype(str) + with_scores["m"].astype(str)
in_holes = with_scores[cell.isin(check.uncovered)]
print(f"{count(len(in_holes), 'customer')} with {money(in_holes['revenue'].sum(), CURRENCY, 0)} of revenue")
try:
    rfm.segments(scored, published)
except rfm.DataError as error:
    print(fill(f"DataError: {error}", 88))
ours = rfm.check_map(rfm.TEN_SEGMENTS)
print("holes and overlaps in the ten segments of section 7:", len(ours.uncovered), "and", len(ours.overlaps))

# %% [markdown]
# ## 8. The customer pyramid
#
# Jay Curry ranks the **active** customers by what they paid and cuts by their *number*: the top 1 %, the next 4 %, the
# next 15 % and the other 80 % (高端, 大, 中, 小客户: high-end, large, medium and small customers). Below them stand the
# inactive, then who has not bought yet.
#
# By hand on the six: a tier ends at customer number 1 %, 5 %, 20 % and 100 % of six, rounded up. **Before you run the
# next cell:** how many customers are in each tier?

# %% tags=["nbval-check-output"]
import math

from crmlib import pyramid

ends = [math.ceil(share * 6) for share in (0.01, 0.05, 0.20, 1.00)]
by_hand = [end - start for start, end in zip([0, *ends], ends, strict=False)]
made = pyramid.summary(pyramid.tiers(six))
print("by hand:", by_hand, "crmlib:", made["customers"].tolist(), made["tier"].tolist())

# %% [markdown]
# Six customers are too few for a tier of 4 %, and the pyramid says so: nobody is in it. The first is never empty.
#
# Now the log. *Active* is a convention too: a purchase in the last 365 days. Whoever is active and has brought nothing,
# refunds taken off, stands beside the tiers. **Before you run the next cell:** what does the top 1 % bring of the
# revenue of all in the tiers?

# %% tags=["nbval-check-output"]
tiered = pyramid.tiers(customers, active_within=365)
summary = pyramid.summary(tiered)
print(summary.round(3).to_string(index=False, na_rep="-"))
in_tiers = int(summary["customers"][:4].sum())
print(f"{count(in_tiers, 'customer')} in the four tiers; {len(tiered) - in_tiers:,} below or beside them")

# %%
top = summary.iloc[0]
title = f"The top tier: {count(top['customers'], 'customer')}, {percent(top['share_of_revenue'])} of the revenue"
ax = plots.pyramid_bars(summary, title=title)

# %% [markdown]
# For the business: the count says how many people it takes to look after a tier, the width what is at stake there. A
# tier of a few persons can be known by name.
#
# ### What is claimed
#
# Sources claim what the tiers bring, and contradict one another. One has 50, 30 and 20 % for the upper three, which
# leaves nothing for the small. Another has 40, 25 and 15 %, and a Pareto law through 80/20 has its own. Our rule, set
# before we look: a claim held if every tier is within five points of it. **Before you run the next cell:** which one
# is the nearest?

# %% tags=["nbval-check-output"]
from crmlib.explore_rfm import claims_said

claimed = pyramid.claims(summary)
print(claimed.round(3).to_string(index=False))
print("\n".join(claims_said(claimed, customers=in_tiers)))

# %% [markdown]
# No split of the revenue belongs to the pyramid. The 1, 4, 15 and 80 % are where we cut; what the tiers bring is what
# we measure.
#
# ### Below the customers
#
# A log knows only who bought. Who asked for a quote, or could need what you sell, stands in another table; the next
# cell *invents* one. A **prospect** (目标客户) has a need and has been in touch, a **suspect** (潜在客户) has a need and
# has not. **Before you run it:** in which layer is somebody who is in touch and has no need?

# %% tags=["nbval-check-output"]
ids = [f"enquiry {number}" for number in range(1, 7)]
others = pd.DataFrame({"customer": ids, "need": [True, True, True, True, False, False]})
others["contact"] = [True, True, False, False, True, False]
below = pyramid.summary(tiered, others)
print(below[["tier", "customers"]].to_string(index=False))

# %% [markdown]
# Without a need nobody is a prospect, however often you talk: both of them are the rest of the world.
#
# ### Is grading worth it?
#
# A Chinese course on managing customers names three conditions: there are more customers than one person can look
# after, they trade repeatedly, and they differ in value. It names no numbers; those in the sentences are ours. **Before
# you run the next cell:** which of the three would a shop that sells wedding dresses fail?

# %% tags=["nbval-check-output"]
worth = pyramid.worth_grading(customers)
for sentence in worth.sentences:
    print(fill(sentence, 88))
print(fill(f"In all: {worth.verdict}", 88))

# %% [markdown]
# The shop for wedding dresses fails the second: hardly anybody comes twice, and a tier would reward who is done.
#
# ## 9. Response by cell
#
# Arthur Hughes used RFM for one thing: mail a test, count who answers in each cell, and mail the rest of a cell only if
# its rate, the share that answered, pays for the letter. **Break-even** is the rate at which a letter costs what it
# brings: its cost divided by the profit of a sale. His index is how far the rate is from break-even, in per cent of it.
# By hand: 40 letters, 6 orders, a letter costs 2 and a sale leaves 16. **Before you run the next cell:** does the cell
# pay?

# %% tags=["nbval-check-output"]
from crmlib import response

rate, even = 6 / 40, 2 / 16
index, profit = (rate - even) / even * 100, 6 * 16 - 40 * 2
print(f"by hand: rate {rate:.3f}, break-even {even:.3f}, index {index:.0f}, profit {profit}")
forty = pd.DataFrame({"r": 5, "f": 5, "m": 5, "answered": [True] * 6 + [False] * 34})
cell = response.by_cell(forty, "answered", offer=response.Offer(cost_per_contact=2, profit_per_sale=16))
print(cell[["rate", "break_even", "index", "profit", "mail", "sure"]].to_string(index=False))
print(f"by a 95 % interval the rate lies between {cell['rate_low'][0]:.3f} and {cell['rate_high'][0]:.3f}")

# %% [markdown]
# `mail` says that the rate is above break-even, `sure` that its whole interval is on one side of it. This cell pays,
# and it is not sure to: with 40 letters the interval reaches below break-even. A cell that won may only have been
# lucky.
#
# **A log of purchases holds no letters.** We use the second half of the log in place of an answer: score the customers
# as they stood at the end of the first half, and count who of each cell bought afterwards. **Nobody was mailed. This is
# who bought anyway**, and no response to a letter. The steps are the same; what the numbers mean is not.

# %%
from crmlib.explore_rfm import two_halves

halves = two_halves(tx, as_of=as_of)
if halves.missing:  # sections 9 to 11 need two halves
    print(fill(f"{halves.missing} From here on cdnow_sample is read.", 88))
    CURRENCY, as_of = "$", "1998-06-30"
    halves = two_halves(datasets.load("cdnow_sample"), as_of=as_of)

# %% [markdown]
# What a letter costs and what a sale leaves is not in the log either: the next cell *assumes* it. The cells are those
# of R and F alone here, the best scores first: 54 is R 5, F 4. **Before you run it:** which cell has the highest rate?
# And which is the first that does not pay?

# %% tags=["nbval-check-output"]
COST, MARGIN = 2.00, 0.30  # assumed: a letter, and the margin on an order

before = rfm.scores(halves.before)
sale = MARGIN * before["mean_order"].mean()
offer = response.Offer(cost_per_contact=COST, profit_per_sale=sale)
cells = response.by_cell(before, "bought", offer=offer, by=("r", "f"))
print(f"{count(len(before), 'customer')} before {halves.split}; {percent(before['bought'].mean())} bought from then on")
print(f"a sale leaves {money(sale, CURRENCY)}, break-even {percent(offer.break_even)}")
shown = cells[["cell", "customers", "rate", "rate_low", "rate_high", "index", "mail", "sure"]]
print(shown.round(2).to_string(index=False))

# %%
grid = cells.assign(r=cells["cell"].str[0].astype(int), f=cells["cell"].str[1].astype(int), share=cells["rate"])
pays = f"{cells['mail'].sum()} of {count(len(cells), 'cell')}"
title = f"Share that bought later: {pays} lie above break-even, {percent(offer.break_even)}"
ax = plots.rf_grid(grid, value="share", title=title)

# %% [markdown]
# For the business: the cells below break-even are where letters would cost more than they bring, even if every later
# purchase were an answer. Where `sure` is False the cell is too small to tell, and a budget should not hang on it.
#
# Does the choice hold for customers who were not in the test? Draw half of them at random, choose the cells there, and
# look at the other half. **Before you run the next cell:** will the chosen cells bring what the test promised, more, or
# less?

# %% tags=["nbval-check-output"]
import numpy as np

from crmlib.explore_rfm import trial

tried = trial(before, offer=offer, rng=np.random.default_rng(33))
print(fill(tried.said(CURRENCY), 88))

# %% [markdown]
# The money in that sentence is the assumed margin on purchases that came without any letter. So it is **not** what a
# mailing would earn: for that, you have to write to some, drawn at random, and not to others, and compare. The best
# customers would have come anyway; a letter to them may change nothing.

# %% [markdown]
# ## 10. Who moved?
#
# ### Scores at two dates
#
# Score the customers at the end of the first half and again at the end of the log. **Before you run the next cell:** of
# those who did *nothing* in the second half, how many have a lower F score at its end? They have the same orders as
# before.

# %% tags=["nbval-check-output"]
from crmlib.explore_rfm import silent_and_scored

silent = before.loc[~before["bought"], "customer"]
kept = rfm.thresholds(halves.before)  # the yardstick of the first date
relative, steady = rfm.scores(halves.now), rfm.scores(halves.now, thresholds=kept)
for name, later in {"relative to all at each date": relative, "by the kept thresholds": steady}.items():
    lower = silent_and_scored(before, later, silent)
    print(f"{name}: {lower:,} of {count(len(silent), 'silent customer')} have a lower F")

# %% [markdown]
# By relative scores a customer can fall because others rose. To see who moved, keep the yardstick.
#
# ### Segments
#
# **Before you run the next cell:** with the yardstick kept, where do most of the champions go?

# %% tags=["nbval-check-output"]
from crmlib import periods

order = rfm.TEN_SEGMENTS.segments
segments_before, segments_now = rfm.segments(before), rfm.segments(steady)
moved = periods.moves(segments_before, segments_now, column="segment", order=[*order, rfm.NO_PURCHASE])
same = moved["customers"][moved["from"] == moved["to"]].sum()
came = moved["customers"][moved["from"] == periods.ABSENT].sum()
print(f"{percent(same / len(before))} of {count(len(before), 'customer')} are in the same segment; new: {came:,}")
champions = moved[moved["from"] == "champions"]
print(champions.to_string(index=False) if len(champions) else "There were no champions.")

# %% [markdown]
# All segments at once, as shares of each row; who stayed is framed.

# %%
from crmlib import transitions

shares = transitions.from_moves(moved, order=[*order, rfm.NO_PURCHASE]).table()
title = f"{percent(same / len(before))} of the customers are in the same segment"
ax = plots.transition_heatmap(shares, start="end of the first half", end="end of the log", title=title)

# %% [markdown]
# For the business: read the rows. Each says where one segment went. What flows from the regulars to the silent ones is
# the list for a call, while it is short.
#
# ### Tiers
#
# Curry asks four questions of each tier between two periods: how many moved up, stayed, moved down, left? Left means
# silent here, and `came` was silent before. Each half has a pyramid of its own money; `non_positive` stands beside it,
# with nothing left after refunds. **Before you run the next cell:** do most of the top tier stay?

# %% tags=["nbval-check-output"]
from crmlib.explore_rfm import keeps_said

tiers = [pyramid.tiers(half) for half in (halves.before, halves.after)]
migrated = pyramid.migration(*tiers)
print(migrated.to_string(index=False))
print("places in the top tier, first and second half:", [int((half["tier"] == "top").sum()) for half in tiers])
print("\n".join(keeps_said(migrated, tiers=[name for name, _ in pyramid.TIERS])))

# %% [markdown]
# Two traps. A tier is a place in a ranking of one period, and some were there for a lucky half: the lesson before this
# one calls it regression to the mean. And 1 % of fewer active customers is fewer places, so that many must leave the
# top when the base shrinks, whatever they pay. Give the best service to whoever stays, and look at who came up.

# %% [markdown]
# ## 11. Wang and Li
#
# The Chinese course has an example. Salesman Wang visits 1,000 customers; 5 % buy, once a year, for 10,000 yuan. Li
# looks after 50 customers; 50 % buy, ten times a year, for 100,000 yuan each time. Revenue is
#
# customers × probability × orders × amount.
#
# **Before you run the next cell:** Li's revenue is how many times Wang's, and which factor did it?

# %% tags=["nbval-check-output"]
from crmlib import factors

wang, li = 1000 * 0.05 * 1 * 10_000, 50 * 0.50 * 10 * 100_000
print(f"by hand: Wang {wang:,.0f}, Li {li:,.0f}, {li / wang:.0f} times as much = {50 / 1000} x 10 x 10 x 10")
print(f"crmlib:  Wang {factors.product(factors.WANG):,.0f}, Li {factors.product(factors.LI):,.0f}")
print(factors.split(factors.WANG, factors.LI).table().to_string(index=False, float_format="{:,.3f}".format))

# %% [markdown]
# `ratio` is Li divided by Wang. Ratios multiply and their logarithms add, so `log_share` can be each factor's part of
# the whole ratio, and `change` its part of the difference in yuan; both add up, and a minus has worked against the
# whole. Three factors count alike, and fewer customers cost Li a part of it. The split is arithmetic and no cause: it
# does not say that Wang would sell ten times as often if he visited fewer.
#
# The same for the two halves of the log, where *probability* is the share of customers in the table who bought; a log
# holds hardly anybody else, so it is about 1. **Before you run the next cell:** which factor changed most?

# %% tags=["nbval-check-output"]
first, second = factors.measured(halves.before), factors.measured(halves.after)
method = "log" if min(*first.values(), *second.values()) > 0 else "shapley"  # a loss has no logarithm
found = factors.split(first, second, method=method)
print(found.table().to_string(index=False, float_format="{:,.3f}".format, na_rep="-"))
parts = pd.Series(found.changes)
print(f"From {money(found.before, CURRENCY, 0)} to {money(found.after, CURRENCY, 0)}; most by {parts.abs().idxmax()}.")

# %% [markdown]
# For the business: more customers, more of them buying, more often or for more are four different tasks, with different
# people in charge. A report that says only "revenue fell" has not said whom to ask.

# %% [markdown]
# ## 12. What follows?
#
# There are three ways to use all this, and they are for different decisions:
#
# - **Cells** decide who gets a letter: test, break-even, choose. They need a cost, and in the end a real test.
# - **Segments** decide what is said: each needs an action of its own, or it needs no name.
# - **Tiers** decide who is visited: as many as the people you have can look after.
#
# **Before you run the next cell:** your two salespeople can look after 50 customers each. Which tiers can they visit?

# %% tags=["nbval-check-output"]
PEOPLE, EACH = 2, 50  # assumed

room = PEOPLE * EACH
for row in summary[:4][["tier", "customers"]].assign(reached=summary["customers"].cumsum()).itertuples():
    word = "fits" if row.reached <= room else "does not fit"
    share = percent(summary["revenue"][: row.Index + 1].sum() / max(summary["revenue"][:4].sum(), 1e-9))
    print(f"down to {row.tier}: {count(row.reached, 'customer')}, {word} into {room}; {share} of the revenue")

# %% [markdown]
# That is what the log can say. It does not know what a visit changes, what it costs, or who of the small ones is large
# with somebody else. Revenue is not profit, and a score is no plan: it is a reason to ask the next question.

# %% [markdown]
# ## Recap
#
# 1. **Score** by counting who is strictly worse. R, F and M are about the last purchase, the orders and the net money,
#    and every score is relative to these customers on this day.
# 2. **Equal customers** share a score. `qcut` stops or drops bins, and `rank(method="first")` lets the order of the
#    rows decide. Read the counts: an empty score is honest.
# 3. **Independent** scores compare, **nested** ones give even cells and do not compare across R, **fixed** ones
#    measure. Kept thresholds score new customers and later dates.
# 4. **A map** is data. Check it for holes, overlaps and rules that nobody reaches; say where the cut is, at the mean or
#    at the median.
# 5. **The pyramid** cuts the number of active customers. What the tiers bring is measured and never assumed, and three
#    conditions say whether to grade at all.
# 6. **Response by cell** is held against break-even, with its interval. Who bought anyway is no response: that takes a
#    test with a control group.
# 7. **Moves** need one yardstick at both dates. By relative scores one can fall by doing nothing. Silent is not gone.
# 8. **Factors** say which part of a change is whose task. A decision needs what an effort changes and what it costs.
#
# **Now you:** `uv run crm start rfm` puts your copy of the [workbook](../exercises/33_rfm.ipynb) into `work/`. It
# checks each answer at once.
