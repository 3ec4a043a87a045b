"""Means and ends: from the attributes of a product to what people want in life (Reynolds and Gutman 1988).

In a laddering interview every answer is asked again: why does that matter? So each ladder leads from an attribute over
consequences to a value. Counted over all ladders, links make the implication matrix; those above a cut-off are drawn as
the hierarchical value map.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np

from crmlib.arguments import check_share, is_number
from crmlib.errors import DataError, quote
from crmlib.frames import table

__all__ = ["LEVELS", "cut_offs", "elements", "implications", "matrix", "value_map"]

LEVELS = ("attribute", "consequence", "value")
_COLUMNS = ("interview", "ladder", "step", "element")


def implications(ladders):
    """How often one element leads to another: a pandas table with from, to, direct, indirect, most direct ones first.

    ``ladders``: interview, ladder, step, element, a row an element; the table may be pandas, polars or pyarrow. A link is
    direct if nothing stands between the two; in a-b-c, a to c is indirect. Each counts once a ladder. Raises `DataError`
    where two elements stand on one step.

    >>> import pandas as pd
    >>> ladders = pd.DataFrame({"interview": 1, "ladder": [1, 1, 1, 2, 2], "step": [1, 2, 3, 1, 2], "element": list("abcab")})
    >>> implications(ladders)
      from to  direct  indirect
    0    a  b       2         0
    1    b  c       1         0
    2    a  c       0         1
    """
    import pandas as pd

    direct, indirect = Counter(), Counter()
    for ladder in _ladders(ladders):
        near, far = set(), set()
        for (i, start), (j, end) in combinations(enumerate(ladder), 2):
            if start != end:
                (near if j == i + 1 else far).add((start, end))
        direct.update(near)
        indirect.update(far - near)
    links = sorted({*direct, *indirect}, key=lambda link: (-direct[link], -indirect[link], link))
    rows = [(*link, direct[link], indirect[link]) for link in links]
    return pd.DataFrame(rows, columns=["from", "to", "direct", "indirect"])


def _ladders(ladders):
    """The elements of each ladder, upwards."""
    frame = table(ladders, _COLUMNS, what="table of ladders")
    rows = sorted(zip(*(frame[name].to_list() for name in _COLUMNS), strict=True), key=lambda row: (str(row[0]), *row[1:3]))
    found = {}
    for interview, ladder, step, element in rows:
        steps = found.setdefault((interview, ladder), {})
        if step in steps:
            raise DataError(f"Interview {quote(interview)} has two elements on step {step} of ladder {ladder}.")
        steps[step] = element
    if not found:
        raise DataError("The table of ladders is empty.")
    return [list(steps.values()) for steps in found.values()]


def matrix(links):
    """The implication matrix as it is printed: a row and a column an element, and in a cell ``direct.indirect``.

    12.05 says 12 direct and 5 indirect links; two digits after the point, so 12.10 are ten. Empty where there is none.

    >>> import pandas as pd
    >>> matrix(pd.DataFrame({"from": ["a", "b"], "to": ["b", "c"], "direct": [12, 3], "indirect": [5, 0]}))
        b      c
    a  12.05
    b         3.00
    """
    import pandas as pd

    frame = table(links, ["from", "to", "direct", "indirect"], what="table of links")
    starts, ends = list(dict.fromkeys(frame["from"].to_list())), list(dict.fromkeys(frame["to"].to_list()))
    made = pd.DataFrame("", index=starts, columns=ends)
    for start, end, direct, indirect in frame.select("from", "to", "direct", "indirect").iter_rows():
        made.loc[start, end] = f"{direct}.{indirect:02d}"
    return made


def cut_offs(links):
    """What each cut-off leaves: a pandas table with cut_off, links, mentions, share_of_mentions.

    ``links`` are pairs with so many direct mentions or more, ``mentions`` those of all of them. Reynolds and Gutman try
    cut-offs of 3 to 5 with 50 to 60 people; a common rule takes the highest that leaves about two thirds of the mentions.

    >>> import pandas as pd
    >>> cut_offs(pd.DataFrame({"from": list("aab"), "to": list("bcc"), "direct": [3, 1, 1], "indirect": 0}))
       cut_off  links  mentions  share_of_mentions
    0        1      3         5                1.0
    1        2      1         3                0.6
    2        3      1         3                0.6
    """
    import pandas as pd

    direct = table(links, ["direct"], what="table of links")["direct"].to_numpy().astype(int)
    if not direct.sum() > 0:
        raise DataError("The table of links has no direct link.")
    tried = np.arange(1, direct.max() + 1)
    kept = direct >= tried[:, None]
    mentions = (kept * direct).sum(axis=1)
    columns = {"cut_off": tried, "links": kept.sum(axis=1), "mentions": mentions}
    return pd.DataFrame(columns | {"share_of_mentions": mentions / direct.sum()})


def value_map(links, *, cut_off=None, keep=2 / 3):
    """The links that are drawn: those with ``cut_off`` direct mentions or more, with the columns of `implications`.

    Without a ``cut_off``: the highest that leaves at least ``keep`` of all direct mentions.

    >>> import pandas as pd
    >>> links = pd.DataFrame({"from": list("aab"), "to": list("bcc"), "direct": [3, 1, 1], "indirect": 0})
    >>> len(value_map(links)), len(value_map(links, keep=0.6)), len(value_map(links, cut_off=2))
    (3, 1, 1)
    """
    if cut_off is None:
        check_share(keep=keep)
        tried = cut_offs(links)
        cut_off = int(tried.loc[tried["share_of_mentions"] >= keep - 1e-12, "cut_off"].max())
    elif not is_number(cut_off) or not cut_off > 0:
        raise DataError(f"cut_off is {quote(cut_off)}; it is a number of mentions above 0.")
    return links[links["direct"] >= cut_off].reset_index(drop=True)


def elements(links):
    """Where each element stands in the network: a pandas table, from the least to the most abstract.

    Columns: element, out (direct links from it), in (to it), abstractness = in / (in + out), 0 for a means and 1 for an
    end, and centrality = (in + out) / all direct links, how much runs through it (Pieters, Baumgartner and Allen 1995).
    Elements that stand in indirect links only are left out.

    >>> import pandas as pd
    >>> elements(pd.DataFrame({"from": list("ab"), "to": list("bc"), "direct": [3, 1], "indirect": 0}))
      element  out  in  abstractness  centrality
    0       a    3   0          0.00        0.75
    1       b    1   3          0.75        1.00
    2       c    0   1          1.00        0.25
    """
    import pandas as pd

    frame = table(links, ["from", "to", "direct"], what="table of links")
    out, into = Counter(), Counter()
    for start, end, direct in frame.select("from", "to", "direct").iter_rows():
        out[start] += int(direct)
        into[end] += int(direct)
    total = sum(out.values())
    names = [name for name in dict.fromkeys([*out, *into]) if out[name] + into[name]]
    if not names:
        raise DataError("The table of links has no direct link.")
    made = pd.DataFrame({"element": names, "out": [out[n] for n in names], "in": [into[n] for n in names]})
    both = made["in"] + made["out"]
    made["abstractness"], made["centrality"] = made["in"] / both, both / total
    return made.sort_values(["abstractness", "element"], ignore_index=True)
