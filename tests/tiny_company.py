"""A tiny company of a few rows a table, made from the schema alone: what is true of its files needs no more."""

from typing import NamedTuple

import pandas as pd

from crmlib.company.schema import tables


class Company(NamedTuple):
    """What `crmlib.company.make` gives."""

    parameters: dict
    clean: dict
    raw: dict
    truth: dict


def made(rows=3) -> Company:
    """Every table with as many rows as asked, true to its schema; the i-th row refers to the i-th of another table."""
    clean = {name: table("clean", name, rows) for name in tables("clean")}
    raw = {name: table("raw", name, rows) for name in tables("raw")}
    truth = {name: table("truth", name, rows) for name in tables("truth") if name != "parameters"}
    return Company({"claims": {"needs_differ": 1.0}, "wants": {"names": ["a", "ü"]}}, clean, raw, truth)


def table(form, name, rows):
    return pd.DataFrame({field["name"]: [value(form, name, field, i) for i in range(rows)] for field in tables(form)[name]["fields"]}).astype(
        {field["name"]: "Int64" for field in tables(form)[name]["fields"] if field["type"] == "integer"}
    )


def value(form, name, field, i):
    if "to" in field:
        other, _, column = field["to"].partition(".")
        form = form if other in tables(form) else "clean"
        field = next(one for one in tables(form)[other]["fields"] if one["name"] == column)
        return value(form, other, field, i)
    if field.get("empty") and i == 0:
        return None
    if "enum" in field:
        return field["enum"][i % len(field["enum"])]
    if field["type"] == "string":
        return f"{name}, {field['name']} \"{i}\""  # with what CSV must quote
    if field["type"] == "date":
        return pd.Timestamp("2024-02-28") + pd.Timedelta(days=i)
    if field["type"] == "boolean":
        return not (i >> len(field["name"]) % 3) & 1  # a key of three of them must differ too
    number = field.get("min", field.get("max", 1)) + (i if "max" not in field else 0)
    return number if field["type"] == "integer" else number + 0.25 * (i % 2 if "max" not in field else 0)
