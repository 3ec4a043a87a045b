# %% [markdown]
# # Workbook: RFM and the pyramid
#
# Eight questions on one log, from a number to a decision that you argue in words.
#
# - **Time:** 45 minutes
# - **Builds on:** the lesson [RFM and the pyramid](../notebooks/33_rfm.ipynb)
# - **A copy of your own:** `uv run crm start rfm` puts it into `work/`, where no update touches it
#
# How it works: put your answer in place of the three dots (`...`), run the cell, then run the check below it. A check
# names the mistake and never the answer. `check.hint("f_scores")` gives hints in steps, `check.solution("f_scores")` a
# solution.
#
# The next cell says which log is read; `crm start` fills it in.

# %% tags=["parameters"]
DATA = "cdnow"  # a name in datasets/, or a path to a file or folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "$"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}

# %% [markdown]
# `tx` is the log behind the door, up to `as_of`; `customers` has one row for each customer, `bought` one for each with
# a purchase.

# %% tags=["nbval-check-output"]
from crmlib import factors, pyramid, response, rfm
from crmlib.explore_rfm import two_halves
from crmlib.wording import count, money, percent
from crmlib.workbook import workbook
from crmlib.workbook.sentences import nothing_to_share

tx, customers, check = workbook("rfm", data=DATA, as_of=AS_OF, currency=CURRENCY, **OPTIONS)
as_of = AS_OF or f"{tx['date'].max():%Y-%m-%d}"
if why := nothing_to_share(customers) or two_halves(tx, as_of=as_of).missing:  # it cannot carry the questions
    print(why, "cdnow_sample is read.")
    as_of, CURRENCY = "1998-06-30", "$"
    tx, customers, check = workbook("rfm", data="cdnow_sample", currency=CURRENCY)
bought = customers[customers["orders"] > 0]
print(f"{len(bought):,} of {count(len(customers), 'customer')} have bought; the log is read up to {as_of}")

# %%
bought[["customer", "days_since_last", "orders", "revenue"]].head()

# %% [markdown]
# ## 1. Score the frequency
#
# The F score of every customer in `bought`, with five bins, as in the lesson: 1 + the number of customers with strictly
# fewer orders * 5 // the number of customers. **Answer:** a Series of scores indexed by customer, or a table with the
# columns `customer` and `f`. Best do it by hand in pandas, and compare with `crmlib`.

# %% tags=["answer"] question="f_scores"
f_scores = ...
# ---- solution
f_scores = rfm.scores(bought)[["customer", "f"]]
by_hand = 1 + (bought["orders"].rank(method="min") - 1) * 5 // len(bought)
print("by hand the same:", bool((f_scores["f"] == by_hand).all()))
held = f_scores["f"].value_counts().sort_index()
print("customers:", ", ".join(f"F {score} {n:,}" for score, n in held.items()))
print("Where many have equally many orders, a score holds more than a fifth and others are empty.")

# %% tags=["nbval-check-output"]
check("f_scores", f_scores)

# %% [markdown]
# ## 2. Who is important, and long silent?
#
# In the map of two by two by two, how many customers in `bought` are *important win-back* (重要挽留): low in R, low in F,
# high in M? High is better than the **median**; exactly the median is low. **Answer:** a whole number.

# %% tags=["answer"] question="important"
important = ...
# ---- solution
eight = rfm.segments(rfm.scores(bought, bins=2), rfm.TWO_BY_TWO)
important = int((eight["segment"] == "important win-back").sum())
at_mean = rfm.segments(rfm.scores(bought, thresholds=rfm.mean_thresholds(bought)), rfm.TWO_BY_TWO)
other = int((at_mean["segment"] == "important win-back").sum())
print(f"{count(important, 'customer')} with the cut at the median, {other:,} with the cut at the mean.")
print("The names are the same, so a report that does not say where it cut cannot be compared.")

# %% tags=["nbval-check-output"]
check("important", important)

# %% [markdown]
# ## 3. Holes in a map
#
# A colleague sends a map for three scores on each letter. Each row is a segment, with the lowest and the highest score
# for R, F and M. How many of the 27 cells have **no** segment? **Answer:** a whole number. Then look at which cells
# these are: who stands there?

# %%
rules = [
    ("best", (3, 3), (2, 3), (2, 3)),
    ("steady", (2, 3), (2, 3), (1, 2)),
    ("new", (3, 3), (1, 1), (1, 3)),
    ("big", (2, 2), (1, 3), (3, 3)),
    ("quiet", (1, 1), (1, 3), (1, 2)),
]

# %% tags=["answer"] question="holes"
holes = ...
# ---- solution
found = rfm.check_map(rules, bins=3)
holes = len(found.uncovered)
print(f"no segment: {', '.join(found.uncovered)}; two segments: {', '.join(cell for cell, _ in found.overlaps)}")
print("Without a segment are those with the most money who were silent longest: the dearest to lose.")

# %% tags=["nbval-check-output"]
check("holes", holes)

# %% [markdown]
# ## 4. What do the upper tiers bring?
#
# Build the pyramid of 1, 4, 15 and 80 % of the customers who are **active**: with a purchase less than 365 days before
# `as_of`. What share of the revenue of its four tiers do the **top and the large** tier bring together? Whoever paid
# the same as the last of a tier belongs to it. **Answer:** a share between 0 and 1; do not round it.

# %% tags=["answer"] question="top_tiers"
top_tiers = ...
# ---- solution
summary = pyramid.summary(pyramid.tiers(customers))
top_tiers = summary["share_of_revenue"][:2].sum()
people = summary["customers"][:2].sum()
print(f"{count(people, 'customer')} in the upper two tiers bring {percent(top_tiers)} of the revenue of the active.")
print("One source claims 80 % for them, another 65 %. It is measured here, and the claim stands beside it.")

# %% tags=["nbval-check-output"]
check("top_tiers", top_tiers)

# %% [markdown]
# ## 5. Which cells would pay for a letter?
#
# Now the first half of the log is the past. `before` has the customers as they stood at its end, and `bought` says who
# of them bought in the second half. **Nobody was mailed: this is who bought anyway.**
#
# A letter costs 2.00, and a sale leaves 30 % of an order; take for the order the mean of the column `mean_order` in
# `before`. Score R with five bins. A cell is an R score: how many customers of `before` are in cells whose share of
# later buyers is **above** break-even? **Answer:** a whole number.

# %% tags=["nbval-check-output"]
halves = two_halves(tx, as_of=as_of)
before, after = halves.before, halves.after
print(f"{count(len(before), 'customer')} before {halves.split}; {before['bought'].sum():,} bought from that day on")

# %% tags=["answer"] question="paying"
paying = ...
# ---- solution
offer = response.Offer(cost_per_contact=2.00, profit_per_sale=0.30 * before["mean_order"].mean())
cells = response.by_cell(rfm.scores(before), "bought", offer=offer, by="r")
paying = int(cells["customers"][cells["mail"]].sum())
print(cells[["cell", "customers", "rate", "break_even", "mail", "sure"]].round(3).to_string(index=False))
print("Who would have come anyway needs no letter. Only a test with a group that gets none can tell.")

# %% tags=["nbval-check-output"]
check("paying", paying)

# %% [markdown]
# ## 6. Who of the best went quiet?
#
# Build the pyramid of `before`. How many customers of its **top and large** tiers bought **nothing** in the second
# half? **Answer:** a whole number.

# %% tags=["answer"] question="gone_quiet"
gone_quiet = ...
# ---- solution
upper = pyramid.tiers(before).query("tier in ['top', 'large']")
gone_quiet = int((~upper["bought"]).sum())
share = percent(gone_quiet / len(upper))
print(f"{gone_quiet:,} of {count(len(upper), 'customer')} in the upper tiers ({share}) bought nothing later.")
print("They are silent. Whether they are gone, this log cannot say; a call can.")

# %% tags=["nbval-check-output"]
check("gone_quiet", gone_quiet)

# %% [markdown]
# ## 7. What moved the revenue?
#
# Revenue is customers × probability × orders × amount, as in the example of Wang and Li. Measure the four in `before`
# and in `after`, the customers of the second half. Which ratio is **furthest from 1**? Half is as far as double.
# **Answer:** `"customers"`, `"probability"`, `"orders"` or `"amount"`.

# %% tags=["answer"] question="factor"
factor = ...
# ---- solution
import math

first, second = factors.measured(before), factors.measured(after)
ratios = {name: second[name] / first[name] for name in first}
factor = max(ratios, key=lambda name: abs(math.log(ratios[name])))
print({name: round(ratio, 2) for name, ratio in ratios.items()}, "and furthest from 1:", factor)
print("It says where to look first, and not why it moved.")

# %% tags=["nbval-check-output"]
check("factor", factor)

# %% [markdown]
# ## 8. Who gets the letter?
#
# The budget is enough for **one** of the ten segments. Here is what they looked like at the end of the first half, and
# which share of each bought in the second **without** a letter:

# %% tags=["nbval-check-output"]
segmented = rfm.segments(rfm.scores(before))
table = segmented.groupby("segment").agg(customers=("customer", "size"), bought_anyway=("bought", "mean"))
table["revenue_before"] = segmented.groupby("segment")["revenue"].sum().round(0)
print(table.sort_values("bought_anyway", ascending=False).round(3).to_string())

# %% [markdown]
# Which segment gets the letter, and what does it say? Argue your decision in at least 40 words: name a number from the
# table, say what this log does not know, and what would change your mind. **Answer:** a text in quotes; use three
# quotes for several lines.

# %% tags=["answer"] question="decision"
decision = ...
# ---- solution
from textwrap import fill

mostly_silent = table[table["bought_anyway"] < 0.5]
mostly_silent = mostly_silent if len(mostly_silent) else table
each = mostly_silent["revenue_before"] / mostly_silent["customers"]
name, row = each.idxmax(), table.loc[each.idxmax()]
decision = f"""
I would write to the {name}: {count(row["customers"], "customer")}, of whom {percent(row["bought_anyway"])} bought in
the second half without a letter. Where most come anyway a letter has little to change; of the other segments this one
had paid most a customer, {money(each[name], CURRENCY, 0)}. The letter would name what they bought, and give one reason
to come back. The log knows no letters and no costs of service. So I would leave out a fifth of the segment, drawn at
random, and compare. If those without a letter buy as often, I would stop and try another segment."""
print(fill(decision.strip(), 88))

# %% tags=["nbval-check-output"]
check("decision", decision)

# %% [markdown]
# ## Where you stand

# %%
print(check.progress())

# %% [markdown]
# Next: run `uv run crm start rfm --data ...` on a log of your own, and see which of your answers change.
