"""The table part of crmlib against peers and code by hand, as ratios within one run: the goals of issue 3.

    uv run python benchmarks/tables.py                  # everything; the first time makes environments for the peers
    uv run python benchmarks/tables.py integers text    # some rows
    uv run python benchmarks/tables.py --write          # and writes the figures into README.md

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
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from contestants import write_parquet

HERE = Path(__file__).parent
PEERS = {"pymc-marketing": "pymc-marketing", "lifetimes": "lifetimes"}
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
NEWEST = ("3.13", "3.12")  # peers get the newest Python that is here: old ones get old releases of pymc-marketing


@dataclass(frozen=True)
class Goal:
    """``ours`` takes at most ``most`` times the time of ``theirs``; or is at least ``faster`` times as fast."""

    ours: str
    theirs: str
    most: float | None = None
    faster: float | None = None


@dataclass(frozen=True)
class Row:
    """One line of the table of the issue. ``setups`` are names in contestants.py and the environment of each."""

    title: str
    setups: dict
    goals: tuple
    fresh: bool = False  # a process for each run, for the sake of its memory
    gigabytes: float | None = None


ROWS = {
    "integers": Row(
        "{rows} lines, integer ids -> x, t_x, T, mean_repeat_value",
        {"integers": None, "integers_pymc_marketing": "pymc-marketing", "integers_lifetimes": "lifetimes"},
        (Goal("crmlib", "pymc-marketing", faster=10), Goal("crmlib", "lifetimes", faster=20)),
    ),
    "text": Row(
        "{rows} lines, text ids -> x, t_x, T, mean_repeat_value",
        {"text": None},
        (
            Goal("crmlib", "pd.factorize", most=1.5),
            Goal("crmlib, ids of 32 hex digits", "pd.factorize, ids of 32 hex digits", most=1.5),
        ),
    ),
    "rfm": Row(
        "RFM scores and segments of {customers} customers",
        {"rfm": None},
        (Goal("crmlib", "three rank('min')", most=2),),
    ),
    "pareto": Row("ABC classes of {customers} customers", {"pareto": None}, (Goal("crmlib", "sort_values", most=3),)),
    "pyramid": Row("Tiers of {customers} customers", {"pyramid": None}, (Goal("crmlib", "sort_values", most=3),)),
    "disk": Row(
        "{disk_rows} lines of Parquet -> customer table",
        {"disk": None},
        (Goal("crmlib", "DuckDB by hand", most=2),),
        fresh=True,
        gigabytes=4,
    ),
    "engines": Row(
        "{rows} lines -> customer table; {rows} customers -> a row a tier",
        {"engines": None},
        tuple(
            Goal(f"crmlib on {engine}{work}", f"{engine} by hand{work}", most=1.3)
            for work in ("", ", by tier")
            for engine in ("polars", "DuckDB")
        ),
    ),
    "import": Row("import in a fresh Python", {}, (Goal("import crmlib", "import pandas", most=1.2),)),
}


def environment(name, cache):
    """The Python of an environment for a peer, made when it is not there; None if it cannot be made."""
    folder = cache / f"{name}-env"
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if (folder / "complete").exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    for command in (
        ["uv", "venv", "--quiet", "--python", newest_python(), str(folder)],
        ["uv", "pip", "install", "--quiet", "--python", str(python), PEERS[name]],
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
    """contestants.py at work in an environment of its own."""

    def __init__(self, python, setup, size):
        command = [str(python), str(HERE / "contestants.py"), setup, json.dumps(size)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | ONE_THREAD
        )
        self.contestants = self.read()["contestants"]

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


def measure(row, size, runs, cache, peers):
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
    processes = {setup: Process(python, setup, size) for setup, python in pythons.items()}
    for _ in range(runs):
        for setup, python in pythons.items():
            for contestant in processes[setup].contestants:
                found.setdefault(contestant, []).append(processes[setup].run(contestant))
                if row.fresh:
                    processes[setup].close()
                    processes[setup] = Process(python, setup, size)
    for process in processes.values():
        process.close()
    return found


def in_a_fresh_python(code):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": wall, "cpu": cpu, "peak": 0, "sums": {}}


def median(runs, unit):
    return statistics.median(run[unit] for run in runs)


def check_same_answer(ours, theirs, goal):
    for name in ours[0]["sums"].keys() & theirs[0]["sums"].keys():
        for one, other in zip(ours, theirs, strict=True):
            found, expected = one["sums"][name], other["sums"][name]
            if abs(found - expected) > 1e-6 * abs(expected):
                raise SystemExit(f"{goal.ours} and {goal.theirs} differ in the sum of {name}: {found} and {expected}.")


def verdicts(row, found):
    """For each goal of a row that was measured: what is compared, the goal, the ratios and whether it was reached."""
    for goal in row.goals:
        if goal.ours not in found or goal.theirs not in found:
            yield f"{goal.ours} : {goal.theirs}", wanted(goal), "not measured", ""
            continue
        ours, theirs = found[goal.ours], found[goal.theirs]
        check_same_answer(ours, theirs, goal)
        ratios = [median(ours, unit) / median(theirs, unit) for unit in ("wall", "cpu")]
        reached = ratios[0] <= goal.most if goal.most else ratios[0] <= 1 / goal.faster
        if goal.most:
            shown = "{:.2f} ({:.2f})".format(*ratios)
        else:
            shown = "{:.1f} times as fast ({:.1f})".format(*(1 / ratio for ratio in ratios))
        yield f"{goal.ours} : {goal.theirs}", wanted(goal), shown, "yes" if reached else "NO"
        if row.gigabytes:
            peak = max(run["peak"] for run in ours) / 1e9
            by_hand = max(run["peak"] for run in theirs) / 1e9
            shown = f"{peak:.1f} GB, by hand {by_hand:.1f} GB"
            yield f"peak memory of {goal.ours}", f"< {row.gigabytes} GB", shown, "yes" if peak < row.gigabytes else "NO"


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
    for verdict in verdicts(row, found):
        yield f"| {' | '.join(verdict)} |"
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
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    return (
        f"{date.today()}, {platform.system()}, {os.cpu_count()} cores of {model}{load}. "
        f"Python {platform.python_version()}; {'; '.join(versions)}. "
        "BLAS has one thread; polars and DuckDB use all cores, numpy one."
    )


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("row", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; default: all")
    parser.add_argument("--rows", type=int, default=10_000_000, help="lines of the log in memory")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--disk-rows", type=int, default=50_000_000, help="lines of the log on disk")
    parser.add_argument("--runs", type=int, default=5, help="of every contestant")
    parser.add_argument("--no-peers", action="store_true", help="leave out those that need an environment of their own")
    parser.add_argument("--cache", type=Path, default=HERE / ".cache", help="for environments and the log on disk")
    parser.add_argument("--write", action="store_true", help="write the figures into README.md")
    options = parser.parse_args()
    if unknown := set(options.row) - set(ROWS):
        parser.error(f"there is no row {sorted(unknown)[0]!r}; choose from {', '.join(ROWS)}")
    options.cache.mkdir(parents=True, exist_ok=True)
    size = {"rows": options.rows, "customers": options.customers, "disk_rows": options.disk_rows}
    about, parts = machine(options.cache), {}
    for name in options.row or ROWS:
        if name == "disk":
            size["parquet"] = str(options.cache.resolve() / f"log-{options.disk_rows}-{options.customers}.parquet")
            if not Path(size["parquet"]).exists():
                write_parquet(size["parquet"], options.disk_rows, options.customers)
        found = measure(ROWS[name], size, options.runs, options.cache, not options.no_peers)
        parts[name] = "\n".join(lines_of(ROWS[name], found, size))
        print(parts[name], flush=True)
    print(about)
    if options.write:
        write_readme(parts, about)


if __name__ == "__main__":
    main()
