"""The command line: what is typed, what is said, how it ends."""

import datetime as dt
import inspect
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from crmlib import checkout, cli, datasets
from crmlib.cli import LOG_OPTIONS, as_typed, main
from crmlib.errors import DataError, FitError
from crmlib.transactions import admit


@pytest.fixture
def sales(tmp_path):
    """A log with columns of its own; returns a function that writes it and gives its path."""

    def make(rows, name="sales.csv", header="Kunde;Tag;Betrag"):
        path = tmp_path / name
        path.write_text("\n".join([header, *(";".join(row) for row in rows)]) + "\n", encoding="utf-8")
        return path

    return make


@pytest.fixture
def no_render(monkeypatch, tmp_path):
    """Renders nothing; what `render` got is in the dictionary."""
    from crmlib import report

    got = {}

    def render(admission, **options):
        got.update(options, admission=admission())
        return tmp_path / "report.html"

    monkeypatch.setattr(report, "render", render)
    return got


ROWS = [(f"k{n}", f"2024-{month:02d}-05", f"{10 + n},50") for n in range(25) for month in range(1, 2 + n % 12)]
NAMED = ["--customer", "Kunde", "--date", "Tag", "--amount", "Betrag", "--decimal", ","]


def run(capsys, *args):
    code = main([str(arg) for arg in args])
    said = capsys.readouterr()
    return code, said.out, said.err


# ---- what may be typed


def test_help_is_quick_and_loads_no_table_library():
    code = (
        "import sys; from crmlib.cli import main; main(['--help']); print([m for m in ('pandas', 'scipy', "
        "'matplotlib', 'papermill') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"
    for command in ("report", "score", "start", "build"):
        assert command in ran.stdout


@pytest.mark.parametrize("command", ["report", "score", "start"])
def test_all_that_read_a_log_share_its_options(capsys, command):
    code, out, _ = run(capsys, command, "--help")
    assert code == 0
    for name in (*LOG_OPTIONS, "data", "as_of"):
        assert f"--{name.replace('_', '-')} " in out


def test_each_option_is_a_keyword_of_the_door_or_the_reader():
    door, reader = (inspect.signature(function).parameters for function in (admit, datasets.read_file))
    known = {name for name, parameter in {**door, **reader}.items() if parameter.kind is parameter.KEYWORD_ONLY}
    assert set(LOG_OPTIONS) == known - {"alone"}  # a log has more than one column; a roster may have one


def test_options_arrive(capsys, monkeypatch):
    got = {}

    def admit_log(data, **options):
        got.update(options, data=data)
        raise DataError("enough")

    monkeypatch.setattr(datasets, "admit_log", admit_log)
    typed = {name: f"<{name}>" for name in LOG_OPTIONS}
    args = [part for name, value in typed.items() for part in (f"--{name.replace('_', '-')}", value)]
    assert run(capsys, "report", "--data", "x.csv", "--currency", "€", *args) == (2, "", "enough\n")
    assert got == {"data": "x.csv", **typed}
    got.clear()
    run(capsys, "score", "--data", "x.csv", "--out", "never.csv")
    assert got == {"data": "x.csv"}  # what was not typed is not passed on


# ---- what is said


@pytest.mark.parametrize(
    ("python", "typed"),
    [
        ("give decimal=',' or decimal='.'", "give --decimal , or --decimal ."),
        ("give decimal=','.", 'give --decimal ",".'),
        ("with missing_customer='drop'.", "with --missing-customer drop."),
        ("(duplicates='drop' leaves them out)", "(--duplicates drop leaves them out)"),
        ("e.g. customer='Customer ID'.", 'e.g. --customer "Customer ID".'),
        ("""e.g. customer="L'id".""", """e.g. --customer "L'id"."""),
        ("or give date_format, e.g. date_format='%d.%m.%Y'.", "or give --date-format, e.g. --date-format %d.%m.%Y."),
        ("as_of 1990-01-01 is before the first purchase", "--as-of 1990-01-01 is before the first purchase"),
        ("as_of 'x' is not a date", "--as-of 'x' is not a date"),
        ("decimal is ';'; it can be '.' or ','.", "--decimal is ';'; it can be '.' or ','."),
        (
            "decimal and thousands are both ','; they must differ.",
            "--decimal and --thousands are both ','; they must differ.",
        ),
        ("name it: --encoding cp1252 (in Python encoding='cp1252').", "name it: --encoding cp1252."),
        ("no column 'date'; it has ['as_of', 'amount']", "no column 'date'; it has ['as_of', 'amount']"),
        ("Read date from 'date', amount from 'amount'.", "Read date from 'date', amount from 'amount'."),
    ],
)
def test_messages_name_what_to_type_here(python, typed):
    assert as_typed(python) == typed


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            ["report", "--as-of", "30/06/1998"],
            "--as-of '30/06/1998' is not a date; write it as YYYY-MM-DD, e.g. 1998-06-30.",
        ),
        (["report", "--as-of", ""], "--as-of '' is not a date; write it as YYYY-MM-DD, e.g. 1998-06-30."),
        (
            ["score", "--as-of", "1990-01-01", "--out", "never.csv"],
            "--as-of 1990-01-01 is before the first purchase (1997-01-01); choose that day or a later one.",
        ),
        (["report", "--data", "no-such.csv"], "'no-such.csv' is neither a data set"),
        (["report", "--decimal", ";"], "--decimal is ';'; it can be '.' or ','."),
        (["report", "--duplicates", "maybe"], "--duplicates is 'maybe'; it can be 'keep' or 'drop'."),
        (["report", "--ids", "all"], "--ids is 'all'; it can be none, pseudonym or real."),
        (["report", "--key-file", "k"], "--key-file holds the secret of pseudonyms; give --ids pseudonym too."),
        (["report", "--ids", "pseudonym", "--key-file", "no-such"], "The key file no-such cannot be read: No such file"),
        (["report", "--batch", "x", "--data", "y"], "--data does not go with --batch; each data set says how it is read."),
        (["report", "--currency", "dollar"], "--currency 'dollar' is not a sign of at most 4 characters"),
        (["report", "--currency", "a\nb"], "--currency 'a\\nb' is not a sign"),
        (["report", "--customer", "who"], "no column 'who'"),
        (["score", "--out", "table.doc"], "The file 'table.doc' must end in .csv, .parquet or .xlsx."),
        (["build", "--execute"], "--execute belongs to --check; a build executes anyway."),
        (["report", "--no-such"], "No such option: --no-such"),
        (["report", "--as-of"], "Option '--as-of' requires an argument. See crm report --help."),
        (["report", "stray"], "Got unexpected extra argument"),
        (["reprot"], "No such command 'reprot'"),
    ],
)
def test_what_cannot_be_used_ends_in_one_sentence_and_2(capsys, args, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *args)
    assert (code, out) == (2, "")
    assert said in err and "Traceback" not in err
    assert len(err.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (FitError("It does not fit."), 2, "It does not fit."),
        (KeyboardInterrupt(), 130, "Stopped; nothing was left behind."),
        (
            ZeroDivisionError("division\nby zero"),
            1,
            "This is a defect in crmlib (ZeroDivisionError: division by zero). Please report it; crm --debug",
        ),
    ],
)
def test_no_exception_leaves_the_command_line(capsys, monkeypatch, error, code, said):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(datasets, "admit_log", fail)
    ended, out, err = run(capsys, "report")
    assert (ended, out) == (code, "")
    assert err.startswith(said) and "Traceback" not in err


def test_debug_shows_where(monkeypatch):
    monkeypatch.setattr(datasets, "admit_log", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["--debug", "report"])
    monkeypatch.setenv("CRM_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["report"])


# ---- dates and today


def test_lines_of_tomorrow_are_a_mistake_unless_told_where_to_stop(capsys, monkeypatch, sales, no_render):
    monkeypatch.setattr(cli, "_today", lambda: dt.date(2024, 6, 30))
    path = sales([("a", "2024-06-29", "1"), ("b", "2024-07-01", "2"), ("b", "2025-01-01", "3")])
    code, _, err = run(capsys, "report", "--data", path, *NAMED)
    assert code == 2
    assert err.strip() == (
        "2 lines are dated after today (2024-06-30), the latest on 2025-01-01; correct them, or leave them out with "
        "--as-of 2024-06-29, "
        "the last day before."
    )
    code, out, err = run(capsys, "report", "--data", path, *NAMED, "--as-of", "2024-06-30")
    assert code == 0 and err == ""
    assert str(no_render["as_of"]) == "2024-06-30"


def test_a_log_of_the_future_has_nothing_to_leave(capsys, monkeypatch, sales):
    monkeypatch.setattr(cli, "_today", lambda: dt.date(2024, 6, 30))
    code, _, err = run(capsys, "report", "--data", sales([("a", "2024-07-01", "1")]), *NAMED)
    assert (code, err) == (2, "1 line is dated after today (2024-06-30), on 2024-07-01; correct it.\n")


def test_a_report_of_the_future_warns_here_and_in_the_report(capsys, monkeypatch, sales, no_render):
    monkeypatch.setattr(cli, "_today", lambda: dt.date(2024, 6, 30))
    code, _, err = run(capsys, "report", "--data", sales([("a", "2024-06-30", "1")]), *NAMED, "--as-of", "2024-07-01")
    assert code == 0
    assert err.startswith("The date of the report, 2024-07-01, lies in the future (today is 2024-06-30)")
    assert err.strip() in [note.sentence for note in no_render["admission"].notes]


# ---- report


def test_report_is_told_name_date_sign_and_how_it_was_made(capsys, sales, no_render, tmp_path):
    code, out, _ = run(
        capsys,
        "report",
        "--data",
        sales(ROWS),
        *NAMED,
        "--currency",
        "€",
        "--out",
        tmp_path / "x.html",
        "--ids",
        "real",
    )
    assert code == 0 and out.splitlines()[-1] == str(tmp_path / "report.html")
    assert {name: str(no_render[name]) for name in ("name", "as_of", "currency", "ids", "out")} == {
        "name": "sales.csv", "as_of": "2024-12-05", "currency": "€", "ids": "real", "out": str(tmp_path / "x.html"),
    }  # fmt: skip
    assert no_render["made"] == (
        'crm report --data sales.csv --as-of 2024-12-05 --currency "€" --ids real --customer Kunde --date Tag --amount Betrag --decimal ,'
    )
    assert all(str(tmp_path) not in note.sentence for note in no_render["admission"].notes)


def test_what_stands_beside_the_report_is_printed_before_it(capsys, no_render, tmp_path):
    code, out, _ = run(capsys, "report", "--data", "cdnow_sample", "--excel", "--pdf")
    assert code == 0 and no_render["excel"] is no_render["pdf"] is True
    assert out.splitlines() == [str(tmp_path / f"report.{ending}") for ending in ("pdf", "xlsx", "html")]
    run(capsys, "report", "--data", "cdnow_sample")
    assert no_render["excel"] is no_render["pdf"] is False


def test_the_key_of_pseudonyms_comes_from_a_file_and_is_never_said(capsys, no_render, tmp_path):
    file = tmp_path / "report.key"
    file.write_bytes(b"  0123456789abcdef\r\n")
    code, out, err = run(capsys, "report", "--data", "cdnow_sample", "--ids", "pseudonym", "--key-file", file)
    assert (code, no_render["ids"], no_render["key"]) == (0, "pseudonym", b"0123456789abcdef")
    assert no_render["made"].endswith("--ids pseudonym --key-file report.key")
    file.write_bytes(b"too short")
    code, _, err = run(capsys, "report", "--data", "cdnow_sample", "--ids", "pseudonym", "--key-file", file)
    assert code == 2 and "report.key holds fewer than 16 bytes; put a secret there that nobody can guess, e.g." in err
    assert "too short" not in err and len(err.splitlines()) == 1


def test_the_sign_is_that_of_the_data_set_and_of_no_file(capsys, sales, no_render):
    run(capsys, "report", "--data", "cdnow_sample")
    assert no_render["currency"] == "$" and no_render["name"] == "cdnow_sample"
    run(capsys, "report", "--data", sales(ROWS), *NAMED)
    assert no_render["currency"] == ""
    run(capsys, "report", "--data", checkout.datasets() / "cdnow_sample")
    assert no_render["currency"] == "$" and no_render["name"] == "cdnow_sample"


def test_notes_of_the_door_are_in_the_words_of_the_command_line(capsys, no_render):
    run(capsys, "report", "--data", "cdnow_sample")
    said = " ".join(note.sentence for note in no_render["admission"].notes)
    assert "--duplicates drop" in said and "duplicates='drop'" not in said


def test_open(capsys, monkeypatch, no_render):
    import webbrowser

    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    run(capsys, "report", "--data", "cdnow_sample")
    assert opened == []
    run(capsys, "report", "--data", "cdnow_sample", "--open")
    assert len(opened) == 1 and opened[0].startswith("file:///") and opened[0].endswith("report.html")


def test_a_report_on_a_file_of_ones_own(capsys, sales, tmp_path):
    bad = "<script>alert(1)</script>"
    rows = [(f"{bad}{n}" if n % 5 == 0 else f"$x^2$ {n}", day, amount) for n, (_, day, amount) in enumerate(ROWS)]
    rows += [(f"{bad}0", f"2024-{month:02d}-17", "999,00") for month in range(1, 13)]
    path = sales(rows, name="$a$ & <b>.csv" if sys.platform != "win32" else "$a$ & b.csv")
    code, out, err = run(
        capsys, "report", "--data", path, *NAMED, "--currency", "$^2$", "--ids", "real", "--out", tmp_path / "reports"
    )
    assert code == 0
    place = Path(out.splitlines()[-1])
    assert [place] == list((tmp_path / "reports").iterdir())
    html = place.read_text(encoding="utf-8")
    assert "<script" not in html and "&lt;script&gt;alert(1)&lt;/script&gt;0" in html
    assert "$^2$" in html and str(tmp_path) not in html
    assert "--decimal ," in html
    assert "Traceback" not in err


# ---- score


def test_score_writes_a_table_and_prints_its_place(capsys, sales, tmp_path):
    place = tmp_path / "scores.csv"
    code, out, err = run(capsys, "score", "--data", sales(ROWS), *NAMED, "--out", place)
    assert (code, out) == (0, f"{place}\n")
    table = pd.read_csv(place, dtype={"customer": str})
    assert len(table) == 25 and table["customer"][0] == "k0"
    assert table["revenue"].sum() == pytest.approx(sum(float(row[2].replace(",", ".")) for row in ROWS))
    assert "Read customer from 'Kunde'" in err


def test_score_keeps_what_is_there_unless_forced(capsys, sales, tmp_path):
    place = tmp_path / "scores.csv"
    place.write_text("mine")
    code, _, err = run(capsys, "score", "--data", sales(ROWS), *NAMED, "--out", place)
    assert (
        code == 2
        and "exists and is kept; choose another name with --out scores.csv, or replace it with --force." in err
    )
    assert place.read_text() == "mine"
    assert run(capsys, "score", "--data", sales(ROWS), *NAMED, "--out", place, "--force")[0] == 0


def test_score_without_a_fit_says_why(capsys, sales, tmp_path):
    place = tmp_path / "scores.parquet"
    code, _, err = run(capsys, "score", "--data", sales([("a", "2024-01-05", "1")]), *NAMED, "--out", place)
    assert code == 0 and "No expected value: " in err
    assert pd.read_parquet(place)["p_alive"].isna().all()


def test_score_goes_to_reports_by_default(capsys, monkeypatch, sales, tmp_path):
    monkeypatch.setattr(checkout, "reports", lambda: tmp_path / "reports")
    assert run(capsys, "score", "--data", sales(ROWS), *NAMED)[1] == f"{tmp_path / 'reports' / 'sales-scores.csv'}\n"


# ---- start and build


def test_start_hands_on_what_was_typed(capsys, monkeypatch, sales, tmp_path):
    from crmlib.workbook import start

    got = {}

    def copy(key, **options):
        got.update(options, key=key)
        return SimpleNamespace(
            paths=[tmp_path / "one.ipynb", tmp_path / "two.ipynb"], messages=["Give date_format='%d.%m.%Y'."]
        )

    monkeypatch.setattr(start, "start", copy)
    path = sales(ROWS)
    code, out, err = run(capsys, "start", "pareto", "--data", path, "--as-of", "2024-06-30", *NAMED)
    assert code == 0
    assert out.splitlines() == [str(tmp_path / "one.ipynb"), str(tmp_path / "two.ipynb")]
    assert err == "Give --date-format %d.%m.%Y.\n"
    options = {"customer": "Kunde", "date": "Tag", "amount": "Betrag", "decimal": ","}
    assert got == {"key": "pareto", "data": str(path), "as_of": "2024-06-30", "currency": "", "options": options}


def test_build_and_check(capsys, monkeypatch, tmp_path):
    from crmlib.workbook import build

    monkeypatch.setattr(build, "build", lambda names: [tmp_path / f"{name}.ipynb" for name in names])
    assert run(capsys, "build", "pareto", "customers")[:2] == (
        0,
        f"{tmp_path / 'pareto.ipynb'}\n{tmp_path / 'customers.ipynb'}\n",
    )
    monkeypatch.setattr(build, "check", list)
    monkeypatch.setattr(build, "check_execute", lambda names: [f"{name} differs." for name in names])
    assert run(capsys, "build", "--check") == (0, "", "Everything is as it was built.\n")
    assert run(capsys, "build", "pareto", "--check", "--execute") == (1, "", "pareto differs.\n")
    monkeypatch.setattr(build, "check", lambda: ["a is gone.", "b differs."])
    assert run(capsys, "build", "--check") == (1, "", "a is gone.\nb differs.\n")
