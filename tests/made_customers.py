"""Small customer tables made for tests of the table functions: many ties, refunds, customers without a purchase."""

import narwhals as nw
import pandas as pd
import polars as pl
from hypothesis import strategies as st

KINDS = [pd.DataFrame, pl.DataFrame]


def made(kind, **columns):
    """A table of one kind; customers are named c00, c01 ... unless given."""
    size = max(len(column) for column in columns.values())
    return kind({"customer": [f"c{i:02d}" for i in range(size)]} | columns)


def content(native):
    """Columns as plain lists with None for every kind of gap: equal for equal tables of any kind."""
    columns = nw.from_native(native).to_dict(as_series=False)
    return {name: [None if pd.isna(item) else item for item in column] for name, column in columns.items()}


def column(native, name):
    return content(native)[name]


def by_customer(native, name):
    table = content(native)
    return dict(zip(table["customer"], table[name], strict=True))


# money in whole cents below 2,000 and few values a column, so that ties are the rule and exact shares can be recomputed
_bought = st.tuples(
    st.sampled_from([1, 1, 1, 2, 3, 4, 9]), st.sampled_from([0.0, 10.0, 90.0, 179.0, 180.0, 364.0, 365.0, 500.0]),
    st.one_of(st.sampled_from([-500, 0, 100, 100, 250, 1000]), st.integers(1, 2000)),
)  # fmt: skip
_refunds_only = st.tuples(st.just(0), st.none(), st.integers(-500, -1))


@st.composite
def columns_of_customers(draw, refunds=True, min_size=1):
    """Columns customer, orders, days_since_last, revenue as lists; at least one customer bought something."""
    row = st.one_of(_bought, _bought, _bought, _refunds_only) if refunds else _bought
    rows = draw(st.lists(row, min_size=min_size, max_size=40))
    rows.append((2, 30.0, 700))
    orders, days, cents = map(list, zip(*rows, strict=True))
    if not refunds:
        cents = [max(cent, 0) for cent in cents]
    return {
        "customer": [f"c{i:02d}" for i in range(len(rows))],
        "orders": orders,
        "days_since_last": days,
        "revenue": [cent / 100 for cent in cents],
    }


def reordered(columns, order):
    return {name: [values[i] for i in order] for name, values in columns.items()}


@st.composite
def with_permutation(draw, **options):
    """The same customers twice: as made, and with rows and columns in another order."""
    columns = draw(columns_of_customers(**options))
    order = draw(st.permutations(range(len(columns["customer"]))))
    names = draw(st.permutations(list(columns)))
    shuffled = reordered(columns, order)
    return columns, {name: shuffled[name] for name in names}
