"""Files that cannot be read without a guess end in one sentence that says what to type, and leave nothing behind."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import shlex
import tempfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from corpus import RIGHT
from corpus_wrong import WRONG, WRONG_REPORT
from hypothesis import example, given, settings
from hypothesis import strategies as st

import crmlib.report
from crmlib import cli, datasets
from crmlib.errors import DataError

OPTION = re.compile(r'--[a-z-]+ (?:"[^"]*"|[^\s"]+?(?=[.,;)]?(?:\s|$)))')


@pytest.fixture
def crm(tmp_path, capsys, monkeypatch):
    """Run a command on a file as it was sent: exit code, stdout, stderr, and what it left where its result would be."""
    monkeypatch.setattr(cli, "_today", lambda: dt.date(2026, 11, 21))
    monkeypatch.delenv("CRM_DEBUG", raising=False)

    def run(command, sent, *more):
        out = tmp_path / "out"
        data = tmp_path / sent.name if sent.content is None else tmp_path / "in" / sent.name
        if not data.exists():
            data = sent.put(data.parent)
        place = out / "scores.csv" if command == "score" else out
        code = cli.main([*sent.arguments(command, data, place), *more])
        said = capsys.readouterr()
        return code, said.out, said.err, sorted(out.rglob("*")) if out.exists() else None

    return run


def cures(sentence):
    """What a sentence tells to type, as lists of arguments: options joined by "and" belong together."""
    found, last = [], None
    for match in OPTION.finditer(sentence):
        option = shlex.split(match.group())
        joined = last is not None and sentence[last : match.start()] == " and "
        if joined:
            found[-1] += option
        else:
            found.append(option)
        last = match.end()
    assert found, sentence
    return found


def assert_one_clear_sentence(said):
    assert said.endswith(".\n") and said.count("\n") == 1, said
    assert len(said) < 420, said
    bare = re.sub(r"'[^']*'|\"[^\"]*\"|\S+\.\S+", "", said)
    assert len(re.findall(r"[.!?](?= [A-Z]|\s*$)", bare)) <= 2, said
    # nothing that only Python people know
    assert not re.search(
        r"Traceback|Error\b|Exception|NoneType|\bin Python\b|\b[a-z_]+=|\[['\"]|\bas_of\b|[a-z]_[a-z]+\b(?!')", said
    ), said


@pytest.mark.parametrize("command", ["report", "score"])
@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_cannot_be_read_ends_in_one_sentence(crm, name, command):
    wrong = WRONG[name]
    code, out, said, left = crm(command, wrong)
    assert (code, out, left) == (2, "", None), said
    assert_one_clear_sentence(said)
    missing = [words for words in wrong.says if words not in said]
    assert not missing, (missing, said)


@pytest.mark.parametrize("name", WRONG_REPORT)
def test_what_only_the_report_refuses(crm, name):
    wrong = WRONG_REPORT[name]
    code, out, said, left = crm("report", wrong)
    assert (code, out, left) == (2, "", None), said
    assert_one_clear_sentence(said)
    assert all(words in said for words in wrong.says), said


@pytest.mark.parametrize("name", [name for name, wrong in WRONG.items() if wrong.helps])
def test_what_the_sentence_tells_to_type_works(crm, name):
    wrong = WRONG[name]
    _, _, said, _ = crm("score", wrong)
    for typed in cures(said):
        code, out, then, _ = crm("score", wrong, *typed, "--force")
        assert code == 0 and out.strip().endswith("scores.csv"), (typed, then)


@pytest.mark.parametrize("name", [name for name, wrong in WRONG.items() if "leave out --" in " ".join(wrong.says)])
def test_what_the_sentence_tells_to_leave_out_was_all_that_was_wrong(crm, name):
    wrong = WRONG[name]
    _, _, said, _ = crm("score", wrong)
    place = wrong.options.index(re.search(r"leave out (--[a-z]+)", said)[1])
    code, out, then, _ = crm(
        "score", replace(wrong, typed=shlex.join(wrong.options[:place] + wrong.options[place + 2 :]))
    )
    assert code == 0 and out, then


def test_every_kind_of_file_is_here():
    assert len(RIGHT) + len(WRONG) + len(WRONG_REPORT) >= 45
    assert len(
        {(sent.name, sent.content, sent.typed) for sent in [*RIGHT.values(), *WRONG.values(), *WRONG_REPORT.values()]}
    ) == len(RIGHT) + len(WRONG) + len(WRONG_REPORT)


def test_a_report_that_stops_halfway_leaves_nothing(crm, monkeypatch):
    def stops(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(crmlib.report, "run", stops)
    code, out, said, left = crm("report", RIGHT["plain"])
    assert (code, out, left) == (cli.STOPPED, "", None)
    assert_one_clear_sentence(said.splitlines(keepends=True)[-1])


# -- a fuzz: messy files are read as the csv module reads them, or refused ------------------------------------------

SIGNS = {"plain": ("", "."), "German": (".", ","), "French": (" ", ","), "English": (",", ".")}


def written(number, style, grouped):
    group, point = SIGNS[style]
    whole, cents = f"{abs(number):,.2f}".split(".")
    text = whole.replace(",", group if grouped else "") + (f"{point}{cents}" if cents != "00" else "")
    return f"-{text}" if number < 0 else text


DAYS = st.dates(dt.date(2009, 12, 25), dt.date(2011, 2, 5))
FORMS = ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d", "%d %b %Y", "%Y年%m月%d日", "%d/%m/%y"]
MESS = [
    " ",
    '"',
    "NaN",
    "x",
    "1,5",
    ";",
    "\t",
    "''",
    "0",
    "-",
    "12/31/2010",
    "31/12/2010",
    "é",
    "=1",
    "\u00a0",
    "1e3",
    "(2)",
]


@st.composite
def files(draw):
    """Text, the separator it was written with, and the options typed; most cells fit, a few do not."""
    separator = draw(st.sampled_from(",;\t|"))
    form, style = draw(st.sampled_from(FORMS)), draw(st.sampled_from(list(SIGNS)))
    grouped = draw(st.booleans())
    cents = draw(
        st.sampled_from(
            [st.integers(-300_000, 3_000_000).map(lambda n: Decimal(n) / 100), st.integers(-9, 9_999).map(Decimal)]
        )
    )
    lines = []
    for _ in range(draw(st.integers(1, 6))):
        who = draw(st.sampled_from(["a", "b", "007", "Ann, née B.", 'the "best"', "two\nlines", "王伟", " c "]))
        lines.append([who, draw(DAYS).strftime(form), written(draw(cents), style, grouped)])
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        line = draw(st.sampled_from(lines))
        if line:
            line[draw(st.integers(0, len(line) - 1))] = draw(
                st.sampled_from(["", *MESS]) | DAYS.map(lambda day: day.strftime(draw(st.sampled_from(FORMS))))
            )
    if draw(st.sampled_from([False] * 5 + [True])):
        lines.insert(
            draw(st.integers(0, len(lines))),
            draw(st.sampled_from([[], ["", "", ""], ["Total"], [*lines[0], "2"], lines[0]])),
        )
    target = io.StringIO()
    csv.writer(
        target,
        delimiter=separator,
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        lineterminator=draw(st.sampled_from(["\n", "\r\n"])),
    ).writerows([["customer", "date", "amount"], *lines])
    text = target.getvalue()
    if draw(st.sampled_from([False] * 6 + [True])):  # cut somewhere, as by a full disk
        text = text[: draw(st.integers(25, max(25, len(text))))]
    typed = {}
    group, point = SIGNS[style]
    if draw(st.sampled_from([True, True, False])):
        typed |= ({"decimal": point} if point != "." else {}) | ({"thousands": group} if group else {})
    if form == "%d/%m/%y" or draw(st.sampled_from([False, False, True])):
        typed["date_format"] = form
    for option, value in (("missing_customer", "drop"), ("duplicates", "drop")):
        if draw(st.sampled_from([False, False, True])):
            typed[option] = value
    return text, separator, typed


def possible_days(text, typed):
    """What a text may mean as a day: by the way that was typed, else by every way that is customary."""
    forms = [typed["date_format"]] if "date_format" in typed else [form for form in FORMS if "%y" not in form]
    found = {}
    for form in forms:
        try:
            found[form] = dt.datetime.strptime(text.strip(), form).date()
        except ValueError:
            continue
    return found


def amount_of(text, typed):
    text = text.strip().replace("\u00a0", " ")
    for sign, place in ((typed.get("thousands", ""), ""), (typed.get("decimal", "."), ".")):
        text = text.replace(sign, place) if sign else text
    return Decimal(text)


@settings(max_examples=120, deadline=None)
@given(files())
@example(("customer,date,amount\na,2009-12-25,1.234\n", ",", {}))
@example(("customer,date,amount\na,01/02/2010,1\n", ",", {}))
@example(("customer;date;amount\na;2009-12-25;12;50\n", ";", {}))
def test_a_messy_file_is_read_as_the_csv_module_reads_it_or_refused(sent):
    text, separator, typed = sent
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.csv")
        path.write_bytes(text.encode())
        try:
            tx, notes = datasets.admit_log(path, **typed)
        except DataError as error:
            assert_one_clear_sentence(cli.as_typed(str(error)) + "\n")
            return
    lines = [
        line
        for line in list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))[1:]
        if any(cell.strip() for cell in line)
    ]
    assert {len(line) for line in lines} == {3}
    if typed.get("missing_customer") == "drop":
        lines = [line for line in lines if line[0].strip() not in ("", "NaN")]
    if typed.get("duplicates") == "drop":
        lines = list(dict.fromkeys(map(tuple, lines)))
    assert tx["customer"].to_list() == [line[0].strip() for line in lines]
    assert [Decimal(f"{amount:.4f}") for amount in tx["amount"]] == [amount_of(line[2], typed) for line in lines]
    # one way of reading days fits the whole column, and no other way gives other days: nothing was guessed
    means = [possible_days(line[1], typed) for line in lines]
    ways = [form for form in means[0] if all(form in meant for meant in means)]
    assert ways, lines
    readings = {tuple(meant[form] for meant in means) for form in ways}
    assert readings == {tuple(day.date() for day in tx["date"])}
    # nor is 1.234 read as a little more than one where every amount could be in thousands
    if "decimal" not in typed and "thousands" not in typed:
        assert not all(re.fullmatch(r"[+-]?[1-9]\d{0,2}\.\d{3}", line[2].strip()) for line in lines)
    assert sum(note.lines for note in notes if note.code == "refunds") == sum(amount < 0 for amount in tx["amount"])
