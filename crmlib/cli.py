"""The command line: crm report, score, start, build; crm class is in `crmlib.cli_class`.

Only here dates are compared with today, and messages for Python are put as they are typed here. The last line on stdout is
the path of what was made; everything else goes to stderr. Exit code 2: the data or an option cannot be used, said in one
sentence; 1: something else went wrong, or the course is not as it was built.
"""

from __future__ import annotations

import datetime as dt
import functools
import inspect
import os
import re
import sys
import unicodedata
import warnings
from pathlib import Path
from typing import Annotated, get_type_hints

import typer

from crmlib.cli_class import app as class_app
from crmlib.errors import DataError, DataNotice, FitError

__all__ = ["app", "main"]

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="Customer analytics: a report, a table and a course on a log of purchases.",
)  # fmt: skip

# The options by which report, start and score read a log: each is a keyword of the door or of the file reader.
LOG_OPTIONS = {
    "customer": "Column that holds the customer.",
    "date": "Column that holds the day of the line.",
    "amount": "Column that holds the money of the line; below zero is a refund.",
    "order": "Column that holds the order, if there is one.",
    "product": "Column that holds the product, if there is one.",
    "quantity": "Column that holds the quantity, if there is one.",
    "cost": "Column that holds the cost of the line, if there is one.",
    "date_format": "How dates are written, in strptime codes, e.g. %d.%m.%Y.",
    "decimal": "Decimal sign of the amounts: . or ,",
    "thousands": "Sign between thousands: , . ' _ or a space.",
    "encoding": "Encoding of a text file that is not UTF-8, e.g. cp1252.",
    "sheet": "Sheet of an Excel workbook.",
    "duplicates": "Lines that repeat another exactly: keep or drop.",
    "missing_customer": "Lines without a customer: raise or drop.",
}
Data = Annotated[str, typer.Option("--data", metavar="NAME|FILE|FOLDER", help="A data set of the course, a file, or a folder with a datapackage.json.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Last day to look at, YYYY-MM-DD; later lines are left out. Default: the log's last date.")]
Currency = Annotated[str | None, typer.Option("--currency", metavar="SIGN", help="Sign in front of amounts, up to 4 characters. Default: that of the data set, or none.")]


STOPPED = 130  # the exit code of a command that Ctrl-C ended


def reads_a_log(command):
    """Give a command the options of LOG_OPTIONS; it gets those that were typed as the dictionary ``options``."""
    kinds = {
        name: Annotated[str | None, typer.Option(f"--{name.replace('_', '-')}", metavar="TEXT", help=text)]
        for name, text in LOG_OPTIONS.items()
    }

    @functools.wraps(command)
    def with_options(**given):
        options = {name: given.pop(name) for name in kinds}
        # a letter with an umlaut can be stored as one sign or as two; the reader of files makes it one
        options = {name: unicodedata.normalize("NFC", value) for name, value in options.items() if value is not None}
        return command(**given, options=options)

    own = inspect.signature(command).parameters
    shared = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind) for name, kind in kinds.items()]
    hints = get_type_hints(command, include_extras=True)
    kept = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[name]) for name, parameter in own.items() if name != "options"]
    with_options.__signature__ = inspect.Signature(kept + shared)
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in kept + shared}
    del with_options.__wrapped__  # or its own signature would be read instead
    return with_options


app.add_typer(class_app, name="class")


@app.callback()
def crm(debug: Annotated[bool, typer.Option("--debug", help="Show the traceback when something goes wrong.")] = False):
    """Customer analytics: a report, a table and a course on a log of purchases."""


@app.command(short_help="The customer-base audit as one HTML file.")
@reads_a_log
def report(
    data: Annotated[str | None, typer.Option("--data", metavar="NAME|FILE|FOLDER", help="A data set of the course, a file, or a folder with a datapackage.json. Default: cdnow.")] = None,
    as_of: AsOf = None,
    currency: Currency = None,
    out: Annotated[str | None, typer.Option("--out", metavar="FILE|FOLDER", help="Where to put it. Default: reports/, named by data and date. Replaces only what crm report made.")] = None,
    ids: Annotated[str, typer.Option("--ids", metavar="none|pseudonym|real", help="Add a table of the best customers, under pseudonyms or under their ids.")] = "none",
    key_file: Annotated[str | None, typer.Option("--key-file", metavar="FILE", help="A file with the secret of the pseudonyms: the same secret gives the same ones in every report. Default: one that is drawn and not kept.")] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write it as a PDF too, beside it. Needs Pango on this machine.")] = False,
    excel: Annotated[bool, typer.Option("--excel", help="Write its tables too, as a workbook beside it.")] = False,
    open_it: Annotated[bool, typer.Option("--open", help="Open the report in a browser.")] = False,
    batch: Annotated[str | None, typer.Option("--batch", metavar="FOLDER", help="One report for each data set in a folder, as crm class new makes it, and a page that compares them.")] = None,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", help="With --batch: how many at a time.")] = 2,
    *,
    options: dict,
):
    """The customer-base audit: fifteen questions on who buys, what changed and who comes back, answered from one log.

    It is one HTML file that needs no network; its path is printed, last of all that was made.

    With --batch it is a report for each data set in a folder and index.html, which compares them and says what failed and
    why; --pdf and --excel hold for each of them. Reports that are there, of the same data, version and options, are kept: a
    batch that was stopped goes on.
    """
    from crmlib.report import render
    from crmlib.sections import IDS

    if ids not in IDS:
        raise DataError(f"ids is {ids!r}; it can be {', '.join(IDS[:-1])} or {IDS[-1]}.")
    key = _key(key_file, ids)
    shown = {"ids": ids, "key": key, "pdf": pdf, "excel": excel}
    if batch is not None:
        _batch(batch, jobs, out, as_of, currency, shown, [data and "data", *options])
        return
    data = "cdnow" if data is None else data
    currency = _currency(currency, data)
    admission, day, name = _admitted(data, as_of, options)
    typed = {"data": name, "as_of": str(day), "currency": currency, **({"ids": ids} if ids != "none" else {})}
    typed |= ({"key_file": Path(key_file).name} if key_file else {}) | options
    made = "crm report " + " ".join(f"--{option.replace('_', '-')} {_quoted(value)}" for option, value in typed.items())
    admissions = [admission]
    del admission  # render takes it over, so that a big log is let go of when the kernel has it
    place = render(admissions.pop, name=name, as_of=day, currency=currency, out=out, made=made, progress=True, **shown)
    if open_it:
        import webbrowser

        webbrowser.open(place.resolve().as_uri())
    for ending in [".pdf"] * pdf + [".xlsx"] * excel:
        print(place.with_suffix(ending))
    print(place)


def _batch(folder, jobs, out, as_of, currency, shown, others):
    """crm report --batch: the page that compares the sets; exit code 1 if a report failed."""
    from crmlib import checkout
    from crmlib.batch import render_batch

    if other := next(filter(None, others), None):
        raise DataError(f"--{other.replace('_', '-')} does not go with --batch; each data set says how it is read.")
    sign = None if currency is None else _currency(currency, folder)
    made = render_batch(folder, out or checkout.reports(), admit=_admitted, as_of=as_of, currency=sign, jobs=jobs, progress=True, **shown)
    if made.kept:
        _say(f"{len(made.kept):,} of {len(made.made) + len(made.kept) + len(made.failed):,} reports were there and kept.")
    for name, sentence in made.failed.items():
        _say(f"{name} failed: {sentence}")
    print(made.index)
    if made.failed:
        raise typer.Exit(1)


@app.command(short_help="One row a customer with scores and value, as a file.")
@reads_a_log
def score(
    data: Data = "cdnow",
    as_of: AsOf = None,
    out: Annotated[str | None, typer.Option("--out", metavar="FILE", help="File that ends in .csv, .parquet or .xlsx. Default: reports/<data>-scores.csv.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    *,
    options: dict,
):
    """Write one row a customer, with real ids: scores, segment, tier, state, P(alive) and expected value; print the path.

    Money is in the unit of the log, horizons are in the names of the columns. In CSV and Excel, text that begins with = + -
    @, a tab, a line end or an apostrophe gets an apostrophe in front, so that no spreadsheet runs it; take one leading
    apostrophe away to get the text back. CSV is UTF-8 with a byte order mark. Columns that the log cannot carry are empty.
    """
    from crmlib import checkout
    from crmlib.report import slug
    from crmlib.scorecard import check_place, scorecard, write

    name = _name(data)
    place = Path(out).expanduser() if out else checkout.reports() / f"{slug(name)}-scores.csv"
    check_place(place, force=force)
    admission, day, _ = _admitted(data, as_of, options)
    card = scorecard(admission.transactions, as_of=day)
    notes = [note.sentence for note in admission.notes if note.code != "future"]  # that was said
    if later := int((admission.transactions["date"].dt.date > day).sum()):
        notes.append(f"{later:,} {'line lies' if later == 1 else 'lines lie'} after {day} and {'is' if later == 1 else 'are'} left out.")
    for sentence in notes + list(card.notices):
        _say(sentence)
    write(card.table, place, force=force)
    print(place)


@app.command(short_help="Workbooks for you to answer, in work/.")
@reads_a_log
def start(
    lesson: Annotated[str | None, typer.Argument(help="Key of a lesson, e.g. pareto. Default: all workbooks.", show_default=False)] = None,
    data: Annotated[str | None, typer.Option("--data", metavar="NAME|FILE|FOLDER", help="A data set, a file, or a folder with a datapackage.json. Default: what each workbook was written on.")] = None,
    as_of: AsOf = None,
    currency: Currency = None,
    *,
    options: dict,
):
    """Copy workbooks into work/, bound to your data, to answer there; nothing is ever overwritten. Print their paths."""
    from crmlib.workbook.start import start as copy

    currency = _currency(currency, data) if data is not None or currency is not None else None
    if data is not None:
        _admitted(data, as_of, options)
    started = copy(lesson, data=data, as_of=as_of or "", currency=currency, options=options)
    for sentence in started.messages:
        _say(sentence)
    for path in started.paths:
        print(path)


@app.command(short_help="Build the course (for maintainers).")
def build(
    names: Annotated[list[str] | None, typer.Argument(help="Keys of lessons or reports. Default: everything.", show_default=False)] = None,
    check: Annotated[bool, typer.Option("--check", help="Build nothing; say what is not as it was built.")] = False,
    execute: Annotated[bool, typer.Option("--execute", help="With --check: run every notebook again and compare.")] = False,
):
    """Build the course from its text sources in course/ (for maintainers)."""
    from crmlib.workbook import build as builder

    if execute and not check:
        raise DataError("--execute belongs to --check; a build executes anyway.")
    if not check:
        for path in builder.build(names or ()):
            print(path)
        return
    found = builder.check()
    if execute and not found:
        found = builder.check_execute(names or ())
    for sentence in found:
        _say(sentence)
    if found:
        raise typer.Exit(1)
    _say("Everything is as it was built.")


def main(args=None) -> int:
    """Run the command line and return the exit code; no exception leaves it, unless --debug or CRM_DEBUG asks for it."""
    args = list(sys.argv[1:] if args is None else args)
    if hasattr(sys.stdout, "reconfigure"):  # a path must not fail on a console that lacks a letter
        sys.stdout.reconfigure(errors="backslashreplace")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", DataNotice)
        warnings.showwarning = lambda message, *_, **__: _say(str(message))
        try:
            code = app(args, prog_name="crm", standalone_mode=False) or 0
            if code == STOPPED:  # typer has swallowed the Ctrl-C
                _say(_ending(KeyboardInterrupt(), args)[0])
            return code
        except (Exception, KeyboardInterrupt) as error:
            if args[:1] == ["--debug"] or os.environ.get("CRM_DEBUG"):
                raise
            sentence, code = _ending(error, args)
    _say(sentence)
    return code


def _ending(error, args):
    """The last sentence and the exit code of a command that did not come to its end."""
    if isinstance(error, DataError | FitError):
        return str(error), 2
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":
        if "class" in args or "--batch" in args:
            return "Stopped; what was whole is kept, and the same command goes on from there.", STOPPED
        return "Stopped; nothing was left behind.", STOPPED
    if hasattr(error, "format_message"):  # typer's own: an unknown option, a missing value
        typed = [arg for arg in args[:3] if arg in ("report", "score", "start", "build", "class", "new", "verify")]
        command = "".join(f" {arg}" for arg in typed[: 2 if typed[:1] == ["class"] else 1])
        return f"{error.format_message().rstrip('.')}. See crm{command} --help.", 2
    what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return f"This is a defect in crmlib ({what}). Please report it; crm --debug and the rest of the command shows where.", 1


def as_typed(sentence) -> str:
    """A message that names keywords of Python, with the options of the command line in their place.

    >>> as_typed("name yours, e.g. customer='Customer ID', or missing_customer='drop'; as_of 1990-01-01 is too early.")
    'name yours, e.g. --customer "Customer ID", or --missing-customer drop; --as-of 1990-01-01 is too early.'
    >>> as_typed("give decimal=',' or decimal='.'.")
    'give --decimal , or --decimal ".".'
    >>> as_typed("Name yours, e.g. date='Day', amount='Paid'.")
    'Name yours, e.g. --date Day --amount Paid.'
    """
    sentence = re.sub(r" \(in Python [a-z_]+='(?:[^'\\]|\\.)*'\)", "", sentence)
    sentence = _KEYWORD.sub(_option, sentence)
    sentence = re.sub(r'(--[a-z-]+ (?:"[^"]*"|\w+)), (?=--)', r"\1 ", sentence)  # typed one after the other
    sentence = _BOTH.sub(r"--\1 and --\2", sentence)
    return _NAME.sub(lambda found: _dashed(found.group()), sentence)


_KEYWORDS = (*LOG_OPTIONS, "as_of", "currency", "ids", "out")
_KEYWORD = re.compile(rf"(?<![\w'\"-])(?P<name>{'|'.join(_KEYWORDS)})=(?:'(?P<one>[^']*)'|\"(?P<two>[^\"]*)\")(?P<end>[.,;)]?)")
_BOTH = re.compile(rf"^({'|'.join(LOG_OPTIONS)}) and ({'|'.join(LOG_OPTIONS)})(?= both name )")
# words of one part are also plain English, so only where they begin a sentence that is about the option
_NAME = re.compile(
    r"(?<![\w'\"-])(?:as_of|date_format|missing_customer)(?![\w'\"=])|^(?:decimal|thousands|duplicates|ids|currency)(?= is | and )"
    r"|(?<=^--decimal and )thousands|(?<=^decimal and )thousands"
)


def _option(found):
    value = found["one"] if found["two"] is None else found["two"]
    # "--decimal ,." at the end of a sentence would be read as one sign
    typed = f'"{value}"' if found["end"] and not value[-1:].isalnum() and '"' not in value else _quoted(value)
    return f"{_dashed(found['name'])} {typed}{found['end']}"


def _dashed(name):
    return f"--{name.replace('_', '-')}"


def _quoted(value):
    """A value as it is typed in a shell, Windows included."""
    return value if re.fullmatch(r"[\w.,:/@+%-]+", value) else '"' + value.replace('"', '\\"') + '"'


def _say(sentence):
    print(as_typed(sentence), file=sys.stderr)


def _today():
    return dt.date.today()


def _key(file, ids):
    """The secret in a file; line ends and spaces around it do not count, as editors add them."""
    if file is None:
        return b""
    if ids != "pseudonym":
        raise DataError("--key-file holds the secret of pseudonyms; give --ids pseudonym too.")
    try:
        key = Path(file).expanduser().read_bytes().strip()
    except OSError as error:
        raise DataError(f"The key file {file} cannot be read: {error.strerror}.") from None
    if len(key) < 16:
        make = 'python -c "import secrets; print(secrets.token_hex(32))"'
        raise DataError(f"The key file {file} holds fewer than 16 bytes; put a secret there that nobody can guess, e.g. what {make} prints.")
    return key


def _name(data):
    """What the data is called: never a path of this machine."""
    return Path(data).resolve().name if Path(data).name in ("", ".", "..") else Path(data).name


def _currency(typed, data):
    """The sign that was typed, or that of the data set."""
    if typed is not None:
        if len(typed) > 4 or not (typed.isprintable() and typed == typed.strip()):
            raise DataError(f"--currency {typed!r} is not a sign of at most 4 characters; write for example --currency € or --currency CHF.")
        return typed
    from crmlib import datasets

    return datasets.currency(data)


def _admitted(data, as_of, options):
    """The log through the door with its notes in the words of the command line, the last day to look at, its name.

    Only here dates meet today: a line of tomorrow is a mistake in the data unless the user says where to stop.
    """
    from crmlib import datasets
    from crmlib.frames import as_day
    from crmlib.transactions import Admission, Note

    day = as_day(as_of) if as_of is not None else None
    tx, notes = datasets.admit_log(data, **options)
    notes = [note._replace(sentence=as_typed(note.sentence)) for note in notes]
    today, dates = _today(), tx["date"]
    bought = dates[tx["amount"] >= 0]
    first, last = (bought if len(bought) else dates).min().date(), dates.max().date()
    if day is None:
        if last > today:
            raise DataError(_later(dates.dt.date, first, last, today))
        day = last
    elif day.year > today.year + 100:
        raise DataError(f"as_of {day} is more than a hundred years after today ({today}); choose an earlier day.")
    elif day > today:
        sentence = f"The date of the report, {day}, lies in the future (today is {today}): days that have not come count as days without a purchase."
        notes.append(Note("future", 0, sentence))
        _say(sentence)
    if day < first:
        raise DataError(f"as_of {day} is before the first purchase ({first}); choose that day or a later one.")
    return Admission(tx, tuple(notes)), day, _name(data)


def _later(dates, first, last, today):
    one = (later := int((dates > today).sum())) == 1
    said = f"{later:,} {'line is' if one else 'lines are'} dated after today ({today}), {'on' if one else 'the latest on'} {last}"
    them = "it" if one else "them"
    if first > today:  # nothing would be left
        return f"{said}; correct {them}."
    return f"{said}; correct {them}, or leave {them} out with as_of='{dates[dates <= today].max()}', the last day before."
