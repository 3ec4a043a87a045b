"""Workbooks: their data and checks, and how the course is built and copied for a learner.

    workbook                 what a workbook calls first: data and checks
    checks                   the four outcomes and the kinds of answer
    values                   what a learner's answer is: one number, ids as text
    questions/KEY.py         the questions of one workbook, with answers of their own
    sentences                what lessons print about a log, computed (of the audit: sentences_audit, sentences_cohorts)
    start                    exercises/ -> a learner's own copy in work/
    build                    course/ -> notebooks/, exercises/, solutions/ (maintainers), by way of
        source, execute      what a text source says; running a notebook and keeping what is the same at every run
        notebook, manifest   notebooks as files; what was built from what
        compare              a notebook run again, held to the committed one
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

from crmlib.errors import DataError

__all__ = ["Workbook", "workbook"]


class Workbook(NamedTuple):
    """What a workbook works with: the log, one row a customer, and the check for its answers."""

    tx: Any
    customers: Any
    check: Any


def workbook(key, *, data="cdnow", as_of="", currency="$", **options):
    """The data of a workbook and the checks of its questions.

    ``data`` is a name in datasets/, a folder or a file; ``options`` are those of `crmlib.admit` and the file reader. An
    empty ``as_of`` is the log's last date. The checks keep a copy of the data for themselves: changing ``tx`` or
    ``customers`` changes no right answer. Raises `DataError` for an unknown key or data that cannot be read.

    >>> workbook("no-such")
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: There is no workbook 'no-such'; there are customer_base_audit, customers, lifecycle, needs_and_offers, one_record, pareto, rfm,
    whom_to_contact, worth_in_a_log, worth_on_paper.
    """
    from crmlib.customers import customer_table, until
    from crmlib.datasets import admit_log, load
    from crmlib.workbook.checks import Check, Material

    if key not in keys():
        raise DataError(f"There is no workbook {key!r}; there are {', '.join(keys())}.")
    tx = admit_log(data, **options).transactions
    as_of = as_of or tx["date"].max().date().isoformat()
    tx = until(tx, as_of)
    customers = customer_table(tx, as_of=as_of)
    material = Material(tx.copy(), customers.copy(), as_of, currency, partial(load, data))
    questions = import_module(f"crmlib.workbook.questions.{key}").QUESTIONS
    return Workbook(tx, customers, Check(key, questions, material))


def keys():
    """The keys of the workbooks that have questions."""
    from pkgutil import iter_modules

    folder = find_spec("crmlib.workbook.questions").submodule_search_locations
    return sorted(module.name for module in iter_modules(folder) if not module.name.startswith("_"))  # _: their parts
