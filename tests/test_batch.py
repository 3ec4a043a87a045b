"""Reports of many data sets: whole or not at all, kept while nothing changed, and a page that says how each ended."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from crmlib import batch, cli
from crmlib.batch import Batch, render_batch, sets_in
from crmlib.batch_index import COLUMNS, page
from crmlib.errors import DataError

FACTS = {"as_of": "2025-12-31", "customers": 4060, "revenue": 1234567.8, "top_share": 0.7114, "gini": 0.6512, "once": 0.265,
         "gap": 41.0, "silence": 120.5, "expected": None, "currency": "€"}  # fmt: skip


def package(folder, lines):
    """A data set of a few lines."""
    folder.mkdir(parents=True)
    (folder / "log.csv").write_text("customer,date,amount\n" + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    fields = [{"name": "customer"}, {"name": "date", "type": "date"}, {"name": "amount", "type": "number"}]
    resources = [{"name": "transactions", "path": "log.csv", "schema": {"fields": fields}}]
    described = {"name": "x", "crmlib": {"currency": "€"}, "resources": resources}
    (folder / "datapackage.json").write_text(json.dumps(described), encoding="utf-8")
    return folder


@pytest.fixture
def sets(tmp_path):
    """Three data sets of some customers, the second of which cannot be read."""
    rows = [f"k{n},2024-{month:02d}-{5 + n % 20:02d},{10 + n}.5" for n in range(25) for month in range(1, 2 + n % 12)]
    for number in (1, 2, 3):
        package(tmp_path / "sets" / "students" / f"set-{number}", [*rows, f"new{number},2024-12-31,{number}"])
    (tmp_path / "sets" / "instructor").mkdir()
    with open(tmp_path / "sets/students/set-2/log.csv", "a") as file:
        file.write("b,2024-01-06,much\n")
    return tmp_path / "sets"


@pytest.fixture
def here(monkeypatch):
    """Run the workers' part in this process, without a kernel; what was rendered is in the list."""
    rendered = []

    class Pool:
        def __init__(self, *_, **__):
            self.gone = False

        def submit(self, function, *args):
            from concurrent.futures import Future

            future = Future()
            future.set_result(function(*args))
            return future

        def shutdown(self, **_):
            self.gone = True

    def render(admission, *, name, out, **options):
        rendered.append((name, options))
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(f'<meta name="generator" content="crmlib: crm report 0"> {name} {len(admission.transactions)}')

    monkeypatch.setattr(batch, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(batch, "render", render)
    yield rendered
    signal.signal(signal.SIGINT, signal.default_int_handler)


def names(rendered):
    return [name for name, _ in rendered]


def run(sets, **options):
    return render_batch(sets, sets.parent / "out", admit=cli._admitted, **options)


# -- what is made


def test_a_report_a_set_and_a_page_of_all(sets, here):
    made = run(sets)
    out = sets.parent / "out"
    why = (
        "The table 'transactions' of the data set set-2 does not fit its datapackage.json: the field 'amount' holds 'much', which "
        "is no number."
    )
    assert made == Batch(out / "index.html", ["set-1", "set-3"], [], {"set-2": why})
    assert sorted(path.name for path in out.iterdir()) == ["index.html", "made.json", "set-1.html", "set-3.html"]
    plain = {"ids": "none", "key": b"", "pdf": False, "excel": False}
    assert here[0] == ("set-1", {"as_of": here[0][1]["as_of"], "currency": "€", "made": "crm report --data set-1 --as-of 2024-12-31"} | plain)
    html = made.index.read_text(encoding="utf-8")
    assert ["set-1.html", "set-3.html"] == [value for value in re.findall(r'href="([^"]+)"', html)]
    assert "2 reports, 1 failed" in html and "What failed" in html and "which is no number." in html
    assert "<td class=\"n\">26</td>" in html


def test_what_is_the_same_is_kept_and_what_changed_is_made_again(sets, here):
    run(sets)
    here.clear()
    assert run(sets).kept == ["set-1", "set-3"] and here == []
    out = sets.parent / "out"
    (out / "set-1.html").write_text((out / "set-1.html").read_text() + " changed")  # by hand, still with the mark of a report
    assert run(sets).made == ["set-1"]
    with open(sets / "students/set-3/log.csv", "a") as file:
        file.write("b,2024-01-06,7\n")
    made = run(sets)
    assert (made.made, made.kept) == (["set-3"], ["set-1"])
    assert '<td class="n">27</td>' in made.index.read_text(encoding="utf-8")
    assert run(sets, currency="CHF").made == ["set-1", "set-3"]
    assert run(sets, currency="CHF", as_of="2024-06-30").made == ["set-1", "set-3"]
    (out / "made.json").write_text("[]")
    assert run(sets).made == ["set-1", "set-3"]


def test_pseudonyms_and_what_stands_beside_a_report(sets, here, monkeypatch):
    made = run(sets, ids="pseudonym", key=b"sixteen letters!", excel=True)
    shown = {"ids": "pseudonym", "key": b"sixteen letters!", "pdf": False, "excel": True}
    assert made.made == ["set-1", "set-3"] and shown.items() <= here[0][1].items()
    assert here[0][1]["made"].endswith("--ids pseudonym")
    out = sets.parent / "out"
    assert b"sixteen" not in (out / "made.json").read_bytes()
    # this stand-in makes no workbook, so that no report is taken for whole
    assert run(sets, ids="pseudonym", key=b"sixteen letters!", excel=True).kept == []
    assert run(sets, ids="pseudonym", key=b"sixteen letters!").made == ["set-1", "set-3"]
    assert run(sets, ids="pseudonym", key=b"sixteen letters!").kept == ["set-1", "set-3"]
    assert run(sets, ids="pseudonym", key=b"another of sixteen").made == ["set-1", "set-3"]
    (out / "set-1.xlsx").write_text("mine")
    with pytest.raises(DataError, match=r"set-1\.xlsx exists and was not made by crm report"):
        run(sets, excel=True)


def test_a_version_is_not_mixed_with_another(sets, here, monkeypatch):
    run(sets)
    monkeypatch.setattr(batch, "version", lambda _: "99")
    assert run(sets).made == ["set-1", "set-3"]


def test_an_interruption_keeps_what_is_whole(sets, here):
    def stop(name):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(sets, done=stop)
    out = sets.parent / "out"
    assert not (out / "index.html").exists() and not [path for path in out.iterdir() if path.name.startswith(".")]
    made = out / "made.json"  # not there if the set that fails was the first
    known = json.loads(made.read_text()) if made.exists() else {}
    assert len(known) <= 1
    made = run(sets)
    assert made.kept == sorted(known) and made.index.is_file()


def test_a_defect_in_one_report_does_not_stop_the_others(sets, here, monkeypatch):
    render = batch.render

    def odd(admission, *, name, **options):
        if name == "set-1":
            raise ZeroDivisionError("division\nby zero")
        return render(admission, name=name, **options)

    monkeypatch.setattr(batch, "render", odd)
    made = run(sets)
    assert made.made == ["set-3"] and made.failed["set-1"] == "This is a defect in crmlib (ZeroDivisionError: division by zero)."


# -- what is refused


def test_what_cannot_be_used_is_refused_before_anything_is_made(sets, here, tmp_path):
    with pytest.raises(DataError, match="holds no data sets; give a folder of folders, each with a datapackage.json, as crm class new"):
        run(sets / "instructor")
    for jobs in (0, 65, "2"):
        with pytest.raises(DataError, match="it is a whole number from 1 to 64"):
            run(sets, jobs=jobs)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "set-3.html").write_text("mine")
    with pytest.raises(DataError, match=r"set-3\.html exists and was not made by crm report; move it away or choose another out"):
        run(sets)
    assert here == [] and len(list((tmp_path / "out").iterdir())) == 1
    shutil.copytree(sets / "students/set-1", sets / "students/Set 1")
    with pytest.raises(DataError, match="The reports of Set 1 and set-1 would have the same name; rename one of the folders"):
        run(sets)


def test_sets_are_found_in_both_kinds_of_folder(sets):
    assert [one.name for one in sets_in(sets)] == [one.name for one in sets_in(sets / "students")] == ["set-1", "set-2", "set-3"]


# -- the page


def test_the_page_runs_nothing_loads_nothing_and_shows_text_as_text():
    odd = '"><script>alert(1)</script>'
    html = page([(odd, "a b.html", FACTS)], {odd: f"It holds {odd}."})
    assert "<script" not in html and "&lt;script&gt;" in html and 'href="a%20b.html"' in html
    assert "default-src 'none'; style-src 'unsafe-inline'" in html
    assert not re.search(r"https?:|@import|url\(|javascript:", html)
    assert html.index("Content-Security-Policy") < html.index("<style")
    assert 'content="crmlib: crm report' in html[:600]


def test_every_figure_is_written_or_a_dash():
    html = page([("set-1", "set-1.html", FACTS)], {})
    for shown in ("2025-12-31", "4,060", "€1,234,568", "71.1 %", "0.651", "26.5 %", ">41<", ">120<", ">–<", "1 report"):
        assert shown in html, shown
    assert all(heading in html for heading in COLUMNS) and "What failed" not in html


# -- the command


def test_the_command_says_what_failed_and_ends_with_1(sets, here, capsys, tmp_path):
    args = ["report", "--batch", str(sets), "--jobs", "2", "--out", str(tmp_path / "out")]
    assert cli.main(args) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == str(tmp_path / "out" / "index.html")
    assert "set-2 failed: The table 'transactions' of the data set set-2 does not fit" in said.err
    shutil.rmtree(sets / "students/set-2")
    assert cli.main(args) == 0
    assert "2 of 2 reports were there and kept." in capsys.readouterr().err


@pytest.mark.parametrize(("more", "name"), [(["--data", "cdnow"], "data"), (["--date-format", "%Y"], "date-format")])
def test_what_does_not_go_with_a_batch(sets, here, capsys, more, name):
    assert cli.main(["report", "--batch", str(sets), *more]) == 2
    assert capsys.readouterr().err.startswith(f"--{name} does not go with --batch; each data set says how it is read")


def test_a_set_that_lies_in_the_future_fails_as_it_does_alone(sets, here, capsys, monkeypatch, tmp_path):
    import datetime as dt

    monkeypatch.setattr(cli, "_today", lambda: dt.date(2024, 6, 30))
    assert cli.main(["report", "--batch", str(sets), "--out", str(tmp_path / "out")]) == 1
    assert "set-1 failed: " in (said := capsys.readouterr().err) and "after today (2024-06-30)" in said


# -- with kernels


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C goes another way there")
def test_three_reports_with_an_interruption(tmp_path):
    """Two reports at a time; the first to end stops the batch, and the next call goes on."""
    rows = [f"k{n},2024-{month:02d}-{5 + n % 20:02d},{10 + n}.5" for n in range(40) for month in range(1, 2 + n % 12)]
    for number in (1, 2, 3):
        package(tmp_path / "sets" / "students" / f"set-{number}", [*rows, f"new{number},2024-12-31,{number}"])
    program = "import sys; from crmlib.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "report", "--batch", str(tmp_path / "sets"), "--out", str(tmp_path / "out")]
    out = tmp_path / "out"
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    until = time.monotonic() + 300
    while not (out / "made.json").is_file() and time.monotonic() < until and running.poll() is None:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)  # as Ctrl-C does: all processes of the terminal
    said, errors = running.communicate(timeout=120)
    assert running.returncode == 130 and said == ""
    assert errors.splitlines()[-1].endswith("Stopped; what was whole is kept, and the same command goes on from there.")
    assert "Traceback" not in errors
    there = {path.name for path in out.iterdir()}
    assert "index.html" not in there and 1 <= len(there - {"made.json"}) <= 2
    known = json.loads((out / "made.json").read_text())
    before = {f"{name}.html": (out / f"{name}.html").stat().st_mtime_ns for name in known}
    again = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert again.returncode == 0, again.stderr
    assert again.stdout == f"{out / 'index.html'}\n" and f"{len(known)} of 3 reports were there and kept." in again.stderr
    assert {name: (out / name).stat().st_mtime_ns for name in before} == before
    assert sorted(path.name for path in out.iterdir()) == ["index.html", "made.json", "set-1.html", "set-2.html", "set-3.html"]
    html = (out / "set-2.html").read_text(encoding="utf-8")
    assert "new2" not in html and "k7" not in re.sub(r'base64,[^"]*', "", html)  # no ids
    index = (out / "index.html").read_text(encoding="utf-8")
    assert index.count("<tr>") == 4 and "k7" not in index
