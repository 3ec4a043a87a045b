"""What a customer-base audit of a big log takes: its tables against one customer table, and the memory of a report.

    uv run python benchmarks/audit.py                  # both, about ten minutes on a quiet machine
    uv run python benchmarks/audit.py audit report     # one or both
    uv run python benchmarks/audit.py --write          # and writes the figures into README.md

Table work is all that the report counts: every lens and every older table, without fits, figures and HTML. The peak of
memory is that of `crm report` from Parquet to HTML: what its processes hold together, seen ten times a second.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import contest
from contest import Goal, Row
from table_contestants import write_parquet

GIGABYTES = 4
ROWS = {
    "audit": Row(
        "{rows} lines -> all tables of the audit; text ids",
        {"audit": None},
        (
            Goal("tables of the audit", "customer table", most=10),
            Goal("tables of the audit, rich log", "customer table, rich log", most=10),
        ),
    )
}


def tree(process):
    """The ids of a process and of all that it started."""
    children = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
        children.setdefault(parent, []).append(int(folder.name))
    found = [process]
    for one in found:
        found += children.get(one, [])
    return found


def held(process):
    """Bytes that a process and all that it started hold; what they share counts once."""
    total = 0
    for one in tree(process):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def report(data):
    """Seconds and the peak of bytes of a `crm report` on a file."""
    with tempfile.TemporaryDirectory() as folder:
        code = "import sys; from crmlib.cli import main; sys.exit(main(sys.argv[1:]))"
        command = [sys.executable, "-c", code, "report", "--data", str(data), "--out", str(Path(folder, "out.html"))]
        start, peak = time.perf_counter(), 0
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while process.poll() is None:
            peak = max(peak, held(process.pid))
            time.sleep(0.1)
        if process.returncode:
            raise SystemExit(f"crm report ended with exit code {process.returncode}: {process.stderr.read()}")
        return time.perf_counter() - start, peak


def memory(size, cache):
    """The part of README.md on the memory of reports."""
    yield f"### memory of `crm report`, {contest.short(size['rows'])} lines of Parquet"
    yield ""
    yield "| log | s | peak memory, GB | goal | reached |"
    yield "|---|---|---|---|---|"
    for name, rich in (("customer, date, amount", False), ("and order, product, quantity, cost", True)):
        path = cache / f"audit-{'rich-' if rich else ''}{size['rows']}-{size['customers']}.parquet"
        if not path.exists():
            write_parquet(path, size["rows"], size["customers"], rich=rich)
        seconds, peak = report(path)
        reached = contest.verdict(peak < GIGABYTES * 1e9)
        yield f"| {name} | {seconds:.0f} | {peak / 1e9:.2f} | < {GIGABYTES} GB | {reached} |"
    yield ""


if __name__ == "__main__":
    contest.main(ROWS, "table_contestants.py", __doc__, alone={"report": memory})
