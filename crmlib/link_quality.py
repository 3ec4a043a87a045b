"""Whether the right records were linked: against a truth, and what a threshold does."""

from __future__ import annotations

from crmlib.errors import DataError, quote
from crmlib.frames import collect, table
from crmlib.linkage import check_once, linked

__all__ = ["by_threshold", "quality"]


def quality(links, truth):
    """How well links agree with the truth: what, found, true, right, precision, recall, f1; pandas.

    Both tables have record and customer, for the same records; the names of the customers may differ. Row "pairs": two
    records of one customer. Row "customers": all records of a customer and no others. Row "with several records": the
    same of those alone. precision = right / found, recall = right / true; nothing found or true: 1.

    >>> import pandas as pd
    >>> truth = pd.DataFrame({"record": ["R1", "R2", "R3"], "customer": ["a", "a", "b"]})
    >>> quality(truth.assign(customer="x"), truth)[["what", "found", "true", "right"]].to_dict("split")["data"]
    [['pairs', 3, 1, 1], ['customers', 1, 2, 0], ['with several records', 1, 1, 0]]
    """
    import pandas as pd

    one, other = (_rows(table(frame, ["record", "customer"], what=what, eager=False)) for frame, what in ((links, "table of links"), (truth, "truth")))
    check_once(one["record"].tolist())
    both = one.merge(other, on="record", suffixes=("_found", "_true"))
    if len(both) != len(one) or len(both) != len(other):
        short = set(other["record"]) - set(one["record"]) or set(one["record"]) - set(other["record"])
        raise DataError(f"The links and the truth are not about the same records, e.g. {quote(min(short))}.")
    rows = []
    found, true = (both.groupby(name)["record"].transform("size") for name in ("customer_found", "customer_true"))
    shared = both.groupby(["customer_found", "customer_true"])["record"].transform("size")
    pairs = [int(((size - 1) / 2).sum().round()) for size in (found, true, shared)]
    exact = (shared == found) & (shared == true)
    rows.append(("pairs", *pairs))
    for what, least in (("customers", 1), ("with several records", 2)):
        counts = [round(float((1 / size[keep & (size >= least)]).sum())) for size, keep in ((found, found > 0), (true, true > 0), (found, exact))]
        rows.append((what, *counts))
    table_of = pd.DataFrame(rows, columns=["what", "found", "true", "right"])
    table_of["precision"] = (table_of["right"] / table_of["found"].where(table_of["found"] > 0)).fillna(1.0)
    table_of["recall"] = (table_of["right"] / table_of["true"].where(table_of["true"] > 0)).fillna(1.0)
    both_rates = table_of["precision"] + table_of["recall"]
    table_of["f1"] = (2 * table_of["precision"] * table_of["recall"] / both_rates.where(both_rates > 0)).fillna(0.0)
    return table_of


def by_threshold(records, pairs, *, thresholds, truth=None):
    """What each threshold does: threshold, pairs, customers, joined, with_several, largest; with a ``truth`` precision, recall, f1.

    pairs: those at or above the threshold; customers: how many are left of the records; joined: how many went into others; with_several: those of them with
    more than one record; largest: most records of one. The last three are of pairs of records that end up as one.

    >>> import pandas as pd
    >>> two = pd.DataFrame({"record": ["R1", "R2"]})
    >>> by_threshold(two, pd.DataFrame({"one": ["R1"], "other": ["R2"], "evidence": [7.0]}), thresholds=[5, 10])["customers"].to_list()
    [1, 2]
    """
    import pandas as pd

    rows = []
    pairs = _rows(table(pairs, ["one", "other", "evidence"], what="table of pairs", eager=False))
    records = _rows(table(records, ["record"], what="table of records", eager=False))[["record"]]
    for threshold in thresholds:
        links = linked(records, pairs, threshold=threshold)
        sizes = links.groupby("customer").size()
        row = {"threshold": float(threshold), "pairs": int((pairs["evidence"] >= threshold).sum()), "customers": len(sizes), "joined": len(links) - len(sizes),
               "with_several": int((sizes > 1).sum()), "largest": int(sizes.max())}  # fmt: skip
        if truth is not None:
            row |= quality(links, truth).loc[0, ["precision", "recall", "f1"]].to_dict()
        rows.append(row)
    return pd.DataFrame(rows)


def _rows(frame):
    return collect(frame).to_pandas().reset_index(drop=True)
