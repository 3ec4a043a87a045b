"""A company as files: packed CSV with a datapackage.json, the same bytes for the same tables.

Text is UTF-8, lines end in a line feed, money has two decimals and other numbers six digits, true and false are words.
The sha256 of each file's unpacked content is what identifies it: packing may differ between versions of zlib.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

from crmlib.company.generate import VERSION
from crmlib.company.parameters import load
from crmlib.company.schema import FORMS, described, resource_name, tables
from crmlib.delimited import listing
from crmlib.errors import DataError

__all__ = ["csv_bytes", "write", "write_truth"]

_LICENCE = {
    "name": "CC0-1.0",
    "title": "Creative Commons CC0 1.0 Universal",
    "path": "https://creativecommons.org/publicdomain/zero/1.0/",
}
_DOOR = ("customer", "date", "amount", "order", "product", "quantity", "cost")  # each the column of the same name


def write(company, folder, *, name: str, title: str, description: str, **more) -> None:
    """Write the clean and the raw tables of a company to ``folder``, and a datapackage.json that describes them.

    ``name`` is that of the data package (small letters, digits, - and _); ``more`` are further keys of it, among them
    ``crmlib`` for what stands beside the mapping of the log to the door. What the folder holds already is replaced
    where it has the same name. Raises `DataError` for tables that the schema does not describe.
    """
    resources = [*_tables(company.clean, "clean", folder), *_tables(company.raw, "raw", folder)]
    door = {"currency": "€", "transactions": {column: column for column in _DOOR}}
    _describe(folder, name, title, description, resources, door, more)


def write_truth(company, folder, *, name: str, title: str, description: str, **more) -> None:
    """Write what the company does not know about itself to a folder of its own, with the parameters it was made from."""
    truth = {**company.truth, "parameters": _parameters(company.parameters)}
    _describe(folder, name, title, description, _tables(truth, "truth", folder), {"currency": "€"}, more)


def csv_bytes(table: pd.DataFrame, fields: list[dict]) -> bytes:
    """A table as CSV, its columns written as the schema's ``fields`` say; nothing is written for what is missing.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"a": ["x", None], "paid": [2.5, -0.001], "share": [1 / 3, 0.0], "ok": [True, False]})
    >>> fields = [{"name": "a", "type": "string"}, {"name": "paid", "type": "number", "unit": "EUR"},
    ...           {"name": "share", "type": "number", "unit": "share"}, {"name": "ok", "type": "boolean"}]
    >>> csv_bytes(table, fields).decode().split()
    ['a,paid,share,ok', 'x,2.50,0.333333,true', ',0.00,0,false']
    """
    written = {field["name"]: _written(table[field["name"]], field) for field in fields}
    file = io.StringIO()
    pd.DataFrame(written).to_csv(file, index=False, lineterminator="\n")
    return file.getvalue().encode("utf-8")


def _written(column, field):
    missing = column.isna().to_numpy()
    kind = field["type"]
    if kind == "date":
        return np.where(missing, "", np.datetime_as_string(column.to_numpy("datetime64[D]"), unit="D"))
    if kind == "string":
        return np.where(missing, "", column.astype(object))
    kept = column[~missing]
    if kind == "boolean":
        texts = np.where(kept.to_numpy(bool), "true", "false")
    elif kind == "integer":
        texts = [str(int(value)) for value in kept]
    else:
        decimals = field.get("decimals", 2 if field.get("unit", "").startswith("EUR") else None)
        form = ".6g" if decimals is None else f".{decimals}f"
        texts = [_number(value, form) for value in kept]
    whole = np.full(len(column), "", object)
    whole[~missing] = texts
    return whole


def _number(value, form):
    text = format(float(value), form)
    return text.removeprefix("-") if float(text) == 0 else text


def _tables(given, form, folder):
    """Write the tables of one form; returns how the data package describes each."""
    known = tables(form)
    if odd := [name for name in given if name not in known]:
        raise DataError(f"{FORMS[form]} does not describe the table {odd[0]!r}; it describes {listing(list(known), most=40)}.")
    return [_resource(given[name], form, name, Path(folder)) for name in known if name in given]


def _resource(table, form, name, folder):
    spec = tables(form)[name]
    expected = [field["name"] for field in spec["fields"]]
    if list(table) != expected:
        raise DataError(f"The {form} table {name!r} has the columns {listing(list(table), most=40)}, "
                        f"its schema {listing(expected, most=40)}.")  # fmt: skip
    content = csv_bytes(table, spec["fields"])
    place = f"{name}.csv.gz" if form == "truth" else f"{form}/{name}.csv.gz"
    packed = _packed(content)
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    (folder / place).write_bytes(packed)
    return {
        "name": resource_name(form, name),
        "type": "table",
        "title": spec["title"],
        "description": f"A row is {spec['row']}.",
        "path": place,
        "scheme": "file",
        "format": "csv",
        "compression": "gz",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "rows": len(table),
        "bytes": len(packed),
        "hash": f"sha256:{hashlib.sha256(packed).hexdigest()}",
        "contentHash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": described(form, name),
    }


def _packed(content):
    """gzip without a name and a time, so that the same content gives the same bytes."""
    file = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(content)
    return file.getvalue()


def _describe(folder, name, title, description, resources, door, more):
    ours = {
        **door,
        "generator": VERSION,
        "numpy": np.__version__,
        "promise": "The same seed gives the same content (contentHash) with this generator and this numpy; "
        "with another numpy the same statistics.",
        **more.pop("crmlib", {}),
    }
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": name,
        "title": title,
        "description": description,
        "version": VERSION,
        "licenses": [_LICENCE],
        "licence_note": "Made up by a program from random numbers; nobody in it lives. Free for any use (CC0 1.0).",
        "contributors": [{"title": "crmlib", "roles": ["creator"]}],
        "sources": [{"title": f"The generator of crmlib, crmlib.company, version {VERSION}"}],
        **more,
        "crmlib": ours,
        "resources": resources,
    }
    (Path(folder) / "datapackage.json").write_bytes(_as_json(package).encode("utf-8"))


def _as_json(package):
    """JSON with each field of a table on a line of its own, which people can read and which takes half the bytes."""
    lines = {}

    def marked(fields):
        for field in fields:
            lines[f"field {len(lines)}"] = json.dumps(field, ensure_ascii=False)
        return [*lines][len(lines) - len(fields) :]

    resources = [
        {**resource, "schema": {**resource["schema"], "fields": marked(resource["schema"]["fields"])}}
        for resource in package["resources"]
    ]
    text = json.dumps({**package, "resources": resources}, indent=1, ensure_ascii=False) + "\n"
    return re.sub(r'"(field \d+)"', lambda found: lines[found[1]], text)


def _parameters(parameters):
    """The parameters as a table: one row each, its value as JSON.

    How far estimates may stray makes no data; of the circumstances only those stand there that were dealt.
    """
    neutral = load()["circumstances"].items()
    rows = [
        (f"{section}.{name}", json.dumps(value, ensure_ascii=False))
        for section, leaves in parameters.items()
        if section != "recovery"
        for name, value in leaves.items()
        if section != "circumstances" or (name, value) not in neutral
    ]
    return pd.DataFrame(rows, columns=["parameter", "value"])
