"""The build on a tiny course: what it makes, what it refuses, and what its checks see."""

from __future__ import annotations

import base64
import io
import json
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from crmlib.errors import DataError
from crmlib.workbook.build import BuildError, build, check, check_execute
from crmlib.workbook.compare import PICTURE_TOLERANCE, differences, picture_difference
from crmlib.workbook.execute import clean, plain_png, run
from crmlib.workbook.manifest import read_manifest, sha256, write_manifest
from crmlib.workbook.notebook import dump, faults, load, machine_paths, parameters
from crmlib.workbook.source import Answer, Source, find_sources, leaks, notebooks

LESSON = """\
# %% [markdown]
# # A lesson

# %% tags=["parameters"]
DATA = "cdnow"  # any log
OPTIONS = {}

# %% tags=["nbval-check-output"]
import sys
print("to stderr", file=sys.stderr)
print("67.8 %")
object()

# %%
import matplotlib.pyplot as plt
from ipywidgets import interact
plt.rcParams["figure.figsize"] = 2, 1.5

@interact(q=(1, 5))
def explore(q=2):
    plt.plot([0, q])
    plt.show()
"""

WORKBOOK = """\
# %% [markdown]
# # Questions

# %% tags=["parameters"]
DATA = "cdnow"

# %% tags=["answer"] question="share"
share = None  # write yours
# ---- solution
share = sum([20, 30]) / sum([20, 30, 50])

# %% tags=["nbval-check-output"]
print("not answered" if share is None else share)

# %% [markdown] tags=["answer"] question="why"
# Write two sentences.
# ---- solution
# Half of the money comes from **two** customers.
"""

REPORT = """\
# ---
# jupyter:
#   kernelspec: {display_name: Of somebody, language: python, name: odd}
# ---
# %% tags=["parameters"]
DATA = "cdnow"

# %%
1 + 1
"""

SOURCES = {kind: Source(f"course/10_pareto/{kind}.py", kind, "10_pareto", "pareto") for kind in ("lesson", "workbook")}


def write_course(root: Path) -> Path:
    for place, text in [("10_pareto/lesson", LESSON), ("10_pareto/workbook", WORKBOOK), ("reports/base", REPORT)]:
        write_source(root, place, text)
    return root


def write_source(root: Path, place: str, text: str) -> None:
    path = root / "course" / f"{place}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path.write_bytes(text.replace(old, new).encode())


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = write_course(tmp_path_factory.mktemp("course"))
    build(root=root, progress=False)
    return root


@pytest.fixture
def course(built, tmp_path):
    """A built course of one's own."""
    return Path(shutil.copytree(built, tmp_path / "clone"))


# ---- what is built


def test_every_source_becomes_its_notebooks_and_a_line_in_the_manifest(built):
    notebooks_built = {
        "notebooks/10_pareto.ipynb",
        "exercises/10_pareto.ipynb",
        "solutions/10_pareto.ipynb",
        "notebooks/reports/base.ipynb",
    }
    sources = {"course/10_pareto/lesson.py", "course/10_pareto/workbook.py", "course/reports/base.py"}
    assert set(files(built)) == notebooks_built | sources | {"course/manifest.json"}
    manifest = json.loads((built / "course/manifest.json").read_text())
    assert set(manifest["sources"]) == sources
    assert set(manifest["built"]) == notebooks_built
    assert check(root=built) == []


def test_a_lesson_is_committed_executed_and_without_anything_of_the_machine(built):
    notebook = load(built / "notebooks/10_pareto.ipynb")
    assert [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"] == [1, 2, 3]
    stdout, stderr, result = notebook.cells[2].outputs
    assert (stdout.name, stdout.text) == ("stdout", "67.8 %\n")  # though stderr was written first
    assert (stderr.name, stderr.text) == ("stderr", "to stderr\n")
    assert result.data == {"text/plain": "<object at ADDRESS>"}
    assert notebook.metadata.kernelspec.display_name == "Python 3 (ipykernel)"
    assert "version" not in notebook.metadata.language_info
    assert set(notebook.metadata) == {"kernelspec", "language_info", "crmlib"}
    assert [cell.metadata for cell in notebook.cells[:2]] == [{}, {"tags": ["parameters"]}]


def test_an_explorer_leaves_the_static_figure_of_its_first_state(built):
    outputs = load(built / "notebooks/10_pareto.ipynb").cells[3].outputs
    assert [set(output.data) for output in outputs] == [{"image/png", "text/plain"}]
    picture = base64.b64decode(outputs[0].data["image/png"])
    assert b"Software" not in picture and b"matplotlib" not in picture
    assert "widget" not in (built / "notebooks/10_pareto.ipynb").read_text().replace("ipywidgets", "")


def test_the_exercise_shows_what_is_given_and_the_solution_what_answers(built):
    exercise, solution = (load(built / folder / "10_pareto.ipynb") for folder in ("exercises", "solutions"))
    assert [cell.source for cell in exercise.cells[2:5:2]] == ["share = None  # write yours", "Write two sentences."]
    assert [cell.source for cell in solution.cells[2:5:2]] == [
        "share = sum([20, 30]) / sum([20, 30, 50])",
        "Half of the money comes from **two** customers.",
    ]
    assert exercise.cells[3].outputs[0].text == "not answered\n"
    assert solution.cells[3].outputs[0].text == "0.5\n"
    for notebook in (exercise, solution):
        assert notebook.cells[2].metadata == {"tags": ["answer"], "question": "share"}
        assert notebook.cells[4].metadata.question == "why"
    assert "solution" not in (built / "exercises/10_pareto.ipynb").read_text()


def test_building_again_changes_no_byte(course):
    before = files(course)
    written = build(root=course, progress=False)
    assert files(course) == before
    assert [path.relative_to(course).as_posix() for path in written] == sorted(
        json.loads(before["course/manifest.json"])["built"]
    )


def test_a_source_with_windows_line_ends_builds_the_same_notebooks():
    source = SOURCES["workbook"]
    unix, windows = (notebooks(source, text) for text in (WORKBOOK, WORKBOOK.replace("\n", "\r\n")))
    assert unix.keys() == windows.keys() == set(source.targets)
    assert all(dump(unix[target]) == dump(windows[target]) for target in source.targets)


# ---- what check sees without running anything


HAND_CHANGES = {
    "a number in a lesson": (
        lambda root: replace(root / "notebooks/10_pareto.ipynb", "67.8 %", "80.0 %"),
        "notebooks/10_pareto.ipynb is not what was built. Edit course/10_pareto/lesson.py instead and run `crm build",
    ),
    "a solution": (
        lambda root: replace(root / "solutions/10_pareto.ipynb", "0.5", "0.6"),
        "solutions/10_pareto.ipynb is not what was built.",
    ),
    "an answer in an exercise": (
        lambda root: replace(root / "exercises/10_pareto.ipynb", "share = None  # write yours", "share = 0.4"),
        "exercises/10_pareto.ipynb is not what was built. If it holds your answers, copy it to work/10_pareto.ipynb "
        "first; then run `git checkout -- exercises/10_pareto.ipynb`.",
    ),
    "a source": (
        lambda root: replace(root / "course/10_pareto/lesson.py", "67.8", "67.9"),
        "course/10_pareto/lesson.py changed after the build; run `crm build pareto`.",
    ),
    "a report template's source": (
        lambda root: replace(root / "course/reports/base.py", "1 + 1", "1 + 2"),
        "course/reports/base.py changed after the build; run `crm build base`.",
    ),
    "a hash": (
        lambda root: replace(
            root / "course/manifest.json", '"built": {', '"built": {\n  "notebooks/99_gone.ipynb": "0",'
        ),
        "notebooks/99_gone.ipynb has no source in course/ any more",
    ),
    "a notebook deleted": (
        lambda root: (root / "notebooks/reports/base.ipynb").unlink(),
        "notebooks/reports/base.ipynb is missing; run `crm build base`.",
    ),
    "a source deleted": (
        lambda root: (root / "course/10_pareto/lesson.py").unlink(),
        "course/10_pareto/lesson.py is gone; run `git checkout -- course/10_pareto/lesson.py`",
    ),
    "a notebook that nobody built": (
        lambda root: (root / "notebooks/Untitled.ipynb").write_text("{}"),
        "notebooks/Untitled.ipynb is not built from course/; move it to work/ or delete it.",
    ),
    "a source that was never built": (
        lambda root: write_source(root, "30_rfm/lesson", LESSON),
        "course/30_rfm/lesson.py was never built; run `crm build rfm`.",
    ),
    "a source of an unknown kind": (
        lambda root: write_source(root, "10_pareto/lessons", LESSON),
        "course/10_pareto/lessons.py is no source that can be built",
    ),
    "no manifest": (
        lambda root: (root / "course/manifest.json").unlink(),
        "course/10_pareto/lesson.py was never built; run `crm build pareto`.",
    ),
    "a manifest in the middle of a merge": (
        lambda root: replace(root / "course/manifest.json", "{", "<<<<<<< HEAD\n{"),
        "course/manifest.json cannot be read (an unresolved merge?)",
    ),
}


@pytest.mark.parametrize("name", HAND_CHANGES)
def test_check_is_red_after_a_hand_change(course, name):
    change, sentence = HAND_CHANGES[name]
    change(course)
    assert any(found.startswith(sentence) for found in check(root=course)), check(root=course)


def test_check_names_one_change_once(course):
    replace(course / "solutions/10_pareto.ipynb", "0.5", "0.6")
    assert len(check(root=course)) == 1


def test_check_overlooks_what_jupyter_and_windows_leave(course):
    (course / "notebooks/.ipynb_checkpoints").mkdir()
    (course / "notebooks/.ipynb_checkpoints/10_pareto-checkpoint.ipynb").write_text("{}")
    for path in course.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert check(root=course) == []


def record(root: Path, target: str, notebook) -> None:
    """As if the build had made it so: the file and its hash."""
    (root / target).write_bytes(dump(notebook))
    manifest = read_manifest(root)
    manifest.built[target] = sha256(dump(notebook))
    write_manifest(manifest, root)


def test_check_sees_a_solution_that_leaks_into_an_exercise(course):
    notebook = load(course / "exercises/10_pareto.ipynb")
    notebook.cells[3].outputs[0].text += "Hint:\n  share = sum([20, 30]) / sum([20, 30, 50])\n"
    record(course, "exercises/10_pareto.ipynb", notebook)
    assert check(root=course) == [
        "exercises/10_pareto.ipynb, cell 4: the exercise shows the solution of 'share'. "
        "Mend course/10_pareto/workbook.py, then run `crm build pareto`."
    ]


def test_check_sees_a_notebook_without_parameters(course):
    notebook = load(course / "notebooks/10_pareto.ipynb")
    notebook.cells[1].metadata = {}
    record(course, "notebooks/10_pareto.ipynb", notebook)
    (sentence,) = check(root=course)
    assert sentence.startswith("notebooks/10_pareto.ipynb: it needs one cell tagged 'parameters'")


# ---- what build refuses


@pytest.mark.parametrize("names", [(), ("pareto",)])
def test_build_never_replaces_an_exercise_that_holds_answers(course, names):
    replace(course / "exercises/10_pareto.ipynb", "share = None  # write yours", "share = 0.4")
    replace(course / "course/10_pareto/workbook.py", "Write two", "Write three")
    before = files(course)
    with pytest.raises(BuildError, match="copy it to work/10_pareto.ipynb first; then run `git checkout -- exercises"):
        build(names, root=course, progress=False)
    assert files(course) == before
    (course / "course/manifest.json").unlink()  # and nothing is known about the exercise
    with pytest.raises(BuildError, match="exercises/10_pareto.ipynb is not what was built"):
        build(names, root=course, progress=False)


def test_build_drops_what_belonged_to_a_source_that_is_gone_unless_it_holds_answers(course):
    shutil.rmtree(course / "course/10_pareto")
    saved = (course / "exercises/10_pareto.ipynb").read_bytes()
    replace(course / "exercises/10_pareto.ipynb", "None", "0.4")
    with pytest.raises(BuildError, match="copy it to work/10_pareto.ipynb first"):
        build(root=course, progress=False)
    (course / "exercises/10_pareto.ipynb").write_bytes(saved)
    build(root=course, progress=False)
    assert set(files(course)) == {"course/reports/base.py", "course/manifest.json", "notebooks/reports/base.ipynb"}
    assert check(root=course) == []


PARAMETERS = '# %% tags=["parameters"]\nDATA = "cdnow"\n'
FAILING = {
    "10_raises": (
        '# %%\nprint("so far")\n# %%\nint("seven")',
        'cell 3 (int("seven")): raises ValueError: invalid literal',
    ),
    "12_path": ("# %%\nimport pathlib\nprint(pathlib.Path.cwd())", "cell 2: it shows {root}"),
    "13_dies": ("# %%\nimport os\nos._exit(1)", "cell 2 (import os): ends the Python process it runs in."),
}


def test_build_names_lesson_cell_and_error_and_builds_the_rest(tmp_path):
    for name, (text, _) in FAILING.items():
        write_source(tmp_path, f"{name}/lesson", PARAMETERS + text)
    exercise = '# %% tags=["answer"] question="q"\nanswer = None\n# ---- solution\nanswer = 1\n# %%\nanswer + 1'
    write_source(tmp_path, "30_exercise/workbook", PARAMETERS + exercise)  # its solution runs, unanswered it does not
    late = "# %%\nimport os\nif 'exercises' in os.getcwd():\n    open('31_late.ipynb', 'w').write('mine')"
    write_source(tmp_path, "31_late/workbook", PARAMETERS + late)  # somebody saves while the build runs
    write_source(tmp_path, "50_good/lesson", PARAMETERS)
    with pytest.raises(BuildError) as raised:
        build(root=tmp_path, progress=False)
    for name, (_, sentence) in FAILING.items():
        said = f"course/{name}/lesson.py (notebooks/{name}.ipynb), " + sentence.format(root=tmp_path)
        assert said in str(raised.value)
    assert "(exercises/30_exercise.ipynb), cell 3 (answer + 1): raises TypeError" in str(raised.value)
    assert "exercises/31_late.ipynb is not what was built. If it holds your answers, copy it" in str(raised.value)
    built = {place: content for place, content in files(tmp_path).items() if place.endswith(".ipynb")}
    assert set(built) == {"notebooks/50_good.ipynb", "exercises/31_late.ipynb"}
    assert built["exercises/31_late.ipynb"] == b"mine"
    assert list(json.loads((tmp_path / "course/manifest.json").read_text())["sources"]) == ["course/50_good/lesson.py"]


ASKED = '# %% tags=["answer"] question="q"\n'
MALFORMED = {
    "no parameters": ("lesson", "# %%\n1 + 1", "it needs one cell tagged 'parameters'"),
    "two on a line": ("lesson", '# %% tags=["parameters"]\nDATA = "cdnow"; AS_OF = ""', "one plain assignment a line"),
    "a computed parameter": ("lesson", '# %% tags=["parameters"]\nDATA = str(1)', "one plain assignment a line"),
    "an answer in a lesson": ("lesson", PARAMETERS + ASKED + "1\n# ---- solution\n2", "answers belong in workbook.py"),
    "an untagged solution": (
        "workbook",
        PARAMETERS + "# %%\n1\n# ---- solution\n2",
        "a solution line stands in a cell without the tag 'answer'",
    ),
    "no question": (
        "workbook",
        PARAMETERS + '# %% tags=["answer"]\n1\n# ---- solution\n2',
        "an answer cell needs its question",
    ),
    "no solution line": ("workbook", PARAMETERS + ASKED + "1", "needs one line '# ---- solution'; it has 0"),
    "nothing given": ("workbook", PARAMETERS + ASKED + "# ---- solution\n2", "needs something above and below"),
    "a question twice": (
        "workbook",
        PARAMETERS + (ASKED + "1\n# ---- solution\n2\n") * 2,
        "the question 'q' has two answer cells",
    ),
    "the answer in the text": (
        "workbook",
        PARAMETERS + ASKED + "q = 0\n# ---- solution\nq = 4\n# %% [markdown]\n# Write\n#\n#     q = 4",
        "the exercise shows the solution of 'q'",
    ),
    "a path": ("lesson", PARAMETERS + "# %% [markdown]\n# Open /home/ana/sales.csv.", "it shows /home/ana/sales.csv"),
    "a raw cell": ("lesson", PARAMETERS + "# %% [raw]\n# x", "it is a raw cell"),
    "an empty cell": ("lesson", PARAMETERS + "# %%\n\n# %%\n1", "it is empty"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_source_is_refused_before_anything_runs(name):
    kind, text, sentence = MALFORMED[name]
    with pytest.raises(BuildError) as raised:
        notebooks(SOURCES[kind], text)
    assert sentence in str(raised.value)
    assert f"course/10_pareto/{kind}.py" in str(raised.value)


def test_a_malformed_source_stops_the_build_before_anything_is_written(course):
    replace(course / "course/10_pareto/workbook.py", "# ---- solution", "# solution")
    before = files(course)
    with pytest.raises(BuildError, match="it has 0"):
        build(root=course, progress=False)
    assert files(course) == before


def test_an_unknown_name_is_told_what_there_is(built):
    with pytest.raises(DataError, match="no lesson or report 'rfm' in course/; there is: pareto, base."):
        build(("rfm",), root=built, progress=False)


def test_a_key_belongs_to_one_lesson_and_a_folder_has_a_number(tmp_path):
    write_source(tmp_path, "10_pareto/lesson", LESSON)
    write_source(tmp_path, "30_pareto/lesson", LESSON)
    with pytest.raises(BuildError, match="30_pareto/lesson.py has the key 'pareto' of course/10_pareto/lesson.py"):
        find_sources(tmp_path)
    shutil.rmtree(tmp_path / "course/30_pareto")
    write_source(tmp_path, "rfm/lesson", LESSON)
    with pytest.raises(BuildError, match="name the folder with two digits and a key"):
        find_sources(tmp_path)


# ---- running again and comparing


def altered_picture(picture: bytes, size_by: int = 0) -> bytes:
    from PIL import Image

    image = Image.open(io.BytesIO(picture)).convert("RGBA")
    if size_by:
        image = image.resize((image.width + size_by, image.height))
    else:
        image.paste((0, 0, 0, 255), (10, 10, 18, 22))  # about a digit
    file = io.BytesIO()
    image.save(file, "png")
    return plain_png(file.getvalue())


def test_running_again_tells_where_a_committed_notebook_differs(course):
    lesson = course / "notebooks/10_pareto.ipynb"
    notebook = load(lesson)
    notebook.cells[2].outputs[0].text = "80.0 %\n"
    data = notebook.cells[3].outputs[0].data
    data["image/png"] = base64.b64encode(altered_picture(base64.b64decode(data["image/png"]))).decode()
    lesson.write_bytes(dump(notebook))
    replace(course / "exercises/10_pareto.ipynb", "Write two", "Write four")
    (course / "notebooks/reports/base.ipynb").unlink()
    before = files(course)
    text, picture, exercise, missing = check_execute(root=course, progress=False)  # and no word on the solution
    assert text == "notebooks/10_pareto.ipynb, cell 3 (import sys): the text was '80.0 %', now it is '67.8 %'."
    assert picture.startswith(
        "notebooks/10_pareto.ipynb, cell 4 (import matplotlib.pyplot as plt): the pictures differ by "
    )
    assert exercise == "exercises/10_pareto.ipynb: its cells are not those of its source."
    assert missing == "notebooks/reports/base.ipynb: base.ipynb is no notebook that can be read (FileNotFoundError)."
    assert files(course) == before


def some_picture(built) -> bytes:
    return base64.b64decode(load(built / "notebooks/10_pareto.ipynb").cells[3].outputs[0].data["image/png"])


def test_pictures_are_compared_by_their_pixels(built):
    from PIL import Image

    picture = some_picture(built)
    repacked = io.BytesIO()
    Image.open(io.BytesIO(picture)).save(repacked, "png", compress_level=1)
    assert repacked.getvalue() != picture
    assert picture_difference(picture, repacked.getvalue()) == ""
    assert f"at most {PICTURE_TOLERANCE} is let pass" in picture_difference(picture, altered_picture(picture))
    assert picture_difference(picture, altered_picture(picture), tolerance=255) == ""
    assert "pixels, now it has" in picture_difference(picture, altered_picture(picture, size_by=1), tolerance=255)


def executed(*outputs):
    return new_notebook(cells=[new_code_cell("1", id="a", execution_count=1, outputs=list(outputs))])


@pytest.mark.parametrize(
    ("outputs", "sentence"),
    [
        ([], "it showed 1 outputs, now 0, or others."),
        ([new_output("stream", name="stderr", text="a\nb\n")], "it shows another kind of output."),
        ([new_output("stream", name="stdout", text="a\n")], "the text had 2 lines, now it has 1."),
        ([new_output("stream", name="stdout", text="a\nc\n")], "the text was 'b', now it is 'c'."),
        ([new_output("display_data", data={"text/plain": "a"})], "it showed 1 outputs, now 1, or others."),
    ],
)
def test_every_difference_in_what_a_cell_shows_is_seen(outputs, sentence):
    committed = executed(new_output("stream", name="stdout", text="a\nb\n"))
    assert differences(committed, committed, "x.ipynb") == []
    assert differences(committed, executed(*outputs), "x.ipynb") == [f"x.ipynb, cell 1 (1): {sentence}"]


def test_counts_and_ids_are_part_of_a_notebook():
    committed, now = executed(), executed()
    now.cells[0].id = "b"
    assert differences(committed, now, "x.ipynb") == [
        "x.ipynb: its metadata, cell ids or counts are not those of a new build."
    ]


# ---- the rules, one by one


def test_what_draws_new_ids_at_each_run_gets_one_that_stays():
    first = 'id="T_ab12c" #T_ab12c_row0 id="T_ffff0" at 0x7f00a1'
    second = 'id="T_0f3e9" #T_0f3e9_row0 id="T_a1b2c" at 0x7f00b2'
    cleaned = []
    for text in (first, second):
        notebook = executed(new_output("display_data", data={"text/html": text, "text/plain": "x"}))
        clean(notebook, "x")
        cleaned.append(notebook.cells[0].outputs[0].data["text/html"])
    assert cleaned[0] == cleaned[1] == 'id="T_00000" #T_00000_row0 id="T_00001" at ADDRESS'


def test_an_output_that_cannot_be_kept_is_refused():
    with pytest.raises(BuildError, match="shows an SVG"):
        clean(executed(new_output("display_data", data={"image/svg+xml": "<svg/>", "text/plain": "x"})), "x")
    with pytest.raises(BuildError, match="shows nothing but application/javascript"):
        clean(executed(new_output("display_data", data={"application/javascript": "1"})), "x")
    with pytest.raises(BuildError, match="says that it is a PNG"):
        plain_png(b"GIF89a")


def test_a_slider_alone_leaves_its_description():
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "m"}, "text/plain": "IntSlider(value=3)"}
    notebook = executed(new_output("display_data", data=view))
    notebook.metadata["widgets"] = {
        "application/vnd.jupyter.widget-state+json": {"state": {"m": {"state": {"value": 3}}}}
    }
    clean(notebook, "x")
    assert notebook.cells[0].outputs[0].data == {"text/plain": "IntSlider(value=3)"}
    assert "widgets" not in notebook.metadata


def test_an_error_inside_a_widget_is_an_error_of_the_cell():
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "box"}, "text/plain": "interactive(...)"}
    notebook = executed(new_output("display_data", data=view))
    error = new_output("error", ename="ZeroDivisionError", evalue="division by zero", traceback=[])
    state = {"box": {"state": {"children": ["IPY_MODEL_out"]}}, "out": {"state": {"outputs": [error]}}}
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": state}}
    with pytest.raises(BuildError, match=r"x, cell 1 \(1\): raises ZeroDivisionError: division by zero"):
        clean(notebook, "x")


def test_a_run_that_ends_early_without_an_error_is_one(monkeypatch, tmp_path):
    monkeypatch.setattr("nbclient.NotebookClient.execute", lambda self, **kwargs: self.nb)
    with pytest.raises(BuildError, match=r"x: not every cell ran \(counts \[None\]\); run the build again"):
        run(new_notebook(cells=[new_code_cell("1")]), cwd=tmp_path, what="x")


def test_text_between_displays_stays_between_them():
    a, b, c = (new_output("stream", name=name, text=name[3:]) for name in ("stdout", "stderr", "stdout"))
    shown = new_output("display_data", data={"text/plain": "x"})
    notebook = executed(b, a, shown, c)
    clean(notebook, "x")
    assert [output.get("name", "shown") for output in notebook.cells[0].outputs] == [
        "stdout",
        "stderr",
        "shown",
        "stdout",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "/tmp/ipykernel_12/34.py:1: DataNotice: 3 lines",
        "in /home/ana/course",
        "C:\\Users\\Ana\\x.csv",
        "'C:/Users/Ana'",
        "/usr/lib/python3/dist-packages/pandas/x.py",
        str(Path.home() / "x"),
        f"<{Path(__file__).parents[1]}>",
    ],
)
def test_a_path_of_a_machine_is_seen(text):
    assert machine_paths(text)


@pytest.mark.parametrize(
    "text", ["https://example.org/home/ana", "datasets/cdnow", "../work/10_pareto.ipynb", "a/b", "/ 2", "~/x.csv"]
)
def test_what_is_no_path_of_a_machine_is_let_pass(text):
    assert machine_paths(text) == []


def test_a_notebook_too_large_names_its_largest_cell():
    notebook = new_notebook(
        cells=[new_code_cell("DATA = 1", metadata={"tags": ["parameters"]}), new_markdown_cell("x" * 400_000)]
    )
    (sentence,) = faults(notebook, "x.ipynb")
    assert sentence.startswith("x.ipynb: it has 400,") and "cell 2 alone about 400," in sentence


def test_a_compared_cell_shows_text_and_no_picture():
    shown = new_output("display_data", data={"image/png": "", "text/plain": "x"})
    cells = [
        new_code_cell("DATA = 1", metadata={"tags": ["parameters"]}),
        new_code_cell("plot()", metadata={"tags": ["nbval-check-output"]}, execution_count=1, outputs=[shown]),
    ]
    (sentence,) = faults(new_notebook(cells=cells), "x.ipynb")
    assert sentence.startswith("x.ipynb, cell 2: it is tagged nbval-check-output and shows a picture, which is never")
    cells[1].outputs = []
    (sentence,) = faults(new_notebook(cells=cells), "x.ipynb")
    assert sentence.startswith("x.ipynb, cell 2: it is tagged nbval-check-output and shows nothing")


def test_a_line_that_was_given_or_is_short_is_no_leak():
    answers = [
        Answer("q", "totals = customers.groupby('x').sum()", "totals = customers.groupby('x').sum()\nplt.show()")
    ]
    exercise = new_notebook(cells=[new_code_cell(answers[0].given), new_code_cell("plt.show()")])
    assert leaks(answers, exercise, "x") == []
    exercise.cells.append(new_code_cell(answers[0].solution))
    assert leaks(answers, exercise, "x") == ["x, cell 3: the exercise shows the solution of 'q'."]


def test_parameters_are_read_as_literals_only():
    def of(text):
        return parameters(new_notebook(cells=[new_code_cell(text, metadata={"tags": ["parameters"]})]))

    assert of('DATA = "cdnow"  # why\nOPTIONS = {"customer": "Id"}') == {"DATA": "cdnow", "OPTIONS": {"customer": "Id"}}
    assert of("a = b = 1") is of("a: int = 1") is of("a = open('x')") is of("print(1)") is None


def test_built_files_are_notebooks_of_the_format(built):
    for path in built.rglob("*.ipynb"):
        nbformat.validate(nbformat.read(path, as_version=4))
        assert path.read_bytes() == dump(load(path)) and b"\r" not in path.read_bytes()
