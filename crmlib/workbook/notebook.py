"""The notebooks of the course as files: reading, writing, and what every one of them must and must not have."""

from __future__ import annotations

import ast
import functools
import re
import site
import sysconfig
import tempfile
from pathlib import Path

from crmlib.errors import DataError

__all__ = ["BuildError", "METADATA", "dump", "faults", "load", "machine_paths", "parameters", "texts"]

MAX_BYTES = 400_000  # a notebook beyond this is slow to open and unreadable in a diff

# Written down rather than taken from the kernel: a kernel adds its version, which would differ between machines.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}

# Places that belong to one machine, whoever built it. A web address has a word character before the slash.
SOMEONES_PATH = re.compile(
    r"(?<![\w/.~-])/(?:home|Users|root|tmp|var/folders|private/(?:tmp|var))/[^\s'\"<>:,]+"
    r"|\b[A-Za-z]:[\\/]+(?:Users|Temp|Windows)[\\/][^\s'\"<>,]+"
    r"|\b(?:site|dist)-packages[\\/][^\s'\"<>:,]*"
)


class BuildError(DataError):
    """The course cannot be built as it is; a DataError, so whoever shows those as one sentence shows this one too."""


def dump(notebook) -> bytes:
    """The bytes of the file: keys sorted, indented by one, UTF-8, one newline at the end."""
    import nbformat

    return (nbformat.writes(notebook, version=4, indent=1, sort_keys=True).rstrip("\n") + "\n").encode()


def load(path: Path):
    """The notebook in a file. Raises BuildError if it holds none."""
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises its own errors, json's and plain ones
        raise BuildError(f"{path.name} is no notebook that can be read ({type(error).__name__}).") from None


def texts(cell) -> list[str]:
    """Every piece of text that a cell shows below itself; pictures are left out."""
    shown = []
    for output in cell.get("outputs", ()):
        shown += [output[name] for name in ("text", "ename", "evalue") if name in output]
        shown += output.get("traceback", ())
        shown += [
            text for kind, text in output.get("data", {}).items() if isinstance(text, str) and "image/" not in kind
        ]
    return shown


def parameters(notebook) -> dict[str, object] | None:
    """What the cell tagged ``parameters`` assigns; None if there is no such cell or it does more than assign literals.

    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> parameters(new_notebook(cells=[new_code_cell('DATA = "cdnow"', metadata={"tags": ["parameters"]})]))
    {'DATA': 'cdnow'}
    """
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())]
    if len(tagged) != 1 or tagged[0].cell_type != "code":
        return None
    try:
        lines = ast.parse(tagged[0].source).body
        values = {line.targets[0].id: ast.literal_eval(line.value) for line in lines if len(line.targets) == 1}
    except (SyntaxError, ValueError, AttributeError):
        return None
    # papermill sees only the first of two assignments on a line
    one_a_line = len({line.lineno for line in lines}) == len(lines) == len(values)
    return values if one_a_line else None


def faults(notebook, what: str) -> list[str]:
    """Sentences on what a notebook of the course must have and this one lacks; ``what`` names it."""
    found = []
    if not parameters(notebook):
        found.append(f"{what}: it needs one cell tagged 'parameters' with one plain assignment a line.")
    for number, cell in enumerate(notebook.cells, 1):
        where = f"{what}, cell {number}"
        if not cell.source.strip():
            found.append(f"{where}: it is empty; say something in it or remove it.")
        paths = [path for text in [cell.source, *texts(cell)] for path in machine_paths(text)]
        if paths:
            found.append(
                f"{where}: it shows {paths[0]}, a path of one machine; print what matters instead "
                "(a warning shows its file: catch it and print its message)."
            )
        if cell.cell_type == "code" and cell.execution_count and "nbval-check-output" in cell.metadata.get("tags", ()):
            if not cell.outputs:
                found.append(
                    f"{where}: it is tagged nbval-check-output and shows nothing, so nothing would be compared."
                )
            if any("image/png" in output.get("data", ()) for output in cell.outputs):
                found.append(
                    f"{where}: it is tagged nbval-check-output and shows a picture, which is never compared; "
                    "tag a cell that prints a number."
                )
    size = len(dump(notebook))
    if size > MAX_BYTES:
        largest, number = max((len(str(cell)), number) for number, cell in enumerate(notebook.cells, 1))
        found.append(
            f"{what}: it has {size:,} bytes of at most {MAX_BYTES:,}, cell {number} alone about {largest:,}; "
            "show less, or a smaller figure."
        )
    return found


def machine_paths(text: str) -> list[str]:
    """Paths in ``text`` that exist on one machine only: home, temporary folders, the clone, installed packages.

    >>> machine_paths("see https://example.org/home/me and datasets/cdnow")
    []
    >>> machine_paths("/home/me/sales.py:3: UserWarning: odd")
    ['/home/me/sales.py']
    """
    return [match.group() for pattern in (SOMEONES_PATH, _this_machine()) for match in pattern.finditer(text)]


@functools.cache
def _this_machine() -> re.Pattern:
    clone = Path(__file__).resolve().parents[2]
    places = {Path.home(), clone, Path(tempfile.gettempdir()), Path(sysconfig.get_path("purelib"))}
    places |= {Path(site.getusersitepackages())}
    # "/tmp" alone may stand in a sentence (what lies below it is caught above), and "/" is a home in some containers
    places = {place for place in places if len(place.parts) > 2 or place == clone}
    written = {form for place in places for form in (str(place), place.as_posix(), str(place).replace("\\", "\\\\"))}
    longest_first = sorted(map(re.escape, written), key=len, reverse=True)
    return re.compile(rf"(?<![\w/.~-])(?:{'|'.join(longest_first)})(?![\w-])")
