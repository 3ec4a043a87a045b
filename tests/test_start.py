"""A learner's own copies: where they go, what they are bound to, and that nothing is ever overwritten."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from crmlib.errors import DataError
from crmlib.workbook.notebook import dump, load, parameters
from crmlib.workbook.source import Source, notebooks
from crmlib.workbook.start import solution_of, start

WORKBOOK = """\
# %% [markdown]
# # Questions

# %% tags=["parameters"]
DATA = "cdnow"  # 数据: any log
AS_OF = ""  # YYYY-MM-DD
CURRENCY = "$"
OPTIONS = {}  # names

# %% tags=["answer"] question="share"
share = ...
# ---- solution
share = 1 / 2
"""

CSV = "CustomerID,When,Paid\nA,31/01/2024,10.00\nB,05/02/2024,20.00\n"
NAMED = {"customer": "CustomerID", "date": "When", "amount": "Paid", "date_format": "%d/%m/%Y"}


@pytest.fixture
def root(tmp_path):
    """A clone with two workbooks, one of them with fewer parameters, as if they were built."""
    for name, text in {"10_customers": WORKBOOK.replace('CURRENCY = "$"\n', ""), "30_pareto": WORKBOOK}.items():
        source = Source(f"course/{name}/workbook.py", "workbook", name, name[3:])
        for target, notebook in notebooks(source, text).items():
            for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), 1):
                cell.execution_count = number
                cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="shown\n")]
            path = tmp_path / "clone" / target
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(dump(notebook))
    return tmp_path / "clone"


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "shops" / "My log.csv"
    path.parent.mkdir()
    path.write_text(CSV)
    return path


def places(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "work").glob("*"))


@pytest.mark.parametrize("key", ["pareto", "30_pareto"])
def test_one_workbook_is_copied_cleared_and_bound(root, key):
    started = start(key, data="cdnow_sample", as_of="1997-12-31", currency="¥", root=root)
    assert started.paths == [root / "work/30_pareto-cdnow_sample.ipynb"]
    assert started.messages[-1] == "work/30_pareto-cdnow_sample.ipynb is your copy, on cdnow_sample."
    notebook = load(started.paths[0])
    nbformat.validate(notebook)
    assert notebook.cells[1].source.splitlines() == [
        'DATA = "cdnow_sample"  # 数据: any log',
        'AS_OF = "1997-12-31"  # YYYY-MM-DD',
        'CURRENCY = "¥"',
        "OPTIONS = {}  # names",
    ]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert notebook.cells[2].source == "share = ..." and notebook.cells[2].metadata.question == "share"


def test_all_workbooks_are_copied_and_keep_their_names_on_the_data_of_the_course(root):
    started = start(root=root)
    assert started.paths == [root / "work/10_customers.ipynb", root / "work/30_pareto.ipynb"]
    assert any("23,570" in message or "cdnow" in message for message in started.messages)
    assert parameters(load(started.paths[1])) == {"DATA": "cdnow", "AS_OF": "", "CURRENCY": "$", "OPTIONS": {}}


def test_a_file_is_bound_by_its_absolute_path_and_its_options(root, csv, monkeypatch):
    (root / "work").mkdir()
    monkeypatch.chdir(root / "work")  # where a notebook server may run
    started = start("pareto", data="../../shops/My log.csv", options={**NAMED, "order": None}, root=root)
    assert started.paths == [root / "work/30_pareto-my_log.ipynb"]
    bound = parameters(load(started.paths[0]))
    assert bound == {"DATA": str(csv), "AS_OF": "", "CURRENCY": "", "OPTIONS": NAMED}
    assert started.messages[-1].endswith(f"is your copy, on {csv}.")


def test_the_bound_cell_opens_the_log_from_any_folder(root, csv, tmp_path):
    started = start("pareto", data=str(csv), as_of="2024-02-01", options=NAMED, root=root)
    cell = load(started.paths[0]).cells[1].source
    program = (
        cell + "\nfrom crmlib import datasets\nprint(len(datasets.admit_log(DATA, **OPTIONS).transactions), AS_OF)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert ran.stdout == "2 2024-02-01\n"


def test_a_parameter_that_the_workbook_lacks_is_added_when_it_is_needed(root):
    started = start("customers", data="cdnow_sample", currency="€", root=root)
    assert parameters(load(started.paths[0]))["CURRENCY"] == "€"
    assert "CURRENCY" not in load(start("customers", data="cdnow_sample", root=root).paths[0]).cells[1].source


def test_a_copy_on_the_same_data_is_kept_with_its_answers(root):
    (path,) = start("pareto", data="cdnow_sample", root=root).paths
    notebook = load(path)
    notebook.cells[2].source = "share = 0.678"
    path.write_bytes(dump(notebook))
    answered = path.read_bytes()
    started = start("pareto", data="cdnow_sample", root=root)
    assert started.paths == [path] and path.read_bytes() == answered and len(places(root)) == 1
    assert started.messages[-1] == "work/30_pareto-cdnow_sample.ipynb is already there; kept as it is."


def test_a_copy_of_an_older_workbook_is_kept_and_told(root):
    (path,) = start("pareto", data="cdnow_sample", root=root).paths
    before = path.read_bytes()
    exercise = root / "exercises/30_pareto.ipynb"
    exercise.write_bytes(exercise.read_bytes().replace(b"# Questions", b"# Better questions"))  # as after a pull
    message = start("pareto", data="cdnow_sample", root=root).messages[-1]
    assert path.read_bytes() == before
    assert "The course has changed its workbook since" in message and "`crm start pareto`" in message


def test_a_copy_on_other_data_gets_another_name_and_the_first_is_kept(root, csv):
    (first,) = start("pareto", data=str(csv), options=NAMED, root=root).paths
    before = first.read_bytes()
    (second,) = start("pareto", data=str(csv), options=NAMED, as_of="2024-02-01", root=root).paths
    started = start("pareto", data=str(csv), options=NAMED, currency="€", root=root)
    assert [second.name, started.paths[0].name] == ["30_pareto-my_log-2.ipynb", "30_pareto-my_log-3.ipynb"]
    assert (
        "work/30_pareto-my_log.ipynb and work/30_pareto-my_log-2.ipynb are bound to something else and kept."
        in started.messages[-1]
    )
    assert first.read_bytes() == before
    # each is found again
    assert start("pareto", data=str(csv), options=NAMED, as_of="2024-02-01", root=root).paths == [second]
    assert len(places(root)) == 3


@pytest.fixture
def with_tables(root, tmp_path):
    """A third workbook, written on another data set, that needs tables besides the log; and a folder that has one."""
    text = WORKBOOK.replace('DATA = "cdnow"', 'DATA = "cdnow_sample"').replace("]\nDATA", '] needs=["kano", "needs"]\nDATA')
    source = Source("course/80_needs/workbook.py", "workbook", "80_needs", "needs")
    for target, notebook in notebooks(source, text).items():
        (root / target).write_bytes(dump(notebook))
    folder = tmp_path / "set-1"
    folder.mkdir()
    (folder / "log.csv").write_text("customer,date,amount\nA,2024-01-31,1\n")
    fields = [{"name": "customer"}, {"name": "date", "type": "date"}, {"name": "amount", "type": "number"}]
    tables = [{"name": name, "path": "log.csv", "schema": {"fields": fields}} for name in ("transactions", "kano")]
    (folder / "datapackage.json").write_text(json.dumps({"name": "x", "crmlib": {"currency": "€"}, "resources": tables}))
    return folder


def test_each_workbook_keeps_the_data_it_was_written_on(root):
    """As a lesson on the company does, among others on CDNOW."""
    exercise = root / "exercises/30_pareto.ipynb"
    exercise.write_bytes(exercise.read_bytes().replace(b'DATA = \\"cdnow\\"', b'DATA = \\"cdnow_sample\\"'))
    started = start(root=root)
    assert [path.name for path in started.paths] == ["10_customers.ipynb", "30_pareto.ipynb"]
    assert [parameters(load(path))["DATA"] for path in started.paths] == ["cdnow", "cdnow_sample"]
    assert start("pareto", data="cdnow", root=root).paths[0].name == "30_pareto-cdnow.ipynb"


def test_a_workbook_without_its_tables_is_left_out_and_told(root, with_tables, csv):
    started = start(data=str(with_tables), root=root)
    assert [path.name for path in started.paths] == ["10_customers-set_1.ipynb", "30_pareto-set_1.ipynb"]
    assert started.messages[-1] == "The workbook needs needs the table needs, which set-1 does not have; it is left out."
    assert parameters(load(started.paths[1]))["CURRENCY"] == "€"
    for data, name in (("cdnow", "cdnow"), (str(csv), "My log.csv"), (None, "cdnow_sample")):
        with pytest.raises(DataError) as caught:
            start("needs", data=data, root=root)
        assert str(caught.value) == f"The workbook needs needs the tables kano and needs, which {name} does not have; it is left out."


@pytest.mark.parametrize("content", [b"my notes, no notebook", b"{}", b""])
def test_a_file_that_is_no_workbook_any_more_is_not_touched(root, content):
    (root / "work").mkdir()
    taken = root / "work/30_pareto-cdnow_sample.ipynb"
    taken.write_bytes(content)
    started = start("pareto", data="cdnow_sample", root=root)
    assert taken.read_bytes() == content
    assert started.paths == [root / "work/30_pareto-cdnow_sample-2.ipynb"]


BAD = {
    "an unknown workbook": ({"key": "no-such"}, r"There is no workbook 'no-such'; there is: customers, pareto\."),
    "an unknown data set": ({"data": "cdnoww"}, "cdnoww"),
    "a column that is not there": ({"data": "FILE"}, "customer"),
    "no date": ({"as_of": "31/12/1997"}, "as_of '31/12/1997' is not a date"),
    "a day before the first purchase": ({"as_of": "1996-12-31"}, "1996-12-31"),
}


@pytest.mark.parametrize("name", BAD)
def test_nothing_is_copied_when_something_is_wrong(root, csv, name):
    given, sentence = BAD[name]
    given = {"data": "cdnow_sample"} | given
    given = {**given, "data": str(csv) if given["data"] == "FILE" else given["data"]}
    with pytest.raises(DataError, match=sentence):
        start(root=root, **given)
    assert not (root / "work").exists()


def test_lines_after_as_of_are_told(root):
    messages = start("pareto", data="cdnow_sample", as_of="1997-12-31", root=root).messages
    assert any("1997-12-31" in message for message in messages[:-1])


def test_without_workbooks_the_way_out_is_named(tmp_path):
    with pytest.raises(DataError, match="no workbook in exercises/; run `crm build`"):
        start(root=tmp_path)


def test_a_solution_is_found_by_its_question(root):
    assert solution_of("pareto", "share", root=root) == "share = 1 / 2"
    with pytest.raises(DataError, match="solutions/30_pareto.ipynb has no cell that answers 'gini'"):
        solution_of("pareto", "gini", root=root)
    with pytest.raises(DataError, match="no solved workbook 'rfm'"):
        solution_of("rfm", "share", root=root)


@pytest.mark.parametrize("value", ['a "b"', "C:\\shop\\log.csv", "tab\there", "数据"])
def test_any_text_comes_back_from_the_bound_cell(root, tmp_path, value):
    from crmlib.workbook.start import _bind

    notebook = load(root / "exercises/30_pareto.ipynb")
    _bind(notebook, {"DATA": value, "AS_OF": "", "CURRENCY": value, "OPTIONS": {"customer": value}})
    script = tmp_path / "cell.py"
    script.write_text(notebook.cells[1].source, encoding="utf-8")
    ran = runpy.run_path(str(script))
    assert (ran["DATA"], ran["CURRENCY"], ran["OPTIONS"]) == (value, value, {"customer": value})
