"""The Kano model: which features customers take for granted, which they pay for, which delight or annoy them.

Each customer answers two questions on a feature: how is it if it is there (functional), and if it is missing
(dysfunctional)? The pair gives a category by the evaluation table (Berger et al., Center for Quality of Management
Journal 2(4), 1993; rows functional, columns dysfunctional):

===  ==  ==  ==  ==  ==
f\\d  L   M   N   W   D
===  ==  ==  ==  ==  ==
L    Q   A   A   A   O
M    R   I   I   I   M
N    R   I   I   I   M
W    R   I   I   I   M
D    R   R   R   R   Q
===  ==  ==  ==  ==  ==

L like, M must be, N neutral, W live with, D dislike. The Chinese course has three of the six categories: basic 基本型
(M), performance 期望型 (O) and excitement 兴奋型 (A).
"""

from __future__ import annotations

import math

import narwhals as nw
import numpy as np

from crmlib.arguments import check_numbers
from crmlib.errors import DataError, quote
from crmlib.frames import collect, like, same_kind, table, with_names

__all__ = [
    "ADVICE", "ANSWERS", "CATEGORIES", "CHINESE", "NAMES", "TABLE", "agreement", "categories", "classify", "clear_mode",
    "offers",
]  # fmt: skip

ANSWERS = {"L": "like", "M": "must be", "N": "neutral", "W": "live with", "D": "dislike"}
NAMES = {
    "M": "must-be", "O": "one-dimensional", "A": "attractive", "I": "indifferent", "R": "reverse", "Q": "questionable",
}  # fmt: skip
CHINESE = {"M": "基本型", "O": "期望型", "A": "兴奋型", "I": "无差异型", "R": "反向型", "Q": "可疑"}
ADVICE = {
    "M": "never without", "O": "be better than others at", "A": "please with", "I": "spend nothing on", "R": "keep away from them",
    "Q": "ask again about",
}  # fmt: skip
CATEGORIES = tuple(NAMES)  # a tie goes to the one that stands first: M > O > A > I (Berger et al. 1993), then R and Q
_ROWS = {"L": "QAAAO", "M": "RIIIM", "N": "RIIIM", "W": "RIIIM", "D": "RRRRQ"}
TABLE = {(row, column): one for row, line in _ROWS.items() for column, one in zip(ANSWERS, line, strict=True)}
_COUNTED = ("M", "O", "A", "I")  # R and Q are left out of better and worse


@same_kind
def classify(answers, *, functional="functional", dysfunctional="dysfunctional"):
    """The table with the column ``category``, M O A I R or Q, for each pair of answers.

    The same kind of table; a lazy one stays where it is, but for one query that looks for other letters. Raises
    `DataError` for an answer that is none of L, M, N, W and D, and for a gap.

    >>> import pandas as pd
    >>> answers = pd.DataFrame({"functional": list("LLNML"), "dysfunctional": list("DNDLL")})
    >>> classify(answers)["category"].tolist()
    ['O', 'A', 'M', 'R', 'Q']
    """
    frame = table(answers, [functional, dysfunctional], what="table of answers", eager=False)
    for column in (functional, dysfunctional):
        found = collect(frame.select(column).unique())[column].to_list()
        odd = sorted((one for one in found if one not in ANSWERS), key=repr)
        if odd:
            said = "gaps" if odd[0] is None or odd[0] != odd[0] else quote(odd[0])
            raise DataError(f"Column {column!r} of the answers has {said}; an answer is one of L, M, N, W and D.")
    code = 5 * _place(functional) + _place(dysfunctional)
    return with_names(frame, "category", code, list(TABLE.values())).to_native()


def _place(column):
    place = nw.lit(0)
    for number, letter in enumerate(ANSWERS):
        place = nw.when(nw.col(column) == letter).then(nw.lit(number)).otherwise(place)
    return place


@same_kind
def categories(classified, by="feature", *, z=1.65):
    """What each feature is: a row for each value of ``by``, a column or a list of them, in their order.

    Columns: ``by``, answers, M, O, A, I, R, Q (how many), category (the most frequent; a tie goes to the first of
    M > O > A > I > R > Q), clear (see `clear_mode`, which takes ``z``), better = (A + O) / (A + O + M + I), worse =
    -(O + M) / (A + O + M + I), left_out = the share of R and Q, which stand in neither. ``better`` is how far the feature
    raises satisfaction where it is there, ``worse`` how far it lowers it where it is missing; both are null where all
    answers are R or Q. One query; a small table of the same kind.

    >>> import pandas as pd
    >>> one = pd.DataFrame({"feature": "sample", "category": list("A" * 30 + "O" * 25 + "M" * 20 + "I" * 25)})
    >>> categories(one)[["feature", "category", "clear", "better", "worse"]]
      feature category  clear  better  worse
    0  sample        A  False    0.55  -0.45
    """
    by = [by] if isinstance(by, str) else list(by)
    frame = table(classified, [*by, "category"], what="table of categories", eager=False)
    grouped = collect(frame.select(*by, "category").group_by(*by, "category").agg(nw.len().alias("__rows")))
    counts = {}
    for *key, category, rows in grouped.iter_rows():
        if category not in CATEGORIES:
            raise DataError(f"The category {quote(category)} is none of {', '.join(CATEGORIES)}; use kano.classify().")
        counts.setdefault(tuple(key), dict.fromkeys(CATEGORIES, 0))[category] += int(rows)
    if not counts:
        raise DataError("The table of categories is empty.")
    keys = sorted(counts, key=lambda key: tuple((one is None, one) for one in key))
    schema = {name: frame.collect_schema()[name] for name in by}
    columns = {name: [key[place] for key in keys] for place, name in enumerate(by)}
    found = [_row(counts[key], z) for key in keys]
    columns |= {name: [row[name] for row in found] for name in found[0]}
    schema |= {"answers": nw.Int64, **dict.fromkeys(CATEGORIES, nw.Int64), "category": nw.String, "clear": nw.Boolean}
    schema |= dict.fromkeys(("better", "worse", "left_out"), nw.Float64)
    return like(frame, columns, schema).to_native()


def _row(counts, z):
    n, counted = sum(counts.values()), sum(counts[one] for one in _COUNTED)
    better, worse = counts["A"] + counts["O"], -(counts["O"] + counts["M"])
    return {
        "answers": n,
        **counts,
        "category": max(CATEGORIES, key=counts.get),  # the first of the largest
        "clear": clear_mode([*counts.values()], z=z),
        "better": better / counted if counted else math.nan,
        "worse": worse / counted if counted else math.nan,
        "left_out": (n - counted) / n,
    }


@same_kind
def offers(by_group, *, group="group", label="feature"):
    """What the categories say to do for each group: a row a group and category that occurs there, in their order.

    ``by_group``: from `categories` by both columns. Columns: ``group``, category, do (`ADVICE`), features and unclear: the
    names with a clear mode and those without, joined by commas. A table in memory of the same kind.

    >>> import pandas as pd
    >>> by_group = pd.DataFrame({"group": 1, "feature": ["date", "bag", "label"], "category": list("MMI"), "clear": [1, 0, 1]})
    >>> offers(by_group)
       group category                do features unclear
    0      1        M     never without     date     bag
    1      1        I  spend nothing on    label
    """
    frame = collect(table(by_group, [group, label, "category", "clear"], what="table of categories", eager=False))
    rows = [*zip(*(frame[name].to_list() for name in (group, label, "category", "clear")), strict=True)]
    made = []
    for name in sorted({row[0] for row in rows}):
        for category in CATEGORIES:
            found = [(str(feature), clear) for one, feature, kind, clear in rows if one == name and kind == category]
            if found:
                both = (", ".join(feature for feature, clear in found if bool(clear) is sure) for sure in (True, False))
                made.append((name, category, ADVICE[category], *both))
    names = [group, "category", "do", "features", "unclear"]
    schema = {group: frame.schema[group], **dict.fromkeys(names[1:], nw.String)}
    return like(frame, dict(zip(names, map(list, zip(*made, strict=True)), strict=True)), schema).to_native()


def clear_mode(counts, *, z=1.65) -> bool:
    """Whether the most frequent category is more than chance above the next (Fong 1996, at 90 % with ``z`` 1.65).

    With a and b the two largest of ``counts`` and n their sum over all: a - b >= z * sqrt((a + b) * (2n - a - b) / 2n).
    That takes the two counts for independent; `agreement` does not.

    >>> clear_mode([30, 25, 20, 25]), clear_mode([60, 25, 5, 10])
    (False, True)
    """
    check_numbers(z=z)
    counts = np.asarray(counts, dtype=float)
    n = counts.sum()
    if counts.ndim != 1 or len(counts) < 2 or not n > 0 or (counts < 0).any():
        raise DataError(f"counts is {quote(counts.tolist())}; it must be two or more counts, one of them above 0.")
    second, first = np.sort(counts)[-2:]
    return bool(first - second >= z * math.sqrt((first + second) * (2 * n - first - second) / (2 * n)))


def agreement(counts, *, rng, draws=2000) -> float:
    """The share of surveys, drawn again from these answers, in which the same category is the most frequent.

    ``counts`` in the order of `CATEGORIES`, or of the first of them: ties go as in `categories`. A bootstrap: as many
    answers as there were, drawn with replacement by ``rng``. About 0.5 says that two categories could be it.

    >>> agreement([30, 25, 20, 25], rng=np.random.default_rng(1)) < 0.9 < agreement([60, 25, 5, 10], rng=np.random.default_rng(1))
    True
    """
    counts = np.asarray(counts, dtype=np.int64)
    if counts.ndim != 1 or not 2 <= len(counts) <= len(CATEGORIES) or not counts.sum() > 0 or (counts < 0).any():
        raise DataError(f"counts is {quote(counts.tolist())}; it must be counts of {', '.join(CATEGORIES)}.")
    again = rng.multinomial(counts.sum(), counts / counts.sum(), size=draws)
    return float((again.argmax(axis=1) == counts.argmax()).mean())
