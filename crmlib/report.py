"""Rendering a report: a notebook runs with checked parameters and becomes one HTML file that needs no network.

The log has passed the door before anything runs; papermill executes the notebook in a temporary folder; nbconvert
writes it through a template of our own (report_template/). A PDF of the page and an Excel workbook of its tables can
stand beside it. The files take their names only when all are whole.
"""

from __future__ import annotations

import ast
import os
import re
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from crmlib import checkout, paper, sheets
from crmlib.errors import DataError, FitError
from crmlib.frames import as_day
from crmlib.sections import prepare
from crmlib.writing import together

__all__ = ["check_parameters", "html", "made_here", "render", "run", "slug", "target"]

TEMPLATE = "customer_base"
GENERATOR = "crmlib: crm report"  # by this a report is known as one that may be replaced
BESIDE = {".pdf": "pdf", ".xlsx": "excel"}  # what else gets the name of the page: ending, option
_TABLES = "tables.pickle"
_KEEP = f"""from crmlib import sheets

sheets.keep(Out, {_TABLES!r})"""


def render(
    admission, *, name, as_of="", currency="", ids="none", key=b"", out=None, pdf=False, excel=False, made="", progress=False,
    template=TEMPLATE,
) -> Path:  # fmt: skip
    """Render a report on a log that passed the door and return the path of the HTML file.

    ``admission`` comes from `datasets.admit_log`, or is a function that gives it, so that a big log need not stay in the memory
    of this process; ``name`` is what the report calls the data, best the name of its
    file; ``made`` is the line at its foot that says how to make it again. ``ids`` of "pseudonym" are made with the secret
    ``key``, 16 bytes or more, else with one that is drawn for this report and not kept. ``out`` is a file or a folder, default
    reports/ in the clone; see `target`. ``pdf`` and ``excel`` write the page as a PDF and its tables as a
    workbook beside it, under the same name. ``progress`` shows a bar on stderr.

    Raises `DataError` before anything runs for a parameter that the template does not know, for a file that is in
    the way and for a PDF that cannot be made on this machine. Whatever goes wrong, nothing is left behind and nothing is replaced.
    """
    import pyarrow
    from tqdm import tqdm

    nbformat, _ = notebook_tools()
    source = checkout.notebooks() / "reports" / f"{template}.ipynb"
    if not source.is_file():
        raise DataError(f"There is no report template {template!r} in notebooks/reports; build it with: crm build.")
    admission = admission() if callable(admission) else admission
    as_of = str(as_day(as_of or admission.transactions["date"].max()))
    beside = [ending for ending, wanted in zip(BESIDE, (pdf, excel), strict=True) if wanted]
    place = target(out, name, as_of, beside)
    if pdf:
        paper.check()
    notebook = nbformat.read(source, as_version=4)
    if excel:
        notebook.cells.append(nbformat.v4.new_code_cell(_KEEP))
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    with (
        tempfile.TemporaryDirectory(prefix="crm-report-", ignore_cleanup_errors=True) as work,
        tqdm(total=cells + 2, desc="report", leave=False, bar_format=_BAR, disable=not progress) as bar,
    ):
        parameters = {"DATA": name, "AS_OF": as_of, "CURRENCY": currency, "IDS": ids, "PREPARED": work}
        check_parameters(source, parameters)
        prepare(work, admission.transactions, admission.notes, key)
        del admission
        pyarrow.default_memory_pool().release_unused()
        bar.update()
        ran = run(notebook, parameters, Path(work), done=lambda **_: bar.update())
        about = {
            "title": f"Customer-base audit: {name}, {as_of}",
            "day": as_of,
            "generator": f"{GENERATOR} {version('crmlib')}",
            "made": f"Made with crmlib {version('crmlib')}{': ' + made if made else ''}",
        }
        ran.metadata["crmlib_report"] = about
        page = html(ran)
        bar.update()
        with together([place, *(place.with_suffix(ending) for ending in beside)]) as paths:
            paths[0].write_text(page, encoding="utf-8", newline="\n")
            if pdf:
                paper.write(page, paths[1])
            if excel:
                facts, tables = sheets.kept(Path(work, _TABLES), _sections(ran))
                sheets.write(tables, paths[-1], facts=facts, **about)
    return place


def target(out, name, as_of, beside=()) -> Path:
    """Where a report goes: ``out`` itself if it ends in .html, else a file in the folder ``out`` (default: reports/).

    The name there is made of the data's name and the date: sales-2024-06-30.html. ``beside`` are the endings of the other
    files that get this name. A report that `crm report` made is replaced by one of the same name; any other file is not:
    `DataError` says so.
    """
    folder = Path(out).expanduser() if out else checkout.reports()
    if folder.suffix.lower() in (".html", ".htm") and not folder.is_dir():
        place = folder
    elif folder.suffix.lower() in BESIDE and not folder.is_dir():
        raise DataError(f"{folder.name} would be made beside the HTML file; give the name of that, out='{folder.stem}.html'.")
    elif folder.is_file():
        raise DataError(
            f"{folder} is a file and does not end in .html; give a folder or a name such as my-report.html."
        )
    else:
        place = folder / f"{slug(name)}-{as_of}.html"
    for one in (place, *(place.with_suffix(ending) for ending in beside)):
        if os.path.lexists(one) and not made_here(one):
            raise DataError(
                f"{one} exists and was not made by crm report; move it away or choose another name with "
                "out='my-report.html'."
            )
    return place


def made_here(path) -> bool:
    """Whether a file is one that `crm report` made, by the mark at its beginning or in its properties."""
    if not path.is_file():
        return False
    if path.suffix.lower() in BESIDE:
        return (paper if path.suffix.lower() == ".pdf" else sheets).made_by(path, GENERATOR)
    with open(path, "rb") as file:
        return f'content="{GENERATOR}'.encode() in file.read(600)


def check_parameters(template, parameters) -> None:
    """Raise `DataError` for names that the template's parameters cell lacks and for types other than its defaults'.

    ``template`` is the path of a notebook. papermill itself takes both without a word.
    """
    _, papermill = notebook_tools()
    known = {
        name: type(ast.literal_eval(found["default"])) for name, found in papermill.inspect_notebook(template).items()
    }
    for name, value in parameters.items():
        if name not in known:
            raise DataError(f"The report has no parameter {name!r}; it has {', '.join(known)}.")
        if not isinstance(value, known[name]):
            raise DataError(
                f"The parameter {name} is a {type(value).__name__}; the report needs {known[name].__name__}."
            )


def run(notebook, parameters, folder, *, done=None):
    """Execute a notebook with papermill in this Python, in ``folder``; ``done`` is called after each cell.

    Returns the executed notebook. What a cell raised is raised here, as `DataError` or `FitError` where it was one.
    """
    nbformat, papermill = notebook_tools()
    from jupyter_client import AsyncKernelManager
    from papermill.exceptions import PapermillExecutionError

    template = folder / "template.ipynb"
    nbformat.write(notebook, template)
    kernel = AsyncKernelManager(
        kernel_name="python3", kernel_spec_manager=_this_python(folder), connection_file=str(folder / "connection.json")
    )
    try:
        ran = papermill.execute_notebook(
            template,
            None,
            parameters=parameters,
            cwd=folder,
            progress_bar=False,
            start_timeout=120,
            km=kernel,
            on_cell_executed=done,
        )
    except PapermillExecutionError as error:
        kind = {"DataError": DataError, "FitError": FitError}.get(error.ename)
        if kind:
            raise kind(error.evalue) from None
        raise RuntimeError(f"{error.ename}: {error.evalue}") from error
    finally:
        # a Ctrl-C while it starts leaves the kernel to itself
        process = getattr(kernel.provisioner, "process", None)
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()
    counts = [cell.execution_count for cell in ran.cells if cell.cell_type == "code"]
    if ran.metadata.papermill.exception or None in counts:  # seen under load: a run that ends early without an error
        raise RuntimeError("the notebook of the report stopped before its end; run it again")
    return ran


def notebook_tools():
    """The modules nbformat and papermill.

    Their import takes two seconds longer than it must: jsonschema compiles a grammar of web addresses, an optional part
    that no notebook needs. For the time of the import it is told that the part is missing.
    """
    slow = "rfc3987_syntax"
    loaded = slow in sys.modules
    sys.modules.setdefault(slow, None)
    try:
        import nbformat
        import papermill
    finally:
        if not loaded:
            del sys.modules[slow]
    return nbformat, papermill


def html(notebook) -> str:
    """An executed report as one HTML page, through report_template/."""
    from nbconvert.exporters.html import HTMLExporter

    exporter = HTMLExporter(
        template_name="report_template", extra_template_basedirs=[str(Path(__file__).parent)], exclude_input=True
    )
    return exporter.from_notebook_node(notebook)[0]


def _sections(notebook):
    """The Markdown heading above each cell, by the number under which its result is kept."""
    found, heading = {}, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            heading = cell.source[3:]
        elif cell.cell_type == "code":
            found[cell.execution_count] = heading
    return found


_BAR = "{desc} |{bar:32}| {percentage:3.0f} %"


def _this_python(folder):
    """Python 3 is this Python, whatever kernel of that name is installed elsewhere, without a user's own settings."""
    from ipykernel.kernelspec import get_kernel_dict
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    # start-up files, history and backends of the user's have no part in a report; its temporary files go with the
    # folder
    env = {"IPYTHONDIR": str(folder / "ipython"), "MPLBACKEND": "agg"} | dict.fromkeys(
        ("TMPDIR", "TEMP", "TMP"), str(folder)
    )

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name):
            # WARNING is where the kernel tells every user that local connections are not encrypted
            return KernelSpec(**get_kernel_dict(["--log-level=ERROR"]) | {"env": env})

    return ThisPython()


def slug(name):
    """The name of the data as part of a file name.

    >>> slug("Sales 2024.csv"), slug("订单.xlsx"), slug("../..")
    ('sales-2024', '订单', 'data')
    """
    return re.sub(r"[^\w]+", "-", Path(name).stem.lower()).strip("-")[:60] or "data"
