# %% [markdown]
# # Workbook: one customer, one record
#
# Eight questions on the raw records of one company, from a number to a decision that you argue in words.
#
# - **Time:** 50 minutes
# - **Builds on:** the lesson [One customer, one record](../notebooks/20_one_record.ipynb)
# - **A copy of your own:** `uv run crm start one_record` puts it into `work/`, where no update touches it
#
# How it works: put your answer in place of the three dots (`...`), run the cell, then run the check below it. A check
# names the mistake and never the answer. `check.hint("same_mail")` gives hints in steps, `check.solution("same_mail")` a
# solution.
#
# The next cell says which data set is read; `crm start` fills it in.

# %% tags=["parameters"] needs=["raw_records", "raw_lines", "raw_rates", "customers"]
DATA = "lighthouse"  # a name in datasets/, or a path to a folder with a datapackage.json
AS_OF = ""  # YYYY-MM-DD; empty: the log's last date
CURRENCY = "€"
OPTIONS = {}  # column names and formats; data sets with raw records need none

# %% tags=["nbval-check-output"]
from textwrap import fill

from crmlib import cleaning, datasets, exposure, freshness, link_quality, linkage
from crmlib.explore_linkage import raw_tables
from crmlib.wording import count, percent
from crmlib.workbook import workbook

raw = raw_tables(DATA)
if raw.said:  # it cannot carry the questions
    print(fill(f"{raw.said} lighthouse is read.", 88))
    DATA, AS_OF, CURRENCY, OPTIONS = "lighthouse", "", "€", {}
    raw = raw_tables(DATA)
tx, customers, check = workbook("one_record", data=DATA, as_of=AS_OF, currency=CURRENCY, **OPTIONS)
as_of = AS_OF or f"{tx['date'].max():%Y-%m-%d}"
print(f"{count(len(raw.records), 'record')}, {count(len(raw.lines), 'line')}; today is {as_of}")

# %% [markdown]
# `records` are the raw records; what is empty is "". `digits` has their telephones as digits alone, with a 0 in place of +49.

# %% tags=["nbval-check-output"]
records = raw.records.assign(digits=linkage.normalised(raw.records)["phone"])
print(records[["record", "email", "phone", "digits"]].head(3).to_string(index=False))

# %% [markdown]
# ## 1. One address, one customer
#
# Records with the same e-mail address are one customer (capital letters make no difference). A record without an address
# stays a customer of its own. How many customers are left? **Answer:** a number.

# %% tags=["answer"] question="same_mail"
same_mail = ...
# ---- solution
mail = records["email"].str.lower()
same_mail = mail[mail != ""].nunique() + (mail == "").sum()
print(f"{count(len(records), 'record')} become {count(same_mail, 'customer')}.")
print("Whoever has a second address stays two, and nobody notices.")

# %% tags=["nbval-check-output"]
check("same_mail", same_mail)

# %% [markdown]
# ## 2. Points, by hand
#
# | | name | street | postcode | e-mail | telephone |
# |---|---|---|---|---|---|
# | A | Paula Brandt | Norderstraße 15 | 20010 | paula.brandt@web.example | 0200 555 0303 |
# | B | P. Brandt | Norderstr. 15 | 20010 | | +49 200 5550304 |
#
# How many points of evidence have A and B? Use the weights below. **Answer:** a number.

# %% tags=["nbval-check-output"]
import pandas as pd

print(pd.DataFrame(linkage.WEIGHTS).T[["same", "close", "initial", "differ"]].to_string(na_rep=""))

# %% tags=["answer"] question="evidence"
evidence = ...
# ---- solution
evidence = 2.0 + 6.5 + 9.0 - 1.5  # initial, family name, address, another telephone; the e-mail says nothing
two = pd.DataFrame({"record": ["A", "B"], "name": ["Paula Brandt", "P. Brandt"], "street": ["Norderstraße 15", "Norderstr. 15"]})
two["postcode"], two["email"], two["phone"] = "20010", ["paula.brandt@web.example", ""], ["0200 555 0303", "+49 200 5550304"]
print(f"by hand {evidence}, crmlib {linkage.scored(linkage.normalised(two))['evidence'][0]}")
print("It may be Paula with a new telephone. It may also be Peter, at the same door.")

# %% tags=["nbval-check-output"]
check("evidence", evidence)

# %% [markdown]
# ## 3. Links of links
#
# Now records with the same e-mail address **or** the same telephone (`digits`) are one customer, over as many records as it
# takes. What is empty links nobody. How many customers are left? **Answer:** a number.

# %% tags=["answer"] question="chained"
chained = ...
# ---- solution
pairs = linkage.candidates(linkage.normalised(records), blocks=[("email",), ("phone",)])
chained = linkage.linked(records, pairs)["customer"].nunique()
print(f"{count(len(records), 'record')} become {count(chained, 'customer')}, by address alone {same_mail:,}.")
print("Where a household shares a telephone, it is one customer now.")

# %% tags=["nbval-check-output"]
check("chained", chained)

# %% [markdown]
# ## 4. What was missed?
#
# Somebody linked eight records (`found`). Two people judged them (`true`). What is the **recall of pairs**? **Answer:** a
# share between 0 and 1.

# %%
judged = pd.DataFrame({
    "record": ["R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8"],
    "true": ["a", "a", "a", "b", "b", "c", "d", "d"],
    "found": ["x", "x", "y", "y", "y", "z", "v", "w"],
})  # fmt: skip

# %% tags=["answer"] question="recall"
recall = ...
# ---- solution
true, found = (judged[["record", name]].rename(columns={name: "customer"}) for name in ("true", "found"))
score = link_quality.quality(found, true).iloc[0]
recall = score["recall"]  # R1 R2 and R4 R5 of R1 R2, R1 R3, R2 R3, R4 R5, R7 R8
print(f"recall {score['right']} / {score['true']} = {recall:.2f}, precision {score['right']} / {score['found']} = {score['precision']:.2f}")
print("R3 went to the wrong customer: two pairs are missing, and two are wrong.")

# %% tags=["nbval-check-output"]
check("recall", recall)

# %% [markdown]
# ## 5. Dates that cannot be
#
# `lines` are the exported order lines. On how many **lines** is the date before `first` or after `last`? **Answer:** a
# number.

# %% tags=["nbval-check-output"]
lines, first, last = raw.lines, raw.first, raw.last
print(f"{first} to {last}")
print(lines[["line", "order", "date", "amount", "currency"]].head(3).to_string(index=False))

# %% tags=["answer"] question="impossible"
impossible = ...
# ---- solution
days = cleaning.read_days(lines["date"])
impossible = int(((days < pd.Timestamp(first)) | (days > pd.Timestamp(last))).sum())
print(f"{count(impossible, 'line')}, {percent(impossible / len(lines))} of all.")
repaired = cleaning.clean(lines, raw.rates, first=first, last=last).counts.set_index("kind")["repaired"]
print(f"Day and month turned round, which no calendar shows: {repaired['day and month swapped']} more.")

# %% tags=["nbval-check-output"]
check("impossible", impossible)

# %% [markdown]
# ## 6. How stale?
#
# Which share of the **records** was last confirmed (`updated`) more than 180 days before `as_of`? The office writes the month
# first. **Answer:** a share between 0 and 1.

# %% tags=["answer"] question="stale"
stale = ...
# ---- solution
typed = cleaning.read_records(raw.records)
stale = ((pd.Timestamp(as_of) - typed["updated"]).dt.days > 180).mean()
print(f"{percent(stale)} of the records; crmlib: {percent(freshness.summary(typed, as_of=as_of, limit=180)['stale_share'][0])}.")
print("Ask these customers first, and among them those who still buy.")

# %% tags=["nbval-check-output"]
check("stale", stale)

# %% [markdown]
# ## 7. Alone in the table
#
# `people` is the table of customers. Which share of the **consumers** is alone with their postcode, year of birth and gender?
# Somebody who did not state a thing shares that with the others who did not. **Answer:** a share between 0 and 1.

# %% tags=["nbval-check-output"]
people = datasets.load(DATA, "customers")
print(people[["customer", "kind", "postcode", "birth_year", "gender"]].head(3).to_string(index=False))

# %% tags=["answer"] question="alone"
alone = ...
# ---- solution
consumers = people[people["kind"] == "consumer"]
size = consumers.groupby(["postcode", "birth_year", "gender"], dropna=False)["customer"].transform("size")
alone = (size == 1).mean()
shown = exposure.anonymity(consumers, ["postcode", "birth_year", "gender"])
print(f"{percent(alone)} are alone; crmlib: {percent(shown.unique_share)}, k = {shown.k}.")
print("Without any name: who knows these three of somebody, finds the row.")

# %% tags=["nbval-check-output"]
check("alone", alone)

# %% [markdown]
# ## 8. Where do you draw the line?
#
# The company wants one record for each customer by next month. Bills and reminders will go out by it. Here is what the
# thresholds do:

# %% tags=["nbval-check-output"]
scored = linkage.scored(linkage.normalised(raw.records))
curves = link_quality.by_threshold(raw.records, scored, thresholds=[6, 8, 10, 14, 20], truth=raw.owners)
print(curves.round(3).to_string(index=False))
print(fill(raw.unscored, 88))

# %% [markdown]
# Which threshold, and what becomes of the pairs just below it? Argue your decision in at least 40 words: name a number from
# the table, say which mistake is dearer here, and what would change your mind. **Answer:** a text in quotes; use three
# quotes for several lines.

# %% tags=["answer"] question="decision"
decision = ...
# ---- solution
ten, eight = (curves[curves["threshold"] == at].iloc[0] for at in (10, 8))
look = int(eight["pairs"] - ten["pairs"])
decision = f"""
I would join from 10 points on, which leaves {ten["customers"]:,.0f} customers, and give the {look:,} pairs between 8 and
10 to the office: two people, a minute each, and a call where the records cannot tell. Bills go out by these records, and
a bill that goes to somebody's father is worse than two catalogues, so I would not go lower: at 8 points there would be
{eight["with_several"]:,.0f} customers with several records in place of {ten["with_several"]:,.0f}. Whether the new ones
are families I would see from their first names before I believed it. For reminders I would even ask for 20 points. I would change my mind if a sample of a hundred pairs
above the line, judged by two people, had more than three wrong ones."""
print(fill(decision.strip(), 88))

# %% tags=["nbval-check-output"]
check("decision", decision)

# %% [markdown]
# ## Where you stand

# %%
print(check.progress())

# %% [markdown]
# Next: run `uv run crm start one_record --data ...` on a class set, and see which of your answers change.
