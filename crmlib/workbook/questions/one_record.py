"""The questions of *One customer, one record*.

Right answers are counted with plain pandas and a plain chain of links; nothing of the modules under study is used.
"""

from __future__ import annotations

import pandas as pd

from crmlib.errors import DataError
from crmlib.workbook.checks import Number, Words, Wrong

__all__ = ["QUESTIONS"]

POINTS = {"initial": 2.0, "family": 6.5, "address": 9.0, "other_phone": -1.5}  # of question 2; the e-mail is empty in one
TRUE = {"R1": "a", "R2": "a", "R3": "a", "R4": "b", "R5": "b", "R6": "c", "R7": "d", "R8": "d"}
FOUND = {"R1": "x", "R2": "x", "R3": "y", "R4": "y", "R5": "y", "R6": "z", "R7": "v", "R8": "w"}
HIDING = ["postcode", "birth_year", "gender"]


def _records(material):
    return material.table("raw_records").fillna("").reset_index(drop=True)


def _mail(material):
    return _records(material)["email"].str.strip().str.lower()


def _digits(material):
    """Telephones as digits, +49 and 0049 as 0."""
    return _records(material)["phone"].str.replace(r"\D", "", regex=True).str.replace(r"^(00)?49", "0", regex=True)


# 1 same_mail


def same_mail(material):
    mail = _mail(material)
    return mail[mail != ""].nunique() + (mail == "").sum()


def _as_written(material):
    mail = _records(material)["email"]
    return mail[mail != ""].nunique() + (mail == "").sum()


# 2 evidence


def evidence(material=None, *, mail=0.0, **other):
    return sum((POINTS | other).values()) + mail


# 3 chained


def _chained(keys):
    """How many groups are left when two rows with an equal key are one, over as many links as it takes."""
    first = list(range(len(keys[0])))

    def top(place):
        while first[place] != place:
            first[place] = first[first[place]]
            place = first[place]
        return place

    for key in keys:
        seen = {}
        for place, value in enumerate(key):
            if value != "":
                one, other = top(place), top(seen.setdefault(value, place))
                first[max(one, other)] = min(one, other)
    return sum(top(place) == place for place in range(len(first)))


def chained(material):
    return _chained([_mail(material), _digits(material)])


def _dropped(material):
    """Wrong: whoever has an address or a telephone that stood there before is dropped, so that two groups never meet."""
    again = [key.duplicated() & (key != "") for key in (_mail(material), _digits(material))]
    return (~(again[0] | again[1])).sum()


def _both(material):
    mail, digits = _mail(material), _digits(material)
    return _chained([(mail + " " + digits).where((mail != "") & (digits != ""), "")])


# 4 recall


def _pairs(of):
    return {(one, other) for one in of for other in of if one < other and of[one] == of[other]}


def recall(material=None):
    return len(_pairs(TRUE) & _pairs(FOUND)) / len(_pairs(TRUE))


def _precision(material=None):
    return len(_pairs(TRUE) & _pairs(FOUND)) / len(_pairs(FOUND))


def _whole_customers(material=None):
    groups = [{frozenset(r for r in of if of[r] == name) for name in of.values()} for of in (TRUE, FOUND)]
    return len(groups[0] & groups[1]) / len(groups[0])


# 5 impossible


def _year(material):
    text = material.table("raw_lines")["date"]
    return text.str.extract(r"(\d{4})", expand=False).astype(int)


def _years(material):
    years = material.table("raw_rates")["year"].astype(int)
    return years.min(), years.max()


def impossible(material):
    (first, last), year = _years(material), _year(material)
    return ((year < first) | (year > last)).sum()


def _impossible_orders(material):
    (first, last), year = _years(material), _year(material)
    return material.table("raw_lines")["order"][(year < first) | (year > last)].nunique()


# 6 stale


def _days(text, slashed="%m/%d/%Y"):
    found = pd.Series(pd.NaT, index=text.index, dtype="datetime64[us]")
    for form, sign in (("%Y-%m-%d", "-"), ("%d.%m.%Y", "."), (slashed, "/")):
        here = text.str.contains(sign, regex=False)
        found[here] = pd.to_datetime(text[here], format=form, errors="coerce")
    return found


def stale(material, column="updated", limit=180, slashed="%m/%d/%Y"):
    days = _days(_records(material)[column], slashed)
    if slashed != "%m/%d/%Y":  # what is no day this way round is read the other way
        days = days.fillna(_days(_records(material)[column]))
    return ((pd.Timestamp(material.as_of) - days).dt.days > limit).mean()


# 7 alone


def _people(material, kind="consumer"):
    people = material.table("customers")
    people = people[people["kind"] == kind] if kind else people
    if people.empty:
        raise DataError("It has no consumers.")
    return people


def _sizes(people, columns=HIDING):
    """For each how many share all of them; a gap is a value."""
    key = people[columns].astype("object").where(people[columns].notna(), "?").astype(str).agg("|".join, axis=1)
    return key.groupby(key).transform("size")


def alone(material, kind="consumer", columns=HIDING):
    return (_sizes(_people(material, kind), columns) == 1).mean()


def _without_gaps(material):
    people = _people(material).dropna(subset=HIDING)
    if people.empty:
        raise DataError("Nobody stated all three.")
    return (_sizes(people) == 1).mean()


def _of_groups(material):
    sizes = _sizes(_people(material))
    return (sizes == 1).sum() / (1 / sizes).sum()


QUESTIONS = {
    "same_mail": Number(
        answer=same_mail,
        praise="An empty address is no address, and so it is nobody's.",
        within=0,
        wrong=(
            Wrong(lambda m: _mail(m).nunique(), "You made one customer of all records without an address. Empty is not the same."),
            Wrong(lambda m: _mail(m)[_mail(m) != ""].nunique(), "You left out the records without an address; they are customers too."),
            Wrong(lambda m: len(_records(m)) - same_mail(m), "This is how many records go into others; how many customers are left?"),
            Wrong(_as_written, "You compared the addresses as they are written. Capital letters make no other address."),
            Wrong(lambda m: len(_records(m)), "This is the number of records. Which of them share an address?"),
        ),
        hints=(
            "Two groups: the records with an address, and those without.",
            "Of the first group count the different addresses, of the second every record.",
        ),
    ),
    "evidence": Number(
        answer=evidence,
        praise="Each field by its level, and nothing for the one that is empty.",
        within=0.0005,
        wrong=(
            Wrong(lambda m: evidence(mail=-1.5), "You took points off for the e-mail. One of the two is empty, and that says nothing."),
            Wrong(lambda m: evidence(mail=12.0), "You gave points for the e-mail. One of the two is empty."),
            Wrong(lambda m: evidence(initial=6.0), "The first names are not the same; one is only an initial."),
            Wrong(lambda m: evidence(initial=-13.0), "You took the first names as different. The initial fits."),
            Wrong(lambda m: evidence(other_phone=7.0), "You took the telephones as the same. Look at the last digits."),
            Wrong(lambda m: evidence(other_phone=0.0), "You left the telephones out. They are there on both sides."),
            Wrong(lambda m: evidence(address=-2.5), "You took the streets as different. They are one, abbreviated."),
            Wrong(lambda m: evidence(address=7.0), "You took the address as nearly the same. Once the abbreviation is undone, it is the same."),
            Wrong(lambda m: evidence(family=0.0), "You left the family name out."),
        ),
        hints=(
            "Go field by field: first name, family name, address, telephone, e-mail.",
            "The level of the first name is 'initial', that of the e-mail is empty.",
        ),
    ),
    "chained": Number(
        answer=chained,
        praise="Links over several records count, too: that is why one wrong link spreads.",
        within=0,
        wrong=(
            Wrong(_dropped, "You dropped repeated addresses and telephones one after the other. A record may join two groups into one."),
            Wrong(_both, "You asked for the same address and the same telephone. One of them is enough."),
            Wrong(same_mail, "This is by address alone."),
            Wrong(lambda m: _chained([_digits(m)]), "This is by telephone alone."),
            Wrong(lambda m: _chained([_mail(m), _records(m)["phone"]]), "You compared the telephones as they are written. Use `digits`."),
            Wrong(lambda m: _chained([_mail(m).replace("", "none"), _digits(m).replace("", "none")]),
                  "You made one customer of all records without an address or telephone."),
        ),
        hints=(
            "If A shares an address with B, and B a telephone with C, then A, B and C are one.",
            "`linkage.candidates` takes the blocks that you want, and `linkage.linked` follows the links.",
            "Two blocks, each of one column: (('email',), ('phone',)).",
        ),
    ),
    "recall": Number(
        answer=recall,
        praise="Of the pairs that truly are one; a customer of three records has three pairs.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(_precision, "This is the precision: of the pairs that were joined. Recall divides by the true ones."),
            Wrong(lambda m: 2 * recall() * _precision() / (recall() + _precision()), "This is F1, which has both in one."),
            Wrong(_whole_customers, "This is the share of whole customers that were found. The question is about pairs."),
            Wrong(lambda m: 1 - recall(), "This is the share that was missed."),
            Wrong(lambda m: len(_pairs(TRUE) & _pairs(FOUND)), "This is how many pairs are right. Divide by how many there are."),
        ),
        hints=(
            "List the true pairs: three of them are those of customer a.",
            "How many of these have the same letter under `found`?",
        ),
    ),
    "impossible": Number(
        answer=impossible,
        praise="These can be seen without looking at anything else. A day and month turned round cannot.",
        within=0,
        wrong=(
            Wrong(lambda m: (_year(m) > _years(m)[1]).sum(), "You counted those that are too late. Some are too early."),
            Wrong(lambda m: (_year(m) < _years(m)[0]).sum(), "You counted those that are too early. Some are too late."),
            Wrong(lambda m: (_year(m) == 1970).sum(), "You counted those of 1970. There are others."),
            Wrong(_impossible_orders, "You counted orders. The question is about lines."),
            Wrong(lambda m: len(_year(m)) - impossible(m), "These are the lines whose date is possible."),
        ),
        hints=(
            "`cleaning.read_days` reads all three forms.",
            "Before `first` or after `last`: two conditions, joined by |.",
        ),
    ),
    "stale": Number(
        answer=stale,
        praise="The last confirmation counts, each system read in its own way.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(lambda m: stale(m, "created"), "You took the day the record was made. When was it last confirmed?"),
            Wrong(lambda m: 1 - stale(m), "This is the share that is fresh."),
            Wrong(lambda m: stale(m, slashed="%d/%m/%Y"), "You read the dates of the office with the day first. Their month stands first."),
            Wrong(lambda m: stale(m, limit=179), "After exactly 180 days a record is not stale yet."),
            Wrong(lambda m: stale(m, limit=365), "You took a year; the limit of this question is half of it."),
        ),
        hints=(
            "`cleaning.read_records` reads the days of all three systems.",
            "Days from `updated` to `as_of`, more than 180; the mean of that condition is a share.",
            "`freshness.summary` has it as `stale_share`; its limit is an option.",
        ),
    ),
    "alone": Number(
        answer=alone,
        praise="A gap is a value like others: who did not answer hides among those who did not, either.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(_without_gaps, "You left out people who did not state something. They stand in the table as well."),
            Wrong(lambda m: alone(m, kind=None), "You counted businesses as well. The question is about consumers."),
            Wrong(_of_groups, "You divided by the number of groups. Divide by the people."),
            Wrong(lambda m: 1 - alone(m), "This is the share of those who are not alone."),
            Wrong(lambda m: alone(m, columns=["postcode", "birth_year"]), "You left out gender."),
            Wrong(lambda m: alone(m, columns=["birth_year", "gender"]), "You left out the postcode."),
        ),
        hints=(
            "How many share all three with a person? Group by the three, gaps included.",
            "`exposure.anonymity` takes a table and the columns, and has `unique_share`.",
        ),
    ),
    "decision": Words(
        at_least=40,
        hints=(
            "Which mistake is dearer here: two customers joined, or one customer cut in two?",
            "Name a threshold and a number from the table, say who looks at what lies below it, and what would change your mind.",
        ),
    ),
}  # fmt: skip
