# %% [markdown]
# # One customer, one record
#
# **After this lesson you can**
#
# 1. name the five steps of identifying customers, and say what belongs into a record of a person and of an organisation;
# 2. bring six records into a form that can be compared, and count by hand what speaks for two of them being one customer;
# 3. say what blocking saves, and link thousands of records by a threshold;
# 4. read precision and recall of a threshold, and say what people should look at;
# 5. show what doubled records do to the numbers that a manager reads;
# 6. find what is wrong in exported lines, repair it, and account for every repair;
# 7. measure how old the data are, and say what stale means;
# 8. say how exposed people are in a table, and hand it on under pseudonyms.
#
# - **Time:** 80 minutes
# - **Builds on:** [From purchases to customers](10_customers.ipynb): the door, one row a customer
# - **Workbook:** [eight questions](../exercises/20_one_record.ipynb); `uv run crm start one_record` makes you a copy
#
# Where it says **before you run the next cell**, write your guess down first.

# %% tags=["parameters"]
DATA = "lighthouse"  # a name in datasets/, or a path to a folder with a datapackage.json
AS_OF = ""  # YYYY-MM-DD; empty: the last day of the raw tables
CURRENCY = "€"
OPTIONS = {}  # column names and formats; data sets with raw records need none

# %% [markdown]
# ## 1. Five steps
#
# A company that does not know who its customers are cannot tell them apart, and cannot talk to them. To **identify**
# customers (识别客户) has five steps:
#
# | step | the question | in this lesson |
# |---|---|---|
# | 1 define | what do we want to know of whom? | fields of persons and organisations, section 3 |
# | 2 collect | where does it come from? | three systems of one company, section 3 |
# | 3 integrate | which records are one customer, and what is wrong in them? | linking and cleaning (信息清洗), sections 4 to 8 |
# | 4 update | is it still true? | freshness, section 9 |
# | 5 protect | who may see it, and who is exposed? | section 10 |
#
# The third step decides about all the others. Whoever stands there twice is counted twice, written to twice, and thanked
# for half of their loyalty.

# %% [markdown]
# ## 2. By hand, on six records
#
# Six invented records from the web shop, the till and the address book of the office:

# %%
import pandas as pd

six = pd.DataFrame({
    "record": ["R1", "R2", "R3", "R4", "R5", "R6"],
    "name": ["Hanna Müller", "MUELLER, HANNA", "H. Müller", "Jan Müller", "Hanna Müller", "Ole Petersen"],
    "street": ["Hafenstraße 7", "Hafenstr. 7", "Am Deich 3", "Hafenstraße 7", "Kurze Str. 1", "Am Deich 3"],
    "postcode": ["20010", "20010", "20020", "20010", "29999", "20020"],
    "email": ["h.mueller@web.example", "", "h.mueller@web.example", "jan@web.example", "hm@post.example", "ole@mail.example"],
    "phone": ["0200 555 0101", "+49 200 5550101", "", "0200 555 0101", "0299 555 0777", "0200 555 0999"],
})  # fmt: skip
six

# %% [markdown]
# **Before you run the next cell:** how many people are these? Write down which records you would join, and why.
#
# The plainest rule is **deterministic**: the same e-mail address is the same person, and nothing else is. First compare
# what stands there as it stands.

# %% tags=["nbval-check-output"]
filled = six[six["email"] != ""]
joined = len(filled) - filled["email"].nunique()
print(f"the same e-mail: {joined} record joined to another, {len(six) - joined} customers")
print("the same telephone, as written:", six["phone"][six["phone"] != ""].duplicated().sum(), "record joined")

# %% [markdown]
# R2 has no e-mail and its telephone is R1's, written in another way. So every field is first brought into one form
# (**normalised**): small letters, ä as ae, "last, first" turned round, streets alike, telephones as digits.
#
# **Before you run the next cell:** which records have the same telephone after that, and is that one person?

# %% tags=["nbval-check-output"]
from crmlib import linkage

normal = linkage.normalised(six)
print(normal[["record", "given", "family", "street", "phone"]].to_string(index=False))

# %% [markdown]
# Three records share a telephone, and one of them is Jan. A household shares name, address and telephone, and still is
# several customers. No single field decides; so let each field add **points of evidence**. The points are the logarithm
# of a ratio (Fellegi and Sunter, 1969): how much likelier is it that two records agree like this if they are one
# customer, than if they are two? With base 2, each point doubles the odds.
#
# By hand: first names agree for about 0.7 of all true pairs (others are initials or misspelt), and by chance for about
# 1 in 90. **Before you run the next cell:** about how many points is that? And if they differ?

# %% tags=["nbval-check-output"]
import math

print(f"by hand: {math.log2(0.7 * 90):.1f}; crmlib: {linkage.weight(0.7, 1 / 90):.1f}")
print(pd.DataFrame(linkage.WEIGHTS).T[["same", "close", "initial", "differ"]].to_string(na_rep=""))

# %% [markdown]
# An empty field says nothing: no points. A first name that differs takes off 13, more than it would by itself, as it has
# to outweigh all that a family shares.
#
# **Before you run the next cell:** add the points for R1 and R2, for R1 and R4, and for R1 and R5, the other Hanna Müller.

# %% tags=["nbval-check-output"]
by_hand = {"R1 R2": 6 + 6.5 + 9 + 7, "R1 R4": -13 + 6.5 + 9 + 7 - 1.5, "R1 R5": 6 + 6.5 - 2.5 - 1.5 - 1.5}
pairs = linkage.scored(normal)
print(pairs.to_string(index=False))
crmlib = pairs.set_index(pairs["one"] + " " + pairs["other"])["evidence"]
print("by hand:", by_hand, "- crmlib gives the same:", all(crmlib[name] == points for name, points in by_hand.items()))

# %% [markdown]
# Not every pair is in the table. R6 and R1 share nothing, and nobody looks at them: only records that share a **block** (an
# e-mail, a telephone, a postcode and the start of a street or a family name, a whole name) are compared.
#
# Last, a **threshold**: from so many points on, two records are one customer. **Before you run the next cell:** with 10
# points, who is one? And what of R2 and R3, which share no field?

# %% tags=["nbval-check-output"]
print(linkage.linked(six, pairs, threshold=10).to_string(index=False))

# %% [markdown]
# R1, R2 and R3 are one customer. R2 and R3 were never equal in anything; R1 connects them. Links are **transitive**,
# which finds what no pair shows, and spreads what one wrong pair does.

# %% [markdown]
# ## 3. What a company holds
#
# Now the raw records of the data named at the top. If you left it as it was, they are those of
# [Lighthouse Coffee](../datasets/lighthouse/README.md): a web shop, a till and an office each keep their own.

# %% tags=["nbval-check-output"]
from textwrap import fill

from crmlib import datasets
from crmlib.explore_linkage import raw_tables
from crmlib.wording import count, money, number, percent

raw = raw_tables(DATA)
if raw.said:
    print(fill(f"{raw.said} From here on lighthouse is read.", 88))
    DATA, CURRENCY, AS_OF = "lighthouse", "€", ""
    raw = raw_tables(DATA)
as_of = AS_OF or raw.last
print(f"{count(len(raw.records), 'record')}, {count(len(raw.lines), 'order line')}, {raw.first} to {raw.last}")
print(raw.records.groupby("source").size().to_string())

# %%
raw.records.head(4)

# %% [markdown]
# Each system writes in its own way: 2024-03-05, 05.03.2024 or 03/05/2024 with the month first; true, 1 or yes. Read without
# the source, the last date is in May for one reader and in March for another.
#
# What should be known of a customer? The textbook has three groups for a person (个人客户信息): **basic** facts,
# **psychology and attitude**, **behaviour**; and four for an organisation (组织客户信息): **basic**, **business**,
# **trading** and its **principals**. **Before you run the next cell:** which group will be the emptiest?

# %% tags=["nbval-check-output"]
from crmlib import exposure

people = datasets.load(DATA, "customers")
for kind, groups in {"consumer": exposure.CONSUMER, "business": exposure.ORGANISATION}.items():
    full = exposure.completeness(people[people["kind"] == kind], groups)
    print(full[full["field"] == "all"].assign(kind=kind)[["kind", "group", "filled", "missing", "share"]].round(3).to_string(index=False))

# %% [markdown]
# What a system writes down by itself is full, and so is what nobody can order without. What people may leave out, some
# leave out. A field that is filled can still be wrong or old: completeness is the easiest measure, and the least of them.

# %% [markdown]
# ## 4. Thousands of records
#
# Every record with every other would be n (n - 1) / 2 comparisons. **Before you run the next cell:** how many is that
# here, and what share of them is left by the blocks?

# %% tags=["nbval-check-output"]
normal = linkage.normalised(raw.records)
pairs = linkage.scored(normal)
n = len(raw.records)
print(f"all pairs: {number(n * (n - 1) / 2)}; in a block: {number(len(pairs))}, {percent(len(pairs) / (n * (n - 1) / 2), 3)}")
above = (pairs["evidence"] >= linkage.THRESHOLD).sum()
between = (pairs["evidence"].between(linkage.GRAY, linkage.THRESHOLD, inclusive="left")).sum()
print(f"{linkage.THRESHOLD:.0f} points or more: {number(above)}; from {linkage.GRAY:.0f} up to there: {number(between)}")

# %%
from crmlib import plots

title = f"{number(above)} pairs reach {linkage.THRESHOLD:.0f} points, {number(between)} come near"
ax = plots.evidence_bars(pairs, threshold=linkage.THRESHOLD, gray=linkage.GRAY, title=title)

# %% [markdown]
# For the business: where the bars are low between two hills, little is left to argue about. What stands in the gray zone
# needs a person, and somebody has to be given the time for it.
#
# The **gray zone**: here are a few pairs of it, taken at even steps from the most evidence to the least, one below the
# other. **Before you run the next cell:** what would you want to ask the customer, to be sure?

# %%
from crmlib.explore_linkage import beside

zone = pairs[pairs["evidence"].between(linkage.GRAY, linkage.THRESHOLD, inclusive="left")]
beside(raw.records, zone.iloc[:: max(len(zone) // 5, 1)].head(5))

# %% [markdown]
# Look for families at one address, people of one name in two places, an initial that fits two brothers. What you cannot
# decide is not a fault of the method: the records do not hold what would tell them apart.

# %% [markdown]
# ## 5. Was it right?
#
# Two questions, and they pull against each other. **Precision**: of the pairs that we joined, how many truly are one
# customer? **Recall**: of the pairs that truly are one, how many did we join? By hand, on the six: if R1, R2, R3 are truly
# one and we join only by e-mail, we find one pair of three, and it is right: precision 1, recall 1/3.
#
# To know, somebody must have the truth. For a made-up company it exists. **Before you run the next cell:** which of the
# three rules has the best precision, and which the best recall?

# %% tags=["nbval-check-output"]
from crmlib import link_quality

rules = {
    "same e-mail": linkage.candidates(normal, blocks=[("email",)]),
    "same e-mail or telephone": linkage.candidates(normal, blocks=[("email",), ("phone",)]),
    f"{linkage.THRESHOLD:.0f} points": pairs,
}
found = {name: linkage.linked(raw.records, some) for name, some in rules.items()}
for name, links in found.items():
    print(f"{name}: {count(len(links), 'record')} become {count(links['customer'].nunique(), 'customer')}")
links = found[f"{linkage.THRESHOLD:.0f} points"]

# %% tags=["nbval-check-output"]
if raw.unscored:
    print(fill(raw.unscored, 88))
else:
    for name, some in found.items():
        score = link_quality.quality(some, raw.owners).iloc[0]
        print(f"{name}: precision {percent(score['precision'])}, recall {percent(score['recall'])}")
    print(link_quality.quality(links, raw.owners).round(3).to_string(index=False))

# %% [markdown]
# A shared telephone joins families; a shared e-mail misses everybody who has two. The rules that "cannot go wrong" go wrong
# too, on one side or the other, and nobody sees it without a truth. In a company the truth is a **sample**: draw some
# hundred pairs by lot, let two people judge them apart, and score against that.

# %% [markdown]
# ## 6. Turn the knob
#
# Run the next cells and move the threshold. (If you read this without a running kernel you see one position of it.)
#
# - Go down. From which threshold on are many customers joined who are not one, and who are they?
# - Go up. What do you lose first?
# - Where would you stand if a wrong link sends somebody's bill to a stranger? And if a missed one sends two catalogues?

# %%
curves = link_quality.by_threshold(raw.records, pairs, thresholds=range(31), truth=raw.owners)

# %%
from ipywidgets import IntSlider, interact, fixed

from crmlib.explore_linkage import threshold_view

_ = interact(threshold_view, curves=fixed(curves), threshold=IntSlider(value=10, min=0, max=30, continuous_update=False))

# %% [markdown]
# For the business: a threshold is a decision about which mistake is dearer. Write down who made it, and when. Where it
# falls steeply, one point more or less can be hundreds of customers.

# %% tags=["nbval-check-output"]
print(curves[curves["threshold"].isin([4, 7, 8, 9, 10, 12, 16, 20])].round(3).to_string(index=False))

# %% [markdown]
# ## 7. Exported lines
#
# The order lines come from the same three systems, and something is wrong in some of them. **Before you run the next
# cell:** how could you find out that a date is wrong which looks like any other, such as 3 May in place of 5 March?

# %% tags=["nbval-check-output"]
from crmlib import cleaning

cleaned = cleaning.clean(raw.lines, raw.rates, first=raw.first, last=raw.last)
print(cleaned.counts.drop(columns="what_was_done").to_string(index=False))
kept, twice = len(cleaned.lines), int(cleaned.counts["found"].iloc[0])
print(f"{number(len(raw.lines))} lines = {number(kept)} kept + {number(twice)} left out as repeated")

# %% [markdown]
# By what stands beside it: orders are numbered by date, so that the neighbours of an order say when it was. The price and
# the cost of a piece are those of most lines of that product, which gives away cents and grams. Every repair is listed:

# %%
cleaned.findings.groupby("kind").head(1)

# %% [markdown]
# A repair is a conclusion and no fact, and not all can be concluded. Lines without a record whose order has none on any
# line stay **open**: nobody knows who bought. **Before you run the next cell:** is everything found? Is everything that
# is found repaired to the right value?

# %% tags=["nbval-check-output"]
if raw.unscored:
    print(fill(raw.unscored, 88))
else:
    score = cleaning.compared(cleaned.findings, raw.defects)
    print(score[["kind", "planted", "found", "missed", "false", "right"]].to_string(index=False))

# %% [markdown]
# To find is not to repair: compare the columns *found* and *right*. The defects of a made-up company are also kinder than
# those of a real one: each line has one at most, and none hides another.
#
# Now through the door, with the customers of section 5. **Before you run the next cell:** which lines will it leave out?

# %% tags=["nbval-check-output"]
from crmlib import admit, customer_table

owner = links.set_index("record")["customer"]
log = cleaned.lines.assign(customer=owner.reindex(cleaned.lines["record"]).to_numpy())
admission = admit(log, missing_customer="drop")
for note in admission.notes[1:]:
    print(fill(note.sentence, 88))
customers = customer_table(admission.transactions, as_of=as_of)
print(f"{count(len(customers), 'customer')}, {money(customers['revenue'].sum(), CURRENCY, 0)}")

# %% [markdown]
# ## 8. What doubled records do
#
# Everything above costs time. Is it worth it? The same repaired lines, once with each record as a customer, and once with
# the linked customers. **Before you run the next cell:** which of the five numbers will be too high by record, which too
# low, and which will hardly change?

# %% tags=["nbval-check-output"]
from crmlib.explore_linkage import manager_numbers

numbers = manager_numbers(cleaned.lines, links)
numbers["off"] = numbers["by_record"] / numbers["by_customer"] - 1
print(numbers.round(3).to_string(index=False))

# %%
more, once = numbers["off"][0], numbers["off"][3]
title = f"By record: {percent(more)} more customers; the share who ordered once looks {percent(once)} larger"
ax = plots.counted_twice(numbers, title=title)

# %% [markdown]
# For the business: the number of customers is praised, and loyalty is mourned, for one and the same reason. Those who
# order often have the most chances to be entered a second time, so that the best customers are the likeliest to be cut
# in two.
#
# When records become one, each field needs a rule: the **last confirmed** value counts. One field is different. **Before
# you run the next cell:** somebody said yes to advertising on one record and no on the other. May you write?

# %% tags=["nbval-check-output"]
from crmlib.explore_linkage import consent_said

records = cleaning.read_records(raw.records)
golden = linkage.merged(records, links)
print(f"{count(len(golden), 'customer')}, {percent(golden['consent'].mean())} may be written to")
print(fill(consent_said(records, links), 88))

# %% [markdown]
# ## 9. Is it still true?
#
# People move and marry. The textbook's rules for keeping data fresh (更新): in time, key fields first, look at them
# promptly, drop what is of no use. The measure is the **age** since somebody last confirmed a record; from a limit on it is
# **stale**. Our limit is a year. **Before you run the next cell:** which share is stale? And is the age of the customer's
# freshest record better than that of all records?

# %% tags=["nbval-check-output"]
from crmlib import freshness

known = records[records["created"] <= as_of]
print(freshness.summary(known, as_of=as_of, by="source").round(3).to_string(index=False))
one, other = (freshness.summary(some, as_of=as_of).iloc[0] for some in (known, golden[golden["created"] <= as_of]))
print(f"stale: {percent(one['stale_share'])} of the records, {percent(other['stale_share'])} of the customers")

# %%
stale = percent(one["stale_share"])
title = f"{stale} of the records were not confirmed within a year"
ax = plots.age_curve(freshness.curve(known, as_of=as_of), limit=freshness.LIMIT, title=title)

# %% [markdown]
# For the business: the curve says how many customers you must ask again to get below a stale share that you set. What an
# age means is another matter: `valid_share` in the table above rests on an *assumed* half-life of three years. Returned
# letters and bounced e-mails would measure it.

# %% [markdown]
# ## 10. Who is exposed?
#
# Delete the names, and hand the table on? Place, year of birth and gender are often enough to find somebody. Such columns
# are **quasi-identifiers**. A table is **k-anonymous** if everybody shares them with at least k - 1 others.
#
# By hand, on three people: (A, f), (A, f), (B, m). The first two hide behind each other; the third is alone, so k is 1.
# **Before you run the next cell:** what share of the consumers is alone by postcode, year of birth and gender?

# %% tags=["nbval-check-output"]
consumers = people[people["kind"] == "consumer"]
sets = (["gender"], ["region", "gender"], ["postcode", "gender"], ["postcode", "birth_year", "gender"])
for columns in sets:
    shown = exposure.anonymity(consumers, columns)
    print(f"{' + '.join(columns)}: k = {shown.k}, {percent(shown.unique_share)} are alone")
decade = consumers.assign(birth_decade=consumers["birth_year"] // 10 * 10)
coarse = exposure.anonymity(decade, ["region", "birth_decade", "gender"])
print(f"coarser, region + decade + gender: k = {coarse.k}, {percent(coarse.unique_share)} are alone")

# %% [markdown]
# Coarser columns hide people better and tell less. There is no table that does both.
#
# Ids become **pseudonyms**: the same id, the same pseudonym, so that tables still fit together. With a plain hash anybody
# can compute the pseudonyms of C00001, C00002 and so on. So the hash takes a secret **key**. The next cell's key stands in
# a notebook, which makes it no secret; yours lies elsewhere.

# %% tags=["nbval-check-output"]
key = "not a secret, as it stands in a notebook"
handed_on = exposure.masked(exposure.pseudonyms(people[["customer", "name", "email", "phone"]], key=key))
print(handed_on.head(3).to_string(index=False))

# %% [markdown]
# Last, **least privilege**: nobody sees what they do not need. Say who needs what, and look at what is granted beyond it.
# **Before you run the next cell:** what does a driver not need?

# %% tags=["nbval-check-output"]
granted = {"driver": ["name", "street", "city", "phone", "birth_year"], "analyst": ["postcode", "birth_year", "email"]}
needed = {"driver": ["name", "street", "city", "phone"], "analyst": ["postcode", "birth_year"]}
print("beyond need:", exposure.beyond_need(granted, needed))

# %% [markdown]
# ## 11. Your decision
#
# Where do you put the threshold, who looks at the gray zone, and what do you hand on? A file of your links says it in a
# form that can be scored: on a class set only your instructor can (`crm class score`). Set `SAVE` to True to write it.

# %% tags=["nbval-check-output"]
SAVE = False

from crmlib.explore_linkage import write_links

print(write_links(links, cleaned.findings) if SAVE else "Nothing was written.")

# %% [markdown]
# ## Recap
#
# 1. **Five steps**: define, collect, integrate, update, protect. Three groups of facts on a person, four on an
#    organisation; a full field can still be wrong.
# 2. **By hand**: bring fields into one form, then add points. A point doubles the odds; empty fields say nothing; a family
#    shares more than its members are one.
# 3. **Blocks** leave a tiny share of the pairs. Links are transitive, and named by the record that stands first.
# 4. **Precision and recall** pull against each other. The threshold chooses the mistake; the gray zone is for people; the
#    truth is a sample that people have judged.
# 5. **Doubled records** raise the number of customers, lower orders and revenue a customer, and make regulars look like
#    customers who came once.
# 6. **Cleaning** lists each repair, what stood there and what stands there now, and leaves open what cannot be concluded.
#    Nothing is dropped silently.
# 7. **Freshness** is the age since the last confirmation; what an age means must be measured.
# 8. **Exposure**: quasi-identifiers find people without names. Pseudonyms need a key, roles need a reason, and a no on one
#    record is a no for the customer.
#
# **Now you:** `uv run crm start one_record` puts your copy of the [workbook](../exercises/20_one_record.ipynb) into
# `work/`. It checks each answer at once.
