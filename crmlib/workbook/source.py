"""From text sources in ``course/`` to notebooks that have not run yet.

    course/30_pareto/lesson.py              -> notebooks/30_pareto.ipynb
    course/30_pareto/workbook.py            -> exercises/30_pareto.ipynb, solutions/30_pareto.ipynb
    course/reports/customer_base.py         -> notebooks/reports/customer_base.ipynb

Sources are jupytext percent scripts. An answer cell has the tag ``answer`` and a ``question``; what stands above its
line ``# ---- solution`` is what the learner gets, what stands below is the solution. The cell of parameters may say
which tables of the data set the workbook needs besides the log: ``# %% tags=["parameters"] needs=["kano", "needs"]``.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from crmlib.workbook.notebook import METADATA, BuildError, faults, texts

__all__ = ["Answer", "Source", "answers", "cell_id", "find_sources", "leaks", "notebooks", "select"]

FOLDERS = {"lesson": ("notebooks",), "workbook": ("exercises", "solutions"), "report": ("notebooks/reports",)}
MARKER = re.compile(r"^(?:# ?)?-{3,} *solution *-*$", re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """One text source: its path below the root, its kind, the name of what it builds and the key people type."""

    path: str
    kind: str
    name: str
    key: str

    @property
    def targets(self) -> tuple[str, ...]:
        """Paths of what is built from it, below the root.

        >>> Source("course/30_pareto/workbook.py", "workbook", "30_pareto", "pareto").targets
        ('exercises/30_pareto.ipynb', 'solutions/30_pareto.ipynb')
        """
        return tuple(f"{folder}/{self.name}.ipynb" for folder in FOLDERS[self.kind])


@dataclass(frozen=True)
class Answer:
    """An answer cell of a workbook: its question, what the learner gets, what the solution shows."""

    question: str
    given: str
    solution: str


def find_sources(root: Path) -> list[Source]:
    """All sources below ``root``/course, lessons in order, then reports.

    Raises BuildError on a Python file that is no source, on a folder without a part number, and on a key used twice.
    """
    found: list[Source] = []
    for path in sorted((root / "course").rglob("*.py"), key=lambda path: path.as_posix()):
        place = path.relative_to(root).as_posix()
        folder = path.parent.name
        if path.parent == root / "course" / "reports":
            found.append(Source(place, "report", path.stem, path.stem))
        elif path.stem in ("lesson", "workbook") and path.parent.parent == root / "course":
            if not re.fullmatch(r"\d\d_[a-z][a-z0-9_]*", folder):
                raise BuildError(f"{place}: name the folder with two digits and a key, e.g. course/30_pareto.")
            found.append(Source(place, path.stem, folder, folder[3:]))
        else:
            raise BuildError(
                f"{place} is no source that can be built; use course/NN_key/lesson.py, "
                "course/NN_key/workbook.py or course/reports/NAME.py."
            )
    first: dict[str, Source] = {}
    for source in found:
        other = first.setdefault(source.key, source)
        if Path(other.path).parent != Path(source.path).parent:
            raise BuildError(f"{source.path} has the key {source.key!r} of {other.path}; a key belongs to one of them.")
    return sorted(found, key=lambda source: source.kind == "report")


def select(found: list[Source], names=()) -> list[Source]:
    """The sources with these keys or names (``pareto``, ``30_pareto``); all of them where no name is given."""
    for name in names:
        if not any(name in (source.key, source.name) for source in found):
            keys = ", ".join(dict.fromkeys(source.key for source in found))
            raise BuildError(f"There is no lesson or report {name!r} in course/; there is: {keys}.")
    return [source for source in found if not names or source.key in names or source.name in names]


def notebooks(source: Source, text: str) -> dict:
    """Notebooks that have not run, by the path they will be built to. Raises BuildError on a malformed source."""
    import jupytext
    import nbformat

    script = jupytext.reads(text.replace("\r\n", "\n"), fmt="py:percent")
    answered = answers(script, source.path)
    if answered and source.kind != "workbook":
        raise BuildError(f"{source.path} has an answer cell; answers belong in workbook.py.")
    built, problems = {}, []
    for target in source.targets:
        notebook = nbformat.v4.new_notebook(metadata={**METADATA, "crmlib": {"built_from": source.path}})
        notebook.nbformat_minor = 5  # the first that has cell ids
        remaining, seen = iter(answered), Counter()
        for number, cell in enumerate(script.cells, 1):
            if cell.cell_type not in ("code", "markdown"):
                raise BuildError(
                    f"{source.path}, cell {number}: it is a {cell.cell_type} cell; write Markdown or code."
                )
            new = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
            known = {name: cell.metadata[name] for name in ("tags", "question", "needs") if name in cell.metadata}
            body = cell.source
            if "answer" in known.get("tags", ()):
                answer = next(remaining)
                body = answer.solution if target.startswith("solutions/") else answer.given
            seen[cell.cell_type, body] += 1
            notebook.cells.append(
                new(body, metadata=known, id=cell_id(cell.cell_type, body, seen[cell.cell_type, body]))
            )
        built[target] = notebook
        problems += [problem for problem in faults(notebook, source.path) if problem not in problems]
        if target.startswith("exercises/"):
            problems += leaks(answered, notebook, source.path)
    if problems:
        raise BuildError(" ".join(problems))
    return built


def cell_id(kind: str, body: str, nth: int = 1) -> str:
    """An id from what the cell says; ``nth`` tells equal cells apart. jupytext would draw a new one at each build."""
    return hashlib.sha256(f"{kind}\n{nth}\n{body}".encode()).hexdigest()[:12]


def answers(script, what: str) -> list[Answer]:
    """The answer cells of a source in order; ``what`` names it in a BuildError."""
    found: list[Answer] = []
    for number, cell in enumerate(script.cells, 1):
        where = f"{what}, cell {number}"
        marks = list(MARKER.finditer(cell.source))
        if "answer" not in cell.metadata.get("tags", ()):
            if marks:
                raise BuildError(f"{where}: a solution line stands in a cell without the tag 'answer'.")
            continue
        question = cell.metadata.get("question")
        if not question:
            raise BuildError(
                f'{where}: an answer cell needs its question, e.g. # %% tags=["answer"] question="top_share".'
            )
        if question in [answer.question for answer in found]:
            raise BuildError(f"{where}: the question {question!r} has two answer cells.")
        if len(marks) != 1:
            raise BuildError(
                f"{where}: the answer to {question!r} needs one line '# ---- solution'; it has {len(marks)}."
            )
        given, solution = cell.source[: marks[0].start()].rstrip(), cell.source[marks[0].end() :].strip("\n").rstrip()
        if not given or not solution:
            raise BuildError(
                f"{where}: the answer to {question!r} needs something above and below its solution line, "
                "e.g. share = None above it."
            )
        found.append(Answer(question, given, solution))
    return found


def leaks(answered: list[Answer], exercise, what: str) -> list[str]:
    """Sentences on solutions that can be read in an exercise, in its cells or in what they show.

    A solution leaks when its lines stand together anywhere, or when one of its longer lines does that the learner was
    not given. A short line (``plt.show()``) may stand anywhere.
    """
    found = []
    for number, cell in enumerate(exercise.cells, 1):
        page = "\n".join([cell.source, *texts(cell)])
        shown = [line.strip() for line in page.splitlines() if line.strip()]
        if MARKER.search(page):
            found.append(f"{what}, cell {number}: the exercise shows a solution line.")
        for answer in answered:
            given = {line.strip() for line in answer.given.splitlines()}
            lines = [line.strip() for line in answer.solution.splitlines() if line.strip()]
            telling = {line for line in lines if len(line) > 24 and line not in given}
            together = any(shown[at : at + len(lines)] == lines for at in range(len(shown))) and not set(lines) <= given
            if together or telling & set(shown):
                found.append(f"{what}, cell {number}: the exercise shows the solution of {answer.question!r}.")
    return found
