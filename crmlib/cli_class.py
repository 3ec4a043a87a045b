"""The commands for those who teach: crm class new, verify, score. What they write where, `crmlib.company.classes` says."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Data sets for a class, one a class or a student, with known truth."
)


@app.command(short_help="Make a data set for each class or student.")
def new(
    course: Annotated[str, typer.Option("--course", metavar="ID", help="Name of the course, e.g. WS26-CRM; another course has other sets.")],
    roster: Annotated[str, typer.Option("--roster", metavar="FILE", help="Table with the column student, and class or group if there are several.")],
    key: Annotated[str, typer.Option("--key", metavar="FILE", help="Key file, made on first use. Keep it, and keep it from the students.")],
    out: Annotated[str, typer.Option("--out", metavar="FOLDER", help="Where to put students/ and instructor/.")],
    per_student: Annotated[bool, typer.Option("--per-student", help="One set a student instead of one a class.")] = False,
):
    """Make one data set for each class of the roster, or each student; print the folder.

    Hand out what lies in students/, each folder to those whom instructor/manifest.json names. What is there and as it was
    made is kept, so that the same command goes on where it was stopped. The same key, course and roster make the same sets.
    """
    from crmlib.company.classes import new as make
    from crmlib.company.roster import roster as read
    from crmlib.wording import count

    made = make(course, read(roster, per_student=per_student), key, out, progress=True)
    if made.new_key:
        _say(f"A key was made: {key}. Without it the sets cannot be made again; whoever has it can make them.")
    kept = f"; {made.kept} of them {'was' if made.kept == 1 else 'were'} there and kept" if made.kept else ""
    _say(f"{count(len(made.folders), 'set')} for the course {course}{kept}.")
    print(out)


@app.command(short_help="Check hashes and schema of class sets.")
def verify(folder: Annotated[str, typer.Argument(metavar="FOLDER", help="What crm class new made, or one set of it.", show_default=False)]):
    """Say what is missing, changed or not as its description says; exit code 1 if anything is."""
    from crmlib.company.classes import verify_class
    from crmlib.wording import count

    said, sets = verify_class(folder)
    for sentence in said:
        _say(sentence)
    if said:
        raise typer.Exit(1)
    _say(f"{count(sets, 'set')}: all is as it was made.")


@app.command(short_help="Score a student's work on the raw form against the truth.")
def score(
    links: Annotated[str, typer.Argument(metavar="FILE", help="CSV with the columns record and customer: which records are one customer.", show_default=False)],
    truth: Annotated[str, typer.Option("--truth", metavar="FOLDER", help="The set's folder in instructor/, or a folder with a truth of its own.")],
    findings: Annotated[str | None, typer.Option("--findings", metavar="FILE", help="CSV with the columns line, kind and now: what is wrong in the lines, and what should stand there.")] = None,
):
    """Print precision and recall of a student's links, and of the defects found in the lines, as a table."""
    from crmlib.company.classes import truth_of
    from crmlib.record_score import score_records
    from crmlib.wording import number, percent

    table = score_records(links, truth_of(truth), findings)
    rows = [("part", "kind", "planted", "found", "right", "precision", "recall")]
    for row in table.itertuples():
        counts = (number(value) for value in (row.true, row.found, row.right))
        rows.append((row.part, row.kind, *counts, percent(row.precision), percent(row.recall)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) if place < 2 else cell.rjust(width) for place, (cell, width) in enumerate(zip(row, widths, strict=True)))
        print("  ".join(cells).rstrip())


def _say(sentence):
    print(sentence, file=sys.stderr)
