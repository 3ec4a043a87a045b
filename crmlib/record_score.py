"""A student's links and findings on a raw data set, scored against its truth."""

from __future__ import annotations

import os

from crmlib import cleaning, datasets, link_quality
from crmlib.errors import DataError, quote

__all__ = ["score_records"]


def score_records(links, truth_folder, findings=None):
    """Precision and recall of a student's work: part, kind, true, found, right, precision, recall; a pandas table.

    ``links`` is a table or a CSV file with the columns **record** and **customer**: one row for every record of the raw
    table records, and the same text in customer for records of one customer (any text will do). ``findings``, if there are
    any, is a table or a CSV file with the columns **line**, **kind** and **now** as `crmlib.cleaning.clean` gives them: the
    raw line, one of `crmlib.cleaning.KINDS`, and the value that should stand there (dates as YYYY-MM-DD, amounts in euros).
    Other columns are passed over. ``truth_folder`` is the folder with the truth of that data set and its datapackage.json.

    Part "links": kinds pairs, customers and with several records, as in `crmlib.link_quality.quality`. Part "lines": each kind of
    defect and all of them, as in `crmlib.cleaning.compared`, where right counts those repaired to the right value, and
    precision and recall those found. Raises `DataError` if the columns are not there, or if the links are of another set.

    >>> import pandas as pd
    >>> score_records(pd.DataFrame({"record": ["R1"]}), "anywhere")
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: The links have no column 'customer'; they have ['record'].
    """
    import pandas as pd

    links = _read(links, ("record", "customer"), "links")
    told = None if findings is None else _read(findings, ("line", "kind", "now"), "findings")
    truth = datasets.load(truth_folder, "records")
    scores = link_quality.quality(links, truth).rename(columns={"what": "kind"}).assign(part="links")
    if told is not None:
        lines = cleaning.compared(told, datasets.load(truth_folder, "defects").fillna(""))
        lines = lines.assign(true=lines["planted"], found=lines["found"] + lines["false"], part="lines")
        scores = pd.concat([scores, lines], ignore_index=True)
    return scores[["part", "kind", "true", "found", "right", "precision", "recall"]]


def _read(given, columns, what):
    import pandas as pd

    if isinstance(given, str | os.PathLike):
        try:
            given = pd.read_csv(given, dtype="str", keep_default_na=False)
        except (OSError, ValueError) as error:
            raise DataError(f"The {what} cannot be read as a CSV file: {str(error).splitlines()[0]}.") from None
    missing = [name for name in columns if name not in given.columns]
    if missing:
        raise DataError(f"The {what} have no column {quote(missing[0])}; they have {quote(list(given.columns))}.")
    return given
