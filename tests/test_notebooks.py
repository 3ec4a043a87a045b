"""Tests of the tests: nbval compares something in every committed notebook, and what it compares can stay equal.

A notebook without outputs or counts passes nbval and compares nothing, so this holds what the comparison needs, and
proves it once on a real notebook with one digit changed.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat
import pytest

from crmlib.checkout import root
from crmlib.workbook.build import check
from crmlib.workbook.source import cell_id, find_sources

ROOT = root()
FOLDERS = ("notebooks", "exercises", "solutions")
FILES = [path.relative_to(ROOT) for folder in FOLDERS for path in (ROOT / folder).rglob("*.ipynb")]
NOTEBOOKS = sorted(path.as_posix() for path in FILES if ".ipynb_checkpoints" not in path.parts)
TAGGED_AT_LEAST = 3
SOMEONES = re.compile(
    r"(?:^|[\s'\"(=<])(?:/(?:home|Users|root|tmp|var|usr|opt)/\w|[A-Za-z]:\\)|site-packages|ipykernel_\d"
)


def cells(name: str, kind: str = "code") -> list:
    notebook = nbformat.read(ROOT / name, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def tagged(name: str) -> list:
    return [cell for cell in cells(name) if "nbval-check-output" in cell.metadata.get("tags", ())]


def shown(cell) -> str:
    texts = [output.get("text", "") for output in cell.outputs]
    texts += [
        text for output in cell.outputs for kind, text in output.get("data", {}).items() if kind.startswith("text/")
    ]
    return "\n".join(texts)


def test_every_source_has_its_notebooks_and_every_notebook_a_source():
    assert NOTEBOOKS == sorted(target for source in find_sources(ROOT) for target in source.targets)


def test_the_build_is_green():
    assert check() == []


def test_pytest_visits_all_three_folders_and_compares():
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    assert set(FOLDERS) <= set(options["testpaths"])
    assert "--nbval-lax" in options["addopts"] or "--nbval" in options["addopts"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_committed_executed_from_top_to_bottom(name):
    counts = [cell.execution_count for cell in cells(name)]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_has_cells_that_are_compared_and_each_has_text_to_compare(name):
    assert len(tagged(name)) >= TAGGED_AT_LEAST
    for cell in tagged(name):
        assert cell.execution_count and shown(cell).strip(), cell.source
        # nbval skips pictures: what seems compared would not be
        assert not any("image/png" in output.get("data", ()) for output in cell.outputs), cell.source


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_shows_nothing_of_the_machine_that_built_it(name):
    for cell in cells(name) + cells(name, "markdown"):
        for text in (cell.source, shown(cell) if cell.cell_type == "code" else ""):
            assert not SOMEONES.search(text), text
            for place in (Path.home(), ROOT, Path(tempfile.gettempdir()), Path(sys.prefix)):
                assert len(place.parts) < 3 or str(place) not in text, text


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_holds_nothing_that_differs_at_every_build(name):
    notebook = nbformat.read(ROOT / name, as_version=4)
    assert set(notebook.metadata) == {"crmlib", "kernelspec", "language_info"}
    assert "version" not in notebook.metadata.language_info
    seen: dict[tuple, int] = {}
    for cell in notebook.cells:
        same = cell.cell_type, cell.source
        seen[same] = seen.get(same, 0) + 1
        assert cell.id == cell_id(*same, seen[same])
        assert set(cell.metadata) <= {"tags", "question", "needs"}
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            assert set(data) <= {"text/plain", "text/html", "text/markdown", "text/latex", "image/png"}
            assert not re.search(r"at 0x[0-9a-f]", shown(cell))
            if "image/png" in data:
                picture = base64.b64decode(data["image/png"])
                assert not any(chunk in picture[:200] for chunk in (b"tEXt", b"iTXt", b"tIME", b"eXIf"))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_stays_small(name):
    assert (ROOT / name).stat().st_size < 400_000


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_links_lead_to_files_that_exist(name):
    for cell in cells(name, "markdown"):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", cell.source):
            if not re.match(r"https?:|mailto:", target):
                assert ((ROOT / name).parent / target).exists(), f"{name} links to {target}"


@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if not name.startswith("notebooks/")])
def test_exercises_are_unanswered_and_solutions_answered(name):
    outcomes = [shown(cell) for cell in cells(name) if re.search(r"^check\(", cell.source, re.MULTILINE)]
    assert len(outcomes) >= 5
    unwanted = ("Correct.", "Not yet.") if name.startswith("exercises/") else ("Not answered.", "Not yet.")
    assert not [outcome for outcome in outcomes for word in unwanted if word in outcome]


def test_a_changed_digit_is_seen_where_the_notebook_as_committed_passes(tmp_path):
    """With the options of pyproject.toml, on a real notebook: the proof that comparisons are live."""
    notebook = nbformat.read(ROOT / "notebooks/00_start.ipynb", as_version=4)
    compared = [cell for cell in tagged("notebooks/00_start.ipynb") if re.search(r"\d", shown(cell))]
    cell = next(cell for cell in notebook.cells if cell == compared[0])
    del notebook.cells[notebook.cells.index(cell) + 1 :]  # what comes after it costs time and proves nothing more
    nbformat.write(notebook, tmp_path / "as_committed.ipynb")
    output = next(output for output in cell.outputs if output.output_type == "stream")
    digit = re.search(r"\d(?=\D*$)", output.text)  # the last one
    output.text = output.text[: digit.start()] + str((int(digit.group()) + 1) % 10) + output.text[digit.end() :]
    nbformat.write(notebook, tmp_path / "one_digit_changed.ipynb")

    report = tmp_path / "report.xml"
    # rootdir: names of tests, and nothing else, are relative to it
    options = [
        "-c",
        str(ROOT / "pyproject.toml"),
        f"--rootdir={tmp_path}",
        "-n0",
        "-p",
        "no:cacheprovider",
        f"--junitxml={report}",
    ]
    files = [str(tmp_path / "as_committed.ipynb"), str(tmp_path / "one_digit_changed.ipynb")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    cases = [
        (case.get("classname"), case.get("name"), case.find("failure") is not None)
        for case in ElementTree.parse(report).iter("testcase")
    ]
    code = [each for each in notebook.cells if each.cell_type == "code"]
    assert len(cases) == 2 * len(code), ran.stdout
    failed = [(where, name) for where, name, failure in cases if failure]
    assert failed == [("one_digit_changed.ipynb", f"Cell {len(code) - 1}")], ran.stdout
