"""Many class sets, and the reports of a whole class: run by hand, as it takes half an hour.

    uv run python tests/many_sets.py                 200 sets: where each check of the band lies, and how often one was drawn again
    uv run python tests/many_sets.py --reports 30    30 sets with their reports in one batch, interrupted once and taken up
    ... --sets 20 --jobs 2
"""

import argparse
import json
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tqdm import tqdm

from crmlib.batch import render_batch
from crmlib.cli import _admitted
from crmlib.company import classes
from crmlib.company.band import BAND, measured
from crmlib.company.roster import Unit

KEY = bytes(range(32))


def one(number):
    """What the checks measure on a set, and what the draws before it lacked."""
    said = []
    outside = classes.outside

    def heard(company):
        found = outside(company)
        said.extend(found)
        return found

    classes.outside = heard
    try:
        return measured(classes.draw(KEY, "many", classes.TASK, unit(number))), said
    finally:
        classes.outside = outside


def unit(number):
    return Unit("student", f"student-{number:04d}", (f"student-{number:04d}",))


def many(sets, jobs):
    """Draw the sets; print a line a check, after Ctrl-C on those drawn so far. Stops with a sentence if one lies outside."""
    found, pool = [], ProcessPoolExecutor(jobs)
    try:
        for drawn in tqdm(pool.map(one, range(sets)), total=sets, unit="set"):
            found.append(drawn)
    except KeyboardInterrupt:
        pass
    pool.shutdown(cancel_futures=True)
    said = [sentence for _, sentences in found for sentence in sentences]
    print(f"{len(found)} sets, {len(said)} times a check failed and the set was drawn again")
    for name, check in BAND.items():
        values = [values[name] for values, _ in found]
        if not check.low <= min(values) <= max(values) <= check.high:
            raise SystemExit(f"{name} lies outside: {min(values)} to {max(values)}")
        again = sum(sentence.startswith(f"{name}:") for sentence in said)
        spread = statistics.pstdev(values)
        print(f"{name:15} {check.low:7.3f} <= {min(values):7.3f} .. {max(values):7.3f} <= {check.high:7.3f}   sd {spread:.4f}   again {again}")


def reports(count, jobs):
    """Make sets and their reports; stop the batch after a third of them, and go on."""
    with tempfile.TemporaryDirectory() as work:
        folder, out = Path(work, "sets"), Path(work, "reports")
        begun = time.perf_counter()
        made = classes.new("many", [unit(number) for number in range(count)], Path(work, "key"), folder, progress=True)
        print(f"{len(made.folders)} sets in {time.perf_counter() - begun:.0f} s")
        seen = []

        def stop(name):
            seen.append(name)
            if len(seen) == count // 3:
                raise KeyboardInterrupt

        begun = time.perf_counter()
        try:
            render_batch(folder, out, admit=_admitted, jobs=jobs, progress=True, done=stop)
        except KeyboardInterrupt:
            known = json.loads((out / "made.json").read_text("utf-8"))
            print(f"stopped after {len(known)} reports, {time.perf_counter() - begun:.0f} s")
        batch = render_batch(folder, out, admit=_admitted, jobs=jobs, progress=True)
        print(f"{len(batch.kept)} kept, {len(batch.made)} made, {len(batch.failed)} failed, {time.perf_counter() - begun:.0f} s in all")
        if batch.failed or len(batch.kept) != len(known) or len(list(out.glob("set-*.html"))) != count:
            raise SystemExit(f"not all reports were made: {batch.failed}")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sets", type=int, default=200)
    options.add_argument("--reports", type=int, default=0)
    options.add_argument("--jobs", type=int, default=2)
    given = options.parse_args()
    if given.reports:
        reports(given.reports, given.jobs)
    else:
        many(given.sets, given.jobs)
