"""Class sets: who gets one, what it is drawn from, what is in it and what is not, and that nothing is lost or overwritten."""

import gzip
import hashlib
import json
import os
import re
import shutil
import stat

import numpy as np
import pandas as pd
import pytest
from companies import class_sets
from tiny_company import made

from crmlib import datasets
from crmlib.cli import main
from crmlib.company import Company, classes, make, parameters
from crmlib.company.band import BAND, Check, measured, outside
from crmlib.company.classes import draw, new, read_key, set_id, verify_class, verify_set
from crmlib.company.package import csv_bytes
from crmlib.company.roster import Unit, roster
from crmlib.company.schema import tables
from crmlib.errors import DataError

ANN, BO, CEM = (Unit("student", name, (name,)) for name in ("Ann", "Bo", "Cem"))
KEY = bytes(range(32))


@pytest.fixture
def quick(monkeypatch):
    """Companies of a few rows in place of whole ones; what was asked for is in the list."""
    asked = []

    def small(chosen, seed, *, raw=True):
        asked.append(seed)
        number = np.random.default_rng(seed).integers(10**9)
        company = made()
        company.clean["customers"]["street"] = [f"street {number}"] * 3
        company.raw["records"]["street"] = [f"street {number}"] * 3
        company.truth["defects"]["value"] = [f"was {number}"] * 3
        return Company(chosen, company.clean, company.raw, company.truth)

    def small_raw(chosen, seed):
        company = small(chosen, seed)
        return company.raw, {"defects": company.truth["defects"], "records": company.truth["records"]}

    monkeypatch.setattr(classes, "make", small)
    monkeypatch.setattr(classes, "make_raw", small_raw)
    monkeypatch.setattr(classes, "outside", lambda company: [])
    return asked


@pytest.fixture
def course(tmp_path):
    """Makes sets, by default three; gives the folder."""

    def run(units=(ANN, BO, CEM), course="CRM", key="key", out="sets"):
        return new(course, list(units), tmp_path / key, tmp_path / out)

    return run


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# -- the roster


def write(tmp_path, text):
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_set_a_class_or_a_student(tmp_path):
    path = write(tmp_path, "Student;Class\nAnn ;A\n\nBo;B\nZoë;A\n007;A\n")
    assert roster(path) == [Unit("class", "A", ("Ann", "Zoë", "007")), Unit("class", "B", ("Bo",))]
    assert [unit.name for unit in roster(path, per_student=True)] == ["Ann", "Bo", "Zoë", "007"]
    assert roster(write(tmp_path, "student,mail\nAnn,x\nBo,y\n")) == [Unit("class", "all", ("Ann", "Bo"))]
    assert roster(write(tmp_path, "student\nAnn\nBo\n")) == [Unit("class", "all", ("Ann", "Bo"))]
    pd.DataFrame({"student": [1001, 1002]}).to_excel(tmp_path / "roster.xlsx", index=False)
    assert roster(tmp_path / "roster.xlsx")[0].students == ("1001", "1002")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,class\nAnn,A\n", "The roster has no column 'student'; it has 'name', 'class'."),
        ("student,class\nAnn,A\n,B\n", "Row 2 of the roster has nothing in the column 'student'; fill it in or delete the row."),
        ("student,group\nAnn,A\nBo,\n", "Row 2 of the roster has nothing in the column 'group'; fill it in or delete the row."),
        ("student,group\nAnn,A\nBo,A\nAnn ,B\n",
         "The roster has the student 'Ann' twice, in rows 1 and 3; make the names differ or delete one."),
        ("student,group\n,\n,\n", "The roster has no students."),
    ],
)  # fmt: skip
def test_a_roster_that_cannot_be_used(tmp_path, text, sentence):
    with pytest.raises(DataError) as caught:
        roster(write(tmp_path, text))
    assert str(caught.value) == sentence


# -- the key


def test_the_key_is_made_once_and_for_its_owner_alone(quick, course, tmp_path):
    assert course().new_key
    key = (tmp_path / "key").read_text()
    assert re.fullmatch(r"[0-9a-f]{64}\n", key)
    if os.name != "nt":
        assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert not course().new_key and (tmp_path / "key").read_text() == key


@pytest.mark.parametrize("key", ["sets/key", "sets/students/../key", "sets"])
def test_the_key_never_lies_in_what_goes_to_students(quick, course, tmp_path, key):
    with pytest.raises(DataError) as caught:
        course(key=key)
    assert str(caught.value) == (
        f"The key file {tmp_path / key} would lie in {tmp_path / 'sets'}, which goes to students; put it somewhere else."
    )
    assert not (tmp_path / "sets").exists()


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_the_key_does_not_get_in_by_a_link(quick, course, tmp_path):
    (tmp_path / "sets").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "sets")
    with pytest.raises(DataError, match="which goes to students"):
        course(key="link/key")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty; name the file that crm class new made, or one that does not exist yet."),
        ("secret\n", "holds something else than a key, which is 64 digits 0 to 9 and a to f; name the file that crm class "
                     "new made, or one that does not exist yet."),
        ("ab" * 40, "holds something else than a key, which is 64 digits"),
        ("0" * 64, "can be guessed; name a file that does not exist yet, and a key is made there."),
    ],
)  # fmt: skip
def test_an_empty_or_odd_key_is_refused_and_kept(quick, course, tmp_path, text, sentence):
    (tmp_path / "key").write_text(text)
    with pytest.raises(DataError, match=re.escape(sentence)):
        course()
    assert (tmp_path / "key").read_text() == text and not (tmp_path / "sets").exists()
    with pytest.raises(DataError, match="There is no key file"):
        read_key(tmp_path / "none")


def test_sets_need_a_folder(quick, course, tmp_path):
    (tmp_path / "sets").write_text("mine")
    with pytest.raises(DataError) as caught:
        course()
    assert str(caught.value) == f"{tmp_path / 'sets'} is a file; name a folder for the sets."
    assert not (tmp_path / "key").exists()


def test_another_key_does_not_mix_with_sets_that_are_there(quick, course, tmp_path):
    made = course()
    with pytest.raises(DataError) as caught:
        course(key="other")
    assert str(caught.value) == (
        f"{tmp_path / 'sets'} holds sets already, and there is no key file {tmp_path / 'other'}; name the one they were made with."
    )
    (tmp_path / "other").write_text("0123456789abcdef" * 4)
    with pytest.raises(DataError, match=f"the student 'Ann' has the set {made.folders[0].name}, with this key and roster it would"):
        course(key="other")
    with pytest.raises(DataError, match="holds the sets of the course 'CRM'; name another --out"):
        course(course="CRM2")
    assert {path.name for path in (tmp_path / "sets" / "students").iterdir()} == {path.name for path in made.folders}


@pytest.mark.parametrize("course_name", ["", "  ", "a\nb", "x" * 61])
def test_a_course_has_a_name(quick, course, course_name):
    with pytest.raises(DataError, match="is no name of 1 to 60 characters; write for example WS26-CRM"):
        course(course=course_name)


# -- what a set is drawn from


def test_sets_differ_by_key_course_task_and_student_and_by_nothing_else():
    given = [
        (key, course, task, unit)
        for key in (KEY, KEY[::-1])
        for course in ("CRM", "CRM2")
        for task in ("lighthouse", "other")
        for unit in (ANN, BO, Unit("class", "Ann", ("Ann",)))
    ]
    assert len({set_id(*one) for one in given}) == len(given)
    assert set_id(KEY, "CRM", "t", ANN) == set_id(KEY, "CRM", "t", ANN._replace(students=("Ann", "Bo")))
    assert set_id(KEY, 'a","b', "c", ANN) != set_id(KEY, "a", 'b","c', ANN)


def test_clean_and_raw_are_separate_draws_and_repeat(quick):
    one, again, other = draw(KEY, "CRM", "t", ANN), draw(KEY, "CRM", "t", ANN), draw(KEY, "CRM", "t", BO)
    assert len({tuple(np.random.default_rng(seed).integers(10**9, size=4)) for seed in quick}) == 4
    assert one.parameters == again.parameters != other.parameters
    pd.testing.assert_frame_equal(one.clean["customers"], again.clean["customers"])
    assert one.clean["customers"]["street"][0] != one.raw["records"]["street"][0]
    # what is true of the raw form comes from its draw
    assert one.truth["defects"]["value"][0].removeprefix("was") == one.raw["records"]["street"][0].removeprefix("street")


def test_a_set_outside_the_band_is_drawn_again(quick, monkeypatch):
    verdicts = iter([["too few."], ["too many."], []])
    monkeypatch.setattr(classes, "outside", lambda company: next(verdicts))
    company = draw(KEY, "CRM", "t", ANN)
    assert len(quick) == 6 and company.parameters != parameters.load()
    monkeypatch.setattr(classes, "outside", lambda company: ["it is odd."])
    with pytest.raises(DataError, match=r"^None of 20 draws lies in the band that the lessons need; of the last: it is odd\.$"):
        draw(KEY, "CRM", "t", ANN)


# -- what is written


def test_the_instructor_knows_whose_set_it_is_and_the_set_does_not(quick, tmp_path):
    units = [Unit("class", "A", ("Ann", "Zoë")), Unit("class", "B", ("Bo",))]
    made = new("CRM", units, tmp_path / "key", tmp_path / "sets")
    manifest = json.loads((tmp_path / "sets/instructor/manifest.json").read_text("utf-8"))
    assert manifest["sets"] == {
        made.folders[0].name: {"class": "A", "students": ["Ann", "Zoë"]},
        made.folders[1].name: {"class": "B", "students": ["Bo"]},
    }
    for folder in made.folders:
        mine = json.loads((folder / "manifest.json").read_text("utf-8"))
        assert list(mine) == ["course", "set", "generator", "numpy", "files"]
        assert (mine["course"], mine["set"], mine["numpy"]) == ("CRM", folder.name, np.__version__)
        assert set(mine["files"]) == set(content(folder)) - {"manifest.json"}
        for place, stated in mine["files"].items():
            stored = (folder / place).read_bytes()
            unpacked = gzip.decompress(stored) if place.endswith(".gz") else stored
            assert stated == "sha256:" + hashlib.sha256(unpacked).hexdigest()
        for text in texts(folder):
            assert not {"Zoë", "Ann\n", "Bo\n"} & {text} and not re.search(r"\b(Ann|Zoë|Bo)\b", text)


def texts(folder):
    """All that a folder holds, unpacked, and the names of its files."""
    for place, stored in content(folder).items():
        yield place
        yield (gzip.decompress(stored) if place.endswith(".gz") else stored).decode("utf-8")


def test_a_run_that_stops_leaves_whole_sets_and_is_taken_up(quick, course, tmp_path, monkeypatch):
    small, out = classes.make, tmp_path / "sets"

    def stopped(chosen, seed, *, raw=True):
        if len(quick) == 2:
            raise KeyboardInterrupt
        return small(chosen, seed)

    monkeypatch.setattr(classes, "make", stopped)
    with pytest.raises(KeyboardInterrupt):
        course()
    assert sorted(path.name for path in out.iterdir()) == ["instructor", "students"]
    (first,) = (out / "students").iterdir()
    before = content(first)
    monkeypatch.setattr(classes, "make", small)
    made = course()
    assert made.kept == 1 and len(quick) == 2 + 4 and content(first) == before
    assert verify_class(out) == ([], 3)
    again = course()
    assert again.kept == 3 and again.folders == made.folders and len(quick) == 6


def test_what_goes_to_the_students_can_be_verified_alone(quick, course, tmp_path):
    made = course()
    assert verify_class(tmp_path / "sets" / "students") == ([], 3)
    (made.folders[1] / "README.md").write_text("other")
    assert len(verify_class(tmp_path / "sets" / "students")[0]) == 1


def test_a_key_that_is_a_folder_is_refused(quick, course, tmp_path):
    (tmp_path / "keys").mkdir()
    with pytest.raises(DataError, match="keys is a folder; give --key the name of a file, such as .*course.key"):
        course(key="keys")


def test_half_a_set_is_completed(quick, course, tmp_path):
    made = course(units=[ANN])
    before = content(tmp_path / "sets")
    shutil.rmtree(made.folders[0])
    assert course(units=[ANN]).kept == 0
    assert content(tmp_path / "sets") == before


def test_a_set_that_somebody_changed_is_kept_and_told(quick, course, tmp_path):
    made = course(units=[ANN])
    place = made.folders[0] / "README.md"
    place.write_text("mine")
    with pytest.raises(DataError) as caught:
        course()
    assert str(caught.value) == (
        f"{place} does not hold what was made. It is kept; to make the set {made.folders[0].name} again, move it away from "
        "both folders."
    )
    assert place.read_text() == "mine"


def test_a_longer_roster_adds_sets(quick, course, tmp_path):
    course(units=[ANN])
    assert course(units=[ANN, BO]).kept == 1
    manifest = json.loads((tmp_path / "sets/instructor/manifest.json").read_text("utf-8"))
    assert [one["students"] for one in manifest["sets"].values()] == [["Ann"], ["Bo"]]


def test_sets_of_another_generator_are_not_mixed(quick, course, monkeypatch):
    course(units=[ANN])
    monkeypatch.setattr(classes, "VERSION", "99")
    with pytest.raises(DataError, match=r"was made by the generator \w+, this is 99; name another --out\."):
        course(units=[ANN])


# -- verifying


def test_verify_sees_what_is_missing_changed_or_too_much(quick, course, tmp_path):
    made, out = course(), tmp_path / "sets"
    one, two, three = made.folders
    assert verify_class(out) == ([], 3) and verify_class(one) == ([], 1)
    (one / "answers.txt").write_text("")
    (two / "clean/kano.csv.gz").write_bytes(gzip.compress(b"customer\n"))
    shutil.rmtree(out / "instructor" / three.name)
    assert set(verify_class(out)[0]) == {
        f"{one / 'answers.txt'} does not belong to the set.",
        f"{two / 'clean/kano.csv.gz'} does not hold what was made.",
        f"{out / 'instructor' / three.name} is missing.",
    }
    (three / "manifest.json").unlink()
    assert verify_set(three) == [f"{three / 'manifest.json'} is missing."]
    with pytest.raises(DataError, match="holds no class sets; give the folder that crm class new made, or one set of it"):
        verify_class(tmp_path)


def test_verify_holds_a_set_to_its_schema_too(quick, course):
    (folder,) = course(units=[ANN]).folders
    path = folder / "clean/wallet.csv.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"supermarket", b"kiosk")))
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    stated = "sha256:" + hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()
    manifest["files"]["clean/wallet.csv.gz"] = stated
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert len(verify_set(folder)) == 2  # its hash in the description, and the value


# -- the commands


def crm(capsys, *args):
    code = main([str(arg) for arg in args])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_commands(quick, tmp_path, capsys):
    place = write(tmp_path, "student,class\nAnn,A\nBo,A\n")
    options = ["--course", "CRM", "--roster", place, "--key", tmp_path / "my.key", "--out", tmp_path / "sets"]
    code, out, err = crm(capsys, "class", "new", *options)
    assert (code, out.splitlines()[-1]) == (0, str(tmp_path / "sets"))
    assert f"A key was made: {tmp_path / 'my.key'}. Without it" in err and "1 set for the course CRM." in err
    assert "1 set for the course CRM; 1 of them was there and kept." in crm(capsys, "class", "new", *options)[2]
    assert crm(capsys, "class", "verify", tmp_path / "sets") == (0, "", "1 set: all is as it was made.\n")
    (tmp_path / "sets/students/x").mkdir()
    code, out, err = crm(capsys, "class", "verify", tmp_path / "sets")
    assert (code, out) == (1, "") and f"{tmp_path / 'sets/students/x'} is in no manifest.\n" in err
    code, out, err = crm(capsys, "class", "new", *options, "--per-student")
    assert (code, out) == (2, "") and len(err.splitlines()) == 1
    code, _, err = crm(capsys, "class", "new", "--course", "CRM")
    assert code == 2 and re.fullmatch(r"Missing option '--\w+'. See crm class new --help.\n", err)


def test_ctrl_c_says_what_is_kept(quick, tmp_path, capsys, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(classes, "make", stopped)
    place = write(tmp_path, "student,mail\nAnn,a@x\n")
    options = ["--course", "CRM", "--roster", place, "--key", tmp_path / "my.key", "--out", tmp_path / "sets"]
    code, _, err = crm(capsys, "class", "new", *options)
    assert code == 130 and err.endswith("Stopped; what was whole is kept, and the same command goes on from there.\n")
    assert not (tmp_path / "sets").exists()


# -- real sets


@pytest.fixture(scope="module")
def five(tmp_path_factory):
    return class_sets(tmp_path_factory)


def students(five):
    return sorted((five / "students").iterdir())


def test_five_sets_lie_in_the_band_and_verify(five):
    assert len(students(five)) == 5
    assert verify_class(five) == ([], 5)
    seen = [measured(as_company(five, folder)) for folder in students(five)]
    for one in seen:
        assert list(one) == list(BAND)
        assert not [name for name, check in BAND.items() if not check.low <= one[name] <= check.high]
    assert len({one["top_fifth"] for one in seen}) == 5


def as_company(five, folder):
    read = {form: {} for form in ("clean", "raw", "truth")}
    for form in ("clean", "raw"):
        for name in tables(form):
            resource = f"raw_{name}" if form == "raw" else name
            if name == "transactions":
                read[form][name] = datasets.admit_log(folder).transactions
            elif resource in {one["name"] for one in datasets.describe(folder)["resources"]}:
                read[form][name] = datasets.load(folder, resource)
    truth = five / "instructor" / folder.name / "truth"
    for resource in datasets.describe(truth)["resources"]:
        read["truth"][resource["name"]] = datasets.load(truth, resource["name"])
    return Company({}, **read)


def test_every_lesson_can_read_a_set(five):
    for folder in students(five):
        log = datasets.admit_log(folder).transactions
        assert list(log) == ["customer", "date", "amount", "order", "product", "quantity", "cost"]
        with pytest.raises(DataError, match=f"{folder.name} has no truth: "):
            datasets.truth(folder)


def test_a_student_has_no_truth_no_key_and_no_seed(five):
    """The bundle holds none of the columns, values and numbers that only the truth, the key and the draw have."""
    key = read_key(five.parent / "key")
    of_truth = {field["name"] for table in tables("truth").values() for field in table["fields"]}
    public = {field["name"] for form in ("clean", "raw") for table in tables(form).values() for field in table["fields"]}
    units = {one["student"]: name for name, one in manifest(five)["sets"].items()}
    for folder in students(five):
        parts = list(texts(folder))
        whole = "\n".join(parts)
        names = {field["name"] for one in datasets.describe(folder)["resources"] for field in one["schema"]["fields"]}
        assert not names & (of_truth - public)
        assert not list(folder.rglob("*truth*")) and "parameters.csv" not in whole
        for secret in (key.hex(), str(int.from_bytes(key)), *(str(int.from_bytes(seed(key, unit))) for unit in units)):
            assert secret not in whole
        assert key not in b"".join(content(folder).values())
        assert not any(unit in whole for unit in units)  # not even whose it is


def manifest(five):
    return json.loads((five / "instructor/manifest.json").read_text("utf-8"))


def seed(key, name):
    return classes._hmac(key, "seed", "CRM-test", classes.TASK, Unit("student", name, (name,)))


def test_who_knows_all_but_the_key_cannot_make_a_set(five):
    """The generator is public, and so are course, student and set: none of them, as key or as seed, gives the set."""
    folder = students(five)[0]
    name = manifest(five)["sets"][folder.name]["student"]
    unit = Unit("student", name, (name,))
    mine = (folder / "clean/customers.csv.gz").read_bytes()
    street = datasets.load(folder, "customers")["street"]
    guesses = [text.encode() for text in ("", "CRM-test", name, folder.name, f"CRM-test|lighthouse|{name}")]
    ids = {set_id(guess, "CRM-test", classes.TASK, unit) for guess in guesses + [hashlib.sha256(guess).digest() for guess in guesses]}
    assert folder.name not in ids
    public = hashlib.sha256(f"CRM-test|lighthouse|{name}".encode()).digest()
    company = make(parameters.load(), np.random.SeedSequence(int.from_bytes(public)))
    assert not company.clean["customers"]["street"].head(100).equals(street.head(100))
    # and with the key it is the same set to the byte
    again = draw(read_key(five.parent / "key"), "CRM-test", classes.TASK, unit)
    assert csv_bytes(again.clean["customers"], tables("clean")["customers"]["fields"]) == gzip.decompress(mine)


def test_a_students_work_is_scored_with_the_instructors_truth_alone(five, tmp_path, capsys):
    folder = students(five)[0]
    truth = five / "instructor" / folder.name
    right = datasets.load(truth / "truth", "records")
    right.to_csv(tmp_path / "links.csv", index=False)
    code, out, err = crm(capsys, "class", "score", "--truth", truth, tmp_path / "links.csv")
    assert (code, err) == (0, "")
    heading, *rows = [re.split(r"  +", line.strip()) for line in out.splitlines()]
    assert heading == ["part", "kind", "planted", "found", "right", "precision", "recall"]
    assert rows and all(row[5:] == ["100.0 %", "100.0 %"] for row in rows)
    assert rows[0][2] == rows[0][3] == rows[0][4]
    right.assign(customer=right["record"]).to_csv(tmp_path / "links.csv", index=False)  # nobody linked to anybody
    code, out, _ = crm(capsys, "class", "score", "--truth", truth / "truth", tmp_path / "links.csv")
    assert code == 0 and re.split(r"  +", out.splitlines()[1])[-1] == "0.0 %"
    code, _, err = crm(capsys, "class", "score", "--truth", folder, tmp_path / "links.csv")
    assert code == 2 and err == f"{folder} holds no truth; give the folder of the set in instructor/, e.g. instructor/set-0123456789.\n"


def test_a_folder_of_sets_is_no_data_set(five):
    with pytest.raises(DataError) as caught:
        datasets.describe(five)
    assert str(caught.value) == f"The folder {five} holds 5 class sets; give one of them, e.g. {students(five)[0]}."


def test_clean_does_not_answer_for_raw(five):
    """No person of the raw form is one of the clean form: names repeat, people with their e-mail and street do not."""
    folder = students(five)[0]
    clean, raw = datasets.load(folder, "customers"), datasets.load(folder, "raw_records")
    shared = set(zip(clean["name"], clean["street"], strict=True)) & set(zip(raw["name"], raw["street"], strict=True))
    assert len(shared) <= 5


def test_a_check_says_what_it_found_and_which_lesson_needs_it(monkeypatch):
    from crmlib.company import band

    monkeypatch.setattr(band, "BAND", {"a": Check("the share of a", lambda _: 0.25, 0.1, 0.2, "A lesson"), "b": Check("b", lambda _: 1, 1, 1, "B")})
    assert outside(None) == ["a: the share of a is 0.25, not 0.1 to 0.2 (A lesson)."]


def test_the_public_company_lies_in_the_band():
    from companies import company

    assert outside(company(raw=True)) == []
