# %% [markdown]
# # Workbook: which needs, which offer
#
# Nine questions on what the customers of one company want, from a pair of answers to an offer that you argue in words.
#
# - **Time:** 60 minutes
# - **Builds on:** the lesson [Which needs, which offer](../notebooks/80_needs_and_offers.ipynb)
# - **A copy of your own:** `uv run crm start needs_and_offers` puts it into `work/`, where no update touches it
#
# How it works: put your answer in place of the three dots (`...`), run the cell, then run the check below it. A check
# names the mistake and never the answer. `check.hint("pairs")` gives hints in steps, `check.solution("pairs")` a
# solution.
#
# The next cell says which data set is read; `crm start` fills it in.

# %% tags=["parameters"] needs=["kano", "needs", "laddering"]
DATA = "lighthouse"  # a name in datasets/, or a path to a folder with a datapackage.json
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "€"
OPTIONS = {}  # column names and formats; data sets with needs require none

# %% tags=["nbval-check-output"]
from textwrap import fill

from crmlib.explore_needs import wanted
from crmlib.wording import count, money, percent
from crmlib.workbook import workbook

want = wanted(DATA, as_of=AS_OF, currency=CURRENCY, **OPTIONS)
if want.said:  # it cannot carry the questions
    print(fill(want.said, 88))
    DATA, AS_OF, CURRENCY, OPTIONS = want.data, "", want.currency, {}
tx, customers, check = workbook("needs_and_offers", data=DATA, as_of=AS_OF, currency=CURRENCY, **OPTIONS)
answers, needs, ladders, worth = want.kano, want.needs, want.laddering, want.values
print(f"The log is read up to {want.as_of}.")

# %% [markdown]
# `answers` has the Kano answers, `needs` the eight need features, `ladders` the interviews, and `worth` what each customer
# brought, refunds taken off. Where a question speaks of a **reason**, it is the answer to `why`, and `reason` is the most
# frequent one.

# %% tags=["nbval-check-output"]
feature = answers["feature"].min()
counts = needs["why"].value_counts()
reason = min(counts.index[counts == counts.max()])
print(f"{count(answers['customer'].nunique(), 'customer')} with Kano answers, {count(len(needs), 'customer')} with needs")
print(f"feature: {feature}; reason: {reason}")
print(answers[answers["feature"] == feature].head(3).to_string(index=False))

# %% [markdown]
# ## 1. Two answers, one category
#
# Which category has each customer for `feature`: M, O, A, I, R or Q? **Answer:** a Series of letters indexed by customer,
# or a table with the columns `customer` and `category`.

# %% tags=["answer"] question="pairs"
pairs = ...
# ---- solution
from crmlib import kano

classified = kano.classify(answers)
pairs = classified[classified["feature"] == feature]
print(pairs["category"].value_counts().to_dict())

# %% tags=["nbval-check-output"]
check("pairs", pairs)

# %% [markdown]
# ## 2. Whom does it please?
#
# Over all customers: what is **better** of `feature`, the share whom it pleases if it is there? **Answer:** a share
# between 0 and 1; do not round it.

# %% tags=["answer"] question="better"
better = ...
# ---- solution
together = kano.categories(classified).set_index("feature")
better = together.loc[feature, "better"]
print(f"better {better:.3f}, worse {together.loc[feature, 'worse']:.3f}; R and Q: {percent(together.loc[feature, 'left_out'])}")
print("R and Q are in no denominator, so say how many there were.")

# %% tags=["nbval-check-output"]
check("better", better)

# %% [markdown]
# ## 3. The opinion of nobody in particular
#
# Take the customers who gave `reason` and have Kano answers. For how many features is **their** most frequent category
# another one than that of **all** customers with a reason? A tie goes to the first of M, O, A, I, R, Q. **Answer:** a
# number of features.

# %% tags=["answer"] question="differ"
differ = ...
# ---- solution
told = classified.merge(needs[["customer", "why"]], on="customer")
theirs = kano.categories(told[told["why"] == reason]).set_index("feature")["category"]
everybody = kano.categories(told).set_index("feature")["category"]
differ = (theirs != everybody.loc[theirs.index]).sum()
print(f"{differ} of {len(theirs)}: {', '.join(theirs.index[theirs != everybody.loc[theirs.index]])}")

# %% tags=["nbval-check-output"]
check("differ", differ)

# %% [markdown]
# ## 4. How far apart?
#
# What is **Gower's distance** of the first two customers in `needs`, over all eight need features? **Answer:** a number
# between 0 and 1; do not round it.

# %% tags=["nbval-check-output"]
print(needs.head(2).T.to_string(header=False))

# %% tags=["answer"] question="distance"
distance = ...
# ---- solution
from crmlib.need_groups import gower

distance = gower(needs)[0, 1]
print(f"{distance:.3f}: the mean of five answers in words and three numbers over their ranges")

# %% tags=["nbval-check-output"]
check("distance", distance)

# %% [markdown]
# ## 5. How different are they?
#
# Take the reasons for groups: how diverse are needs, by **1 less the sum of the squared shares**? **Answer:** a share
# between 0 and 1; do not round it.

# %% tags=["answer"] question="diversity"
diversity = ...
# ---- solution
from crmlib import needs_value

diversity = needs_value.need_diversity(needs, by="why")
print(f"{diversity:.3f} with {needs['why'].nunique()} reasons; it cannot pass {1 - 1 / needs['why'].nunique():.3f}")

# %% tags=["nbval-check-output"]
check("diversity", diversity)

# %% [markdown]
# ## 6. Which way of marketing?
#
# Needs differ by question 5. Values differ by the **Gini index** of `revenue` in `worth`, for the customers in `needs`
# only. On both axes customers differ from **0.5** on. Which way is it? **Answer:** `"mass"`, `"target or niche"`,
# `"frequency"` or `"one-to-one"`.

# %% tags=["answer"] question="way"
way = ...
# ---- solution
skew = needs_value.value_skew(worth[worth["customer"].isin(needs["customer"])])
mode = needs_value.marketing_mode(skew, diversity)
way = mode.name
print(f"values {skew:.2f}, needs {diversity:.2f}: {way}")
print(f"That is {mode.does}.")
print(f"In the textbook: {'yes' if mode.in_source else 'no, a reconstruction'}.")

# %% tags=["nbval-check-output"]
check("way", way)

# %% [markdown]
# ## 7. A price for them
#
# Take the customers who gave `reason`. A kilo costs the company **8**. Which **whole price from 8 to 30** brings the
# largest profit a month, if everybody buys `how_many` kilos who is ready to pay the price or more? Of equal ones the
# lowest. **Answer:** a price.

# %% tags=["answer"] question="best_price"
best_price = ...
# ---- solution
demand = needs_value.demand(needs[needs["why"] == reason], cost=8, prices=range(8, 31))
best = demand[demand["best"]].iloc[0]
best_price = best["price"]
print(f"{money(best_price, CURRENCY)}: {best['buyers']} of {(needs['why'] == reason).sum()} buy, profit {money(best['profit'], CURRENCY, 0)}")
print("They said so; nobody has paid it yet.")

# %% tags=["nbval-check-output"]
check("best_price", best_price)

# %% [markdown]
# ## 8. Which links are drawn?
#
# A map of means and ends shows the **direct** links with **4 or more** mentions; a link counts once in each ladder. How
# many links are that? **Answer:** a number of links.

# %% tags=["answer"] question="links"
links = ...
# ---- solution
from crmlib import laddering

implied = laddering.implications(ladders)
links = (implied["direct"] >= 4).sum()
print(f"{links} of {(implied['direct'] > 0).sum()} direct links; the strongest:")
print(implied.head(3).to_string(index=False))

# %% tags=["nbval-check-output"]
check("links", links)

# %% [markdown]
# ## 9. Which offer for whom?
#
# The company can make **one** new offer this year, for one group. Here is what each reason stands for:

# %% tags=["nbval-check-output"]
from crmlib import kano

told = kano.classify(answers).merge(needs[["customer", "why"]], on="customer")
by_reason = kano.categories(told, ["why", "feature"])
letters = by_reason.assign(letter=by_reason["category"].where(by_reason["clear"], "(" + by_reason["category"] + ")"))
print(letters.pivot(index="feature", columns="why", values="letter").to_string())
asked = needs.merge(worth, on="customer").groupby("why").agg(customers=("why", "size"), revenue=("revenue", "sum"))
print(asked.round(0).astype(int).to_string())

# %% [markdown]
# For whom, with what in it, and what left out? Argue it in at least 40 words: name a number or a letter from the tables,
# say how sure it is (letters in brackets are not clear), and what would change your mind. **Answer:** a text in quotes;
# use three quotes for several lines.

# %% tags=["answer"] question="offer"
offer = ...
# ---- solution
most = asked["revenue"].idxmax()
kept = by_reason[(by_reason["why"] == most) & by_reason["clear"]].set_index("feature")["category"]
must, saved = (", ".join(kept.index[kept.isin(letters)]) or "nothing" for letters in (["M", "O"], ["I", "R"]))
offer = f"""
I would make it for those who buy for the reason "{most}": the {asked.loc[most, "customers"]} customers among those asked
brought {money(asked.loc[most, "revenue"], CURRENCY, 0)}, the most of all groups. They take for granted or compare us on:
{must}; so that comes first. I would spend nothing on: {saved}. I use clear letters only. One answer in words is a weak way
to make groups, and what people say is not what they buy; so I would offer it to half of them, by lot. If these do not
order more within two months, I would stop."""
print(fill(" ".join(offer.split()), 88))

# %% tags=["nbval-check-output"]
check("offer", offer)

# %% [markdown]
# ## Where you stand

# %%
print(check.progress())

# %% [markdown]
# Next: group the customers by all eight features, as the lesson does, and see which of your answers change.
