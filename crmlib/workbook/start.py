"""``crm start``: a learner's own copies of the workbooks, bound to a data set, in the git-ignored folder ``work/``."""

from __future__ import annotations

import ast
import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from crmlib import checkout, datasets
from crmlib.customers import customer_table
from crmlib.errors import DataError, DataNotice
from crmlib.frames import as_day
from crmlib.wording import several
from crmlib.workbook.manifest import sha256
from crmlib.workbook.notebook import BuildError, dump, load, parameters

__all__ = ["Started", "solution_of", "start"]

DEFAULTS = {"DATA": "cdnow", "AS_OF": "", "CURRENCY": "$", "OPTIONS": {}}


@dataclass(frozen=True)
class Started:
    """Where the copies are, new or already there; what the log's door had to say, then a sentence on each copy."""

    paths: list[Path]
    messages: list[str]


def start(
    key: str | None = None,
    *,
    data: str | None = None,
    as_of: str = "",
    currency: str | None = None,
    options: dict | None = None,
    root: Path | None = None,
) -> Started:
    """Copy one workbook (``pareto`` or ``30_pareto``), or all of them, to work/, bound to ``data``; overwrite nothing.

    ``data`` is a name in datasets/, a file or a folder; without it each workbook keeps the data set it was written on.
    ``currency`` is the sign in front of amounts, by default that of the data set; ``options`` are those of the door and
    of the file reader. A copy on the workbook's own data set keeps the workbook's name (30_pareto.ipynb), one on other
    data carries the data's name too (30_pareto-mylog.ipynb). A copy that is there and is bound to the same data, date,
    currency and options is kept and not made again; one bound to something else is kept too, and the new one is
    numbered (30_pareto-2.ipynb). A workbook that needs tables which the data does not have is left out, and told.

    Raises DataError, before anything is copied, for an unknown workbook, for a log that does not pass the door, for an
    ``as_of`` that is no date or before the first purchase, and if the data has the tables of none of the workbooks.
    """
    root = root or checkout.root()
    options = {name: value for name, value in (options or {}).items() if value is not None}
    day = str(as_day(as_of)) if as_of else ""
    chosen, left_out, admitted = [], [], {}
    for exercise in _exercises(key, root):
        own, needs = _written_on(exercise)
        given = own if data is None else str(data)
        if lacking := _lacking(given, needs):
            left_out.append(_left_out(exercise, given, lacking))
            continue
        if given not in admitted:
            admitted[given] = _admitted(given, as_of, options)
        chosen.append((exercise, given, own))
    if not chosen:
        raise DataError(" ".join(left_out))
    paths, messages = [], [sentence for _, sentences in admitted.values() for sentence in sentences]
    for exercise, given, own in chosen:
        sign = datasets.currency(given) if currency is None else currency
        bound = {"DATA": admitted[given][0], "AS_OF": day, "CURRENCY": sign, "OPTIONS": options}
        path, message = _copy(exercise, bound, own, root)
        paths.append(path)
        messages.append(message)
    return Started(paths, messages + left_out)


def solution_of(key: str, question: str, *, root: Path | None = None) -> str:
    """The text of the solved workbook's cell that answers ``question``. Raises DataError if there is none."""
    root = root or checkout.root()
    for path in sorted((root / "solutions").glob(f"[0-9][0-9]_{key}.ipynb")):
        for cell in load(path).cells:
            if cell.metadata.get("question") == question:
                return cell.source
        raise DataError(f"solutions/{path.name} has no cell that answers {question!r}.")
    raise DataError(f"There is no solved workbook {key!r} in solutions/; run `git checkout -- solutions`.")


def _exercises(key: str | None, root: Path) -> list[Path]:
    found = sorted((root / "exercises").glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise DataError("There is no workbook in exercises/; run `crm build` or `git checkout -- exercises`.")
    chosen = [path for path in found if key in (None, path.stem, path.stem[3:])]
    if not chosen:
        raise DataError(f"There is no workbook {key!r}; there is: {', '.join(path.stem[3:] for path in found)}.")
    return chosen


def _written_on(exercise: Path) -> tuple[str, list[str]]:
    """The data set that a workbook was written on, and the tables besides the log that it needs."""
    notebook = load(exercise)
    own = (parameters(notebook) or {}).get("DATA", DEFAULTS["DATA"])
    tagged = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ()))
    return own, list(next((cell.metadata.get("needs", ()) for cell in tagged), ()))


def _lacking(data: str, needs: list[str]) -> list[str]:
    """The tables that a workbook needs and that the data does not have; a file has none besides the log."""
    if not needs:
        return []
    try:
        tables = {resource["name"] for resource in datasets.describe(data)["resources"]}
    except DataError:  # a file; or nothing at all, which the door will say better
        tables = set()
    return [name for name in needs if name not in tables]


def _left_out(exercise: Path, data: str, lacking: list[str]) -> str:
    tables = f"the table {lacking[0]}" if len(lacking) == 1 else f"the tables {several(lacking)}"
    name = Path(data).name or data
    return f"The workbook {exercise.stem[3:]} needs {tables}, which {name} does not have; it is left out."


def _admitted(data: str, as_of: str, options: dict) -> tuple[str, list[str]]:
    """The name of the data or its absolute path, and what its door had to say. Raises what the door raises."""
    admission = datasets.admit_log(data, **options)
    messages = [note.sentence for note in admission.notes]
    if as_of:
        with warnings.catch_warnings(record=True) as notices:
            warnings.simplefilter("always", DataNotice)
            customer_table(admission.transactions, as_of=as_of)
        messages += [str(notice.message) for notice in notices if issubclass(notice.category, DataNotice)]
    if data in datasets.names():
        return data, messages
    # the notebook runs in work/, and may be opened from anywhere: only an absolute path leads back to the file
    return os.path.abspath(os.path.expanduser(data)), messages


def _copy(exercise: Path, bound: dict, own: str, root: Path) -> tuple[Path, str]:
    content = exercise.read_bytes()
    notebook = load(exercise)
    copied_from = sha256(content)
    named = "" if bound["DATA"] == own else "-" + _slug(bound["DATA"])
    others, number = [], 1
    while True:
        path = root / "work" / f"{exercise.stem}{named}{f'-{number}' if number > 1 else ''}.ipynb"
        if not os.path.lexists(path):
            break
        there = _bound_to(path)
        if there and there["bound"] == bound:
            newer = there["copied_from"] != copied_from
            return path, f"{_place(path, root)} is already there; kept as it is." + (
                f" The course has changed its workbook since: to get that too, rename yours and run `crm start "
                f"{exercise.stem[3:]}` again."
                if newer
                else ""
            )
        others.append(_place(path, root))
        number += 1
    _bind(notebook, bound)
    notebook.metadata["crmlib"] = {**notebook.metadata.get("crmlib", {}), "copied_from": copied_from}
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "xb") as file:  # x: fails rather than overwrite what another `crm start` has just made
        file.write(dump(notebook))
    kept = (
        f" {' and '.join(others)} {'is' if len(others) == 1 else 'are'} bound to something else and kept."
        if others
        else ""
    )
    return path, f"{_place(path, root)} is your copy, on {bound['DATA']}.{kept}"


def _bind(notebook, bound: dict) -> None:
    """Clear what the cells show and write the parameters, in place."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if parameters(notebook) is None:
        raise BuildError("The workbook has no cell of parameters that can be bound; run `crm build --check`.")
    cell = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ()))
    lines = cell.source.encode().splitlines()  # ast counts bytes
    assigned = ast.parse(cell.source).body
    for line in reversed(assigned):
        if (name := line.targets[0].id) in bound:
            first, last, value = line.value.lineno - 1, line.value.end_lineno, line.value
            head, tail = lines[first][: value.col_offset], lines[last - 1][value.end_col_offset :]
            lines[first:last] = [head + _literal(bound[name]).encode() + tail]
    names = {line.targets[0].id for line in assigned}
    extra = [name for name in DEFAULTS if name not in names and bound[name] != DEFAULTS[name]]
    lines += [f"{name} = {_literal(bound[name])}".encode() for name in extra]
    cell.source = b"\n".join(lines).decode()


def _bound_to(path: Path) -> dict | None:
    """What a copy in work/ is bound to; None if it is no workbook any more."""
    try:
        notebook = load(path)
    except BuildError:
        return None
    there = parameters(notebook)
    if there is None:
        return None
    bound = {name: there.get(name, default) for name, default in DEFAULTS.items()}
    return {"bound": bound, "copied_from": notebook.metadata.get("crmlib", {}).get("copied_from")}


def _literal(value) -> str:
    """Python for a value, text in double quotes as the course writes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(name)}: {_literal(item)}" for name, item in value.items()) + "}"
    if isinstance(value, str) and value.isprintable() and not set(value) & {'"', "\\"}:
        return f'"{value}"'
    return repr(value)


def _slug(data: str) -> str:
    """
    >>> _slug("shops/Sales 2024.csv"), _slug("shops/berlin/datapackage.json")
    ('sales_2024', 'berlin')
    """
    path = Path(data)
    name = path.parent.name if path.name == "datapackage.json" else path.stem
    return re.sub(r"\W+", "_", name.lower()).strip("_")[:40] or "data"


def _place(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
