"""Running a notebook, and keeping of its outputs only what is the same at every run."""

from __future__ import annotations

import base64
import os
import re
import struct
import sysconfig
import tempfile
from pathlib import Path

from crmlib.inert import few_colours
from crmlib.workbook.notebook import METADATA, BuildError, faults

__all__ = ["clean", "plain_png", "run"]

CELL_SECONDS = 60  # the same limit as nbval's in pyproject.toml
KEPT = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
STYLER_ID = re.compile(r"\bT_[0-9a-f]{5}(?![0-9a-f])")  # pandas draws one for each styled table


def run(notebook, *, cwd: Path, what: str) -> None:
    """Run ``notebook`` in this Python with the working folder ``cwd`` and clean its outputs, in place.

    ``what`` names it in a BuildError: a cell that raises or takes too long, an output that cannot be kept, or one of
    the faults that no notebook of the course may have.
    """
    from jupyter_client import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    at = 0

    def started(cell, cell_index):
        nonlocal at
        at = cell_index

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as settings:
        client = NotebookClient(
            notebook,
            km=AsyncKernelManager(kernel_name="python3", kernel_spec_manager=_specs()),
            resources={"metadata": {"path": str(cwd)}},
            timeout=CELL_SECONDS,
            startup_timeout=120,
            record_timing=False,
            on_cell_start=started,
        )
        try:
            client.execute(cleanup_kc=True, env=_environment(settings))
        except CellExecutionError as error:
            raise BuildError(f"{_place(what, notebook, at)} raises {error.ename}: {error.evalue}") from None
        except CellTimeoutError:
            raise BuildError(f"{_place(what, notebook, at)} takes more than {CELL_SECONDS} seconds.") from None
        except DeadKernelError:
            raise BuildError(f"{_place(what, notebook, at)} ends the Python process it runs in.") from None
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    if counts != list(range(1, len(counts) + 1)):  # seen under load: a run that ends early and reports no error
        raise BuildError(f"{what}: not every cell ran (counts {counts}); run the build again.")
    clean(notebook, what)
    if problems := faults(notebook, what):
        raise BuildError(" ".join(problems))


def clean(notebook, what: str) -> None:
    """Drop or normalise, in place, whatever would differ at the next run of the same notebook."""
    widgets = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    own = {name: value for name, value in notebook.metadata.items() if name == "crmlib"}
    notebook.metadata.clear()
    notebook.metadata.update(METADATA | own)
    styler_ids: dict[str, str] = {}

    def same_every_time(text: str) -> str:
        text = ADDRESS.sub(" at ADDRESS", text)
        return STYLER_ID.sub(lambda match: styler_ids.setdefault(match.group(), f"T_{len(styler_ids):05x}"), text)

    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        cell.metadata.pop("execution", None)
        where = _place(what, notebook, index)
        cell.outputs = _in_order(_without_widgets(cell.outputs, widgets))
        for output in cell.outputs:
            if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", ()):
                raise BuildError(f"{where} raises {output.ename}: {output.evalue}")  # inside a widget's callback
            if output.output_type == "stream":
                output.text = same_every_time(output.text)
            if "data" in output:
                output.data = {
                    kind: _clean_data(kind, data, same_every_time) for kind, data in _kept(output.data, where)
                }
                # tells a dark theme to put white behind the figure; all else is about the screen it was made on
                output.metadata = {name: value for name, value in output.metadata.items() if name == "needs_background"}


def plain_png(picture: bytes) -> bytes:
    """A PNG without its texts and times (Software, Date, EXIF). Raises BuildError if it is none."""
    if picture[:8] != b"\x89PNG\r\n\x1a\n":
        raise BuildError("A picture says that it is a PNG and is none.")
    kept, at = [picture[:8]], 8
    while at < len(picture):
        end = at + 12 + struct.unpack(">I", picture[at : at + 4])[0]  # length, name, data, checksum
        if picture[at + 4 : at + 8] not in (b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"):
            kept.append(picture[at:end])
        at = end
    return b"".join(kept)


def _kept(data, where: str):
    if "image/svg+xml" in data and "image/png" not in data:
        raise BuildError(f"{where} shows an SVG, which differs at every build; show a PNG.")
    kept = [(kind, data[kind]) for kind in KEPT if kind in data]
    if not kept:
        raise BuildError(f"{where} shows nothing but {', '.join(data) or 'a widget'}; show text, HTML or a PNG.")
    return kept


def _clean_data(kind: str, data: str, same_every_time) -> str:
    if kind == "image/png":
        return base64.b64encode(few_colours(plain_png(base64.b64decode(data)))).decode()
    return same_every_time(data)


def _without_widgets(outputs, widgets) -> list:
    """Outputs with each widget replaced by what its output areas show: the static figure of an explorer.

    A widget without an output area leaves the text that describes it.
    """
    kept = []
    for output in outputs:
        view = output.get("data", {}).pop(WIDGET_VIEW, None)
        inside = _shown_inside(view["model_id"], widgets) if view else []
        kept += _without_widgets(inside, widgets) if inside else [output]
    return kept


def _shown_inside(model_id: str, widgets) -> list:
    import nbformat

    state = widgets.get(model_id, {}).get("state", {})
    shown = [nbformat.from_dict(output) for output in state.get("outputs", ())]
    for child in state.get("children", ()):
        shown += _shown_inside(child.removeprefix("IPY_MODEL_"), widgets)
    return shown


def _in_order(outputs) -> list:
    """Text between two displays put together, stdout before stderr: the kernel sends both in pieces, by the clock."""
    ordered, streams = [], {}
    for output in [*outputs, None]:
        if output is not None and output.output_type == "stream":
            if output.name in streams:
                streams[output.name].text += output.text
            else:
                streams[output.name] = output
            continue
        ordered += [streams[name] for name in ("stdout", "stderr") if name in streams]
        streams = {}
        ordered += [output] if output is not None else []
    return ordered


def _specs():
    """The kernel is the Python that builds, whatever a user has installed elsewhere under the name python3."""
    from ipykernel.kernelspec import get_kernel_dict
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name):
            quiet = ["--log-level=40"]  # a kernel's own warnings are about sockets, not about the course
            return KernelSpec(**get_kernel_dict(quiet))

    return ThisPython()


def _environment(settings: str) -> dict[str, str]:
    """This environment without what a user's own settings would change in the outputs."""
    dropped = ("MPLBACKEND", "PYTHONWARNINGS", "COLUMNS", "LINES", "FORCE_COLOR")
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    # no start-up files of the user's, and sets that print in one order
    environment |= {"IPYTHONDIR": settings, "PYTHONHASHSEED": "0"}
    default_style = Path(sysconfig.get_path("purelib"), "matplotlib", "mpl-data", "matplotlibrc")
    if default_style.exists():
        environment["MATPLOTLIBRC"] = str(default_style)
    return environment


def _place(what: str, notebook, index: int) -> str:
    lines = notebook.cells[index].source.strip().splitlines()
    return f"{what}, cell {index + 1} ({lines[0] if lines else 'empty'}):"
