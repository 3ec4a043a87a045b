"""What the tables of the company are: read from schema.toml, raw.toml and truth.toml, told to machines and to people.

The three forms of the company: "clean" passes the door, "raw" is what its systems hold, "truth" is what nobody there
knows. In a data package a raw table is called raw_NAME, a clean one and one of the truth by its name.
"""

from __future__ import annotations

import functools
import tomllib
from importlib.resources import files

from crmlib.errors import DataError

__all__ = ["FORMS", "described", "dictionary", "resource_name", "tables", "with_part", "wrong"]

FORMS = {"clean": "schema.toml", "raw": "raw.toml", "truth": "truth.toml"}


@functools.cache
def tables(form: str) -> dict:
    """The tables of one form by name, each with title, row, key and fields; nobody changes what this gives.

    >>> list(tables("clean"))[:3], tables("clean")["orders"]["key"]
    (['customers', 'products', 'orders'], ['order'])
    """
    return tomllib.loads(files("crmlib.company").joinpath(FORMS[form]).read_text(encoding="utf-8"))


def resource_name(form: str, name: str) -> str:
    """What a table is called in its data package.

    >>> resource_name("clean", "orders"), resource_name("raw", "records")
    ('orders', 'raw_records')
    """
    return f"raw_{name}" if form == "raw" else name


def described(form: str, name: str) -> dict:
    """The Table Schema (Frictionless) of a table: fields with types, units and constraints, its key, what it refers to.

    What a table of the truth refers to in another package stands at its field, as ``refersTo``: the standard knows
    references within one package only.

    >>> schema = described("clean", "orders")
    >>> schema["fields"][0]["constraints"], schema["primaryKey"]
    ({'required': True, 'unique': True}, ['order'])
    >>> schema["foreignKeys"]
    [{'fields': ['customer'], 'reference': {'resource': 'customers', 'fields': ['customer']}}]
    """
    table = tables(form)[name]
    fields, references = [], []
    for field in table["fields"]:
        to, inside = _target(form, field)
        if inside:
            other, column = inside
            where = "" if other == resource_name(form, name) else other  # "" is the table itself
            references.append({"fields": [field["name"]], "reference": {"resource": where, "fields": [column]}})
        fields.append(_field(field, table["key"], None if inside else to))
    schema = {"fields": fields, "missingValues": [""]}
    if table["key"]:
        schema["primaryKey"] = table["key"]
    return schema | ({"foreignKeys": references} if references else {})


def _target(form, field):
    """What a field refers to, as text; and the table and the column of the same data package, or None."""
    to = field.get("to")
    if to is None:
        return None, None
    table, _, column = to.partition(".")
    for other in ("clean", form) if form == "truth" else (form, "clean"):
        known = tables(other).get(table)
        if known and any(one["name"] == column for one in known["fields"]):
            inside = (resource_name(other, table), column) if (other == "truth") == (form == "truth") else None
            return to, inside
    raise DataError(f"{FORMS[form]}: the field {field['name']!r} refers to {to!r}, which is nowhere.")


def _field(field, key, refers_to):
    rules = {"required": not field.get("empty", False)}
    if key == [field["name"]]:
        rules["unique"] = True
    for ours, standard in (("enum", "enum"), ("min", "minimum"), ("max", "maximum")):
        if ours in field:
            rules[standard] = field[ours]
    said = {
        "name": field["name"],
        "type": field["type"],
        "format": "default",
        "title": field["name"].replace("_", " ").capitalize(),
        "description": field["text"],
        "constraints": rules,
    }
    if field.get("unit"):
        said["unit"] = field["unit"]
    if refers_to:
        said["refersTo"] = refers_to
    return said


def dictionary(*forms: str) -> str:
    """The data dictionary in Markdown: a section a table, a line a column.

    >>> print("\\n".join(dictionary("clean").splitlines()[:3]))
    ### Table `customers`: Customers
    <BLANKLINE>
    A row is one customer: a household or a business. Key: `customer`.
    """
    return "\n".join(_section(form, name) for form in forms for name in tables(form))


def _section(form, name):
    table = tables(form)[name]
    key = f"Key: {', '.join(f'`{column}`' for column in table['key'])}." if table["key"] else "It has no key."
    lines = [
        f"### Table `{resource_name(form, name)}`: {table['title']}",
        "",
        f"A row is {table['row']}. {key}",
        "",
        "| column | type | unit | values | meaning |",
        "|---|---|---|---|---|",
    ]
    for field in table["fields"]:
        cells = [f"`{field['name']}`", field["type"], field.get("unit", ""), _values(field), field["text"]]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([*lines, ""])


def _values(field):
    parts = [", ".join(f"`{value}`" for value in field["enum"])] if "enum" in field else []
    least, most = field.get("min"), field.get("max")
    if least is not None and most is not None:
        parts.append(f"{least} to {most}")
    elif least is not None:
        parts.append(f"from {least}")
    elif most is not None:
        parts.append(f"up to {most}")
    if "to" in field:
        parts.append(f"in `{field['to']}`")
    return "; ".join(parts + (["may be empty"] if field.get("empty") else []))


def with_part(card: str, part: str, text: str) -> str:
    """A card with ``text`` between the two marks of ``part``, in place of what stood there.

    Raises `DataError` where the marks are missing.

    >>> with_part("# Card", "counts", "three")
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: The card has no place for counts; it stands between the lines
    '<!-- counts: made by the generator; change it there -->' and '<!-- end of counts -->'.
    """
    begin, end = f"<!-- {part}: made by the generator; change it there -->", f"<!-- end of {part} -->"
    before, begun, rest = card.partition(begin)
    _, ended, after = rest.partition(end)
    if not (begun and ended):
        raise DataError(f"The card has no place for {part}; it stands between the lines {begin!r} and {end!r}.")
    return f"{before}{begin}\n\n{text}\n{end}{after}"


def wrong() -> str:
    """What a card says is wrong with the tables, clean and raw, in Markdown.

    >>> wrong().splitlines()[0][:46]
    "Clean tables still tell what companies' tables"
    """
    return files("crmlib.company").joinpath("wrong.md").read_text(encoding="utf-8")
