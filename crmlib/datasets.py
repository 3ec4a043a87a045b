"""Sample data, and the one way in for every log: the name of a data set, a folder with datapackage.json, or a file.

A data set is a folder with a Frictionless data package: `datapackage.json` describes its tables, their columns and
units, where they come from and what may be done with them. Its key "crmlib" says how the columns map to the door.
"""

from __future__ import annotations

import difflib
import gzip
import json
import os
import re
from glob import glob
from pathlib import Path

import pandas as pd
from narwhals.exceptions import NarwhalsError

from crmlib import checkout
from crmlib.delimited import TEXT, listing, option
from crmlib.errors import DataError, quote
from crmlib.files import read_file
from crmlib.frames import lending
from crmlib.transactions import Admission, Note, admit, transactions

__all__ = ["admit_log", "currency", "describe", "load", "names", "read_file", "scan", "truth"]

_LOG = "transactions"  # the table of a package that goes through the door
_DESCRIPTION = "datapackage.json"
_TRUTH = "truth"  # the folder within a data set whose truth is open
_TYPES = ("string", "integer", "number", "boolean", "date", "datetime")
_DEFAULT_FORMATS = (None, "default", "%Y-%m-%d")
_MAPPED = ("customer", "date", "amount", "order", "product", "quantity", "cost")
_READ_AS = ("date_format", "decimal", "thousands", "duplicates", "missing_customer")


def names() -> list[str]:
    """The data sets of this course.

    >>> names()[:2]
    ['cdnow', 'cdnow_sample']
    """
    return sorted(path.parent.name for path in checkout.datasets().glob(f"*/{_DESCRIPTION}"))


def describe(name_or_folder) -> dict:
    """The data package of a data set, as it stands in its datapackage.json.

    Raises `DataError` if there is none or if it does not describe tables.

    >>> package = describe("cdnow")
    >>> package["crmlib"]["currency"], [field["unit"] for field in package["resources"][0]["schema"]["fields"][1:]]
    ('$', ['day', 'CD', 'USD'])
    """
    return _package(_folder(name_or_folder))


def load(name_or_folder, table: str = "transactions") -> pd.DataFrame:
    """A table of a data set, typed as its data package says.

    The table "transactions" has passed the door: ``customer`` (text), ``date``, ``amount`` and what else its lines
    have. What the door found in the data sets of this course stands in their cards; for a folder of your own it comes
    as a `DataNotice`. Other tables come as they are.

    Raises `DataError` for an unknown name or table and for data that does not fit its description.

    >>> load("cdnow_sample").head(2)
      customer       date  amount  quantity
    0    00004 1997-01-01   29.33       2.0
    1    00004 1997-01-18   29.73       2.0
    """
    folder = _folder(name_or_folder)
    package = _package(folder)
    raw = _typed(folder, package, table)
    if table != _LOG:
        return raw
    options = _door_options(package, folder)
    if folder.parent == checkout.datasets():
        return admit(raw, **options).transactions
    return transactions(raw, **options)


def currency(data) -> str:
    """The sign in front of amounts that a data set states; "" if it states none, or if ``data`` is a file.

    >>> currency("cdnow"), currency("my-log.csv")
    ('$', '')
    """
    try:
        found = describe(data).get("crmlib", {})
    except DataError:
        return ""
    sign = found.get("currency", "") if isinstance(found, dict) else ""
    return sign if isinstance(sign, str) and len(sign) <= 4 and sign.isprintable() else ""


def truth(name_or_folder) -> Path:
    """The folder with the truth behind a made-up data set, for `load`: what was planted, row by row.

    Raises `DataError` where there is none: real data has no known truth, and that of a class set is the instructor's.

    >>> truth("cdnow")
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: cdnow has no truth: nobody knows it of real data, and a class set keeps it with the
    instructor.
    """
    folder = _folder(name_or_folder)
    if not (folder / _TRUTH / _DESCRIPTION).is_file():
        why = "nobody knows it of real data, and a class set keeps it with the instructor"
        raise DataError(f"{folder.resolve().name} has no truth: {why}.")
    return folder / _TRUTH


def admit_log(data, *, encoding: str | None = None, sheet: str | None = None, **door_options) -> Admission:
    """Open a log of purchases, wherever it lies, and let it through the door.

    ``data`` is the name of a data set, a folder with a datapackage.json, or a file (text, Excel, Parquet: see
    `crmlib.files.read_file` for ``encoding`` and ``sheet``). A name goes before a file of the same name. The other
    options are those of `crmlib.transactions.admit`; a data package brings its own, which they override. None means not
    given.

    Returns the transactions and the notes of the reader and of the door, in this order.
    Raises `DataError` in one sentence if there is nothing of that name, or if it cannot be read without a guess.

    >>> admission = admit_log("cdnow_sample")
    >>> [note.code for note in admission.notes]
    ['file', 'columns', 'duplicates', 'same_day', 'zero_amounts']
    """
    given = {name: value for name, value in door_options.items() if value is not None}
    if _is_file(data):
        table, notes = read_file(data, encoding=encoding, sheet=sheet)
    else:
        folder = _folder(data)
        for name, value in (("encoding", encoding), ("sheet", sheet)):
            if value is not None:
                raise DataError(
                    f"{folder.name} is a data set that says how it is read; leave out {option(name, value)}."
                )
        package = _package(folder)
        table = _typed(folder, package, _LOG)
        given = _door_options(package, folder) | given
        title = package.get("title", folder.name)
        notes = (Note("file", len(table), f"Read the data set {folder.name} ({title}): {len(table):,} lines."),)
    admission = admit(table, **given)
    return Admission(admission.transactions, (*notes, *admission.notes))


def scan(path, *, engine="duckdb", **door_options):
    """A log that stays on disk: Parquet through the door, as a table of DuckDB or a lazy one of polars.

    ``path`` is a file, a folder of Parquet files or a pattern such as ``logs/*.parquet``. Nothing is read but what a
    step asks for, so the log may be larger than the memory. Column names are those of `crmlib.transactions.admit`, as
    in ``scan("log.parquet", customer="CustomerID", date="InvoiceDate", amount="Total")``; what the door finds comes as
    a `DataNotice`. The result goes wherever transactions go, e.g. into ``customer_table(log, as_of="2024-12-31")``.

    Raises `DataError` if there is no Parquet at ``path`` or the engine is not installed, and for what the door refuses.

    >>> import tempfile
    >>> import pandas as pd
    >>> folder = tempfile.TemporaryDirectory()
    >>> log = pd.DataFrame({"customer": ["a", "a"], "date": pd.to_datetime(["2024-01-05"] * 2), "amount": [1.0, 2.0]})
    >>> log.to_parquet(Path(folder.name, "log.parquet"))
    >>> scan(Path(folder.name, "log.parquet"), engine="polars").collect().shape
    (2, 3)
    """
    place = _as_path(path)
    pattern = place / "*.parquet" if place.is_dir() else place
    if not glob(str(pattern)):
        raise DataError(f"There is no Parquet file at {pattern}; give a file, a folder or a pattern: logs/*.parquet.")
    module = lending(engine)
    try:
        raw = module.read_parquet(str(pattern)) if engine == "duckdb" else module.scan_parquet(str(pattern))
        return transactions(raw, **door_options)
    except DataError:
        raise
    except (OSError, NarwhalsError, module.Error if engine == "duckdb" else module.exceptions.PolarsError) as error:
        said = str(error).splitlines()[0][:150]
        raise DataError(f"{pattern} cannot be read as Parquet: {said}.") from None


def _as_path(data):
    if not isinstance(data, str | os.PathLike):
        raise DataError(f"The data is a {type(data).__name__}; give the name of a data set, a folder or a file.")
    return Path(os.path.expanduser(data))


def _is_file(data):
    path = _as_path(data)
    known = isinstance(data, str) and data in names()
    return not known and os.path.isfile(path) and path.name != _DESCRIPTION


def _folder(data):
    """The folder of a data set, from its name or path."""
    path, known = _as_path(data), names()
    if isinstance(data, str) and data in known:
        return checkout.datasets() / data
    if path.name == _DESCRIPTION:
        path = path.parent
    if os.path.isdir(path) and str(data).strip():
        return path
    if os.path.isfile(path):
        raise DataError(f"{path} is a file, not a data set; open it with datasets.admit_log({str(data)!r}).")
    close = difflib.get_close_matches(str(data), known, n=1)
    meant = f" Did you mean {close[0]!r}?" if close else ""
    raise DataError(
        f"{quote(str(data))} is neither a data set ({listing(known)}) nor an existing file or folder.{meant}"
    )


def _package(folder):
    """The parsed datapackage.json, with the keys that reading needs."""
    path = folder / _DESCRIPTION
    try:
        package = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if sets := sorted(folder.glob(f"students/*/{_DESCRIPTION}")):
            raise DataError(f"The folder {folder} holds {len(sets)} class sets; give one of them, e.g. {sets[0].parent}.") from None
        raise DataError(f"The folder {folder} has no {_DESCRIPTION}; give the file in it that holds the log.") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as JSON: {error}.") from None
    resources = package.get("resources") if isinstance(package, dict) else None
    if (
        not isinstance(resources, list)
        or not resources
        or not all(isinstance(r, dict) and r.get("name") for r in resources)
    ):
        raise DataError(
            f"{path} describes no tables; it needs a list 'resources', each with a name, a path and a schema."
        )
    return package


def _door_options(package, folder):
    mapping = package.get("crmlib", {})
    mapping = mapping.get(_LOG, {}) if isinstance(mapping, dict) else mapping
    unknown = [key for key in mapping if key not in (*_MAPPED, *_READ_AS)] if isinstance(mapping, dict) else [mapping]
    if unknown:
        raise DataError(
            f"{folder / _DESCRIPTION} maps {quote(unknown[0])} under crmlib, transactions; "
            f"possible are {listing([*_MAPPED, *_READ_AS], most=20)}."
        )
    return dict(mapping)


def _resource(folder, package, table):
    """Path and fields of a table; every field has a type that can be read as it is described."""
    found = {resource["name"]: resource for resource in package["resources"]}
    if table not in found:
        raise DataError(f"The data set {folder.name} has no table {quote(table)}; it has {listing(list(found))}.")
    resource, where = found[table], f"The table {table!r} of the data set {folder.name}"
    path, schema = resource.get("path"), resource.get("schema")
    if not isinstance(path, str) or "://" in path or Path(path).is_absolute() or ".." in Path(path).parts:
        raise DataError(f"{where} has the path {quote(path)}; it must be one file inside the folder.")
    fields = schema.get("fields") if isinstance(schema, dict) else None
    if not fields or not all(isinstance(field, dict) and field.get("name") for field in fields):
        raise DataError(f"{where} has no schema with named fields in {_DESCRIPTION}.")
    for field in fields:
        kind, form = field.get("type", "string"), field.get("format")
        if kind not in _TYPES or (kind != "string" and form not in _DEFAULT_FORMATS):
            shown = f"type {kind!r}" if kind not in _TYPES else f"format {form!r}"
            raise DataError(
                f"{where} has the {shown} in field {quote(field['name'])}; types that can be read: {listing(_TYPES)}."
            )
    return resource, fields, where


def _typed(folder, package, table):
    """A table read through its schema, which is fast and needs no guess: the schema states every type."""
    import pyarrow as pa
    from pyarrow import csv

    resource, fields, where = _resource(folder, package, table)
    path = folder / resource["path"]
    types = {
        "string": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "datetime": pa.timestamp("us"),
    }
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        read = csv.read_csv(
            pa.BufferReader(content),
            read_options=csv.ReadOptions(encoding=resource.get("encoding", "utf-8"), use_threads=False),
            parse_options=csv.ParseOptions(
                delimiter=resource.get("dialect", {}).get("delimiter", ","), newlines_in_values=True
            ),
            convert_options=csv.ConvertOptions(
                column_types={field["name"]: types[field.get("type", "string")] for field in fields},
                null_values=resource["schema"].get("missingValues", [""]),
                strings_can_be_null=True,
            ),
        )
    except FileNotFoundError:
        raise DataError(f"{where} is missing: there is no file {path}.") from None
    except (OSError, EOFError, ValueError, LookupError) as error:  # ArrowInvalid is a ValueError
        raise DataError(f"{where} does not fit its {_DESCRIPTION}: {_reason(error, fields)}.") from None
    expected = [field["name"] for field in fields]
    if read.column_names != expected:
        raise DataError(f"{where} has the columns {listing(read.column_names)}, its schema {listing(expected)}.")
    table = read.to_pandas(types_mapper={pa.string(): TEXT}.get, date_as_object=False)
    gaps = [field["name"] for field in fields if field.get("type") == "integer" and read[field["name"]].null_count]
    return table.astype(dict.fromkeys(gaps, "Int64"))  # or whole numbers would become floats


def _reason(error, fields):
    """What pyarrow found, in words that name the field instead of its number."""
    said = str(error).splitlines()[0].removeprefix("CSV parse error: ").rstrip(".")
    if wrong := re.match(r"In CSV column #(\d+):.*invalid value '(.*)'", said):
        field = fields[int(wrong[1])]
        return f"the field {quote(field['name'])} holds {quote(wrong[2])}, which is no {field['type']}"
    return said if len(said) <= 150 else said[:147] + "..."
