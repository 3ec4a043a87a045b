"""How a benchmark is run: contestants in turn, in environments of their own, and their times as ratios within one run.

Contestants of a row run in turn, round after round, so that a busy moment of the machine hits all of them. The ratio is
of the medians, once by the clock and once by the seconds that all threads of the process spent on a core; the goal is
held against the clock. What every contestant of a row computes is compared before its time counts.
"""

import argparse
import json
import os
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
PEERS = ("pymc-marketing", "lifetimes", "clvkit")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
NEWEST = ("3.13", "3.12")  # peers get the newest Python that is here: old ones get old releases of pymc-marketing


@dataclass(frozen=True)
class Goal:
    """``ours`` takes at most ``most`` times the time of ``theirs``; or is at least ``faster`` times as fast.

    Of several in ``theirs`` the fastest that ran counts.
    """

    ours: str
    theirs: str | tuple
    most: float | None = None
    faster: float | None = None


@dataclass(frozen=True)
class Row:
    """One row of goals. ``setups`` are names of functions in the file of contestants, and the environment of each."""

    title: str
    setups: dict
    goals: tuple
    fresh: bool = False  # a process for each run, for the sake of its memory
    gigabytes: float | None = None  # the most memory that ours may take
    tables: float | None = None  # the same, in sizes of the table that the contestants get
    seconds: float | None = None  # the most time that ours may take
    alike: float = 1e-6  # relative difference that answers may have
    options: dict = field(default_factory=dict)  # sizes that differ from those of the command


def environment(name, cache):
    """The Python of an environment for a peer, made when it is not there; None if it cannot be made."""
    folder = cache / f"{name}-env"
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if (folder / "complete").exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    for command in (
        ["uv", "venv", "--quiet", "--python", newest_python(), str(folder)],
        ["uv", "pip", "install", "--quiet", "--python", str(python), name],
    ):
        made = subprocess.run(command, capture_output=True, text=True)
        if made.returncode:
            print(f"{name} cannot be installed, so it is not measured: {made.stderr.strip().splitlines()[-1]}")
            return None
    (folder / "complete").touch()
    return python


def newest_python():
    known = [sys.executable]
    for version in NEWEST:
        folders = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions").glob(f"{version}.*/bin/python")
        known[-1:-1] = [*folders, *filter(None, [shutil.which(f"python{version}")])]
    works = [str(python) for python in known if subprocess.run([python, "-c", ""], capture_output=True).returncode == 0]
    return works[0]


class Process:
    """A file of contestants at work in an environment of its own."""

    def __init__(self, python, file, setup, size):
        command = [str(python), str(HERE / file), setup, json.dumps(size)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | ONE_THREAD
        )
        about = self.read()
        self.contestants, self.table = about["contestants"], about["table"]

    def run(self, contestant):
        self.process.stdin.write(contestant + "\n")
        self.process.stdin.flush()
        return self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"A contestant ended early: {' '.join(self.process.args)}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure(row, file, size, runs, cache, peers):
    """The runs of each contestant, in rounds of one run each."""
    found = {}
    if not row.setups:
        for number in range(runs + 1):
            for code in ("import crmlib", "import pandas"):
                took = in_a_fresh_python(code)
                if number:  # the first one warms the cache of the file system
                    found.setdefault(code, []).append(took)
        return found
    wanted = {setup: peer for setup, peer in row.setups.items() if peers or not peer}
    pythons = {setup: environment(peer, cache) if peer else sys.executable for setup, peer in wanted.items()}
    pythons = {setup: python for setup, python in pythons.items() if python}
    processes = {setup: Process(python, file, setup, size) for setup, python in pythons.items()}
    for _ in range(runs):
        for setup, python in pythons.items():
            for contestant in processes[setup].contestants:
                run = processes[setup].run(contestant) | {"table": processes[setup].table}
                found.setdefault(contestant, []).append(run)
                if row.fresh:
                    processes[setup].close()
                    processes[setup] = Process(python, file, setup, size)
    for process in processes.values():
        process.close()
    return found


def in_a_fresh_python(code):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": wall, "cpu": cpu, "peak": 0, "grown": 0, "table": 0, "sums": {}}


def median(runs, unit):
    return statistics.median(run[unit] for run in runs)


def check_same_answer(ours, theirs, goal, alike=1e-6):
    for name in ours[0]["sums"].keys() & theirs[0]["sums"].keys():
        for one, other in zip(ours, theirs, strict=True):
            found, expected = one["sums"][name], other["sums"][name]
            if abs(found - expected) > alike * abs(expected):
                raise SystemExit(f"{goal.ours} and {goal.theirs} differ in the sum of {name}: {found} and {expected}.")


def verdicts(row, found):
    """For each goal of a row that was measured: what is compared, the goal, the ratios and whether it was reached."""
    for goal in row.goals:
        theirs = (goal.theirs,) if isinstance(goal.theirs, str) else goal.theirs
        ran = [name for name in theirs if name in found]
        if goal.ours not in found or not ran:
            yield f"{goal.ours} : {' or '.join(theirs)}", wanted(goal), "not measured", ""
            continue
        fastest = min(ran, key=lambda name: median(found[name], "wall"))
        for name in ran:
            check_same_answer(found[goal.ours], found[name], Goal(goal.ours, name), row.alike)
        ratios = [median(found[goal.ours], unit) / median(found[fastest], unit) for unit in ("wall", "cpu")]
        reached = ratios[0] <= goal.most if goal.most else ratios[0] <= 1 / goal.faster
        if goal.most:
            shown = "{:.2f} ({:.2f})".format(*ratios)
        else:
            shown = "{:.1f} times as fast ({:.1f})".format(*(1 / ratio for ratio in ratios))
        yield f"{goal.ours} : {fastest}", wanted(goal), shown, verdict(reached)
        if row.gigabytes:
            peak = max(run["peak"] for run in found[goal.ours]) / 1e9
            by_hand = max(run["peak"] for run in found[fastest]) / 1e9
            shown = f"{peak:.1f} GB, by hand {by_hand:.1f} GB"
            yield f"peak memory of {goal.ours}", f"< {row.gigabytes} GB", shown, verdict(peak < row.gigabytes)
    if row.seconds:
        took = median(found["crmlib"], "wall")
        yield "crmlib", f"< {row.seconds} s", f"{took:.2f} s", verdict(took < row.seconds)
    if row.tables:
        for name, runs in found.items():
            times = max(run["grown"] for run in runs) / runs[0]["table"]
            said = f"memory of {name}, above the table", f"<= {row.tables} tables", f"{times:.2f}"
            yield *said, verdict(times <= row.tables)


def verdict(reached):
    return "yes" if reached else "NO"


def wanted(goal):
    return f"<= {goal.most}" if goal.most else f">= {goal.faster} times as fast"


def lines_of(row, found, size):
    """The part of README.md about a row."""
    yield f"### {row.title.format(**{name: short(number) for name, number in size.items() if name != 'parquet'})}"
    yield ""
    yield "| contestant | s, median | from - to | s on the cores | peak memory, GB |"
    yield "|---|---|---|---|---|"
    for contestant, runs in found.items():
        walls = [run["wall"] for run in runs]
        peak = f"{max(run['peak'] for run in runs) / 1e9:.1f}" if row.fresh else ""
        span = f"{min(walls):.3f} - {max(walls):.3f}"
        yield f"| {contestant} | {median(runs, 'wall'):.3f} | {span} | {median(runs, 'cpu'):.3f} | {peak} |"
    yield ""
    yield "| compared | goal | ratio by the clock (on the cores) | reached |"
    yield "|---|---|---|---|"
    for said in verdicts(row, found):
        yield f"| {' | '.join(said)} |"
    yield ""


def short(number):
    return f"{number // 1_000_000}M" if number >= 1_000_000 else f"{number:,}"


def machine(cache):
    """What the figures depend on, in one paragraph."""
    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())[1]
    versions = [versions_of(sys.executable, "numpy", "pandas", "pyarrow", "narwhals", "polars", "duckdb")]
    for name in PEERS:
        if (cache / f"{name}-env" / "complete").exists():
            python = environment(name, cache)
            versions.append(f"{versions_of(python, name)} on {versions_of(python, 'numpy', 'pandas')}")
    return (
        f"{platform.system()}, {os.cpu_count()} cores of {model}. "
        f"Python {platform.python_version()}; {'; '.join(versions)}. "
        "BLAS has one thread; polars and DuckDB use all cores, numpy one."
    )


def busy():
    """How many processes wanted a core in the last minute; nothing where the system does not tell."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""


def versions_of(python, *names):
    code = "import sys, importlib.metadata as m; print(', '.join(f'{n} {m.version(n)}' for n in sys.argv[1:]))"
    return subprocess.run([python, "-c", code, *names], check=True, capture_output=True, text=True).stdout.strip()


def write_readme(parts, machine, path=HERE / "README.md"):
    """Put the parts between their marks; rows that were not measured stay as they are."""
    text = path.read_text("utf-8")
    for name, part in {"machine": machine, **parts}.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        if not rest:
            raise SystemExit(f"{path} has no place for {name!r}: a line {begin.strip()} and one {end}.")
        text = before + begin + part.strip() + "\n" + end + rest.partition(end)[2]
    path.write_text(text, "utf-8")


def main(rows, file, about, prepare=None, alone=()):
    """The command of a benchmark: ``rows`` by name, the ``file`` of its contestants, what it is ``about``.

    ``prepare(name, size, cache)`` makes what a row needs on disk and gives what it adds to the size. ``alone`` is a
    dict of rows that no contest measures: functions of size and cache that give their lines.
    """
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("row", nargs="*", metavar="ROW", help=f"of {', '.join([*rows, *alone])}; default: all")
    parser.add_argument("--rows", type=int, default=10_000_000, help="lines of the log in memory")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--disk-rows", type=int, default=50_000_000, help="lines of the log on disk")
    parser.add_argument("--runs", type=int, default=5, help="of every contestant")
    parser.add_argument("--no-peers", action="store_true", help="leave out those that need an environment of their own")
    parser.add_argument("--cache", type=Path, default=HERE / ".cache", help="for environments and the log on disk")
    parser.add_argument("--write", action="store_true", help="write the figures into README.md")
    options = parser.parse_args()
    if unknown := set(options.row) - {*rows, *alone}:
        parser.error(f"there is no row {sorted(unknown)[0]!r}; choose from {', '.join([*rows, *alone])}")
    options.cache.mkdir(parents=True, exist_ok=True)
    given = {"rows": options.rows, "customers": options.customers, "disk_rows": options.disk_rows}
    on, parts = machine(options.cache), {}
    for name in options.row or [*rows, *alone]:
        if name in alone:
            parts[name] = "\n".join([*alone[name](given, options.cache), f"{date.today()}, load: {busy() or 'not known'}.", ""])
            print(parts[name], flush=True)
            continue
        row = rows[name]
        size = given | {key: min(value, given[key]) for key, value in row.options.items()}
        size |= prepare(name, size, options.cache) if prepare else {}
        now = f"{date.today()}, rounds: {options.runs}, load at the start: {busy() or 'not known'}"
        found = measure(row, file, size, options.runs, options.cache, not options.no_peers)
        parts[name] = "\n".join([*lines_of(row, found, size), f"{now}.", ""])
        print(parts[name], flush=True)
    print(on)
    if options.write:
        write_readme(parts, on)
