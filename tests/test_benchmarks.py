"""The benchmark of the table part runs, at a size that says nothing about speed; code by hand gives the same table."""

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from crmlib import customer_table

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    """A module of the folder benchmarks, which is no package."""
    monkeypatch.syspath_prepend(FOLDER)
    return __import__


def run(*options, file="tables.py"):
    small = "--rows=2000 --customers=600 --disk-rows=3000 --runs=1".split()
    return subprocess.run([sys.executable, str(FOLDER / file), *small, *options], capture_output=True, text=True)


def test_a_small_run_measures_every_row(benchmark, tmp_path):
    done = run("--no-peers", f"--cache={tmp_path}")
    assert done.returncode == 0, done.stderr
    goals = [goal for row in benchmark("tables").ROWS.values() for goal in row.goals]
    labels = [f"| {goal.ours} : {goal.theirs} |" for goal in goals]  # several rows have a goal of one name
    for goal, label in zip(goals, labels, strict=True):
        lines = [line for line in done.stdout.splitlines() if line.startswith(label)]
        assert len(lines) == labels.count(label), label
        for line in lines:
            measured = line.endswith(("| yes |", "| NO |"))
            assert measured == (goal.theirs not in ("pymc-marketing", "lifetimes")), line
    assert "| peak memory of crmlib | < 4 GB |" in done.stdout


def test_a_small_run_of_the_models_measures_every_row(benchmark, tmp_path):
    done = run("--no-peers", f"--cache={tmp_path}", file="models.py")
    assert done.returncode == 0, done.stderr
    for row in benchmark("models").ROWS.values():
        for goal in row.goals:
            theirs = goal.theirs if isinstance(goal.theirs, str) else " or ".join(goal.theirs)
            assert f"| crmlib : {theirs} | >= {goal.faster} times as fast | not measured |  |" in done.stdout
    assert "| crmlib | < 1.0 s |" in done.stdout and "| memory of Pareto/NBD, above the table | <= 2.0 tables |" in done.stdout


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="memory of several processes: Linux")
def test_a_small_run_of_the_audit_measures_tables_and_memory(benchmark, tmp_path):
    done = run("--rows=4000", f"--cache={tmp_path}", file="audit.py")
    assert done.returncode == 0, done.stderr
    for goal in benchmark("audit").ROWS["audit"].goals:
        assert f"| {goal.ours} : {goal.theirs} | <= 10 |" in done.stdout
    measured = [line for line in done.stdout.splitlines() if line.endswith("| < 4 GB | yes |")]
    assert len(measured) == 2


def test_an_unknown_row_says_which_there_are():
    done = run("integer")
    assert done.returncode == 2
    assert "there is no row 'integer'; choose from integers, text, rfm" in done.stderr


def test_the_readme_has_a_place_for_every_row(benchmark, tmp_path):
    tables, contest = benchmark("tables"), benchmark("contest")
    readme = Path(shutil.copy(FOLDER / "README.md", tmp_path))
    before = readme.read_text("utf-8")
    rows = [*tables.ROWS, *benchmark("audit").ROWS, "report", *benchmark("models").ROWS]
    contest.write_readme({name: f"figures of {name}" for name in rows}, "the machine", readme)
    written = readme.read_text("utf-8")
    for name in rows:
        assert f"<!-- {name} -->\nfigures of {name}\n<!-- end of {name} -->" in written
    contest.write_readme({"text": "others"}, "the machine", readme)
    assert "figures of rfm" in readme.read_text("utf-8") and "figures of text" not in readme.read_text("utf-8")
    assert written.partition("## `report.py`")[2] == before.partition("## `report.py`")[2] != ""


def test_code_by_hand_gives_the_customer_table(benchmark):
    by_hand, contestants = benchmark("by_hand"), benchmark("table_contestants")
    log = contestants.dirty(contestants.made_log(4000, 300)).drop(columns=["order", "quantity"])
    log = pl.from_pandas(log).with_columns(pl.col("date").cast(pl.Date))
    expected = customer_table(log, as_of=contestants.AS_OF)
    assert expected.columns == by_hand.COLUMNS
    assert_frame_equal(by_hand.in_polars(log.lazy(), contestants.AS_OF).collect(), expected, check_dtypes=False)
    connection = duckdb.connect()
    connection.register("log", log.to_arrow())
    assert_frame_equal(connection.sql(by_hand.sql("log", contestants.AS_OF)).pl(), expected, check_dtypes=False)


def test_answers_that_differ_stop_the_run(benchmark):
    contest = benchmark("contest")
    ours, theirs = [{"sums": {"x": 5.0}}], [{"sums": {"x": 6.0}}]
    with pytest.raises(SystemExit, match=r"^crmlib and lifetimes differ in the sum of x: 5\.0 and 6\.0\.$"):
        contest.check_same_answer(ours, theirs, contest.Goal("crmlib", "lifetimes", faster=20))
