"""The side of a benchmark that does the work: runs contestants on demand, and says how long they took.

For each name on a line of standard input, one run; a line of JSON with its seconds comes back, with the peak of memory
of this process, how far it grew in this run, and some sums of the result, so that contestants can be held to the same
answer.
"""

import json
import resource
import sys
import time
import warnings
from pathlib import Path

import pandas as pd


def sums(result):
    """Sums of a table by column, as far as contestants share it; parameters as they are; {} for what is neither."""
    if isinstance(result, dict):  # parameters of a fit
        return {name: float(value) for name, value in result.items()}
    frame = result if isinstance(result, pd.DataFrame) else getattr(result, "to_pandas", dict)()
    names = ("x", "t_x", "T", "mean_repeat_value", "revenue", "customers")
    return {name: float(frame[name].sum()) for name in names if name in frame}


def peak_memory():
    """Bytes. Not ru_maxrss on Linux: it begins with the memory of the process that started this one."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def resident():
    """Bytes in memory now; and from here on the peak counts anew (Linux; elsewhere it does not)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return peak_memory()
    except OSError:
        return peak_memory()


def serve(setups):
    """Run the setup that the command line names; a setup gives its contestants, and the bytes of its table if need be."""
    warnings.simplefilter("ignore")
    name, size = sys.argv[1], json.loads(sys.argv[2])
    made = setups[name](size)
    contestants, table = made if isinstance(made, tuple) else (made, 0)
    print(json.dumps({"contestants": list(contestants), "table": table}), flush=True)
    for line in sys.stdin:
        run, before = contestants[line.strip()], resident()
        wall, cpu = time.perf_counter(), time.process_time()
        result = run()
        timed = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "peak": peak_memory()}
        print(json.dumps(timed | {"grown": timed["peak"] - before, "sums": sums(result)}), flush=True)
        del result
