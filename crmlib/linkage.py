"""One customer, one record: which records of several systems belong to one customer (record linkage).

    records --normalised--> comparable text --candidates--> pairs --scored--> evidence --linked--> record, customer

The score is that of Fellegi and Sunter (1969): each field adds points by how well two records agree in it, log2 of how
much likelier such an agreement is for one customer than for two. Records are brought into memory: they are compared, not
summed. Names, not all pairs, are what makes this fast: only records that share a block are compared.
"""

from __future__ import annotations

import narwhals as nw
import numpy as np

from crmlib.arguments import check_numbers
from crmlib.errors import DataError, quote
from crmlib.frames import collect, like, same_kind, table

__all__ = [
    "BLOCKS", "GRAY", "THRESHOLD", "WEIGHTS", "candidates", "check_once", "linked", "merged", "normalised", "scored", "weight",
]  # fmt: skip

FIELDS = ("name", "company", "street", "postcode", "city", "email", "phone")

# Points by field and level; nothing for a field that one of the two leaves empty. Ours, in the order of log2(m / u) counted
# on made companies. Families share name, address and telephone, so that these are no independent evidence: a first name
# that differs takes off more than its own log2(m / u).
WEIGHTS = {
    "given": {"same": 6.0, "close": 2.5, "initial": 2.0, "differ": -13.0},
    "family": {"same": 6.5, "close": 4.0, "differ": -7.0},
    "company": {"same": 5.0, "close": 4.0, "differ": -6.0},
    "address": {"same": 9.0, "close": 7.0, "differ": -2.5},
    "phone": {"same": 7.0, "differ": -1.5},
    "email": {"same": 12.0, "close": 5.0, "differ": -1.5},
}
THRESHOLD = 10.0  # points from which two records are one customer; ours
GRAY = 8.0  # points from which people should look, up to the threshold; ours

# What two records must share to be compared at all; a record without one of the values has no place in that block.
BLOCKS = (("email",), ("phone",), ("postcode", "street_start"), ("postcode", "family_start"), ("names",), ("postcode", "company_start"))

_FOLD = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e", "á": "a", "à": "a", "ø": "o", "å": "a"}
_FORM = r"\b(?:g\.?m\.?b\.?h|e ?\. ?k|ek|ag|a\.g|kg|k\.g|ohg|ug|ltd|inc|llc)\b\.?|(?:&|\bu\.|\bund\b) ?co\b\.?"
_CLOSE = 0.9  # Jaro-Winkler similarity


def weight(m, u) -> float:
    """Points for an agreement that is seen with chance ``m`` if two records are one customer, with ``u`` if they are not.

    log2(m / u): one point doubles the odds; below zero it speaks against. Fellegi and Sunter (1969).

    >>> weight(0.8, 0.1), weight(0.1, 0.8)
    (3.0, -3.0)
    """
    check_numbers(above=0, m=m, u=u)
    if m > 1 or u > 1:
        raise DataError(f"m is {quote(m)} and u is {quote(u)}; both are chances of 0 to 1.")
    return float(np.log2(m / u))


@same_kind
def normalised(records, *, country="49"):
    """The records as text that can be compared: record, given, family, company, street, postcode, city, email, phone.

    Small letters, ä as ae, punctuation and spaces gone; "last, first" turned round; streets end in "str"; the legal form
    of a company is left out; of a telephone the digits, +``country`` as 0. An empty field is "". Needs ``record`` and
    ``name``; the other columns may be missing. Raises `DataError` if a record id is there twice.

    >>> import pandas as pd
    >>> ann = pd.DataFrame({"record": ["R1"], "name": ["Müller, ANN"], "street": ["Hafenstraße 7"], "phone": ["+49 200 555"]})
    >>> normalised(ann)[["given", "family", "street", "phone"]].to_dict("records")
    [{'given': 'ann', 'family': 'mueller', 'street': 'hafenstr7', 'phone': '0200555'}]
    """
    frame = table(records, ["record", "name"], what="table of records", eager=False)
    there = [name for name in FIELDS if name in frame.collect_schema().names()]
    inside = collect(frame, "record", *there)
    rows = {name: inside[name].to_list() for name in ("record", *there)}
    check_once(rows["record"])
    n = len(rows["record"])
    text = {name: _texts(rows[name]) if name in rows else np.full(n, "", dtype=object) for name in FIELDS}
    given, family = _names(text["name"])
    company = _series(text["company"]).str.replace(_FORM, "", regex=True)
    street = _series(text["street"]).str.replace(r"stra(?:ss|s)e\b|\bstr\.|str\.", "str", regex=True)
    street = street.str.replace(r"wg\.", "weg", regex=True).str.replace(r"pl\.", "platz", regex=True).str.replace(r"al\.", "allee", regex=True)
    phone = _series(text["phone"]).str.replace(r"[^\d+]", "", regex=True).str.replace(rf"^(?:\+|00){country}0?", "0", regex=True)
    found = {
        "record": [str(one) for one in rows["record"]], "given": given, "family": family,
        "company": _letters(company), "street": _letters(street), "postcode": _letters(_series(text["postcode"])),
        "city": _letters(_series(text["city"])), "email": _series(text["email"]).str.replace(" ", "").to_list(),
        "phone": phone.str.replace("+", "").to_list(),
    }  # fmt: skip
    return like(frame, found, {name: nw.String for name in found}).to_native()


def check_once(ids):
    """Raise `DataError` if there are no record ids, or one is there twice.

    >>> check_once(["R1", "R1"])
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: The record 'R1' stands there more than once; each record needs an id of its own.
    """
    if not ids:
        raise DataError("The table of records is empty.")
    seen = set()
    for one in ids:
        if one in seen:
            raise DataError(f"The record {quote(one)} stands there more than once; each record needs an id of its own.")
        seen.add(one)


def _series(values):
    import pandas as pd

    return pd.Series(values, dtype="str")


def _texts(values):
    """Small letters without accents; "" for what is missing."""
    table_of = str.maketrans(_FOLD)
    return np.array(["" if value is None or value != value else str(value).strip().lower().translate(table_of) for value in values], dtype=object)


def _letters(text):
    return text.str.replace(r"[^a-z0-9]", "", regex=True).to_list()


def _names(names):
    """First and last name; a comma says that they are turned round. One word alone is a last name."""
    text = _series(names).str.replace(r"[^a-z,\- ]", " ", regex=True).str.strip()
    parts = [name.split(",", 1) if "," in name else name.rsplit(" ", 1)[::-1] for name in text]
    parts = [(part[1] if len(part) > 1 else "", part[0]) for part in parts]
    given, family = (_series([part[at] for part in parts]).str.replace(r"[^a-z]", "", regex=True) for at in (0, 1))
    return given.to_list(), family.to_list()


@same_kind
def candidates(normal, *, blocks=BLOCKS):
    """The pairs of records that share a block: one, other (record ids, in the order of the rows).

    ``blocks`` are tuples of columns of `normalised` in all of which two records must be equal; also ``names`` (first and
    last, in either order), ``street_start`` (its first four letters and the number), ``family_start`` and
    ``company_start`` (their first three). A record that is empty in one of them is left out of that block.

    >>> import pandas as pd
    >>> three = pd.DataFrame({"record": ["R1", "R2", "R3"], "name": ["Ann Lee", "Lee, Ann", "Bo Lee"]})
    >>> candidates(normalised(three))
      one other
    0  R1    R2
    """
    frame = table(normal, ["record", "given", "family"], what="table of normalised records", eager=False)
    rows = _pandas(frame)
    one, other = _blocked(rows, blocks)
    ids = rows["record"].to_numpy(dtype=object)
    return like(frame, {"one": ids[one], "other": ids[other]}, {"one": nw.String, "other": nw.String}).to_native()


def _pandas(frame):
    return collect(frame).to_pandas().reset_index(drop=True)


def _blocked(rows, blocks):
    import pandas as pd

    start = rows["street"].str[:4] + rows["street"].str.extract(r"(\d+)$", expand=False).fillna("")
    low, high = np.minimum(rows["given"], rows["family"]), np.maximum(rows["given"], rows["family"])
    keys = rows.assign(street_start=start.where(rows["street"] != "", ""), names=(low + " " + high).where(low != "", ""),
                       family_start=rows["family"].str[:3], company_start=rows["company"].str[:3])  # fmt: skip
    unknown = [name for block in blocks for name in block if name not in keys]
    if unknown:
        raise DataError(f"There is no column {quote(unknown[0])} to block on; there are {quote(list(keys))}.")
    n, found = len(rows), [np.array([], dtype=np.int64)]
    for block in blocks:
        filled = np.logical_and.reduce([keys[name] != "" for name in block])
        part = keys.loc[filled, list(block)].assign(at=np.flatnonzero(filled))
        both = part.merge(part, on=list(block), suffixes=("", "_other"))
        both = both[both["at"] < both["at_other"]]
        found.append((both["at"].to_numpy() * n + both["at_other"].to_numpy()).astype(np.int64))
    pairs = pd.unique(np.sort(np.concatenate(found)))
    return pairs // n, pairs % n


@same_kind
def scored(normal, *, blocks=BLOCKS, weights=WEIGHTS):
    """The candidate pairs with how they agree in each field, and the evidence that they are one customer.

    Columns one, other; given, family, company, address, phone, email with a level each ("same", "close", "initial",
    "differ", "" where one of the two is empty); evidence, the sum of their points in ``weights``. Names are compared in
    both orders and the better one counts. close: a Jaro-Winkler similarity of 0.9 or more, or one letter off; of an
    address with the same number and postcode, of an e-mail at the same domain with the same digits. The strongest evidence first.

    >>> import pandas as pd
    >>> two = pd.DataFrame({"record": ["R1", "R2"], "name": ["Ann Lee", "A. Lee"], "email": ["ann@x.org", "ann@x.org"]})
    >>> scored(normalised(two))[["given", "family", "email", "evidence"]].to_dict("records")
    [{'given': 'initial', 'family': 'same', 'email': 'same', 'evidence': 20.5}]
    """
    frame = table(normal, ["record", "given", "family", "company", "street", "postcode", "email", "phone"], what="table of normalised records", eager=False)
    rows = _pandas(frame)
    one, other = _blocked(rows, blocks)
    left, right = (rows.iloc[at].to_numpy(dtype=object).T for at in (one, other))
    left, right = (dict(zip(rows.columns, values, strict=True)) for values in (left, right))
    level = _levels(left, right, weights)
    evidence = np.zeros(len(one))
    for name, found in level.items():
        evidence += _points(weights, name, found)
    ids = rows["record"].to_numpy(dtype=object)
    order = np.lexsort((other, one, -evidence))
    columns = {"one": ids[one], "other": ids[other], **level, "evidence": evidence}
    columns = {name: values[order] for name, values in columns.items()}
    schema = {name: nw.Float64 if name == "evidence" else nw.String for name in columns}
    return like(frame, columns, schema).to_native()


def _points(weights, name, level):
    points = {"": 0.0} | weights[name]
    return np.array([points[one] for one in level], dtype=float)


def _levels(left, right, weights):
    straight = {name: _level(left[name], right[name], initials=name == "given") for name in ("given", "family")}
    turned = {"given": _level(left["given"], right["family"], initials=True), "family": _level(left["family"], right["given"])}
    gain = [sum(_points(weights, name, names[name]) for name in names) for names in (straight, turned)]
    better = gain[1] > gain[0]
    found = {name: np.where(better, turned[name], straight[name]) for name in straight}
    found["company"] = _level(left["company"], right["company"])
    only_one = (left["company"] == "") != (right["company"] == "")
    found["company"] = np.where(only_one, "differ", found["company"])  # a person and a business
    street = _level(left["street"], right["street"])
    elsewhere = (street != "") & (left["postcode"] != right["postcode"])
    number = np.array([_number(a) == _number(b) for a, b in zip(left["street"], right["street"], strict=True)], dtype=bool)
    found["address"] = np.where(elsewhere | ((street == "close") & ~number), "differ", street)
    found["phone"] = np.where((left["phone"] == "") | (right["phone"] == ""), "", np.where(left["phone"] == right["phone"], "same", "differ"))
    found["email"] = _emails(left["email"], right["email"])
    return found


def _number(street):
    return street[len(street.rstrip("0123456789")) :]


def _level(left, right, *, initials=False):
    level = np.where(left == right, "same", np.where(_nearly(left, right), "close", "differ")).astype(object)
    if initials:
        lengths = np.minimum([len(one) for one in left], [len(one) for one in right])
        first = np.array([one[:1] == two[:1] for one, two in zip(left, right, strict=True)], dtype=bool)
        level[(lengths == 1) & first & (left != right)] = "initial"
    level[(left == "") | (right == "")] = ""
    return level


def _nearly(left, right):
    """Whether one is the other with a slip: alike by Jaro-Winkler, or one letter off in three or more."""
    if not len(left):
        return np.zeros(0, dtype=bool)
    from rapidfuzz import process
    from rapidfuzz.distance import OSA, JaroWinkler

    left, right = left.tolist(), right.tolist()
    alike = process.cpdist(left, right, scorer=JaroWinkler.normalized_similarity) >= _CLOSE
    one_off = process.cpdist(left, right, scorer=OSA.distance) <= 1
    return alike | (one_off & (np.minimum([len(one) for one in left], [len(one) for one in right]) >= 3))


def _emails(left, right):
    """close: a slip before the @. Another domain or number is another address, as people of one name have."""
    level = np.full(len(left), "differ", dtype=object)
    (a, at_a), (b, at_b) = (_halves(side) for side in (left, right))
    digits = np.array([_digits(one) == _digits(two) for one, two in zip(a, b, strict=True)], dtype=bool)
    level[(at_a == at_b) & digits & _nearly(a, b)] = "close"
    level[left == right] = "same"
    level[(left == "") | (right == "")] = ""
    return level


def _halves(emails):
    parts = [one.partition("@") for one in emails]
    return tuple(np.array([part[at] for part in parts], dtype=object) for at in (0, 2))


def _digits(text):
    return "".join(letter for letter in text if letter.isdigit())


@same_kind
def linked(records, pairs, *, threshold=THRESHOLD):
    """Each record and its customer: record, customer, in the order of the rows.

    ``pairs`` has one and other; where it has ``evidence``, those below ``threshold`` are left out. Whoever is linked over
    several pairs is one customer, also where two of them are no pair (transitive). The customer is named by the record
    that stands first.

    >>> import pandas as pd
    >>> three, pairs = pd.DataFrame({"record": ["R1", "R2", "R3"]}), pd.DataFrame({"one": ["R1"], "other": ["R3"]})
    >>> linked(three, pairs)["customer"].to_list()
    ['R1', 'R2', 'R1']
    """
    frame = table(records, ["record"], what="table of records", eager=False)
    rows = collect(frame, "record")["record"].to_list()
    check_once(rows)
    chosen = _pandas(table(pairs, ["one", "other"], what="table of pairs", eager=False))
    if "evidence" in chosen:
        chosen = chosen[chosen["evidence"] >= threshold]
    place = {one: at for at, one in enumerate(rows)}
    strange = [one for one in [*chosen["one"], *chosen["other"]] if one not in place]
    if strange:
        raise DataError(f"The pairs name the record {quote(strange[0])}, which the table of records does not have.")
    first = _first_of_each(len(rows), [place[one] for one in chosen["one"]], [place[one] for one in chosen["other"]])
    found = {"record": rows, "customer": [rows[at] for at in first]}
    return like(frame, found, {"record": nw.String, "customer": nw.String}).to_native()


def _first_of_each(n, one, other):
    """For each of n records the place of the first one that it is connected with."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = coo_array((np.ones(len(one)), (np.asarray(one, dtype=np.int32), np.asarray(other, dtype=np.int32))), shape=(n, n))
    _, group = connected_components(edges, directed=False)
    _, first = np.unique(group, return_index=True)
    return first[group]


@same_kind
def merged(records, links, *, updated="updated", every=("consent",)):
    """One row a customer: of each column the last value that is known, by ``updated``; of those in ``every`` yes only if all say so.

    customer, records (how many), then the other columns of ``records`` without ``record``. Of two records of one day the
    later row counts. The columns in ``every`` hold true and false; those that are not there are passed over.

    >>> import pandas as pd
    >>> two = pd.DataFrame({"record": ["R1", "R2"], "phone": ["1", None], "updated": pd.to_datetime(["2024-01-01", "2025-01-01"])})
    >>> merged(two.assign(consent=[False, True]), pd.DataFrame({"record": ["R1", "R2"], "customer": ["R1", "R1"]}))
      customer  records phone    updated  consent
    0       R1        2     1 2025-01-01    False
    """
    frame = table(records, ["record", updated], what="table of records", eager=False)
    rows = _pandas(frame)
    of = _pandas(table(links, ["record", "customer"], what="table of links", eager=False)).set_index("record")["customer"]
    rows.insert(0, "customer", of.reindex(rows["record"]).to_numpy())
    if rows["customer"].isna().any():
        raise DataError(f"The record {quote(rows['record'][rows['customer'].isna()].iloc[0])} is not in the table of links.")
    rows = rows.replace("", None).sort_values(updated, kind="stable")
    by = rows.drop(columns="record").groupby("customer", sort=True)
    found = by.last()
    for name in every:
        if name in found:
            found[name] = by[name].min().astype(bool)
    found.insert(0, "records", by.size())
    found = found.reset_index()
    return found if frame.implementation.is_pandas() else like(frame, found.to_dict("list")).to_native()
