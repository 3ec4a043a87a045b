# %% [markdown]
# # Whom should we contact
#
# **After this lesson you can**
#
# 1. plan an interaction in five steps: audience, goal, content, channel and frequency, evaluation;
# 2. tell what a customer does from what a contact changes, and name the four kinds of customers;
# 3. check whether two groups were alike before, and read what a campaign by lot changed, with its interval;
# 4. show why a comparison of contacted with not contacted customers misleads, and how much of it is selection;
# 5. say what a contact must change to pay, and how many customers a test needs to see it;
# 6. count contacts across departments, find collisions, and test whether more contact sells more;
# 7. score customers by what a contact changes, and judge the score on customers it was not learnt from;
# 8. decide who gets the next offer, by its measured profit.
#
# - **Time:** 80 minutes
# - **Builds on:** [RFM and the pyramid](33_rfm.ipynb): response by cell, break-even, intervals of small cells
# - **Workbook:** [seven questions](../exercises/60_whom_to_contact.ipynb); `uv run crm start whom_to_contact` makes you a
#   copy
#
# Where it says **before you run the next cell**, write your guess down first.

# %% tags=["parameters"]
DATA = "lighthouse"  # a name in datasets/, or a path to a folder with a datapackage.json
AS_OF = ""  # YYYY-MM-DD; empty: the day of the last order
CURRENCY = "€"
OPTIONS = {}  # column names and formats; data sets with campaigns need none

# %% [markdown]
# ## 1. Five steps
#
# An interaction (互动) is planned before it is sent. The textbook has five steps:
#
# | step | the question | in this lesson |
# |---|---|---|
# | 1 audience | whom? | the customers on the list of a campaign |
# | 2 goal | what shall change, and by when? | orders within the window of the campaign |
# | 3 content | what do we say? | an offer |
# | 4 channel and frequency | by what way, and how often? | e-mail, letter, telephone; contacts in the weeks before |
# | 5 evaluation | did it change what it should? | those contacted against those held back |
#
# A goal is **specific**, **attainable**, has a **date**, and there may be **more than one**: "sell more" is none; "three
# more orders for each hundred customers written to, within four weeks, and nobody written to more than twice" is. Look at
# steps 1 and 5: what you can learn in step 5 is decided in step 1, by **who is held back, and how they are chosen**.

# %% [markdown]
# ## 2. By hand, on eight customers
#
# Suppose we could look into eight customers and see both lives: do they buy without the offer, and with it? Nobody can;
# each customer lives one of the two. But suppose.

# %%
import pandas as pd

eight = pd.DataFrame({"customer": list("ABCDEFGH")})
eight["without"] = [1, 1, 0, 0, 0, 0, 0, 1]
eight["with_offer"] = [1, 1, 1, 1, 1, 0, 0, 0]
eight["uplift"] = eight["with_offer"] - eight["without"]
eight

# %% [markdown]
# The change that the contact makes is called **uplift**. It sorts customers into four kinds:
#
# | | buys with the offer | does not buy with it |
# |---|---|---|
# | **does not buy without it** | persuadable: C, D, E | lost cause: F, G |
# | **buys without it** | sure thing: A, B | sleeping dog: H |
#
# Only the persuadable are worth the stamp. A sure thing would have paid the full price. A sleeping dog buys as long as
# nobody wakes it: a further letter is the one too many.
#
# Marketing may contact four. It takes A, B and H, who always buy, and C. **Before you run the next cell:** what share of
# the contacted buys, what share of the others, and what did the contact really change in those four?

# %% tags=["nbval-check-output"]
chosen = eight["customer"].isin(["A", "B", "C", "H"])
contacted, others = eight["with_offer"][chosen].mean(), eight["without"][~chosen].mean()
print(f"contacted: {contacted:.2f} buy; not contacted: {others:.2f}; difference {contacted - others:+.2f}")
print(f"what the contact changed in the four: {eight['uplift'][chosen].mean():+.2f}")
print(f"what it would change in all eight:    {eight['uplift'].mean():+.2f}")

# %% [markdown]
# It looks like the campaign of the year, and it changed nothing: one customer won, one driven away. The whole difference
# is **selection** (选择偏差): those chosen would have bought anyway.
#
# Now let lots decide which four. There are 70 ways to draw four of eight. **Before you run the next cell:** what is the
# difference on average over all of them?

# %% tags=["nbval-check-output"]
from crmlib.explore_uplift import all_draws

draws = all_draws(eight["without"], eight["with_offer"], 4)
print(f"{len(draws)} draws: mean {draws.mean():+.2f}, from {draws.min():+.2f} to {draws.max():+.2f}")

# %% [markdown]
# On average exactly the uplift of all eight. A single draw of eight can be far off, in both directions; with thousands of
# customers it cannot, and the interval says how far. That is all the magic of a test by lot (随机试验): **on average the
# two groups differ in nothing but the contact**.
#
# Does crmlib give the same for marketing's choice?

# %% tags=["nbval-check-output"]
from crmlib import uplift

seen = pd.DataFrame({"campaign": "hand", "customer": eight["customer"], "contacted": chosen})
seen["responded"] = eight["with_offer"].where(chosen, eight["without"]) == 1
seen["orders"], seen["margin"] = seen["responded"].astype(int), 10.0 * seen["responded"]
plan = pd.DataFrame({"campaign": ["hand"], "chosen": ["by marketing"], "contact_cost": [1.0]})
print(uplift.naive(seen, plan)[["by_lot", "rate_contacted", "rate_held_back", "difference"]].to_string(index=False))

# %% [markdown]
# It calls it a *difference*, and never the effect; asked for the effect, it refuses:

# %% tags=["nbval-check-output"]
from textwrap import fill

try:
    uplift.effects(seen, plan)
except ValueError as error:
    print(fill(str(error), 88))

# %% [markdown]
# ## 3. The campaigns of a company
#
# Now real lists. `campaigns` says how those who got an offer were chosen, `offers` who was on the list and who of them was
# contacted, `responses` which orders they placed in the window, **contacted or not**.

# %% tags=["nbval-check-output"]
from crmlib.explore_uplift import campaign_tables

tables = campaign_tables(DATA, as_of=AS_OF)
if tables.said:
    print(fill(f"{tables.said} From here on lighthouse is read.", 88))
    DATA, CURRENCY = "lighthouse", "€"
    tables = campaign_tables(DATA)
campaigns = tables.campaigns
print(f"campaigns that ended by {tables.as_of}:")
print(campaigns.drop(columns="window").to_string(index=False))

# %% [markdown]
# "At random" means that lots decided, among all on the list. "By marketing" means that somebody chose. One row a customer
# and campaign, with what happened and what was known of the customer the day before:

# %% tags=["nbval-check-output"]
from crmlib.explore_uplift import known_before

outcomes = uplift.outcomes(tables.offers, tables.responses)
listed = known_before(tables, outcomes)
by_lot = listed["campaign"].isin(campaigns["campaign"][campaigns["chosen"] == uplift.BY_LOT])
lots = listed[by_lot].reset_index(drop=True)
print(f"{len(listed):,} customers on the lists, {len(lots):,} of them in campaigns by lot")
print(listed[["customer", "contacted", "responded", "margin", "price", "buyer", "pressure"]].head(3).to_string(index=False))

# %% [markdown]
# `price` says whether the customer looks at the price first, `buyer` counts the orders in the 180 days before, `pressure`
# our own contacts in the 91 days before. All of it was known **before** the campaign. What happens after it must not
# describe the customer: it may be an effect.

# %% [markdown]
# ## 4. Were the two groups alike?
#
# **Before you run the next cell:** by how much do the contacted differ from the held back in orders lately, in the
# campaigns by lot and in those by marketing?

# %% tags=["nbval-check-output"]
known = ["orders_lately", "days_since_last", "contacts_before"]
for name, part in (("by lot", listed[by_lot]), ("by marketing", listed[~by_lot])):
    if len(part):
        found = uplift.balance(part, known)[["column", "contacted", "held_back", "difference", "alike"]]
        print(f"{name}\n{found.round(2).to_string(index=False)}")

# %% [markdown]
# `difference` is in standard deviations; below 0.1, or within what lots do one time in twenty, it counts as alike. Lots
# make the groups alike in what we look at, *and in everything that nobody has written down*. No other way of choosing
# does that.

# %% [markdown]
# ## 5. What the contact changed
#
# **Before you run the next cell:** which looks better, campaigns by lot or by marketing?

# %% tags=["nbval-check-output"]
naive = uplift.naive(outcomes, campaigns)
columns = ["campaign", "by_lot", "rate_contacted", "rate_held_back", "difference", "low", "high"]
print(naive[columns].round(3).to_string(index=False))

# %%
from crmlib import plots

named = naive.merge(campaigns[["campaign", "name"]]).assign(chosen=~naive["by_lot"])
title = "What somebody chose (hollow) is no effect of the contact; what lots drew (full) is"
ax = plots.uplift_intervals(named, label="name", uplift="difference", low="low", high="high", hollow="chosen", title=title)

# %% [markdown]
# For the business: who judges campaigns by the response of those contacted will always praise the list of the best
# customers, and never learn what the letter did. The interval of a hollow point may be narrow. It is the interval of an
# answer to another question.
#
# Only the campaigns by lot have an effect. **Before you run the next cell:** and what did it bring, the cost of the contacts taken off?

# %% tags=["nbval-check-output"]
effects = uplift.effects(lots, campaigns)
shown = ["campaign", "uplift", "uplift_low", "uplift_high", "more_responses", "cost", "profit", "profit_low", "profit_high"]
print(effects[shown].round(3).to_string(index=False))

# %% [markdown]
# `more_responses` are the customers who ordered **because of** the contact. Mind how wide the interval of the profit is
# beside that of the uplift: orders differ in their size, and a few large ones weigh a lot. That a profit's interval holds
# zero does not say that there was none; it says that this test cannot tell.

# %% [markdown]
# ## 6. Where the naive comparison goes wrong
#
# In the campaigns by marketing, compare only customers who are like one another: as many orders lately, bought as long
# ago. What is left is `within`; the rest of the difference is `selection`. **Before you run the next cell:** how much of
# it goes away: little, half, or all?

# %% tags=["nbval-check-output"]
if by_lot.all():
    print("All campaigns of this data drew lots, so nobody's choice is to be taken apart.")
else:
    split = uplift.selection(listed[~by_lot], by=["buyer", "bought"])
    print(split.round(3).to_string(index=False))

# %% [markdown]
# Selection on what we can see. What marketing saw and we did not, the customer's mood at the counter, is still in
# `within`. How much? Where the truth is known, we can look. **Before you run the next cell:** is `within` near the truth?

# %% tags=["nbval-check-output"]
from crmlib.explore_uplift import truth_of

planted = truth_of(listed, DATA)
if planted is None:
    print("No truth lies beside this data; nobody knows the selection but from a test by lot.")
else:
    truth = planted[planted["contacted"]].groupby("campaign")["uplift"].mean().rename("planted effect on them")
    print(naive.set_index("campaign")[["by_lot", "difference"]].join(truth).round(3).to_string())

# %% [markdown]
# And the oldest claim of all: *the best customers respond best, so write to them*. It has two readings.

# %% tags=["nbval-check-output"]
from crmlib.explore_uplift import best_respond_says

print(fill(best_respond_says(lots), 88))

# %%
from crmlib.explore_uplift import segments_title

segments = uplift.by_segment(lots, "buyer")
title = segments_title(segments, "buyer", "The offer changed", "orders lately")
ax = plots.uplift_intervals(segments, label="buyer", title=title)

# %% [markdown]
# For the business: a list sorted by past purchases is sorted by who buys anyway. It finds responses, and responses are
# not what the stamp is paid for.

# %% [markdown]
# ## 7. What must a contact change, and can a test see it?
#
# A contact pays when the share of customers whom it makes buy is above **break-even**: cost per contact over what a sale
# leaves. You know the formula from RFM; there it was held against the *response*. Held against the **uplift** it is right.

# %% tags=["nbval-check-output"]
from crmlib.response import Offer

cost = float(campaigns["contact_cost"].median())
buyers = lots[lots["responded"]]
offer = Offer(cost_per_contact=cost, profit_per_sale=round(float(buyers["margin"].mean()), 2))
rate = lots["responded"][~lots["contacted"]].mean()
print(f"a contact costs {cost:.2f}, a customer who orders leaves {offer.profit_per_sale:.2f}")
print(f"break-even {offer.break_even:.3f}: as many of those contacted must order who would not")

# %% [markdown]
# How many customers need to be on the list of a test, half of them held back, to notice such a change with a chance of
# 80 %? **Before you run the next cell:** hundreds, or thousands? And if only one in ten is held back?

# %% tags=["nbval-check-output"]
from crmlib.two_rates import power, sample_size

largest = int((effects["contacted"] + effects["held_back"]).max())
print(f"the largest test here listed {largest:,}")
for part in (1, 2, 4):
    change = offer.break_even / part
    half, tenth = (sample_size(rate, change, contacted=share) for share in (0.5, 0.9))
    print(f"to see {change:.3f}: {half:,} if half are held back, {tenth:,} if one in ten is; "
          f"with {largest:,} the chance is {power(largest, rate, change):.2f}")  # fmt: skip

# %% [markdown]
# Half the change needs about four times the customers. Holding back few people looks cheap, and the price is paid in customers.
# Plan it before: a test that could not have seen the effect says nothing when it sees none.

# %% [markdown]
# ## 8. Too much contact
#
# Sales calls, marketing writes, service asks how it was. Each department counts its own. The customer gets them all.
# First what the channels cost and whom they reach, all departments together. **Before you run the next cell:** which
# channel costs most for each customer reached, and is that the one with the dearest contact?

# %% tags=["nbval-check-output"]
from crmlib import contact_pressure

scores = contact_pressure.channels(tables.contacts, tables.customers)
print(scores.round(2).to_string(index=False))

# %% [markdown]
# Cost is not all: a visit can listen, a letter cannot. **Before you run the next cell:** how often do two departments
# contact the same customer in the same week?

# %% tags=["nbval-check-output"]
weeks = contact_pressure.by_week(tables.contacts)
both = contact_pressure.collisions(tables.contacts)
over = contact_pressure.over_contacted(tables.contacts)
print(f"{len(weeks):,} weeks with a contact; {len(both):,} with two or more departments, {both['customer'].nunique():,} customers")
print(f"{over['over'].sum():,} of {len(over):,} customers had a week with more than {contact_pressure.MOST} contacts")
print(contact_pressure.colliding(tables.contacts).to_string(index=False))

# %% [markdown]
# Is that too much? No count of contacts can say so; only the customers can. The campaigns by lot asked them.
# **Before you run the next cell:** we contacted some twice or more in the quarter before. Does the offer sell more to
# them, less, or does it keep them away?

# %% tags=["nbval-check-output"]
from crmlib.explore_uplift import later_orders, more_contact_says

pressed = uplift.by_segment(lots, "pressure")
shown = ["pressure", "contacted", "held_back", "uplift", "all_low", "all_high", "verdict"]
print(pressed[shown].round(3).to_string(index=False))
print(fill(more_contact_says(pressed), 88))

# %% [markdown]
# We look at three groups, so three chances to be fooled: `all_low` to `all_high` is wide enough that *all three* intervals
# hold with 95 %. And the window is short. Someone who is annoyed does not buy less for four weeks; they are gone. What did
# the same customers order **after** the window, up to the end of the data?

# %% tags=["nbval-check-output"]
lots = later_orders(tables, lots)
after = uplift.by_segment(lots.assign(responded=lots["later"] > 0), "pressure")
print(after[shown].round(3).to_string(index=False))
print(fill(more_contact_says(after, what="after the window"), 88))

# %%
title = segments_title(after, "pressure", "After the window:", "contacts before")
ax = plots.uplift_intervals(after, label="pressure", low="all_low", high="all_high", title=title)

# %% [markdown]
# For the business: the window of a campaign is chosen by who runs the campaign, and it ends before the damage begins. Look
# at the same two groups again later; it costs nothing, the lots are already drawn. And put a **cap** on contacts that
# holds for all departments together, because a department alone may never cross it.

# %% [markdown]
# Does a textbook's claim hold? That depends on the company, and not on the textbook. Lighthouse Coffee is made by a
# program, so we can make it once more, from the same seed, in a world where contact drives **nobody** away.
# **Before you run the next cell:** what will the same test say there of those with two or more contacts before? And what
# would you think of the test if it said "keeps away" there as well?

# %% tags=["nbval-check-output"]
from crmlib.company import make
from crmlib.company.parameters import load
from crmlib.explore_uplift import pressed_later

world = load()
world["claims"]["contact_drives_some_away"] = 0.0
elsewhere = pressed_later(make(world, raw=False))
for name, found in (("in this data", after), ("where contact drives nobody away", elsewhere)):
    print(f"{name}\n{found[shown].round(3).to_string(index=False)}")
    print(fill(more_contact_says(found, what="after the window"), 88))

# %% [markdown]
# One test, two worlds. A test that can only say one thing finds nothing out; so try yours where you know the answer. And
# "cannot be told" is not "contact does no harm": a small harm hides in a wide interval.

# %% [markdown]
# ## 9. A score of what a contact changes
#
# Two things may matter: whether somebody looks at the price first, and our own pressure. Make cells of the two, and
# give each customer the uplift of their cell, **drawn towards the mean** the more the smaller the cell is. Small cells
# differ by luck, and the best of many cells is mostly the luckiest. **Before you run the next cell:** which cell gains
# most?

# %% tags=["nbval-check-output"]
cells = uplift.by_segment(lots, ["price", "pressure"])
print(cells[["price", "pressure", "contacted", "held_back", "uplift", "shrunk"]].round(3).to_string(index=False))

# %% [markdown]
# A score must not be judged by the customers it was learnt from: each cell's luck would count as skill. So `cross_fit`
# learns on one half, drawn by lot, and scores the other, and the other way round. And whom not to disturb, the orders
# *after* the window have told: flagged is everybody in a group of pressure that the contact kept away for sure. A flag
# needs more than a score below zero, which half of all cells without any effect have.

# %% tags=["nbval-check-output"]
import numpy as np

from crmlib import uplift_scores

scored = uplift_scores.cross_fit(lots, ["price", "pressure"], rng=np.random.default_rng(1))
scored["flagged"] = scored["pressure"].isin(after["pressure"][after["verdict"] == "keeps away"])
print(f"{scored['flagged'].sum():,} of {len(scored):,} flagged; {(scored['score'] < 0).sum():,} have a score below 0")

# %% [markdown]
# **Before you run the next cell:** contact the best scores first, and draw the responses gained by the share contacted. A
# score that knows nothing runs along the dashed line. How does one run that knows something?

# %%
curve = uplift_scores.uplift_curve(scored)
best = curve.loc[curve["gain"].idxmax()]
title = f"{best['share']:.0%} contacted gain {100 * best['gain']:.1f} more responses per 100, all {100 * curve['gain'].iloc[-1]:.1f}"
ax = plots.uplift_by_share(curve, title=title.replace("%", " %"))

# %% [markdown]
# For the business: the curve is steep where the contact changes much, flat where it changes nothing, and it **falls**
# where it keeps customers away. The area between curve and dashed line is what the score is worth; the interval says
# whether it is worth anything.

# %% tags=["nbval-check-output"]
area = uplift_scores.area(scored, rng=np.random.default_rng(1))
verdict = "more than lots" if area.low > 0 else "not surely more than lots"
print(f"area {100 * area.value:.2f} responses per 100 listed ({100 * area.low:.2f} to {100 * area.high:.2f}): {verdict}")
away = uplift_scores.kept_away(scored).iloc[0]
if away["contacted"] and away["held_back"]:
    print(f"{away['customers']:,} with a score below 0, measured on their own half: {100 * away['uplift']:+.1f} points "
          f"({100 * away['uplift_low']:+.1f} to {100 * away['uplift_high']:+.1f})")  # fmt: skip

# %% [markdown]
# In real life it ends here. Where the truth was planted we can also ask how near the scores come to it.

# %% tags=["nbval-check-output"]
from crmlib.explore_uplift import truth_says

print(fill(truth_says(scored, DATA), 88))

# %% [markdown]
# "Flagged" is not "sleeping dog": a cell holds customers of several kinds, and nobody sees the kind of one customer. A
# score is a statement on a group.

# %% [markdown]
# ## 10. Turn the knobs
#
# Run the next cell and turn the three knobs. (If you read this without a running kernel you see one position of them.)
#
# - Set the cost to that of an e-mail, then to that of a call. How does the best share move?
# - Put the share to 1: everybody. At which cost does that lose money?
# - Where does the curve lie above the dashed line by most? What is a score worth when contact is nearly free?

# %%
from ipywidgets import FloatSlider, fixed, interact

from crmlib.explore_uplift import profit_by_share

share = FloatSlider(value=0.5, min=0, max=1, step=0.05, continuous_update=False)
contact_cost = FloatSlider(value=cost, min=0.1, max=10, step=0.1, continuous_update=False)
profit_per_sale = FloatSlider(value=offer.profit_per_sale, min=1, max=80, step=1, continuous_update=False)
knobs = {"share": share, "contact_cost": contact_cost, "profit_per_sale": profit_per_sale}
_ = interact(profit_by_share, scored=fixed(scored), **knobs, currency=fixed(CURRENCY))

# %% [markdown]
# For the business: a cheap contact is worth sending to nearly everybody, and that is how everybody comes to send it to
# everybody. What it costs in customers driven away is not in the price of the stamp.

# %% [markdown]
# ## 11. Who gets the next offer?
#
# Four rules: everybody; the best customers (two orders or more lately); everybody who is not flagged; and those whose
# score is above break-even, measured on customers whom it was not learnt from. **Before you run the next cell:** which
# brings most for each customer on the list?

# %% tags=["nbval-check-output"]
scored["everybody"], scored["best customers"] = True, scored["buyer"] == "two or more"
scored["by score"] = scored["score"] > offer.break_even
scored["not flagged"] = ~scored["flagged"]
rules = ["everybody", "best customers", "not flagged", "by score"]
terms = {"contact_cost": cost, "profit_per_sale": offer.profit_per_sale}
policies = uplift_scores.policies(scored, rules, **terms)
print(policies.drop(columns=["gain", "cost"]).round(3).to_string(index=False))

# %%
first = policies.loc[policies["profit"].idxmax(), "rule"]
ax = plots.profit_intervals(policies, currency=CURRENCY, title=f"Most for a customer on the list: {first}")

# %% [markdown]
# For the business: the decision is a rule, its measured profit, and how sure it is. Where the intervals of two rules
# overlap, take the one that disturbs fewer customers, because what it saves beyond the window is not in this figure.
# And **hold some back by lot in the next campaign too**, also among those whom the rule leaves out, or this was the last
# time that anybody could learn something.

# %% [markdown]
# ## Recap
#
# 1. **Five steps:** audience, goal, content, channel and frequency, evaluation. What can be learnt in the last is decided
#    in the first.
# 2. **Uplift** is the change a contact makes: persuadable, sure thing, lost cause, sleeping dog.
# 3. **Lots** make two groups alike in everything but the contact; then the difference is the effect, with an interval.
# 4. **The naive comparison** praises whoever buys anyway. Comparing like with like takes off the selection we can see.
# 5. **Break-even** is held against the uplift, not the response; half the change needs about four times the customers.
# 6. **Pressure** is the sum over departments. Whether it is too much, lots tell, and often only after the window.
# 7. **A score** gives the cell's uplift, drawn towards the mean, and is judged on customers it was not learnt from.
# 8. **The decision** is the rule with the best measured profit; some are held back by lot, again.
#
# **Now you:** `uv run crm start whom_to_contact` puts your copy of the [workbook](../exercises/60_whom_to_contact.ipynb)
# into `work/`. It checks each answer at once.
