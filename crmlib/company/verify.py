"""Whether a folder holds what its datapackage.json says: files, hashes, columns, types, values, keys, references.

Everything is read as text, so that what is wrong can be shown as it stands there, with its row.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from crmlib.datasets import describe
from crmlib.delimited import listing
from crmlib.errors import quote

__all__ = ["verify"]

_FORMS = {
    "integer": r"[+-]?\d+",
    "number": r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?",
    "boolean": r"true|false",
    "date": r"\d{4}-\d{2}-\d{2}",
}
_BOUNDS = (("minimum", "is below", np.less), ("maximum", "is above", np.greater))


def verify(folder) -> list[str]:
    """A sentence for each thing that is not as the folder's datapackage.json says; none if all is well.

    Of each rule of each column the first row that breaks it is named, and how many do. Rows count from 1 below the
    header. Raises `DataError` for a folder without a description that can be read.
    """
    folder = Path(folder)
    package = describe(folder)
    said, held = [], {}
    for resource in package["resources"]:
        content, sentences = _content(folder, resource)
        said += sentences
        if content is not None:
            held[resource["name"]], sentences = _table(content, resource)
            said += sentences
    for resource in package["resources"]:
        if held.get(resource["name"]) is not None:
            said += _references(resource, held)
    return said


def _content(folder, resource):
    """The unpacked content of a file, or None; and what is wrong with it."""
    place = resource.get("path")
    if not isinstance(place, str) or Path(place).is_absolute() or ".." in Path(place).parts or "://" in place:
        return None, [f"datapackage.json: the table {quote(resource['name'])} has the path {quote(place)}, no file of the folder."]
    try:
        content = (folder / place).read_bytes()
        if place.endswith(".gz"):
            content = gzip.decompress(content)
    except FileNotFoundError:
        return None, [f"{place} is missing."]
    except (OSError, EOFError, zlib.error) as error:
        return None, [f"{place} cannot be unpacked: {error}."]
    stated = str(resource.get("contentHash") or "").removeprefix("sha256:")
    found = hashlib.sha256(content).hexdigest()
    if stated and stated != found:
        return content, [f"{place} does not hold what was made: its sha256 begins with {found[:8]}, not with {stated[:8]}."]
    return content, []


def _table(content, resource):
    """The columns of a file as text, or None; and what is wrong with them."""
    place, fields = resource["path"], resource.get("schema", {}).get("fields", [])
    if not fields:
        return None, [f"datapackage.json: the table {resource['name']!r} has no fields."]
    try:
        table = _as_text(content)
    except (ValueError, UnicodeError) as error:
        return None, [f"{place} cannot be read as CSV: {str(error).splitlines()[0].rstrip('.')}."]
    expected, there = [field["name"] for field in fields], list(table)
    missing = [name for name in expected if name not in there]
    odd = [name for name in there if name not in expected]
    said = [f"{place}: the column {name!r} is missing; it has {listing(there, most=40)}." for name in missing]
    said += [f"{place}: the column {quote(name)} is not described." for name in odd]
    if not (missing or odd) and there != expected:
        said.append(f"{place}: the columns stand in another order than is described: {listing(there, most=40)}.")
    for field in fields:
        if field["name"] in there:
            said += _values(table[field["name"]], field, place)
    key = resource["schema"].get("primaryKey", [])
    key = [key] if isinstance(key, str) else key
    if key and not set(key) - set(there):
        said += _twice(table, key, place)
    return table, said


def _as_text(content):
    import pyarrow as pa
    from pyarrow import csv

    header = csv.read_csv(pa.BufferReader(content[: content.find(b"\n") + 1] or content)).column_names
    read = csv.read_csv(
        pa.BufferReader(content),
        read_options=csv.ReadOptions(use_threads=False),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False),
    )
    return read.to_pandas(types_mapper={pa.string(): pd.StringDtype("pyarrow", na_value=np.nan)}.get)


def _values(column, field, place):
    """What is wrong with the values of a column."""
    rules, empty = field.get("constraints", {}), (column == "").to_numpy()
    kind, name = field.get("type", "string"), field["name"]
    said = _wrong(column, empty & bool(rules.get("required")), place, name, "is empty", show=False)
    right = ~empty
    if kind in _FORMS:
        right &= column.str.fullmatch(_FORMS[kind]).to_numpy(bool)
        if kind == "date":
            right &= pd.to_datetime(column.where(right), format="%Y-%m-%d", errors="coerce").notna().to_numpy()
        said += _wrong(column, ~empty & ~right, place, name, f"is no {kind}")
    if "enum" in rules:
        values = [str(value) for value in rules["enum"]]
        said += _wrong(column, right & ~column.isin(values).to_numpy(), place, name, f"is not one of {listing(values, most=20)}")
    for rule, words, breaks in _BOUNDS:
        if rule in rules and kind in ("integer", "number"):
            numbers = pd.to_numeric(column.where(right)).to_numpy(float)
            said += _wrong(column, right & breaks(numbers, rules[rule]), place, name, f"{words} {rules[rule]}")
    return said


def _wrong(column, wrong, place, name, words, *, show=True):
    """One sentence on the rows that are wrong, if there are any."""
    count = int(wrong.sum())
    if not count:
        return []
    row = int(np.argmax(wrong))
    shown = f"{quote(str(column.iloc[row]))} {words}" if show else f"it {words}"
    return [f"{place}, row {row + 1}, column {name!r}: {shown}{_more(count)}."]


def _more(count):
    return f" ({count:,} rows like that)" if count > 1 else ""


def _twice(table, key, place):
    again = table.duplicated(key).to_numpy()
    if not again.any():
        return []
    row = int(np.argmax(again))
    same = (table[key] == table[key].iloc[row]).all(axis=1).to_numpy()
    shown = ", ".join(f"{name} {quote(str(table[name].iloc[row]))}" for name in key)
    return [f"{place}, row {row + 1}: the key {shown} stands in row {int(np.argmax(same)) + 1} too{_more(int(again.sum()))}."]


def _references(resource, held):
    """What refers to nowhere."""
    said, table = [], held[resource["name"]]
    for reference in resource.get("schema", {}).get("foreignKeys", []):
        (column,), (to,) = reference["fields"], reference["reference"]["fields"]
        other = reference["reference"].get("resource") or resource["name"]
        target = held.get(other)
        if target is None or to not in target or column not in table:
            continue  # that is said already
        values = table[column]
        nowhere = ((values != "") & ~values.isin(target[to])).to_numpy()
        said += _wrong(values, nowhere, resource["path"], column, f"is nowhere in {other}.{to}")
    return said
