"""What was built from what: ``course/manifest.json`` and the check against it that runs nothing.

The manifest holds the sha256 of every source and of every built file. Hashes are over text with line feeds, so that a
checkout that turned them into CR LF agrees.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from crmlib import checkout
from crmlib.workbook.notebook import BuildError, faults, load
from crmlib.workbook.source import Source, answers, find_sources, leaks

__all__ = ["Manifest", "check", "read_manifest", "sha256", "worked_in", "write_atomically", "write_manifest"]

PLACE = "course/manifest.json"
BUILT_FOLDERS = ("notebooks", "exercises", "solutions")
ABOUT = "Written by `crm build`; sha256 of every source and of what was built from it. Never edited by hand."


@dataclass
class Manifest:
    """Hashes by path below the root, as they were at the last build."""

    sources: dict[str, str] = field(default_factory=dict)
    built: dict[str, str] = field(default_factory=dict)


def read_manifest(root: Path) -> Manifest:
    """The manifest; an empty one before the first build. Raises BuildError if the file cannot be understood."""
    path = root / PLACE
    if not path.exists():
        return Manifest()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(dict(content["sources"]), dict(content["built"]))
    except (ValueError, KeyError, TypeError):
        raise BuildError(
            f"{PLACE} cannot be read (an unresolved merge?); run `git checkout HEAD -- {PLACE}`, then `crm build`."
        ) from None


def write_manifest(manifest: Manifest, root: Path) -> None:
    content = {"about": ABOUT, "sources": manifest.sources, "built": manifest.built}
    write_atomically(root / PLACE, (json.dumps(content, indent=1, sort_keys=True) + "\n").encode())


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside ``path`` and rename, so that nobody ever reads half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=f".{path.stem}-", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(content)
        os.chmod(beside, 0o644)  # mkstemp makes files that only their owner can read
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def sha256(content: bytes) -> str:
    """
    >>> sha256(b"a line\\r\\n") == sha256(b"a line\\n")
    True
    """
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def worked_in(target: str, manifest: Manifest, root: Path) -> bool:
    """Whether the exercise on disk is not the one that was built: somebody may have answered in it."""
    path = root / target
    return target.startswith("exercises/") and path.exists() and sha256(path.read_bytes()) != manifest.built.get(target)


def how_to_save(target: str) -> str:
    name = target.rsplit("/", 1)[1]
    return f"If it holds your answers, copy it to work/{name} first; then run `git checkout -- {target}`."


def check(*, root: Path | None = None) -> list[str]:
    """Sentences on all that is not as it was built, each with what to do; none if all is well. Runs no notebook.

    Looks at sources and built files that are missing, changed, or unknown to the manifest; at notebooks without a
    ``parameters`` cell or with a path of somebody's machine; at exercises that show a solution.
    """
    root = root or checkout.root()
    try:
        manifest, sources = read_manifest(root), find_sources(root)
    except BuildError as error:
        return [str(error)]
    found = []
    for source in sources:
        found += _check_source(source, manifest, root)
    known = {source.path for source in sources}
    for path in sorted(set(manifest.sources) - known):
        found.append(f"{path} is gone; run `git checkout -- {path}`, or `crm build` to drop what was built from it.")
    expected = {target for source in sources for target in source.targets}
    for target in sorted(set(manifest.built) - expected):
        found.append(f"{target} has no source in course/ any more; bring the source back or run `crm build`.")
    for folder in BUILT_FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            place = path.relative_to(root)
            hidden = any(part.startswith((".", "__")) for part in place.parts)
            if path.is_file() and not hidden and place.as_posix() not in expected | set(manifest.built):
                found.append(f"{place.as_posix()} is not built from course/; move it to work/ or delete it.")
    return found


def _check_source(source: Source, manifest: Manifest, root: Path) -> list[str]:
    found, content = [], (root / source.path).read_bytes()
    again = f"run `crm build {source.key}`"
    if source.path not in manifest.sources:
        found.append(f"{source.path} was never built; {again}.")
    elif sha256(content) != manifest.sources[source.path]:
        found.append(f"{source.path} changed after the build; {again}.")
    for target in source.targets:
        path = root / target
        if target not in manifest.built:
            if source.path in manifest.sources:
                found.append(f"{target} was never built; {again}.")
            continue
        if not path.exists():
            found.append(f"{target} is missing; {again}.")
            continue
        if sha256(path.read_bytes()) != manifest.built[target]:
            mend = (
                how_to_save(target)
                if target.startswith("exercises/")
                else (f"Edit {source.path} instead and {again}, or run `git checkout -- {target}`.")
            )
            found.append(f"{target} is not what was built. {mend}")
        found += _check_notebook(source, target, content.decode(errors="replace"), root)
    return found


def _check_notebook(source: Source, target: str, text: str, root: Path) -> list[str]:
    import jupytext

    try:
        notebook = load(root / target)
        problems = faults(notebook, target)
        if target.startswith("exercises/"):
            answered = answers(jupytext.reads(text.replace("\r\n", "\n"), fmt="py:percent"), source.path)
            problems += leaks(answered, notebook, target)
    except BuildError as error:
        problems = [f"{target}: {error}"]
    return [f"{problem} Mend {source.path}, then run `crm build {source.key}`." for problem in problems]
