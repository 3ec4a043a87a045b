# %% [markdown]
# # Workbook: whom should we contact
#
# Seven questions on the campaigns of one company, from a number to a decision that you argue in words.
#
# - **Time:** 50 minutes
# - **Builds on:** the lesson [Whom should we contact](../notebooks/60_whom_to_contact.ipynb)
# - **A copy of your own:** `uv run crm start whom_to_contact` puts it into `work/`, where no update touches it
#
# How it works: put your answer in place of the three dots (`...`), run the cell, then run the check below it. A check
# names the mistake and never the answer. `check.hint("uplift")` gives hints in steps, `check.solution("uplift")` a
# solution.
#
# The next cell says which data set is read; `crm start` fills it in.

# %% tags=["parameters"] needs=["campaigns", "offers", "responses", "contacts", "customers", "orders"]
DATA = "lighthouse"  # a name in datasets/, or a path to a folder with a datapackage.json
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "€"
OPTIONS = {}  # column names and formats; data sets with campaigns need none

# %%
from textwrap import fill

from crmlib import uplift
from crmlib.explore_uplift import campaign_tables, known_before
from crmlib.wording import count, money, percent
from crmlib.workbook import workbook

tables = campaign_tables(DATA, as_of=AS_OF)
if tables.said:  # it cannot carry the questions
    print(fill(f"{tables.said} lighthouse is read.", 88))
    DATA, AS_OF, CURRENCY, OPTIONS = "lighthouse", "", "€", {}
tx, customers, check = workbook("whom_to_contact", data=DATA, as_of=AS_OF, currency=CURRENCY, **OPTIONS)
as_of = AS_OF or f"{tx['date'].max():%Y-%m-%d}"

# %% [markdown]
# `campaigns`, `offers`, `responses` and `contacts` are the tables up to `as_of`. `listed` has one row a customer and
# campaign: `contacted`, `responded`, `orders` and `margin` in the window, and what was known the day before: `buyer`
# (orders in 180 days), `pressure` (our contacts in 91 days) and `price` ("first": looks at the price first).

# %% tags=["nbval-check-output"]
tables = campaign_tables(DATA, as_of=as_of)
campaigns, offers, responses, contacts = tables.campaigns, tables.offers, tables.responses, tables.contacts
outcomes = uplift.outcomes(offers, responses)
listed = known_before(tables, outcomes)
last = campaigns[campaigns["chosen"] == "at random"].iloc[-1]
test = listed[listed["campaign"] == last["campaign"]]
print(f"last campaign by lot: {last['campaign']}, {last['name']}, {last['date']:%Y-%m-%d}; {count(len(test), 'customer')} listed")
print(test[["customer", "contacted", "responded", "margin", "buyer"]].head(3).to_string(index=False))

# %% [markdown]
# ## 1. What did it change?
#
# `test` has the customers of the **last campaign by lot**. By how much did the contact raise the share of customers who
# order in the window? **Answer:** a difference of two shares, such as 0.025.

# %% tags=["answer"] question="uplift"
change = ...
# ---- solution
rates = test.groupby("contacted")["responded"].mean()
change = rates[True] - rates[False]
effect = uplift.effects(test, campaigns).iloc[0]
low, high = effect["uplift_low"], effect["uplift_high"]
print(f"{percent(rates[True])} of those contacted ordered, {percent(rates[False])} of those held back.")
print(f"The contact changed {100 * change:+.1f} points, from {100 * low:+.1f} to {100 * high:+.1f} with 95 %.")

# %% tags=["nbval-check-output"]
check("uplift", change)

# %% [markdown]
# ## 2. What did it bring?
#
# What profit did this campaign bring, that without it would not have been there? Take the margin of the orders in the
# window and the contact cost in `campaigns`. **Answer:** an amount of money, below zero if it lost.

# %% tags=["answer"] question="profit"
profit = ...
# ---- solution
means = test.groupby("contacted")["margin"].mean()
n = test["contacted"].sum()
profit = n * (means[True] - means[False]) - n * last["contact_cost"]
print(f"{money(means[True] - means[False], CURRENCY)} more margin for each of {count(n, 'customer')} contacted, less the cost:")
print(f"{money(profit, CURRENCY, 0)}, from {money(effect['profit_low'], CURRENCY, 0)} to {money(effect['profit_high'], CURRENCY, 0)}.")

# %% tags=["nbval-check-output"]
check("profit", profit)

# %% [markdown]
# ## 3. How much of it was there before?
#
# `chosen` has the customers of the **last campaign by marketing**. Take the difference in the share who order, contacted
# less not contacted. Then compare like with like: within each class of `buyer`, and average the differences as **the
# contacted** lie in the classes. How much of the whole difference goes away? **Answer:** a difference of shares, such as
# 0.05.

# %% tags=["nbval-check-output"]
by_marketing = campaigns[campaigns["chosen"] == "by marketing"]
chosen = listed[listed["campaign"].isin(by_marketing["campaign"].tail(1))]
print(chosen.groupby("buyer")["contacted"].agg(["size", "mean"]).round(2).to_string())

# %% tags=["answer"] question="selection"
went_away = ...
# ---- solution
rates = chosen.groupby(["buyer", "contacted"])["responded"].mean().unstack()
weight = chosen[chosen["contacted"]]["buyer"].value_counts()
within = ((rates[True] - rates[False]) * weight).sum() / weight.sum()
whole = chosen[chosen["contacted"]]["responded"].mean() - chosen[~chosen["contacted"]]["responded"].mean()
went_away = whole - within
print(f"Whole difference {100 * whole:.1f} points, {100 * within:.1f} among customers alike: {100 * went_away:.1f} were selection.")
print("What the classes do not show is still in the rest.")

# %% tags=["nbval-check-output"]
check("selection", went_away)

# %% [markdown]
# ## 4. Where does a contact pay?
#
# Take **all campaigns by lot** together (`lots`), and make cells of `price` and `pressure`. The next contact costs `cost`,
# and a customer who orders leaves `sale`. In some cells the contact changed more than break-even. How many customers of
# `lots` are in these cells, contacted or not? **Answer:** a number of rows of `lots`.

# %% tags=["nbval-check-output"]
lots = listed[listed["campaign"].isin(campaigns["campaign"][campaigns["chosen"] == "at random"])]
cost, sale = campaigns["contact_cost"].median(), lots["margin"][lots["responded"]].mean()
print(f"{count(len(lots), 'row')}; cost {money(cost, CURRENCY)}, sale {money(sale, CURRENCY)}: break-even {percent(cost / sale)}")

# %% tags=["answer"] question="paying"
paying = ...
# ---- solution
cells = uplift.by_segment(lots, ["price", "pressure"])
good = cells[cells["uplift"] > cost / sale]
paying = (good["contacted"] + good["held_back"]).sum()
print(good[["price", "pressure", "contacted", "held_back", "uplift", "shrunk"]].round(3).to_string(index=False))
print(f"{count(paying, 'customer')} of {len(lots):,}. The uplift of a small cell is partly luck: look at `shrunk` as well.")

# %% tags=["nbval-check-output"]
check("paying", paying)

# %% [markdown]
# ## 5. How large must the next test be?
#
# The next test shall notice a rise of **two points of a hundred** over the rate of those held back in `test`, with a chance
# of 80 %, at 95 % confidence, in either direction, with half the list held back. How many customers must be on the list?
# **Answer:** a number of customers, both groups together.

# %% tags=["answer"] question="test_size"
size = ...
# ---- solution
from crmlib.two_rates import sample_size

held_back = test["responded"][~test["contacted"]].mean()
size = sample_size(held_back, 0.02)
print(f"{count(size, 'customer')}; the last test listed {count(len(test), 'customer')}.")

# %% tags=["nbval-check-output"]
check("test_size", size)

# %% [markdown]
# ## 6. Who hears from two of us in one week?
#
# How many customers were contacted by **two or more departments in the same week** (Monday to Sunday), at least once?
# Only contacts from the company to the customer count, `direction` "out". **Answer:** a number of customers.

# %% tags=["answer"] question="collisions"
customers_twice = ...
# ---- solution
from crmlib import contact_pressure

weeks = contact_pressure.collisions(contacts)
customers_twice = weeks["customer"].nunique()
print(f"{count(customers_twice, 'customer')} in {count(len(weeks), 'week')}. By pairs of departments:")
print(contact_pressure.colliding(contacts).to_string(index=False))

# %% tags=["nbval-check-output"]
check("collisions", customers_twice)

# %% [markdown]
# ## 7. Who gets the next offer?
#
# Four rules, each measured on customers from whom its score was not learnt:

# %% tags=["nbval-check-output"]
import numpy as np

from crmlib import uplift_scores

scored = uplift_scores.cross_fit(lots, ["price", "pressure"], rng=np.random.default_rng(1))
scored["everybody"], scored["best customers"] = True, scored["buyer"] == "two or more"
scored["by score"] = scored["score"] > cost / sale
scored["not pressed"] = scored["pressure"] != "two or more"
rules = ["everybody", "best customers", "by score", "not pressed"]
policies = uplift_scores.policies(scored, rules, contact_cost=cost, profit_per_sale=sale)
print(policies[["rule", "share", "uplift", "profit", "profit_low", "profit_high"]].round(3).to_string(index=False))

# %% [markdown]
# Which rule do you take for the next campaign, whom do you hold back, and how will you know if you were right? Argue your
# decision in at least 40 words: name a number from the table, say what it does not contain, and what would change your
# mind. **Answer:** a text in quotes; use three quotes for several lines.

# %% tags=["answer"] question="decision"
decision = ...
# ---- solution
best = policies.loc[policies["profit"].idxmax()]
take = f"I take the rule '{best['rule']}'" if best["profit"] > 0 else f"I contact nobody; best would be '{best['rule']}'"
decision = f"""
{take}: it brings {money(best["profit"], CURRENCY)} for each customer on the list, from
{money(best["profit_low"], CURRENCY)} to {money(best["profit_high"], CURRENCY)}. If that interval holds zero I say so: the
rule is the best guess, and no proof. The figure ends with the window; customers whom one letter too many drove away for
good are not in it, so I leave out those with two or more contacts in the quarter before, whatever their score. I hold
back a third by lot, and contact some of the others by lot too, because otherwise nobody will ever know if the rule has
become wrong. If those held back order as much as those contacted, or more in the half year after, I stop."""
print(fill(" ".join(decision.split()), 88))

# %% tags=["nbval-check-output"]
check("decision", decision)

# %% [markdown]
# ## Where you stand

# %%
print(check.progress())

# %% [markdown]
# Next: ask who chose the customers the next time somebody shows you a response rate.
