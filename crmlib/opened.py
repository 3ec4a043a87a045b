"""A log opened for a report: everything that was computed on it, once, and how it is to be shown."""

from __future__ import annotations

import json
import secrets
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from crmlib import datasets
from crmlib.audit import Audit, audit
from crmlib.counted import count
from crmlib.errors import DataError, DataNotice
from crmlib.exposure import pseudonyms
from crmlib.frames import as_day
from crmlib.lenses import Lenses, lenses
from crmlib.transactions import Note
from crmlib.wording import lines, money

__all__ = ["IDS", "Opened", "open_log", "prepare"]

IDS = ("none", "pseudonym", "real")
_NOTES = "notes.json"
_LOG = "transactions.parquet"
_KEY = "key"
DIGITS = 8  # hexadecimal, of a pseudonym


@dataclass(frozen=True)
class Opened:
    """A log with everything that was computed on it, and how it is to be shown."""

    name: str
    audit: Audit
    lenses: Lenses
    notes: tuple[Note, ...]
    currency: str
    ids: str
    key: bytes = field(default=b"", repr=False)  # of the pseudonyms; nowhere shown
    key_is_kept: bool = False  # by whoever asked for the report, else it goes with it

    def pseudonyms(self, customers) -> list[str]:
        """Customers as "C-" and 8 hexadecimal digits of a hash with the key; more digits where two would have the same.

        The same key gives the same customer the same digits in every report; without it nobody can compute them from a
        list of ids (`crmlib.exposure.pseudonyms`).
        """
        import pandas as pd

        whole = pseudonyms(pd.DataFrame({"customer": list(customers)}), key=self.key)["customer"].to_list()
        digits = next(n for n in range(DIGITS, 13) if len({one[:n] for one in whole}) == len(set(whole)))
        return [f"C-{one[:digits]}" for one in whole]

    def money(self, amount) -> str:
        """To the cent."""
        return money(amount, self.currency)

    def round_money(self, amount) -> str:
        """In a sentence: without cents where they are noise."""
        return money(amount, self.currency, 0 if amount is not None and abs(amount) >= 1000 else 2)

    def whole(self, amount) -> str:
        """In a column: with cents only where the whole log is small."""
        return money(amount, self.currency, 0 if self.audit.facts.revenue >= 10_000 else 2)


def prepare(folder, transactions, notes, key=b"") -> None:
    """Put a log that passed the door, its notes and the key of pseudonyms into ``folder``, for `open_log` in another process."""
    transactions.to_parquet(Path(folder, _LOG), index=False)
    Path(folder, _NOTES).write_text(json.dumps([list(note) for note in notes]), encoding="utf-8")
    if key:  # never a parameter of the notebook, which is kept and shown
        Path(folder, _KEY).write_bytes(key)


def open_log(data, *, as_of="", currency="", ids="none", prepared="", options=None) -> Opened:
    """Read ``data`` through the door (or what `prepare` left in ``prepared``) and compute all that the report shows.

    An empty ``as_of`` is the log's last date; lines after it are left out and counted in the notes. Pseudonyms have the key
    that `prepare` left, else one that is drawn for this once.
    Raises `DataError` for data or options that cannot be used.
    """
    if ids not in IDS:
        raise DataError(f"ids is {ids!r}; it can be {' or '.join(map(repr, IDS))}.")
    if prepared:
        import pandas as pd

        tx = pd.read_parquet(Path(prepared, _LOG))
        notes = [Note(*note) for note in json.loads(Path(prepared, _NOTES).read_text(encoding="utf-8"))]
    else:
        tx, notes = datasets.admit_log(data, **(options or {}))
        notes = list(notes)
    last = tx["date"].max()
    as_of = as_day(as_of) if as_of else last.date()
    if later := int((tx["date"] > str(as_of)).sum()):
        verb = "lies" if later == 1 else "lie"
        notes.append(
            Note(
                "after_as_of",
                later,
                f"{lines(later)} {verb} after {as_of} and {'is' if later == 1 else 'are'} left out.",
            )
        )
    name = Path(data).name if not prepared else data
    kept = prepared and Path(prepared, _KEY).is_file()
    key = b"" if ids != "pseudonym" else Path(prepared, _KEY).read_bytes() if kept else secrets.token_bytes(32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNotice)  # on what the notes say
        log = count(tx, as_of=as_of)
    del tx  # a big one takes as much memory as all that is counted
    found = audit(log, as_of=as_of), lenses(log, as_of=as_of)
    return Opened(name, *found, tuple(notes), currency, ids, key=key, key_is_kept=bool(key and kept))
