"""``crm build``: text sources in ``course/`` become executed notebooks, exercises without answers, and solutions."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from crmlib import checkout
from crmlib.workbook.compare import differences
from crmlib.workbook.execute import run
from crmlib.workbook.manifest import (
    check,
    how_to_save,
    read_manifest,
    sha256,
    worked_in,
    write_atomically,
    write_manifest,
)
from crmlib.workbook.notebook import BuildError, dump, load
from crmlib.workbook.source import Source, find_sources, notebooks, select

__all__ = ["BuildError", "build", "check", "check_execute"]

AT_ONCE = 2  # each has a kernel of its own; more than the cores gains nothing


def build(names=(), *, progress: bool = True, root: Path | None = None) -> list[Path]:
    """Build the lessons and reports with these keys or names (all of them by default); return the files written.

    Each source's notebooks are written together, only after they ran, and the manifest with them. What belongs to a
    source that is gone is deleted. Raises BuildError, touching nothing, if a source is malformed or if an exercise on
    disk may hold somebody's answers; raises BuildError with a sentence for each notebook that failed after the others
    are built.
    """
    root = root or checkout.root()
    found = find_sources(root)
    chosen = select(found, names)
    manifest = read_manifest(root)
    expected = {target for source in found for target in source.targets}
    stale = [target for target in manifest.built if target not in expected] if not names else []
    at_risk = [target for source in chosen for target in source.targets] + stale
    if answered := [_answered(target) for target in at_risk if worked_in(target, manifest, root)]:
        raise BuildError(" ".join(answered) + " Nothing was built.")
    contents = {source: (root / source.path).read_bytes() for source in chosen}
    jobs = _jobs(contents)
    written: list[Path] = []
    failed: dict[Source, str] = {}
    ready: dict[Source, dict[str, bytes]] = {source: {} for source in chosen}
    for source, target, outcome in _run_all(jobs, root, progress):
        if isinstance(outcome, BuildError):
            failed.setdefault(source, str(outcome))
            continue
        ready[source][target] = dump(outcome)
        if len(ready[source]) == len(source.targets):
            manifest = read_manifest(root)  # again: a build of another lesson may have written to it
            if since := [place for place in source.targets if worked_in(place, manifest, root)]:
                failed[source] = _answered(since[0])  # answered while its notebooks ran
                continue
            for place, content in ready[source].items():
                write_atomically(root / place, content)
                manifest.built[place] = sha256(content)
                written.append(root / place)
            manifest.sources[source.path] = sha256(contents[source])
            write_manifest(manifest, root)
    if not names:
        _forget(stale, {source.path for source in found}, root)
    if failed:
        raise BuildError(" ".join(failed[source] for source in chosen if source in failed))
    return sorted(written)


def check_execute(names=(), *, progress: bool = True, root: Path | None = None) -> list[str]:
    """Run every source again, in this environment, and compare with the committed notebooks; write nothing.

    Returns a sentence for each cell that shows something else: text is compared to the letter, pictures by size and by
    the mean absolute difference of their pixels (compare.PICTURE_TOLERANCE).
    """
    root = root or checkout.root()
    try:
        chosen = select(find_sources(root), names)
        jobs = _jobs({source: (root / source.path).read_bytes() for source in chosen})
    except BuildError as error:
        return [str(error)]
    found: dict[str, list[str]] = {}
    for source, target, outcome in _run_all(jobs, root, progress):
        try:
            if isinstance(outcome, BuildError):
                raise outcome
            found[target] = differences(load(root / target), outcome, target)
        except BuildError as error:
            found[target] = [f"{target}: {error}"]
    return [sentence for _, target, _ in jobs for sentence in found[target]]


def _answered(target: str) -> str:
    return f"{target} is not what was built. {how_to_save(target)}"


def _jobs(contents: dict[Source, bytes]) -> list[tuple]:
    """(source, target, notebook that has not run), every source read before anything runs."""
    jobs, problems = [], []
    for source, content in contents.items():
        try:
            text = content.decode("utf-8")
            jobs += [(source, target, notebook) for target, notebook in notebooks(source, text).items()]
        except UnicodeDecodeError:
            problems.append(f"{source.path} is not UTF-8; save it as UTF-8.")
        except BuildError as error:
            problems.append(str(error))
    if problems:
        raise BuildError(" ".join(problems))
    return jobs


def _run_all(jobs, root: Path, progress: bool):
    """Run notebooks, some at once; yields (source, target, the notebook or its BuildError) as they end."""
    from tqdm import tqdm

    def work(source, target, notebook):
        folder = (root / target).parent
        folder.mkdir(parents=True, exist_ok=True)
        try:
            run(notebook, cwd=folder, what=f"{source.path} ({target})")
        except BuildError as error:
            return source, target, error
        return source, target, notebook

    bar = tqdm(total=len(jobs), unit="notebook", desc="build", disable=not progress)
    pool = ThreadPoolExecutor(max_workers=min(AT_ONCE, os.cpu_count() or 1))
    try:
        for done in as_completed([pool.submit(work, *job) for job in jobs]):
            source, target, outcome = done.result()
            bar.set_postfix_str(target)
            bar.update()
            yield source, target, outcome
    finally:
        pool.shutdown(cancel_futures=True)  # Ctrl-C: finish what runs, start nothing new
        bar.close()


def _forget(stale: list[str], sources: set[str], root: Path) -> None:
    """Delete what belonged to sources that are gone, and strike them out."""
    manifest = read_manifest(root)
    for target in stale:
        (root / target).unlink(missing_ok=True)
        manifest.built.pop(target, None)
    kept = {path: digest for path, digest in manifest.sources.items() if path in sources}
    if stale or kept != manifest.sources:
        manifest.sources = kept
        write_manifest(manifest, root)
