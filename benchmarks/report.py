"""Where the time of a warm `crm report` on CDNOW goes: whole runs of the command, then the same run in parts.

    uv run python benchmarks/report.py [RUNS]

Whole runs are processes of their own, so they hold the start of Python and of the kernel. Medians are printed.
"""

import contextlib
import io
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
COMMAND = "import sys; from crmlib.cli import main; sys.exit(main(sys.argv[1:]))"


def seconds(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def in_parts(folder):
    """Seconds by part of one run in this process; the parts are disjoint and sum to the run."""
    from crmlib import cli, datasets, report

    parts = {}

    def timed(name, function):
        def wrapper(*args, **kwargs):
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                parts[name] = parts.get(name, 0.0) + time.perf_counter() - start

        return wrapper

    cells = {}

    def run(*args, **kwargs):
        ran = execute(*args, **kwargs)
        for cell in ran.cells:
            if duration := cell.metadata.get("papermill", {}).get("duration"):
                first_line = cell.source.splitlines()[0]
                cells[first_line] = cells.get(first_line, 0.0) + duration
        return ran

    execute = report.run
    with (
        mock.patch.object(datasets, "admit_log", timed("read the log through the door", datasets.admit_log)),
        mock.patch.object(report, "run", timed("kernel and cells", run)),
        mock.patch.object(report, "html", timed("write HTML", report.html)),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        start = time.perf_counter()
        code = cli.main(["report", "--out", str(Path(folder, "report.html"))])
        whole = time.perf_counter() - start
    if code:
        raise SystemExit(f"crm report ended with exit code {code}")
    kernel = parts.pop("kernel and cells")
    parts["start and stop the kernel, papermill"] = kernel - sum(cells.values())
    slowest = dict(sorted(cells.items(), key=lambda item: -item[1])[:6])
    parts |= {f"cell: {source}": duration for source, duration in slowest.items()}
    parts["other cells"] = sum(cells.values()) - sum(slowest.values())
    parts["imports and the rest"] = whole - sum(parts.values())
    return whole, parts


def main():
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder, "report.html"))
        command = [sys.executable, "-c", COMMAND, "report", "--out", out]
        seconds(command)  # warm: byte code, file cache, matplotlib's font list
        whole = [seconds(command) for _ in range(RUNS)]
        pandas = [seconds([sys.executable, "-c", "import pandas"]) for _ in range(RUNS)]
        helped = [seconds([sys.executable, "-c", COMMAND, "--help"]) for _ in range(RUNS)]
        in_process, parts = in_parts(folder)
    print(f"crm report, whole process:  median {statistics.median(whole):6.2f} s of {RUNS} runs ({min(whole):.2f} to {max(whole):.2f})")
    print(f"crm --help:                 median {statistics.median(helped):6.2f} s")
    print(f"import pandas, for scale:   median {statistics.median(pandas):6.2f} s; crm report takes "
          f"{statistics.median(whole) / statistics.median(pandas):.1f} times that")  # fmt: skip
    print(f"\none run in this process: {in_process:.2f} s")
    for name, duration in sorted(parts.items(), key=lambda item: -item[1]):
        print(f"  {duration:6.2f} s  {100 * duration / in_process:4.0f} %  {name}")


if __name__ == "__main__":
    main()
