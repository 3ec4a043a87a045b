# %% [markdown]
# # Which needs, which offer
#
# **After this lesson you can**
#
# 1. say how far two customers lie apart whose answers are words and numbers;
# 2. find groups of needs, choose their number, and hold them against shuffled answers;
# 3. read a pair of Kano answers, and compute better and worse;
# 4. tell a clear category from an unclear one, and see what the mean over all customers hides;
# 5. follow ladders from an attribute to a value in life, and choose a cut-off;
# 6. place a market by how much needs and values differ, and say what the cuts decide;
# 7. find the price of a group, and say what a stated price is worth;
# 8. turn all this into an offer for each group, and say what the textbook leaves open.
#
# - **Time:** 75 minutes
# - **Builds on:** [Who brings the money](30_pareto.ipynb): the Gini index
# - **Workbook:** [nine questions](../exercises/80_needs_and_offers.ipynb); `uv run crm start needs_and_offers` makes
#   you a copy
#
# Where it says **before you run the next cell**, write your guess down first.

# %% tags=["parameters"]
DATA = "lighthouse"  # a name in datasets/, or a path to a folder
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "€"
OPTIONS = {}  # column names and formats of your own file, e.g. {"customer": "CustomerID"}

# %% [markdown]
# ## 1. What is a need?
#
# A need (需求) is a wish with the means to pay for it. To know what customers want, a Chinese textbook asks eight
# questions: **what**, **when**, **where**, **why**, **how many**, at which **price**, how they **pay**, and how **often**.
# No log of purchases answers them: it shows what people took from what there was. Somebody has to ask.
#
# The textbook's five steps follow: know the needs, know the value, look at your own strengths, choose the customers,
# choose the way of marketing. Then comes the offer. We take them in this order, but for your own strengths, which no
# data set holds.

# %% [markdown]
# ## 2. By hand: six customers
#
# Two answers in words, one number: what they want, why, and what they would pay for a kilo of coffee.

# %%
import pandas as pd

six = pd.DataFrame({"customer": list("PQRSTU")})
six["what"] = ["beans", "beans", "beans", "capsules", "capsules", "ground"]
six["why"] = ["taste", "taste", "price", "no trouble", "no trouble", "price"]
six["price"] = [28, 24, 18, 22, 23, 12]
six

# %% [markdown]
# How far apart are P and S? **Gower's distance** (1971) takes each question by itself. Words are 0 apart if they are the
# same, else 1. Numbers are as far apart as their difference, over the range of all customers. The mean of these is the
# distance, from 0 to 1.
#
# **Before you run the next cell:** who is nearer to P, customer S or customer U? And is anybody nearer to P than Q?

# %% tags=["nbval-check-output"]
from crmlib.need_groups import gower

p, s = six.iloc[0], six.iloc[3]
price_range = six["price"].max() - six["price"].min()
by_hand = ((p["what"] != s["what"]) + (p["why"] != s["why"]) + abs(p["price"] - s["price"]) / price_range) / 3
apart = gower(six, ["what", "why", "price"])
print(f"P to S by hand: {by_hand:.3f}; crmlib: {apart[0, 3]:.3f}")
print(pd.DataFrame(apart, six["customer"], list("PQRSTU")).round(2).to_string())

# %% [markdown]
# Each question weighs the same, and that is a decision: with five questions on coffee and one on price, the price hardly
# counts. And the range belongs to *these* customers: one hotel with a hundred kilos a month brings all households
# closer together.
#
# Now groups: customers with small distances inside and large ones between. How good a grouping is says the
# **silhouette**. For one customer, *a* is the mean distance to the others of the own group and *b* the mean distance to
# the nearest other group; it is (*b* − *a*) over the larger of the two. **Before you run the next cell:** two groups, or
# three?

# %% tags=["nbval-check-output"]
from crmlib.need_groups import need_groups

a, b = apart[0, 1], min(apart[0, [3, 4]].mean(), apart[0, [2, 5]].mean())
print(f"P in the group P Q, by hand: ({b:.3f} - {a:.3f}) / {b:.3f} = {(b - a) / b:.3f}")
found = need_groups(six, features=["what", "why", "price"], most=4)
print({number: round(silhouette, 3) for number, silhouette in found.silhouettes})
print("crmlib:", dict(zip(six["customer"], found.table["group"], strict=True)))

# %% [markdown]
# `need_groups` begins with every customer alone, merges the two nearest groups again and again (Ward's method), and in
# the end lets everybody go to the nearest of the most central customers. With the largest silhouette it stops.

# %% [markdown]
# ## 3. By hand: six pairs of answers
#
# Groups say who belongs together. What should the offer have? Noriaki Kano asks two questions on each feature: how is it
# if the feature **is there**, and how is it if it **is missing**? Five answers: **L** I like it, **M** it must be so,
# **N** neutral, **W** I can live with it, **D** I dislike it. The pair gives a category:
#
# | category | 中文 | there | missing | example |
# |---|---|---|---|---|
# | **M** must-be | 基本型 | nobody notices | anger | the machine does not leak |
# | **O** one-dimensional | 期望型 | the more the better | the less the worse | fast delivery |
# | **A** attractive | 兴奋型 | joy | nobody misses it | a present in the parcel |
# | **I** indifferent | 无差异型 | nothing | nothing | a golden label |
# | **R** reverse | 反向型 | anger | relief | calls in the evening |
# | **Q** questionable | 可疑 | | | likes both, or neither |
#
# The Chinese course has the first three. The other three are no finer points: they are the features that you can save.
#
# **Before you run the next cell:** somebody likes it if the roast date is on the bag, and is neutral if it is missing.
# Another thinks that it must be there, and dislikes it if it is missing. Which categories?

# %% tags=["nbval-check-output"]
from crmlib import kano

pairs = pd.DataFrame({"feature": "roast date", "functional": list("LMLNDL"), "dysfunctional": list("NDDNLL")})
print(kano.classify(pairs).to_string(index=False))
evaluation = pd.Series(kano.TABLE).unstack()[list(kano.ANSWERS)].loc[list(kano.ANSWERS)]
print(evaluation.rename_axis("there / missing").to_string())

# %% [markdown]
# Three numbers sum up a feature over many people: the **most frequent category**; **better** = (A + O) / (A + O + M + I),
# the share whom it pleases if it is there; and **worse** = −(O + M) / (A + O + M + I), the share whom it angers if it
# is missing. R and Q stand in no denominator; say how many there were.
#
# **Before you run the next cell:** of a hundred people 30 say A, 25 O, 20 M and 25 I. Better, worse, and the category?

# %% tags=["nbval-check-output"]
hundred = pd.DataFrame({"feature": "it", "category": list("A" * 30 + "O" * 25 + "M" * 20 + "I" * 25)})
print(f"by hand: better {(30 + 25) / 100:.2f}, worse {-(25 + 20) / 100:.2f}")
row = kano.categories(hundred).iloc[0]
print(f"crmlib:  better {row['better']:.2f}, worse {row['worse']:.2f}, category {row['category']}, clear: {row['clear']}")

# %% [markdown]
# The category is A, and it is **not clear**: 30 against 25 of a hundred is what chance makes. `clear` is Fong's test
# (1996): the difference of the two largest counts against its own uncertainty, at 90 %. Many reports print the letter
# and leave that out.

# %% [markdown]
# ## 4. Real answers: who wants the same?
#
# If you left the data as they were, these are people who buy from [Lighthouse Coffee](../datasets/lighthouse/README.md),
# a company that was made up, so that the truth behind it is known. Needs were asked of consumers and businesses, the Kano
# questions of consumers only.

# %%
from textwrap import fill

from crmlib import explore_needs
from crmlib.wording import count, money, percent

want = explore_needs.wanted(DATA, as_of=AS_OF, currency=CURRENCY, **OPTIONS)
if want.said:
    print(fill(want.said, 88))
CURRENCY = want.currency
print(f"{count(len(want.needs), 'customer')} told their needs; the log is read up to {want.as_of}")
print(want.needs.head(3).T.to_string(header=False))

# %% [markdown]
# **Before you run the next cell:** look at the three customers. How many groups would you guess, among all?

# %% tags=["nbval-check-output"]
import numpy as np

from crmlib.need_groups import by_chance

found = need_groups(want.needs)
shuffled = by_chance(want.needs, rng=np.random.default_rng(1), draws=10)
print(fill(explore_needs.groups_say(found, shuffled), 88))

# %%
from crmlib import plots

best = max(one for _, one in found.silhouettes)
title = f"{count(found.number, 'group')}: silhouette {best:.2f}, of shuffled answers {max(shuffled):.2f} at most"
ax = plots.silhouettes(found.silhouettes, chance=shuffled, number=found.number, title=title)

# %% [markdown]
# For the business: an algorithm always finds groups if you ask it to. **Shuffled answers** are the honest comparison: each
# question keeps its answers, and which answers go together is left to chance. Groups that are no better than that are a
# way to cut a cake, and not one to serve people.
#
# What do the groups want? **Before you run the next cell:** which of the eight questions will tell them apart best?

# %% tags=["nbval-check-output"]
from crmlib.need_groups import describe

described = describe(found.table)
typical = described.pivot(index="feature", columns="group", values="typical").loc[described["feature"].unique()]
sizes = found.table["group"].value_counts().sort_index()
print("customers:", {f"group {group}": int(size) for group, size in sizes.items()})
print(typical.to_string())

# %% [markdown]
# Give each group a name, in the words of the customers and not of the company. Then check a name against the numbers: a
# typical answer is the most frequent one, and not that of everybody.

# %% tags=["nbval-check-output"]
words = described[~described["feature"].isin(["how_many", "price", "frequency"])]
low = words.loc[words["in_group"].idxmin()]
print(f"The least typical: group {low['group']}, {low['feature']} = {low['typical']}, {percent(low['in_group'])} say so")
print(fill(explore_needs.groups_scored(want, found.table), 88))

# %% [markdown]
# ## 5. Kano, all together
#
# **Before you run the next cell:** how many of the features will be must-be, one-dimensional or attractive when you take
# all consumers together?

# %% tags=["nbval-check-output"]
answers = kano.classify(want.kano)
together = kano.categories(answers)
print(together[["feature", *"MOAIRQ", "category", "clear", "better", "worse"]].round(2).to_string(index=False))

# %%
indifferent = int((together["category"] == "I").sum())
title = f"All together: {indifferent} of {count(len(together), 'feature')} look indifferent"
ax = plots.kano_plane(together, title=title)

# %% [markdown]
# For the business: to the right is what pleases if you add it, above what angers if you drop it. A mark in the middle can
# mean two things: people with weak feelings, or two camps with strong ones. The picture cannot tell which. (A hollow mark
# has no clear category.)

# %% [markdown]
# ## 6. Kano, group by group
#
# Now by the groups of section 4. **Before you run the next cell:** will any feature have the same category in all groups?

# %% tags=["nbval-check-output"]
grouped = answers.merge(found.table[["customer", "group"]], on="customer")
by_group = kano.categories(grouped, ["group", "feature"])
letters = by_group.assign(letter=by_group["category"].where(by_group["clear"], "(" + by_group["category"] + ")"))
print(letters.pivot(index="feature", columns="group", values="letter").to_string())
print(fill(explore_needs.hidden_say(together, by_group), 88))

# %%
several = int((by_group.groupby("feature")["category"].nunique() > 1).sum())
title = f"{several} of {count(by_group['feature'].nunique(), 'feature')} mean different things to different groups"
ax = plots.kano_grid(by_group, title=title)

# %% [markdown]
# For the business: read the rows. A feature that is must-be for one group and indifferent to another is a cost without a
# return in the second; one that is reverse in a group drives away the people it was meant to please. The mean over all
# shows none of it. In brackets is what the answers do not settle: ask more people before you build on it.
#
# How far can a letter be trusted? Draw the answers of one cell again and again, and see how often the same letter wins.
# **Before you run the next cell:** of the least sure cell, in how many surveys of a hundred?

# %% tags=["nbval-check-output"]
rng = np.random.default_rng(1)
again = [kano.agreement(row, rng=rng) for row in by_group[list(kano.CATEGORIES)].to_numpy()]
least = by_group.iloc[int(np.argmin(again))]
print(f"least sure: group {least['group']}, {least['feature']}: {least['category']} in {percent(min(again))} of the draws")
print(f"Fong's test calls {percent(by_group['clear'].mean())} of the cells clear")
print(fill(explore_needs.classes_scored(want, found.table, by_group), 88))

# %% [markdown]
# ## 7. Why does it matter to them?
#
# Kano says that people want a roast date, and not why. In a **laddering** interview each answer is asked again: "why does
# that matter to you?" So it climbs from an **attribute** over **consequences** to a **value** (means and ends, 目的—手段链).
# By hand: two people said *roast date, tastes fresh, enjoyment*, and one said *roast date, enjoyment*. A link is
# **direct** if nothing stands between the two. **Before you run the next cell:** how many direct and how many indirect
# links lead from the roast date to enjoyment?

# %% tags=["nbval-check-output"]
from crmlib import laddering

told = [("L1", "roast date"), ("L1", "tastes fresh"), ("L1", "enjoyment"), ("L2", "roast date"), ("L2", "tastes fresh"),
        ("L2", "enjoyment"), ("L3", "roast date"), ("L3", "enjoyment")]  # fmt: skip
three = pd.DataFrame(told, columns=["interview", "element"]).assign(ladder=1)
three["step"] = three.groupby("interview").cumcount() + 1
print(laddering.matrix(laddering.implications(three)).to_string())

# %% [markdown]
# The **implication matrix** writes both in one cell, 1.02: one direct, two indirect. Over many interviews some links are
# slips of the tongue or of the coder. So links below a **cut-off** are left out. Textbooks advise three to five mentions,
# or as many as leave about two thirds of all mentions. **Before you run the next cell:** which will be the stricter rule?

# %% tags=["nbval-check-output"]
links = laddering.implications(want.laddering)
print(laddering.cut_offs(links).head(9).round(2).to_string(index=False))
two_thirds = laddering.value_map(links)
drawn = laddering.value_map(links, cut_off=4)
print(f"{len(links)} links; {len(two_thirds)} by the rule of two thirds, {len(drawn)} from 4 mentions on")
print(fill(explore_needs.two_thirds_say(two_thirds, links, want.planted), 88))
print("From 4 mentions on:", explore_needs.links_scored(want, drawn))

# %%
places = laddering.elements(drawn)
through = places.loc[places["centrality"].idxmax()]
title = f"Most runs through '{through['element']}' ({percent(through['centrality'], 0)} of the links)"
ax = plots.means_end_map(drawn, title=title)

# %% [markdown]
# For the business: the bottom of the map is what the factory can change, the top what an advertisement can speak of. An
# element with many ways in and out is the sentence that both understand. A thick line is often said, and not more true.

# %% [markdown]
# ## 8. Which way of marketing?
#
# The textbook sets two things against each other: how much customers differ in what they **want**, and in what they are
# **worth**. It names three ways, and its figure is lost. The fourth cell, and where the cells begin, are a
# **reconstruction** after Peppers and Rogers:
#
# | | needs alike | needs differ |
# |---|---|---|
# | **values alike** | mass marketing 大众营销: one drink for all | *target or niche: a bookshop (reconstructed)* |
# | **values differ** | frequency 频次营销: cards, clubs, key accounts | one-to-one 一对一营销: made to order |
#
# By hand: four customers brought 1, 5, 5 and 9. Their Gini index is (2 × (1 · 1 + 2 · 5 + 3 · 5 + 4 · 9) / (4 × 20)) − 5/4.
# Two want beans, two capsules; so of six pairs of customers four differ. **Before you run the next cell:** with cuts of
# 0.5, which way?

# %% tags=["nbval-check-output"]
from crmlib import needs_value

four = pd.DataFrame({"customer": list("abcd"), "what": ["beans"] * 2 + ["capsules"] * 2, "revenue": [1.0, 5, 5, 9]})
print(f"by hand: values {2 * (1 + 10 + 15 + 36) / (4 * 20) - 5 / 4:.3f}, needs {4 / 6:.3f}")
skew, diversity = needs_value.value_skew(four), needs_value.need_distance(gower(four, "what"))
print(f"crmlib:  values {skew:.3f}, needs {diversity:.3f}: {needs_value.marketing_mode(skew, diversity).name}")

# %% [markdown]
# Now the customers who told their needs, with what each brought. **Before you run the next cell:** one way for all of
# them; but what about a group by itself, whose customers want the same?

# %% tags=["nbval-check-output"]
modes = needs_value.modes(found, want.values)
print(modes.round({"value": 0, "share_of_value": 2, "skew": 2, "diversity": 2}).to_string(index=False))
by_shares = needs_value.need_diversity(found.table)
print(f"needs of all, by the shares of the groups (1 - Herfindahl): {by_shares:.2f}")

# %%
title = f"All together: {modes['mode'][0]}; in most groups: {modes['mode'][1:].mode()[0]}"
ax = plots.mode_matrix(modes, title=title)

# %% [markdown]
# For the business: groups of needs change the question. A market that calls for a dialogue with everybody, which is dear,
# may fall into a few groups that each can be served by one offer, and by more effort for those who bring more. That is
# for a company that cannot afford the dialogue.

# %% [markdown]
# ## 9. Turn the knobs
#
# Run the next cell and turn the three knobs: how many groups, and where customers begin to "differ" on each axis. (If you
# read this without a running kernel you see one position of them.)
#
# - Move the cut for needs a little to both sides. What becomes of the market as a whole?
# - Take one group only, and then eight. On which axis do the groups move, and why on that one?
# - Where must the cut for values lie before any group calls for mass marketing?

# %%
from ipywidgets import FloatSlider, IntSlider, fixed, interact

groups = IntSlider(value=found.number, min=1, max=8, continuous_update=False)
skew_cut = FloatSlider(value=0.5, min=0, max=1, step=0.05, continuous_update=False, description="values")
diversity_cut = FloatSlider(value=0.5, min=0, max=1, step=0.05, continuous_update=False, description="needs")
knobs = {"groups": groups, "skew_cut": skew_cut, "diversity_cut": diversity_cut}
_ = interact(explore_needs.modes_by_knobs, needs=fixed(want.needs), values=fixed(want.values), **knobs)

# %% [markdown]
# For the business: the name of the cell is decided by a cut that nobody measured. If it turns with a small move of a knob,
# it is no finding; say "near the border", and decide by what the ways cost.

# %% [markdown]
# ## 10. At which price?
#
# A need is a wish with the means to pay. People said what they are ready to pay for a kilo, and how many kilos a month.
# So at each price some stay, and each kilo brings the price less its cost. By hand: three people would pay 10, 20 and 30
# for one kilo each; a kilo costs 8. **Before you run the next cell:** the best single price?

# %% tags=["nbval-check-output"]
persons = pd.DataFrame({"price": [10.0, 20.0, 30.0], "how_many": 1.0})
print("by hand:", {price: (price - 8) * buyers for price, buyers in ((10, 3), (20, 2), (30, 1))})
print(needs_value.demand(persons, cost=8)[["price", "buyers", "profit", "best"]].to_string(index=False))

# %% [markdown]
# Now the real answers, with 8 a kilo for beans, roasting and the bag (*assumed*). **Before you run the next cell:** how
# much more does a price for each group bring than one for all?

# %% tags=["nbval-check-output"]
prices = explore_needs.group_prices(found.table, cost=8.0)
print(prices.best.round({"price": 2, "profit": 0}).to_string(index=False))
print(fill(explore_needs.prices_say(prices, CURRENCY), 88))

# %%
low, high = prices.best["price"][1:].min(), prices.best["price"][1:].max()
title = f"The best price of a group lies between {money(low, CURRENCY)} and {money(high, CURRENCY)}"
ax = plots.profit_by_price(prices.tables, currency=CURRENCY, title=title)

# %% [markdown]
# For the business: the same bag at two prices is soon bought at the lower one. Prices by group hold only if the *offers*
# differ, in what each group cares about and the others do not. And a stated price is talk: nobody paid it. Take the order
# of the groups from it, and the level from a test with real prices.

# %% [markdown]
# ## 11. Which offer for which group?
#
# Everything together: what each group wants, what it takes for granted, what pleases it, what to leave out. **Before you
# run the next cell:** for which group would you spend nothing on a feature that another must have?

# %% tags=["nbval-check-output"]
offers = kano.offers(by_group)
for row in modes[1:].itertuples():
    print(f"group {row.group}: {count(row.customers, 'customer')}, {percent(row.share_of_value)} of the revenue, {row.mode}")
    for one in offers[offers["group"] == int(row.group)].itertuples():
        unclear = f"{'; ' if one.features else ''}not clear: {one.unclear}" if one.unclear else ""
        print(fill(f"{one.do}: {one.features}{unclear}", 84, initial_indent="  ", subsequent_indent="    "))

# %% [markdown]
# Where does the textbook's claim fail?
#
# - It names three ways of marketing for a market. A market has no one place: as a whole and by groups it lies elsewhere.
# - It has three kinds of features, as if each had one kind. The table in section 6 says whether that held.
# - It lets you choose customers by need and value, and does not say how sure you must be. Small groups have few answers
#   and unclear letters; the least sure offers go to those of whom you know the least.
# - What customers say they want is not what they buy. An offer to half of a group, by lot, tells.

# %% [markdown]
# ## 12. What follows?
#
# One feature can be built this year. Which? Count the customers whom it would please or anger, in all groups. **Before you
# run the next cell:** the most wanted by better, or the most missed by worse?

# %% tags=["nbval-check-output"]
sizes = found.table["group"].value_counts()
shares = by_group.assign(size=by_group["group"].map(sizes) / len(found.table))
weighted = shares.assign(better=shares["better"] * shares["size"], worse=shares["worse"] * shares["size"])
totals = weighted.groupby("feature")[["better", "worse"]].sum()
print(f"pleases most: {totals['better'].idxmax()} ({percent(totals['better'].max())} of the customers)")
print(f"angers most if missing: {totals['worse'].idxmin()} ({percent(-totals['worse'].min())} of the customers)")

# %% [markdown]
# If the two differ, first stop the anger: customers leave over what is missing, and only tell others of what pleased them.
# That is a rule of thumb, and this survey cannot test it. Two more cautions: the weights take the businesses to be like
# the consumers of their group, who alone were asked; and those who answer a survey are not all customers.

# %% [markdown]
# ## Recap
#
# 1. **Distance:** words are alike or not, numbers count by their range, each question weighs the same.
# 2. **Groups:** the largest silhouette; they mean something only if shuffled answers give a smaller one.
# 3. **Kano:** a pair of answers is a category; better pleases, worse angers, R and Q are reported and left out.
# 4. **Clear or not:** test the mode, and look at groups: the mean of two camps looks like indifference.
# 5. **Ladders:** direct and indirect links, a cut-off, a map. A rule for the cut-off may cut true chains.
# 6. **Needs by values:** three ways in the source, the fourth reconstructed; the cuts decide, so move them.
# 7. **Prices:** each group has its own, if its offer differs; stated prices are talk.
# 8. **Offer:** keep the must-be, compete on the one-dimensional, please with the attractive, save the rest, and test.
#
# **Now you:** `uv run crm start needs_and_offers` puts your copy of the
# [workbook](../exercises/80_needs_and_offers.ipynb) into `work/`. It checks each answer at once.
