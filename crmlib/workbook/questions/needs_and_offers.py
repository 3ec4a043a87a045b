"""The questions of *Which needs, which offer*.

Right answers are plain pandas on the tables of the data set; nothing of the modules under study is used, and the
evaluation table is written here once more.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmlib.errors import DataError
from crmlib.workbook.checks import Choice, Labels, Number, Words, Wrong

__all__ = ["QUESTIONS"]

COST, PRICES, CUT_OFF, CUT = 8, range(8, 31), 4, 0.5
WORDS, NUMBERS = ["what", "when", "where", "why", "pay"], ["how_many", "price", "frequency"]
ORDER = "MOAIRQ"  # a tie goes to the first
MODES = ("mass", "target or niche", "frequency", "one-to-one")


def _table(material, name):
    found = material.table(name)
    if found.empty:
        raise DataError(f"Its table {name!r} is empty.")
    return found


# 1 pairs


def _category(there, missing):
    if there == missing and there in "LD":
        return "Q"
    if there == "D" or missing == "L":
        return "R"
    if there == "L":
        return "O" if missing == "D" else "A"
    return "M" if missing == "D" else "I"


def _classified(material, rule=_category):
    """The Kano answers with the column category by a rule."""
    pairs = _table(material, "kano")
    found = [rule(*pair) for pair in zip(pairs["functional"], pairs["dysfunctional"], strict=True)]
    return pairs.assign(category=found)


def _of_feature(material, rule=_category):
    found = _classified(material, rule)
    return found[found["feature"] == found["feature"].min()].set_index("customer")["category"]


def pairs(material):
    return _of_feature(material)


def _renamed(**names):
    return lambda material: _of_feature(material).replace(names)


# 2 better


def _shares(material, up, down="AOMI"):
    category = _of_feature(material)
    below = category.isin([*down]).sum()
    if not below:
        raise DataError("All answers to this feature are R or Q.")
    return float(category.isin([*up]).sum() / below)


def better(material):
    return _shares(material, "AO")


# 3 differ


def _modes(classified):
    """The most frequent category of each feature."""
    counts = pd.crosstab(classified["feature"], classified["category"]).reindex(columns=[*ORDER], fill_value=0)
    return counts.idxmax(axis=1)


def _reason(material):
    """The most frequent reason, of equal ones the first by the alphabet."""
    counts = _table(material, "needs")["why"].value_counts()
    return min(counts.index[counts == counts.max()])


def _with_reason(material):
    """The Kano answers with the reason of each customer; who did not tell one is left out."""
    return _classified(material).merge(_table(material, "needs")[["customer", "why"]], on="customer")


def differ(material):
    told = _with_reason(material)
    some, everybody = _modes(told[told["why"] == _reason(material)]), _modes(told)
    return float((some != everybody.reindex(some.index)).sum())


def _differ_from_the_others(material):
    told = _with_reason(material)
    inside = told["why"] == _reason(material)
    some, others = _modes(told[inside]), _modes(told[~inside])
    return float((some != others.reindex(some.index)).sum())


def _alike(material):
    return _table(material, "kano")["feature"].nunique() - differ(material)


def _customers_who_differ(material):
    told = _with_reason(material)
    inside = told[told["why"] == _reason(material)]
    return float((inside["category"] != inside["feature"].map(_modes(told))).sum())


# 4 distance


def _parts(material, spread=lambda values: values.max() - values.min()):
    """How far the first two customers lie apart in each word and each number."""
    needs = _table(material, "needs")
    if len(needs) < 2:
        raise DataError("It has the needs of one customer only.")
    one, other = needs.iloc[0], needs.iloc[1]
    words = [float(one[name] != other[name]) for name in WORDS]
    return words, [abs(one[name] - other[name]) / (spread(needs[name]) or 1) for name in NUMBERS]


def distance(material, **options):
    return float(np.mean(np.concatenate(_parts(material, **options))))


def _numbers_as_words(material):
    words, numbers = _parts(material)
    return float(np.mean([*words, *(float(number > 0) for number in numbers)]))


# 5 diversity


def _squares(material):
    return float((_table(material, "needs")["why"].value_counts(normalize=True) ** 2).sum())


def diversity(material):
    return 1 - _squares(material)


def _two_different(material):
    n = len(_table(material, "needs"))
    return diversity(material) * n / (n - 1)


# 6 way


def _skew(material):
    revenue = material.tx.groupby("customer")["amount"].sum().round(2)
    worth = np.sort(revenue[revenue.index.isin(_table(material, "needs")["customer"]) & (revenue >= 0)].to_numpy())
    if len(worth) < 2 or not worth.sum() > 0:
        raise DataError("Those who told their needs brought no revenue.")
    n = len(worth)
    return float(2 * (np.arange(1, n + 1) * worth).sum() / (n * worth.sum()) - (n + 1) / n)


def _way(values_differ, needs_differ):
    return MODES[2 * bool(values_differ) + bool(needs_differ)]


def way(material):
    return _way(_skew(material) >= CUT, diversity(material) >= CUT)


# 7 best_price


def _profits(material, cost=COST, kilos=True, reason=True, more=False):
    needs = _table(material, "needs")
    needs = needs[needs["why"] == _reason(material)] if reason else needs
    weight = needs["how_many"] if kilos else 1.0
    found = {price: ((price - cost) * weight * (needs["price"] > price if more else needs["price"] >= price)).sum() for price in PRICES}
    return pd.Series(found).round(6)


def best_price(material, **options):
    return float(_profits(material, **options).idxmax())  # the lowest of equal ones


# 8 links


def _mentions(material, direct=True, by=("interview", "ladder")):
    """How many ladders (or interviews) have each link."""
    ladders = _table(material, "laddering").sort_values(["interview", "ladder", "step"])
    found = set()
    for key, ladder in ladders.groupby(["interview", "ladder"]):
        elements = ladder["element"].tolist()
        for start in range(len(elements)):
            for end in range(start + 1, len(elements)):
                if (end == start + 1 or not direct) and elements[start] != elements[end]:
                    found.add((key if len(by) == 2 else key[0], elements[start], elements[end]))
    return pd.Series([pair[1:] for pair in found]).value_counts()


def links(material):
    return float((_mentions(material) >= CUT_OFF).sum())


QUESTIONS = {
    "pairs": Labels(
        answer=pairs,
        praise="The row is the answer to 'there', the column that to 'missing'.",
        column="category",
        wrong=(
            Wrong(lambda m: _of_feature(m, lambda there, missing: _category(missing, there)),
                  "The two questions are the wrong way round: `functional` is how it is if the feature is there."),
            Wrong(_renamed(Q="A"), "Who likes it there and likes it missing as well, or dislikes both, contradicts themselves."),
            Wrong(_renamed(Q="I"), "Two answers that contradict each other are no indifference; they have a category of their own."),
            Wrong(_renamed(O="A"), "To like it there and dislike it missing is more than a pleasant surprise."),
            Wrong(_renamed(R="I"), "Who is better off without the feature is not indifferent to it."),
            Wrong(lambda m: _of_feature(m, lambda there, missing: "M" if there == "M" else _category(there, missing)),
                  "'It must be so' alone makes no must-be: how is it if it is missing?"),
        ),
        hints=(
            "The evaluation table stands in section 3 of the lesson: find the row, then the column.",
            "The library has `kano.classify`; it adds the column to the table of answers.",
        ),
    ),
    "better": Number(
        answer=better,
        praise="Whom it pleases, among those whose answers say something: R and Q are reported, and not counted.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(lambda m: _shares(m, "AO", ORDER), "You divided by all answers; R and Q stand in no denominator."),
            Wrong(lambda m: _shares(m, "AO", "AOMIR"), "R is in your denominator; it stands in neither part."),
            Wrong(lambda m: _shares(m, "A"), "Who finds it one-dimensional is pleased by it too."),
            Wrong(lambda m: _shares(m, "OM"), "This is the size of worse: whom it angers if it is missing."),
            Wrong(lambda m: _shares(m, "AOM"), "Nobody is pleased by what must be there: leave M out above the line."),
            Wrong(lambda m: _shares(m, "O"), "An attractive feature pleases as well."),
        ),
        hints=(
            "Count the six categories of the feature first.",
            "Above the line are two of them, below it four.",
        ),
    ),
    "differ": Number(
        answer=differ,
        praise="What all together say is nobody's opinion in particular.",
        within=0,
        wrong=(
            Wrong(_alike, "You counted the features that have the same category in both."),
            Wrong(_differ_from_the_others, "You compared with those who gave another reason. Compare with all."),
            Wrong(_customers_who_differ, "You counted answers of customers. Count features."),
        ),
        hints=(
            "Join the answers with `why`, and make one table of categories for these customers and one for all.",
            "`kano.categories` gives the most frequent category of each feature, and breaks ties as asked.",
        ),
    ),
    "distance": Number(
        answer=distance,
        praise="Eight questions, each from 0 to 1, and their mean.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(_numbers_as_words, "You took the numbers for words. Two prices may differ by little."),
            Wrong(lambda m: distance(m, spread=lambda values: values.max()), "You divided by the largest number; divide by the range."),
            Wrong(lambda m: distance(m, spread=lambda values: values.std()), "You divided by the standard deviation; divide by the range."),
            Wrong(lambda m: distance(m, spread=lambda values: 1), "You did not divide the numbers by their range."),
            Wrong(lambda m: float(np.mean(_parts(m)[0])), "You left the numbers out: there are eight questions."),
            Wrong(lambda m: float(np.sum(np.concatenate(_parts(m)))), "This is the sum. Take the mean of the eight."),
            Wrong(lambda m: 1 - distance(m), "This is how alike they are; the question is how far apart."),
        ),
        hints=(
            "For each question in words: 0 if the two answers are the same, else 1.",
            "For each number: the difference over the range of *all* customers in `needs`.",
        ),
    ),
    "diversity": Number(
        answer=diversity,
        praise="The chance that two customers, drawn one after the other from all, gave different reasons.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(_squares, "This is the concentration itself. Subtract it from 1."),
            Wrong(lambda m: 1 - 1 / _table(m, "needs")["why"].nunique(), "You took the groups for equally large."),
            Wrong(lambda m: 1 - _table(m, "needs")["why"].value_counts(normalize=True).max(), "You looked at the largest group only."),
            Wrong(_two_different, "You drew two different customers. The index squares the shares."),
        ),
        hints=("What share of the customers gave each reason?", "Square the shares, add them up, subtract from 1."),
    ),
    "way": Choice(
        answer=way,
        praise="Both axes, both cuts; and a cut that was chosen, not measured.",
        choices=MODES,  # four: a message for each wrong one would name the right one
        hints=(
            "The Gini index of the revenue of those in `needs`: `needs_value.value_skew`.",
            "Hold each of the two numbers against the cut by itself: from the cut on customers differ, below it they are alike.",
            "Then the table of section 8: values choose the row, needs the column.",
        ),
    ),
    "best_price": Number(
        answer=best_price,
        praise="The best price loses some customers, and that is its price.",
        within=0.005,
        wrong=(
            Wrong(lambda m: best_price(m, cost=0), "This price brings the most revenue. Each kilo costs something."),
            Wrong(lambda m: best_price(m, kilos=False), "You counted heads. They use different amounts of coffee."),
            Wrong(lambda m: best_price(m, reason=False), "This is the price for all who were asked."),
            Wrong(lambda m: best_price(m, more=True), "Who is ready to pay just this price buys at it."),
            Wrong(lambda m: float(_profits(m).max()), "This is the profit. Which price makes it?"),
        ),
        hints=(
            "For each price: who is ready to pay as much or more, and how many kilos do they use together?",
            "Profit is the price less the cost, times these kilos. `needs_value.demand` takes a list of prices.",
        ),
    ),
    "links": Number(
        answer=links,
        praise="What few ladders say may be a slip; what many say is drawn.",
        within=0,
        wrong=(
            Wrong(lambda m: float((_mentions(m, direct=False) >= CUT_OFF).sum()), "You took indirect links in; count direct ones only."),
            Wrong(lambda m: float((_mentions(m) > CUT_OFF).sum()), "A link with exactly that many mentions is drawn as well."),
            Wrong(lambda m: float(len(_mentions(m))), "You counted all direct links. How many reach the cut-off?"),
            Wrong(lambda m: float(_mentions(m)[_mentions(m) >= CUT_OFF].sum()), "You counted mentions. Count the links that have so many."),
            Wrong(lambda m: float((_mentions(m, by=("interview",)) >= CUT_OFF).sum()), "You counted people. A link counts once in each ladder."),
        ),
        hints=("`laddering.implications` counts each link once a ladder.", "How many of its rows have enough direct mentions?"),
    ),
    "offer": Words(
        at_least=40,
        hints=(
            "Name a group, what it takes for granted, and what you would not spend on it.",
            "How many answers stand behind a letter? Is it clear?",
            "What could be tried with some of them by lot before it is offered to all?",
        ),
    ),
}  # fmt: skip
