"""What is wrong in exported order lines, by row and column, and the lines repaired: nothing is dropped silently.

    lines, rates --clean--> Cleaned(lines, findings, counts) --with links--> the door (`crmlib.transactions`)

What is right is taken from the lines themselves: orders are numbered by date, so that the neighbours of an order say when
it was; the price and the cost of a piece of a product are those of most of its lines. So a repair is a conclusion and no
fact, and each is listed with what stood there before.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import narwhals as nw
import numpy as np

from crmlib.errors import DataError, quote
from crmlib.frames import as_day, collect, like, same_kind, table

__all__ = ["COLUMNS", "KINDS", "Cleaned", "clean", "compared", "read_days", "read_records"]

COLUMNS = ("line", "order", "record", "date", "product", "quantity", "amount", "currency", "cost")

# kind: the column it stands in, and what becomes of the line
KINDS = {
    "duplicate": ("line", "left out: it repeats another line in every column"),
    "year 1970": ("date", "dated like the orders beside it"),
    "year 2052": ("date", "given the year of the orders beside it"),
    "before the company": ("date", "given the year of the orders beside it"),
    "day and month swapped": ("date", "turned round"),
    "foreign currency": ("amount", "changed into euros"),
    "cents": ("amount", "divided by 100"),
    "grams": ("quantity", "changed into pieces"),
    "missing record": ("record", "taken from the other lines of the order, or left open"),
    "return without an order": ("order", "given the last order that fits, or a number of its own"),
}
_FORMS = (("%Y-%m-%d", r"\d{4}-\d{2}-\d{2}"), ("%d.%m.%Y", r"\d{2}\.\d{2}\.\d{4}"), ("%m/%d/%Y", r"\d{2}/\d{2}/\d{4}"))
_YES = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_BESIDE = 7  # orders on each side that say when an order was
_DAYS = 5  # further than this from them a date is wrong; ours, for companies with several orders a day
_TIMES = 20  # so many times the usual price is a wrong unit: no discount and no surcharge reaches it; ours


class Cleaned(NamedTuple):
    """What `clean` gives: the repaired ``lines``, the ``findings`` by row, the ``counts`` by kind; of the kind that came in."""

    lines: Any
    findings: Any
    counts: Any


def read_days(texts) -> np.ndarray:
    """Days in one of three forms: 2024-03-05, 05.03.2024 (day first), 03/05/2024 (month first). datetime64[D]; "" is no day.

    Each system writes one of them; nothing else is read, because nothing else can be told apart.

    >>> read_days(["2024-03-05", "05.03.2024", "03/05/2024"]).astype(str).tolist()
    ['2024-03-05', '2024-03-05', '2024-03-05']
    """
    import pandas as pd

    text = pd.Series([*texts], dtype="str").fillna("").str.strip()
    found = np.full(len(text), "NaT", dtype="datetime64[D]")
    for form, pattern in _FORMS:
        here = text.str.fullmatch(pattern).to_numpy(dtype=bool)
        found[here] = pd.to_datetime(text[here], format=form, errors="coerce").to_numpy().astype("datetime64[D]")
    wrong = np.isnat(found) & (text != "").to_numpy()
    if wrong.any():
        raise DataError(
            f"The date {quote(text[int(np.argmax(wrong))])} in row {int(np.argmax(wrong)) + 1} is in none of the forms 2024-03-05, "
            "05.03.2024 (day first) and 03/05/2024 (month first)."
        )
    return found


@same_kind
def read_records(records):
    """Records with created and updated as days and consent as true or false, from the forms of three systems.

    yes: true, 1, yes; no: false, 0, no. Empty texts become gaps.

    >>> import pandas as pd
    >>> one = pd.DataFrame({"record": ["R1"], "created": ["05.03.2024"], "updated": ["2024-03-06"], "consent": ["1"]})
    >>> read_records(one)
      record    created    updated  consent
    0     R1 2024-03-05 2024-03-06     True
    """
    frame = table(records, ["record", "created", "updated", "consent"], what="table of records", eager=False)
    rows = collect(frame)
    found = {name: [None if _empty(one) else one for one in rows[name].to_list()] for name in rows.columns}
    for name in ("created", "updated"):
        found[name] = read_days(rows[name].to_list()).astype("datetime64[us]")
    said = [str(one).strip().lower() for one in rows["consent"].to_list()]
    unknown = [one for one in said if one not in _YES]
    if unknown:
        raise DataError(f"The consent {quote(unknown[0])} is neither yes nor no; it can be {', '.join(_YES)}.")
    found["consent"] = [_YES[one] for one in said]
    types = {"created": nw.Datetime("us"), "updated": nw.Datetime("us"), "consent": nw.Boolean}
    return like(frame, found, {name: types.get(name, nw.String) for name in found}).to_native()


def _empty(value):
    return _gap(value) or value == ""


def _gap(value):
    return value is None or value != value


@same_kind
def clean(lines, rates, *, first, last) -> Cleaned:
    """Find what is wrong in exported lines and repair it.

    ``lines`` has the columns in `COLUMNS` as text; ``rates`` has currency, year and rate (euros for one unit); ``first``
    and ``last`` are the first and last day that the company can have sold on. Orders must be numbered by date.

    Gives `Cleaned`. Its lines have the same columns with types, amounts in euros, without the repeated lines, and
    ``repairs``, the kinds that were repaired in a line; what could not be repaired stands there as a gap (record) or
    with a number of its own (order: "none" and the line). findings: line, column, kind, was, now. counts: kind,
    found, repaired, open, what_was_done. Raises `DataError` for text that is no number or day, and an unknown currency.

    >>> import pandas as pd
    >>> rows = [("L1", "O1", "R1", "2024-03-05", "P1", "1", "10.00", "EUR", "4.00"), ("L2", "O2", "R1", "06.03.2024", "P1", "2", "20,00", "EUR", "8.00")]
    >>> lines = pd.DataFrame([*rows, ("L3", *rows[1][1:])], columns=COLUMNS)
    >>> rates = pd.DataFrame({"currency": ["EUR"], "year": ["2024"], "rate": ["1.00"]})
    >>> clean(lines, rates, first="2024-01-01", last="2024-12-31").findings
      line column       kind was now
    0   L3   line  duplicate  L3  L2
    """
    import pandas as pd

    frame = table(lines, COLUMNS, what="table of lines", eager=False)
    raw = collect(frame, *COLUMNS).to_pandas().fillna("").astype("str").reset_index(drop=True)
    if not len(raw):
        raise DataError("The table of lines is empty.")
    work = _Work(raw, np.datetime64(as_day(first, name="first"), "D"), np.datetime64(as_day(last, name="last"), "D"))
    work.leave_out_repeats()
    work.find_records()
    work.repair_days()
    work.into_euros(_rates(rates))
    work.repair_units()
    work.find_orders()
    found = pd.DataFrame(work.findings, columns=["line", "column", "kind", "was", "now"])
    found = found.sort_values(["line", "column"], kind="stable", ignore_index=True)
    counts = pd.DataFrame([_counted(found, kind) for kind in KINDS], columns=["kind", "found", "repaired", "open", "what_was_done"])
    return Cleaned(*(_like(frame, one) for one in (work.result(), found, counts)))


def _counted(findings, kind):
    now = findings["now"][findings["kind"] == kind]
    still = int(((now == "") | now.str.startswith("none ")).sum())
    return kind, len(now), len(now) - still, still, KINDS[kind][1]


def _like(frame, made):
    if frame.implementation.is_pandas():
        return made
    types = {"date": nw.Datetime("us"), "quantity": nw.Float64, "amount": nw.Float64, "cost": nw.Float64}
    types |= {name: nw.Int64 for name in ("found", "repaired", "open")}
    columns = {name: made[name].to_numpy() if made[name].dtype.kind in "Mfi" else [None if _gap(one) else one for one in made[name]] for name in made}
    return like(frame, columns, {name: types.get(name, nw.String) for name in made}).to_native()


def _rates(rates):
    rows = collect(table(rates, ["currency", "year", "rate"], what="table of rates", eager=False))
    return {(c, int(y)): float(r) for c, y, r in zip(*(rows[name].to_list() for name in ("currency", "year", "rate")), strict=True)}


def _numbers(raw, column):
    """Text to numbers; a comma is a decimal comma."""
    import pandas as pd

    text = raw[column].str.strip().str.replace(",", ".")
    values = pd.to_numeric(text, errors="coerce")
    wrong = ~np.isfinite(values.to_numpy(dtype=float))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise DataError(f"The {column} {quote(raw[column][at])} in line {raw['line'][at]} is no number.")
    return values.to_numpy(dtype=float).copy()


class _Work:
    """The lines while they are repaired, one column after the other."""

    def __init__(self, raw, first, last):
        self.raw, self.first, self.last, self.findings = raw, first, last, []
        self.kept = np.ones(len(raw), dtype=bool)
        self.date = read_days(raw["date"])
        if np.isnat(self.date).any():
            raise DataError(f"The line {raw['line'][int(np.argmax(np.isnat(self.date)))]} has no date.")
        self.quantity, self.amount, self.cost = (_numbers(raw, name) for name in ("quantity", "amount", "cost"))
        self.order, self.record = raw["order"].to_numpy(dtype=object).copy(), raw["record"].to_numpy(dtype=object).copy()
        self.back = self.quantity < 0

    def tell(self, places, kind, now):
        column = KINDS[kind][0]
        ids, was = (self.raw[name].to_numpy(dtype=object)[places] for name in ("line", column))
        self.findings += [(one, column, kind, old, str(new)) for one, old, new in zip(ids, was, now, strict=True)]

    def leave_out_repeats(self):
        by = [name for name in COLUMNS if name != "line"]
        again = np.flatnonzero(self.raw.duplicated(by))
        original = self.raw.groupby(by, sort=False)["line"].transform("first").to_numpy(dtype=object)
        self.tell(again, "duplicate", original[again])
        self.kept[again] = False

    def find_records(self):
        missing = self.record == ""
        known = self.raw[~missing & (self.order != "")].drop_duplicates("order").set_index("order")["record"]
        places = np.flatnonzero(missing & self.kept)
        found = known.reindex(self.order[places]).fillna("").to_numpy(dtype=object)
        self.record[places] = found
        self.tell(places, "missing record", found)

    def repair_days(self):
        """Orders are numbered by date: what is far from the orders beside it is wrong."""
        usual, beside = self._usual(_BESIDE), self._usual(2)
        known = ~np.isnat(usual)
        bought = known & ~self.back & self.kept
        distance = np.where(known, np.abs((self.date - np.where(known, usual, self.date)).astype(int)), 0)
        inside = (self.date >= self.first) & (self.date <= self.last)
        wrong = (bought & ((distance > _DAYS) | ~inside)) | (self.kept & self.back & ~inside)
        places = np.flatnonzero(wrong)
        day, near = self.date[places], usual[places]
        turned, this_year = _turned(day), _in_year_of(day, near)
        swap = ~np.isnat(turned) & (np.abs((turned - near).astype(int)) <= _DAYS)
        zero = day == np.datetime64("1970-01-01")
        year = ~swap & ~zero & (np.abs((this_year - near).astype(int)) <= _DAYS)
        near = np.where(zero & ~np.isnat(beside[places]), beside[places], near)
        new = np.where(swap, turned, np.where(year, this_year, near))
        kind = np.select([swap & inside[places], zero, day > self.last, day < self.first], ["day and month swapped", "year 1970", "year 2052", "before the company"], "")
        for name in KINDS:
            some = kind == name
            self.tell(places[some], name, new[some].astype(str))
        some = kind == ""  # within the calendar, far from its neighbours, and not turned round: left as it is
        new[some] = day[some]
        self.date[places] = new

    def _usual(self, beside):
        """For each line the middle day of so many orders on each side of its own; no day for lines without an order."""
        import pandas as pd

        with_order = self.order != ""
        inside = with_order & ~self.back & self.kept & (self.date >= self.first) & (self.date <= self.last)
        names = pd.Index(np.unique(self.order[with_order].astype(str)))  # in the order of their numbers
        days = pd.Series(self.date[inside].astype("datetime64[D]").astype(np.int64)).groupby(self.order[inside]).median()
        days = days.reindex(names)
        middle = days.rolling(2 * beside + 1, center=True, min_periods=1).median()
        usual = np.full(len(self.date), "NaT", dtype="datetime64[D]")
        found = middle.reindex(self.order[with_order])
        filled = found.notna().to_numpy()
        usual[np.flatnonzero(with_order)[filled]] = np.floor(found[filled]).astype(np.int64).to_numpy().astype("datetime64[D]")
        return usual

    def into_euros(self, rates):
        currency = self.raw["currency"].to_numpy(dtype=object)
        foreign = np.flatnonzero((currency != "EUR") & self.kept)
        years = self.date.astype("datetime64[Y]").astype(int) + 1970
        try:
            rate = np.array([rates[currency[at], int(years[at])] for at in foreign], dtype=float)
        except KeyError as error:
            name, year = error.args[0]
            raise DataError(f"There is no rate for {quote(name)} in {year}; add it to the table of rates.") from None
        self.amount[foreign] = np.round(self.amount[foreign] * rate, 2)
        self.tell(foreign, "foreign currency", [f"{one:.2f}" for one in self.amount[foreign]])

    def repair_units(self):
        """By the price and cost of a piece in most lines of a product: pieces first, as the price depends on them."""
        import pandas as pd

        product = pd.Series(self.raw["product"].to_numpy())
        usable = self.kept & ~self.back & (self.quantity > 0)
        piece = pd.Series(np.where(usable, self.cost / np.where(self.quantity == 0, 1, self.quantity), np.nan)).groupby(product).transform("median").to_numpy()
        pieces = np.where(piece > 0, np.round(self.cost / np.where(piece > 0, piece, 1)), self.quantity)
        grams = np.flatnonzero(usable & (piece > 0) & (self.quantity >= _TIMES * np.maximum(pieces, 1)))
        self.quantity[grams] = np.maximum(pieces[grams], 1)
        self.tell(grams, "grams", [f"{one:.0f}" for one in self.quantity[grams]])
        price = np.where(usable, self.amount / np.where(self.quantity == 0, 1, self.quantity), np.nan)
        usual = pd.Series(price).groupby(product).transform("median").to_numpy()
        cents = np.flatnonzero(usable & (usual > 0) & (price >= _TIMES * usual))
        self.amount[cents] = np.round(self.amount[cents] / 100, 2)
        self.tell(cents, "cents", [f"{one:.2f}" for one in self.amount[cents]])

    def find_orders(self):
        """A return without an order goes back on the last purchase of the same record and product that fits in money."""
        import pandas as pd

        rows = pd.DataFrame({"order": self.order, "record": self.record, "product": self.raw["product"], "quantity": self.quantity, "amount": self.amount, "date": self.date})
        missing = np.flatnonzero(self.kept & (self.order == ""))
        returned = rows.iloc[missing].assign(place=missing)
        bought = rows[self.kept & ~self.back & (self.order != "")]
        taken = rows.loc[self.kept & self.back & (self.order != ""), ["order", "product"]].assign(taken=True)
        bought = bought.merge(taken.drop_duplicates(), on=["order", "product"], how="left")
        both = returned[returned["record"] != ""].merge(bought, on=["record", "product"], suffixes=("", "_bought"))
        each = np.abs(both["amount"] / both["quantity"] - both["amount_bought"] / both["quantity_bought"]) < 0.02
        both = both[each & (both["date_bought"] <= both["date"]) & (-both["quantity"] <= both["quantity_bought"])]
        both = both.assign(free=both["taken"].isna()).sort_values(["place", "free", "date_bought"], kind="stable")
        last = both.drop_duplicates("place", keep="last").set_index("place")["order_bought"].reindex(missing)
        own = np.array([f"none {line}" for line in self.raw["line"].to_numpy(dtype=object)[missing]], dtype=object)
        now = np.where(last.isna(), own, last.to_numpy(dtype=object))
        kind = np.where(self.back[missing], "return without an order", "")
        for name in ("return without an order",):
            self.tell(missing[kind == name], name, now[kind == name])
        self.order[missing] = now

    def result(self):
        import pandas as pd

        found = pd.DataFrame(
            {"line": self.raw["line"], "order": self.order, "record": pd.Series(self.record, dtype="str").replace("", None),
             "date": self.date.astype("datetime64[us]"), "product": self.raw["product"], "quantity": self.quantity,
             "amount": self.amount, "currency": "EUR", "cost": self.cost}
        )  # fmt: skip
        kinds = pd.DataFrame(self.findings, columns=["line", "column", "kind", "was", "now"]).groupby("line")["kind"].agg("; ".join)
        found["repairs"] = kinds.reindex(found["line"]).fillna("").to_numpy(dtype=object)
        return found[self.kept].reset_index(drop=True).astype({"order": "str", "repairs": "str"})


def _turned(days):
    """Day and month the other way round; no day where that is none."""
    year = days.astype("datetime64[Y]")
    month = (days.astype("datetime64[M]") - year).astype(int) + 1
    day = (days - days.astype("datetime64[M]")).astype(int) + 1
    possible = day <= 12
    made = (year.astype("datetime64[M]") + np.where(possible, day - 1, 0)).astype("datetime64[D]") + (month - 1)
    return np.where(possible, made, np.datetime64("NaT", "D"))


def _in_year_of(days, near):
    """The same day and month in the year beside it that is nearest to ``near``."""
    months = (days.astype("datetime64[M]") - days.astype("datetime64[Y]")).astype(int)
    day = (days - days.astype("datetime64[M]")).astype(int)
    tries = [((near.astype("datetime64[Y]") + step).astype("datetime64[M]") + months).astype("datetime64[D]") + day for step in (-1, 0, 1)]
    best = np.argmin([np.abs((one - near).astype(int)) for one in tries], axis=0)
    return np.choose(best, [one.astype(np.int64) for one in tries]).astype("datetime64[D]")


def compared(findings, truth, *, tolerance=0.02):
    """Findings against planted defects: kind, planted, found, missed, false, right, precision, recall; pandas.

    ``findings`` has line, kind, now; ``truth`` has row, kind, value (and table: rows of "lines" count). found: planted
    ones that are found under their kind; false: findings that are no such defect; right: found, and repaired to the value
    that should stand there (money within ``tolerance``). A kind without findings has precision 1, one that was not
    planted recall 1.

    >>> import pandas as pd
    >>> truth = pd.DataFrame({"row": ["L1", "L2"], "kind": ["cents", "cents"], "value": ["1.00", "2.00"]})
    >>> found = pd.DataFrame({"line": ["L1", "L7"], "kind": ["cents", "cents"], "now": ["1.00", "9.00"]})
    >>> compared(found, truth)[["kind", "planted", "found", "missed", "false", "right"]].to_dict("split")["data"]
    [['cents', 2, 1, 1, 1, 1], ['all', 2, 1, 1, 1, 1]]
    """
    import pandas as pd

    told = collect(table(findings, ["line", "kind", "now"], what="table of findings", eager=False)).to_pandas()
    planted = collect(table(truth, ["row", "kind", "value"], what="truth", eager=False)).to_pandas()
    if "table" in planted:
        planted = planted[planted["table"] == "lines"]
    both = planted.merge(told.rename(columns={"line": "row"}), on=["row", "kind"], how="inner").fillna("")
    numbers = [pd.to_numeric(both[name], errors="coerce") for name in ("value", "now")]
    both["right"] = (both["value"].astype(str) == both["now"].astype(str)) | ((numbers[0] - numbers[1]).abs() <= tolerance)
    rows = []
    for kind in [*dict.fromkeys([*KINDS, *planted["kind"], *told["kind"]]), "all"]:
        there, said, found = (one if kind == "all" else one[one["kind"] == kind] for one in (planted, told, both))
        if len(there) or len(said):
            rows.append((kind, len(there), len(found), len(there) - len(found), len(said) - len(found), int(found["right"].sum())))
    result = pd.DataFrame(rows, columns=["kind", "planted", "found", "missed", "false", "right"])
    said = result["found"] + result["false"]
    result["precision"] = (result["found"] / said.where(said > 0)).fillna(1.0)
    result["recall"] = (result["found"] / result["planted"].where(result["planted"] > 0)).fillna(1.0)
    return result
