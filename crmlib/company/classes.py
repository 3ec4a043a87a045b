"""Data sets for a class: one for each class or student, made from a key that only the instructor has.

    OUT/students/SET/     what a student gets: clean/, raw/, datapackage.json, README.md, manifest.json
    OUT/instructor/SET/   what the student does not get: truth/
    OUT/instructor/manifest.json   which student has which set

A set is drawn from HMAC-SHA256(key, course, task, student), so nobody without the key can make it or say whose it is. Its
clean and its raw form are two separate draws: the one does not give the answers for the other.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from crmlib.company import Company, make
from crmlib.company import parameters as settings
from crmlib.company.band import outside
from crmlib.company.generate import VERSION, make_raw
from crmlib.company.package import write, write_truth
from crmlib.company.roster import Unit
from crmlib.company.schema import dictionary, wrong
from crmlib.company.verify import verify
from crmlib.datasets import describe
from crmlib.errors import DataError
from crmlib.writing import whole

__all__ = ["Made", "draw", "new", "read_key", "set_id", "truth_of", "verify_class", "verify_set"]

TASK = "lighthouse"
MANIFEST = "manifest.json"
STUDENTS, INSTRUCTOR = "students", "instructor"
_MOST_DRAWS = 20
_CARD = """\
# {title}

A set of the course {course}. Lighthouse Coffee, a roastery in the harbour of Port Ansel, sells beans, capsules, machines,
accessories and care products to households and businesses, in EUR, from 2023 to 2025. A program made it up; nobody in it
lives. Free for any use (CC0 1.0).

The tables in `clean/` pass the door: `datasets.load("this folder")`. Those in `raw/` (`raw_records`, `raw_lines` ...) are as the
systems of the company hold them, with what is wrong in them. They are two separate draws: the customers in `raw/` are
not those in `clean/`, though their ids look alike. The cost of a product in `products` is that of 1 January 2025; what the
goods of a line cost stands in `transactions`.

## What is wrong with it

{wrong}
## Dictionary

{dictionary}"""


class Made(NamedTuple):
    """The folders that students get, in the order of the roster; how many were there; whether the key was made now."""

    folders: list[Path]
    kept: int
    new_key: bool


def new(course: str, units: list[Unit], key_file, out, *, task: str = TASK, progress: bool = False) -> Made:
    """Make the sets of a course, one a unit of `roster`, in the folder ``out``.

    The key file is made where there is none; it must not lie in ``out``. A set that is there and verifies is kept, so
    that a run that was stopped is taken up by calling again; nothing is ever overwritten, and a set appears whole or
    not at all. ``progress`` shows a bar on stderr. Raises `DataError` for a key, a course or a folder that cannot be
    used.
    """
    from tqdm import tqdm

    if not (course.isprintable() and 0 < len(course.strip()) <= 60):
        raise DataError(f"The course {course!r} is no name of 1 to 60 characters; write for example WS26-CRM.")
    out = Path(out).expanduser()
    if out.exists() and not out.is_dir():
        raise DataError(f"{out} is a file; name a folder for the sets.")
    there = _manifest(out / INSTRUCTOR) if (out / INSTRUCTOR / MANIFEST).is_file() else None
    new_key = not os.path.lexists(Path(key_file).expanduser())
    key = _key(key_file, out, there)
    names = {unit: set_id(key, course, task, unit) for unit in units}
    _check_same(there, course, names, out)
    made, kept = [], 0
    with tqdm(total=len(units), desc="sets", unit="set", leave=False, disable=not progress) as bar:
        for unit, name in names.items():
            held = _held(out, name)
            if len(held) < 2:
                _make(key, course, task, unit, name, out, held)
            made.append(out / STUDENTS / name)
            kept += len(held) == 2
            _remember(out, course, {name: unit})
            bar.update()
    return Made(made, kept, new_key)


def draw(key: bytes, course: str, task: str, unit: Unit) -> Company:
    """The company of one set: parameters drawn in their bands, and again until it lies in the band of the lessons."""
    entropy = int.from_bytes(_hmac(key, "seed", course, task, unit))
    for attempt in range(_MOST_DRAWS):
        seed = np.random.SeedSequence(entropy, spawn_key=(attempt,))
        varied, clean, raw = seed.spawn(3)
        chosen = settings.draw(np.random.default_rng(varied))
        one, (exported, of_raw) = make(chosen, clean, raw=False), make_raw(chosen, raw)
        company = Company(chosen, one.clean, exported, one.truth | of_raw)
        if not (said := outside(company)):
            return company
    raise DataError(f"None of {_MOST_DRAWS} draws lies in the band that the lessons need; of the last: {said[0]}")


def set_id(key: bytes, course: str, task: str, unit: Unit) -> str:
    """What a set is called: it tells nothing about whose it is.

    >>> set_id(b"k" * 32, "CRM", "lighthouse", Unit("student", "Ann", ("Ann",)))
    'set-2ca88e9cb1'
    """
    return f"set-{_hmac(key, 'set id', course, task, unit).hex()[:10]}"


def _hmac(key, purpose, course, task, unit):
    """JSON, so that no two lists of texts give the same message."""
    message = json.dumps([f"crmlib class set: {purpose}", course, task, unit.kind, unit.name])
    return hmac.digest(key, message.encode("utf-8"), "sha256")


# the key


def read_key(place) -> bytes:
    """The key in a file that `new` made. Raises `DataError` where it is none."""
    place = Path(place).expanduser()
    try:
        text = place.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise DataError(f"There is no key file {place}.") from None
    except IsADirectoryError:
        raise DataError(f"{place} is a folder; give --key the name of a file, such as {place / 'course.key'}.") from None
    except (OSError, UnicodeError) as error:
        raise DataError(f"The key file {place} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from None
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        what = "is empty" if not text else "holds something else than a key, which is 64 digits 0 to 9 and a to f"
        raise DataError(f"The key file {place} {what}; name the file that crm class new made, or one that does not exist yet.")
    if len(set(text)) < 8:
        raise DataError(f"The key in {place} can be guessed; name a file that does not exist yet, and a key is made there.")
    return bytes.fromhex(text)


def _key(place, out, there):
    place = Path(place).expanduser()
    if place.resolve().is_relative_to(out.resolve()):
        raise DataError(f"The key file {place} would lie in {out}, which goes to students; put it somewhere else.")
    if os.path.lexists(place):
        return read_key(place)
    if there is not None:
        raise DataError(f"{out} holds sets already, and there is no key file {place}; name the one they were made with.")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
    except OSError as error:
        raise DataError(f"The key file {place} cannot be made: {error.strerror or error}.") from None
    return read_key(place)


# one set


def _held(out, name):
    """The folders of a set that are there already, as they were made by this generator."""
    there = [out / part / name for part in (INSTRUCTOR, STUDENTS) if os.path.lexists(out / part / name)]
    for place in there:
        if said := _files(place):
            raise DataError(f"{said[0]} It is kept; to make the set {name} again, move it away from both folders.")
        if (found := _manifest(place).get("generator")) != VERSION:
            raise DataError(f"{place} was made by the generator {found}, this is {VERSION}; name another --out.")
    return there


def _make(key, course, task, unit, name, out, held):
    """Make a set in a temporary place, and move to ``out`` those of its two folders that are not held."""
    company = draw(key, course, task, unit)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".crm-") as work:
            _write(company, Path(work), course, name)
            for part in (INSTRUCTOR, STUDENTS):
                if out / part / name not in held:
                    (out / part).mkdir(exist_ok=True)
                    os.rename(Path(work, part), out / part / name)
    except OSError as error:
        raise DataError(f"{out} cannot be written to: {error.strerror or error}.") from None


def _write(company, work, course, name):
    about = {"course": course, "set": name}
    student, instructor = work / STUDENTS, work / INSTRUCTOR
    title = f"Lighthouse Coffee, {name}"
    story = "A roastery in the harbour of Port Ansel that sells coffee and machines to households and businesses"
    write(
        company, student, name=f"lighthouse-{name}", title=title, crmlib=about,
        description=f"{story}, 2023 to 2025. The clean and the raw tables are two separate draws: of different customers.",
    )  # fmt: skip
    card = _CARD.format(title=title, course=course, wrong=wrong(), dictionary=dictionary("clean", "raw"))
    (student / "README.md").write_bytes(card.encode("utf-8"))
    write_truth(
        company, instructor / "truth", name=f"lighthouse-{name}-truth", title=f"{title}: the truth", crmlib=about,
        description="What was planted. The tables records and defects belong to the raw form, all others to the clean one.",
    )  # fmt: skip
    for folder in (student, instructor):
        _write_manifest(folder, course, name)


def _content_hash(path):
    """The sha256 of what a file holds: unpacked, if it is packed and not damaged."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            pass  # it is not what was made, whatever it is
    return hashlib.sha256(content).hexdigest()


def _write_manifest(folder, course, name):
    files = {path.relative_to(folder).as_posix(): f"sha256:{_content_hash(path)}" for path in sorted(folder.rglob("*")) if path.is_file()}
    manifest = {"course": course, "set": name, "generator": VERSION, "numpy": np.__version__, "files": files}
    (folder / MANIFEST).write_bytes((json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode("utf-8"))


# the manifests


def _manifest(folder):
    place = folder / MANIFEST
    try:
        manifest = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{place} is missing.") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{place} cannot be read: {error}.") from None
    if not (isinstance(manifest, dict) and isinstance(manifest.get("files", manifest.get("sets")), dict)):
        raise DataError(f"{place} is no manifest of class sets.")
    return manifest


def _check_same(there, course, names, out):
    """That the folder holds this course's sets, made with this key and in this way."""
    if there is None:
        return
    if there.get("course") != course:
        raise DataError(f"{out} holds the sets of the course {there.get('course')!r}; name another --out.")
    has = {student: name for name, held in there["sets"].items() for student in held["students"]}
    for unit, name in names.items():
        for student in unit.students:
            if has.get(student, name) != name:
                raise DataError(
                    f"In {out} the student {student!r} has the set {has[student]}, with this key and roster it would be {name}; "
                    "name the key they were made with, or another --out."
                )


def _remember(out, course, made):
    """Enter sets into the instructor's manifest."""
    folder = out / INSTRUCTOR
    sets = _manifest(folder)["sets"] if (folder / MANIFEST).is_file() else {}
    sets |= {name: {unit.kind: unit.name, "students": list(unit.students)} for name, unit in made.items()}
    manifest = {"course": course, "generator": VERSION, "numpy": np.__version__, "sets": sets}
    with whole(folder / MANIFEST) as path:
        path.write_bytes((json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode("utf-8"))


# the truth


def truth_of(folder) -> Path:
    """The truth in the folder of an instructor's set, of a data set whose truth is open, or that folder itself.

    Raises `DataError` where there is none.
    """
    folder = Path(folder).expanduser()
    found = next((place for place in (folder / "truth", folder) if (place / "datapackage.json").is_file()), None)
    if found is None or "records" not in {resource["name"] for resource in describe(found)["resources"]}:
        raise DataError(f"{folder} holds no truth; give the folder of the set in instructor/, e.g. instructor/set-0123456789.")
    return found


# verifying


def verify_set(folder) -> list[str]:
    """A sentence for each thing that is wrong with one set, a student's or an instructor's: files, hashes, schema."""
    if said := _files(Path(folder)):
        return said
    described = Path(folder, "truth") if Path(folder, "truth").is_dir() else Path(folder)
    return [f"{described}: {sentence}" for sentence in verify(described)]


def _files(folder):
    """What is missing, changed or too many in the folder of a set."""
    try:
        files = _manifest(folder)["files"]
    except DataError as error:
        return [str(error)]
    said = []
    for place, stated in files.items():
        path = folder / place
        if not path.is_file():
            said.append(f"{path} is missing.")
        elif f"sha256:{_content_hash(path)}" != stated:
            said.append(f"{path} does not hold what was made.")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return said + [f"{folder / place} does not belong to the set." for place in sorted(there - set(files) - {MANIFEST})]


def verify_class(folder) -> tuple[list[str], int]:
    """What is wrong with a folder of class sets, with its students/ alone, or with one set; and how many were looked at.

    Raises `DataError` where there are none.
    """
    folder = Path(folder).expanduser()
    if not (folder / STUDENTS).is_dir() and not (folder / INSTRUCTOR).is_dir():
        if (folder / MANIFEST).is_file():
            return verify_set(folder), 1
        sets = sorted(place.parent for place in folder.glob(f"*/{MANIFEST}"))
        if not sets:
            raise DataError(f"{folder} holds no class sets; give the folder that crm class new made, or one set of it.")
        return [sentence for place in sets for sentence in verify_set(place)], len(sets)
    students, instructor = ({path.name for path in (folder / part).glob("*/")} for part in (STUDENTS, INSTRUCTOR))
    said = []
    if (folder / INSTRUCTOR).is_dir():
        named = set(_manifest(folder / INSTRUCTOR)["sets"])
        for part, there in ((STUDENTS, students), (INSTRUCTOR, instructor)):
            if (folder / part).is_dir():
                said += [f"{folder / part / name} is missing." for name in sorted(named - there)]
                said += [f"{folder / part / name} is in no manifest." for name in sorted(there - named)]
    for part, there in ((STUDENTS, students), (INSTRUCTOR, instructor)):
        for name in sorted(there):
            said += verify_set(folder / part / name)
    return said, len(students | instructor)
