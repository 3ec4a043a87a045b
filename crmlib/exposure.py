"""What customer data give away, what is missing in them, and how to hand them on: k-anonymity, completeness, pseudonyms.

Nobody needs a name to be found: place, year of birth and gender together are often enough. A table is k-anonymous if
everybody shares these quasi-identifiers with at least k - 1 others (Samarati and Sweeney 1998).
"""

from __future__ import annotations

import hashlib
import hmac
from typing import NamedTuple

import narwhals as nw

from crmlib.errors import DataError, quote
from crmlib.frames import collect, height, like, same_kind, table

__all__ = ["CONSUMER", "ORGANISATION", "Anonymity", "anonymity", "beyond_need", "completeness", "group_sizes", "masked", "pseudonyms"]

# The groups of customer information that the textbook names, with the fields that the company has for them; ours
CONSUMER = {
    "basic": ("name", "street", "postcode", "city", "email", "phone", "birth_year", "gender", "household", "income", "education"),
    "psychology and attitude": ("novelty", "price_attitude"),
    "behaviour": ("channel", "joined", "orders", "last_order"),
}
ORGANISATION = {
    "basic": ("company", "street", "postcode", "city", "industry", "founded"),
    "business": ("size", "employees"),
    "trading": ("terms", "credit_limit", "representative", "orders", "last_order"),
    "principals": ("name", "role", "email", "phone"),
}


class Anonymity(NamedTuple):
    """How well a table hides people: ``k``, the fewest who share their quasi-identifiers; how many are ``unique``."""

    k: int
    people: int
    unique: int
    groups: int

    @property
    def unique_share(self):
        """Share of the people who share them with nobody."""
        return self.unique / self.people


@same_kind
def group_sizes(people, quasi):
    """How many people share their values in the columns ``quasi`` with how many: size, groups, people; size 1 is unique.

    A gap is a value like others. The same kind of table, also a lazy one.

    >>> import pandas as pd
    >>> three = pd.DataFrame({"city": ["A", "A", "B"], "gender": ["f", "f", "m"]})
    >>> group_sizes(three, ["city", "gender"])
       size  groups  people
    0     1       1       1
    1     2       1       2
    """
    names = [quasi] if isinstance(quasi, str) else list(quasi)
    if not names:
        raise DataError("There is no quasi-identifier; name the columns that others may know, e.g. ['postcode', 'birth_year'].")
    frame = table(people, names, what="table of people", eager=False)
    if not height(frame):
        raise DataError("The table of people is empty.")
    # gaps of any type become one text, as engines group a null in different ways
    texts = [nw.when(nw.col(name).is_null()).then(nw.lit("?")).otherwise(nw.col(name).cast(nw.String)).alias(f"__{at}") for at, name in enumerate(names)]
    keys = [f"__{at}" for at in range(len(names))]
    sizes = frame.select(*texts).group_by(keys).agg(nw.len().alias("size"))
    rows = collect(sizes.group_by("size").agg(nw.len().alias("groups")).sort("size"))
    size, groups = ([int(one) for one in rows[name].to_list()] for name in ("size", "groups"))
    found = {"size": size, "groups": groups, "people": [one * times for one, times in zip(size, groups, strict=True)]}
    return like(frame, found, {name: nw.Int64 for name in found}).to_native()


def anonymity(people, quasi) -> Anonymity:
    """k-anonymity of a table over the quasi-identifiers ``quasi``.

    >>> import pandas as pd
    >>> three = pd.DataFrame({"city": ["A", "A", "B"], "gender": ["f", "f", "m"]})
    >>> anonymity(three, ["city"]), anonymity(three, ["city"]).k
    (Anonymity(k=1, people=3, unique=1, groups=2), 1)
    """
    rows = collect(nw.from_native(group_sizes(people, quasi)))
    size, groups = (rows[name].to_numpy() for name in ("size", "groups"))
    return Anonymity(int(size.min()), int((size * groups).sum()), int(groups[size == 1].sum()), int(groups.sum()))


@same_kind
def completeness(customers, groups):
    """How full the fields are: group, field, filled, missing, share; a field that the table does not have is left out.

    ``groups`` is a dict of group to fields, e.g. `CONSUMER` or `ORGANISATION`. Empty texts are missing. The last row of
    each group, field "all", is the share over all its fields.

    >>> import pandas as pd
    >>> two = pd.DataFrame({"name": ["Ann", "Bo"], "email": ["a@x.org", None]})
    >>> completeness(two, {"basic": ["name", "email", "fax"]})[["field", "filled", "share"]]
       field  filled  share
    0   name       2   1.00
    1  email       1   0.50
    2    all       3   0.75
    """
    frame = table(customers, eager=False)
    schema = frame.collect_schema()
    fields = [(group, field) for group, some in groups.items() for field in some if field in schema.names()]
    if not fields:
        raise DataError(f"The customer table has none of these fields; it has {quote(schema.names())}.")
    counted = collect(frame.select(*(_filled(name, schema[name]) for name in dict.fromkeys(field for _, field in fields)))
                      .select(*(nw.col(name).sum() for name in dict.fromkeys(field for _, field in fields))))  # fmt: skip
    n, rows = height(frame), []
    if not n:
        raise DataError("The customer table is empty.")
    for group in groups:
        some = [(group, field, int(counted[field][0]), n) for of, field in fields if of == group]
        rows += some
        if some:
            rows.append((group, "all", sum(row[2] for row in some), n * len(some)))
    found = {
        "group": [row[0] for row in rows], "field": [row[1] for row in rows], "filled": [row[2] for row in rows],
        "missing": [row[3] - row[2] for row in rows], "share": [row[2] / row[3] for row in rows],
    }  # fmt: skip
    types = {"group": nw.String, "field": nw.String, "filled": nw.Int64, "missing": nw.Int64, "share": nw.Float64}
    return like(frame, found, types).to_native()


def _filled(name, dtype):
    there = ~nw.col(name).is_null()
    there = there & (nw.col(name) != "") if dtype == nw.String else there
    return nw.when(there).then(1).otherwise(0).alias(name)


def _key(key):
    raw = key.encode() if isinstance(key, str) else key
    if not isinstance(raw, bytes) or len(raw) < 16:
        raise DataError("The key is too short; give at least 16 characters that nobody can guess, e.g. secrets.token_hex(16).")
    return raw


@same_kind
def pseudonyms(people, column="customer", *, key):
    """The table with ``column`` replaced by a pseudonym: 12 hexadecimal digits of HMAC-SHA256 with a secret ``key``.

    The same id and key give the same pseudonym, so that tables can still be joined; without the key nobody can compute it
    from a list of all ids, as they can with a plain hash. Gaps stay. It is a pseudonym and not anonymous: the other columns
    may still tell who it is. Raises `DataError` for a key of less than 16 characters, and where two ids would get one.

    >>> import pandas as pd
    >>> pseudonyms(pd.DataFrame({"customer": ["a", "b", "a"]}), key="sixteen letters!")["customer"].to_list()
    ['a5e561d020e3', 'cabc2983261e', 'a5e561d020e3']
    """
    secret = _key(key)
    frame = collect(table(people, [column], what="table of people", eager=False))
    known = {one: hmac.new(secret, str(one).encode(), hashlib.sha256).hexdigest()[:12] for one in frame[column].unique().to_list() if one is not None and one == one}
    if len(set(known.values())) < len(known):
        raise DataError("Two ids have the same pseudonym; take another key.")
    values = [known.get(one) for one in frame[column].to_list()]
    made = frame.with_columns(nw.new_series(column, values, nw.String, backend=frame.implementation))
    return _back(people, made)


@same_kind
def masked(people, *, name="name", email="email", phone="phone"):
    """The table with names as initials, e-mail as the first letter and the domain, telephone as its last two digits.

    For screens and exercises. It hides from a glance, no more. Columns that are not there are passed over; gaps stay.

    >>> import pandas as pd
    >>> masked(pd.DataFrame({"name": ["Ann Lee"], "email": ["ann@x.org"], "phone": ["0200 555 0123"]})).iloc[0].to_list()
    ['A. L.', 'a***@x.org', '*** 23']
    """
    frame = collect(table(people, what="table of people", eager=False))
    changes = ((name, _initials), (email, _masked_email), (phone, lambda one: f"*** {one[-2:]}"))
    for column, change in changes:
        if column in frame.columns:
            values = [change(str(one)) if one is not None and one == one and one != "" else one for one in frame[column].to_list()]
            frame = frame.with_columns(nw.new_series(column, values, nw.String, backend=frame.implementation))
    return _back(people, frame)


def _initials(name):
    return " ".join(f"{part[0]}." for part in name.split())


def _masked_email(email):
    local, _, domain = email.partition("@")
    return f"{local[:1]}***@{domain}"


def _back(people, made):
    """A collected table as the kind that came in."""
    frame = table(people, what="table of people", eager=False)
    if made.to_native() is people or type(made.to_native()) is type(frame.to_native()):
        return made.to_native()
    schema = made.schema
    rows = {name: [None if one is None or one != one else one for one in made[name].to_list()] for name in made.columns}
    return like(frame, rows, dict(schema)).to_native()


def beyond_need(granted, needed):
    """Least privilege: by role, the fields they may see and do not need; a dict of role to sorted fields.

    ``granted`` and ``needed`` are dicts of role to fields. A role that needs nothing should see nothing. Raises
    `DataError` where a role lacks a field that it needs.

    >>> beyond_need({"driver": ["name", "street", "income"]}, {"driver": ["name", "street"]})
    {'driver': ['income']}
    """
    lacks = {role: sorted(set(fields) - set(granted.get(role, ()))) for role, fields in needed.items()}
    for role, fields in lacks.items():
        if fields:
            raise DataError(f"{role} needs {fields[0]} and may not see it; grant it, or say who else does that work.")
    return {role: sorted(set(fields) - set(needed.get(role, ()))) for role, fields in granted.items()}
