"""One report for each data set in a folder, some at once, and a page that compares the sets.

    OUT/SET.html     the report of each set
    OUT/index.html   a row a set, and what failed and why
    OUT/made.json    what each report was made from: by this a batch that was stopped goes on where it was

Every file appears whole or not at all. A report is kept while its data, the program and the options are the same.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import multiprocessing
import os
import signal
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from crmlib import checkout
from crmlib.batch_index import page
from crmlib.errors import DataError, FitError
from crmlib.report import BESIDE, TEMPLATE, made_here, render, slug
from crmlib.writing import whole

__all__ = ["Batch", "render_batch", "sets_in"]

YEAR = 365  # days
_MADE = "made.json"


class Batch(NamedTuple):
    """The index page; the sets whose reports were made, those kept, and what failed: name and sentence."""

    index: Path
    made: list[str]
    kept: list[str]
    failed: dict[str, str]


def sets_in(folder) -> list[Path]:
    """The data sets below a folder: those in students/ of a folder of class sets, else those in the folder itself.

    Raises `DataError` if there are none, and if the reports of two would have the same name.
    """
    folder = Path(folder).expanduser()
    found = [sorted(place.parent for place in folder.glob(pattern)) for pattern in ("students/*/datapackage.json", "*/datapackage.json")]
    sets = found[0] or found[1]
    if not sets:
        raise DataError(f"{folder} holds no data sets; give a folder of folders, each with a datapackage.json, as crm class new makes.")
    names = {}
    for one in sets:
        if (other := names.setdefault(slug(one.name), one)) != one:
            raise DataError(f"The reports of {other.name} and {one.name} would have the same name; rename one of the folders.")
    return sets


def render_batch(
    folder, out, *, admit: Callable, as_of=None, currency=None, ids="none", key=b"", pdf=False, excel=False, jobs=2,
    progress=False, done=None,
) -> Batch:  # fmt: skip
    """Render the report of every data set in ``folder`` into the folder ``out``, ``jobs`` at a time, and an index page.

    ``admit(data, as_of, options)`` lets a log through the door and gives the admission, the day and the name of the data;
    it runs in other processes. ``currency`` replaces the sign of each set; ``ids``, ``key``, ``pdf`` and ``excel`` are those
    of `crmlib.report.render`. ``done`` is called with the name of a set after
    its report. What fails does not stop the others; the result says what and why. Raises `DataError` for folders and
    numbers that cannot be used, and for a file of somebody else's in the way.
    """
    from tqdm import tqdm

    if not (isinstance(jobs, int) and 1 <= jobs <= 64):
        raise DataError(f"jobs is {jobs!r}; it is a whole number from 1 to 64.")
    sets, out = sets_in(folder), Path(out).expanduser()
    index = out / "index.html"
    options = {"as_of": as_of and str(as_of), "currency": currency, "ids": ids, "key": key, "pdf": pdf, "excel": excel}
    for place in (index, *(place for one in sets for place in _places(out, one, options))):
        if os.path.lexists(place) and not made_here(place):
            raise DataError(f"{place} exists and was not made by crm report; move it away or choose another out.")
    known, made, kept, failed = _read(out), [], [], {}
    wanted = {one: _fingerprint(one, options) for one in sets}
    todo = [one for one in sets if not _is_made(known.get(one.name), wanted[one], _places(out, one, options))]
    kept = [one.name for one in sets if one not in todo]
    pool = ProcessPoolExecutor(min(jobs, len(todo) or 1), multiprocessing.get_context("spawn"), initializer=_quiet)
    with tqdm(total=len(sets), initial=len(kept), desc="reports", unit="report", leave=False, disable=not progress) as bar:
        try:
            running = {pool.submit(_one, one, _place(out, one), admit, options): one for one in todo}
            for future in as_completed(running):
                one = running[future]
                facts, why = future.result()
                if why:
                    failed[one.name] = why
                else:
                    made.append(one.name)
                    known[one.name] = {"from": wanted[one], "report": _sha256(_place(out, one)), "facts": facts}
                    _remember(out, known)
                bar.update()
                if done:
                    done(one.name)
        finally:
            pool.shutdown(cancel_futures=True)  # Ctrl-C: what runs ends or is stopped too, nothing new begins
    rows = [(one.name, _place(out, one).name, known[one.name]["facts"]) for one in sets if one.name not in failed]
    failed = {one.name: failed[one.name] for one in sets if one.name in failed}
    with whole(index) as path:
        path.write_bytes(page(rows, failed).encode("utf-8"))
    return Batch(index, sorted(made), kept, failed)


def _place(out, one):
    return out / f"{slug(one.name)}.html"


def _places(out, one, options):
    """The page of a set and what stands beside it."""
    return [_place(out, one), *(_place(out, one).with_suffix(ending) for ending in BESIDE if options[BESIDE[ending]])]


# in another process


def _quiet():
    """A worker without a job is not to answer Ctrl-C, with a job it stops; what the door finds stands in the report."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")


def _one(folder, place, admit, options):
    """Make one report; returns the facts for the index, or None and why there are none."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        from crmlib import datasets

        admission, day, name = admit(str(folder), options["as_of"], {})
        sign = datasets.currency(folder) if options["currency"] is None else options["currency"]
        facts = _facts(admission.transactions, day) | {"currency": sign}
        shown = {name: options[name] for name in ("ids", "key", "pdf", "excel")}
        made = f"crm report --data {name} --as-of {day}" + (f" --ids {shown['ids']}" if shown["ids"] != "none" else "")
        render(admission, name=name, as_of=day, currency=sign, out=place, made=made, **shown)
        return facts, None
    except (DataError, FitError) as error:
        return None, str(error)
    except Exception as error:  # one report must not stop the others
        return None, " ".join(f"This is a defect in crmlib ({type(error).__name__}: {error}).".split())[:300]
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _facts(tx, day):
    """What the index compares, by name; None where the log cannot carry it."""
    import numpy as np

    from crmlib.bgnbd import fit_bgnbd
    from crmlib.gaps import purchase_days
    from crmlib.overview import as_it_stood
    from crmlib.pareto import gini, top_share

    lines, customers = as_it_stood(tx, as_of=day)

    def carried(compute):
        try:
            value = float(compute())
        except (DataError, FitError):
            return None
        return value if np.isfinite(value) else None

    return {
        "as_of": str(day),
        "customers": len(customers),
        "revenue": float(customers["revenue"].sum()),
        "top_share": carried(lambda: top_share(customers)),
        "gini": carried(lambda: gini(customers)),
        "once": carried(lambda: (customers["orders"] == 1).mean()),
        "gap": carried(lambda: np.median(purchase_days(lines).gaps()[0])),
        "silence": carried(lambda: customers["days_since_last"].median()),
        "expected": carried(lambda: np.nansum(fit_bgnbd(customers).expected_purchases(customers, horizon=YEAR))),
    }


# what was made from what


def _fingerprint(folder, options):
    """By what a report is known to be made from the same data, with the same options, by the same program."""
    content = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content.update(f"{path.relative_to(folder).as_posix()}\n{_sha256(path)}\n".encode())
    template = checkout.notebooks() / "reports" / f"{TEMPLATE}.ipynb"
    key = options["key"] and hmac.new(options["key"], b"crm report --batch", hashlib.sha256).hexdigest()  # never the key itself
    parts = [content.hexdigest(), version("crmlib"), _sha256(template) if template.is_file() else "", options | {"key": key or ""}]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _is_made(known, wanted, places):
    if known is None or known["from"] != wanted or not all(place.is_file() for place in places):
        return False
    return _sha256(places[0]) == known["report"]


def _read(out):
    try:
        known = json.loads((out / _MADE).read_text(encoding="utf-8"))
        return {name: one for name, one in known.items() if set(one) == {"from", "report", "facts"}}
    except (OSError, ValueError, AttributeError, TypeError):  # none yet, or not one of ours: everything is made again
        return {}


def _remember(out, known):
    with whole(out / _MADE) as path:
        path.write_bytes((json.dumps(known, indent=1, sort_keys=True) + "\n").encode("utf-8"))
