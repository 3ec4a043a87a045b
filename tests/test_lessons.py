"""What holds for every lesson: its pattern, prose without numbers of the data, and that it runs on one line."""

import re

import pytest
from companies import class_set
from lessons import LESSONS, TINY, bound, cells, numbers_in, prose
from workbooks import run as run_workbook

from crmlib.checkout import course

each_lesson = pytest.mark.parametrize("key", LESSONS)


def test_every_lesson_with_a_workbook_is_held_to_the_pattern():
    with_workbook = {path.parent.name for path in course().glob("*/workbook.py")}
    assert {lesson.folder for lesson in LESSONS.values()} == with_workbook


@each_lesson
def test_no_prose_holds_a_number_of_the_log(key):
    """What depends on the data is printed, not written. Numbers that a claim, a rule or an example names may be."""
    lesson, text = LESSONS[key], "\n".join(prose(key)).replace("SSRN 3498097", "")
    found = numbers_in([text[text.index(lesson.real_from) :]])
    assert found <= {*lesson.numbers.split(), *map(str, range(10))}


@each_lesson
def test_it_keeps_to_the_pattern_of_a_lesson(key):
    lesson, texts = LESSONS[key], prose(key)
    objectives = re.findall(r"^\d\. ", texts[0], flags=re.MULTILINE)
    recap = next(text for text in texts if text.startswith("## Recap"))
    assert len(objectives) == lesson.objectives
    assert objectives == re.findall(r"^\d\. ", recap, flags=re.MULTILINE)
    assert f"**Time:** {lesson.minutes} minutes" in texts[0] and f"**Builds on:** {lesson.builds_on}" in texts[0]
    assert f"uv run crm start {key}" in texts[0] and f"uv run crm start {key}" in recap
    assert sum("**before you" in " ".join(text.split()).lower() for text in texts[1:]) >= lesson.guesses
    code = [cell for cell in cells(key) if cell.cell_type == "code"]
    assert all(cell.source.count("\n") < lesson.lines for cell in code)
    assert not any(re.search(r"^def ", cell.source, flags=re.MULTILINE) for cell in code)


@pytest.mark.parametrize("key", [key for key in LESSONS if LESSONS[key].figures])
def test_a_figure_is_followed_by_what_it_means_for_the_business(key):
    shown = [place for place, cell in enumerate(cells(key)) if re.search(r"plots\.\w+\(|interact\(", cell.source)]
    after = [next(cell.source for cell in cells(key)[place + 1 :] if cell.cell_type == "markdown") for place in shown]
    assert len(shown) == LESSONS[key].figures
    assert [text for text in after if "For the business:" not in text] == []


ONE_LINE = {
    "customers": ["The one customer bought on 1 day."],
    "one_record": ["This data has no raw records to link:", "From here on lighthouse is read.", "Nothing was written."],
    "pareto": ["1 customer from 2024-05-01 to 2024-05-01", "no Pareto law goes through that",
               "The log covers one day, so it has no halves to compare."],
    "rfm": ["1 customer with a purchase up to 2024-05-01", "2,357 customers before 1997-10-01", "a sale leaves $",
            "The log covers one day, so it has no halves to compare. From here on cdnow_sample is read."],
    "lifecycle": ["1 customer bought between 2024-05-01 and 2024-05-01", "The log covers one day"],
    "customer_base_audit": ["it lacks 20 or more customers.", "From here on lighthouse is read.", "4,020 customers in lighthouse"],
    "worth_on_paper": ["This log cannot carry a forecast of each customer.", "2,357 customers up to 1998-06-30"],
    "worth_in_a_log": ["From the first purchase on this log covers 1 day, and two halves of a week each are needed. From "
                       "here on cdnow_sample is read.", "2,357 customers by 1997-09-30; the test goes on to 1998-06-30"],
    "whom_to_contact": ["This data holds no campaigns", "From here on lighthouse is read.", "Autumn roast"],
    "needs_and_offers": ["this one has no tables kano, needs and laddering. From here on lighthouse is read."],
}  # fmt: skip


@each_lesson
def test_it_runs_on_one_line(read, key, tmp_path):
    ran = read(key, **bound(TINY[:1], tmp_path / "log.csv"))
    said = f"{ran.said} {ran.view.sentence if ran.view else ''}"
    assert [one for one in ONE_LINE[key] if one not in said] == [] and "nan" not in said


@pytest.fixture(scope="session")
def one_set(tmp_path_factory):
    return class_set(tmp_path_factory)


@each_lesson
def test_it_runs_on_a_class_set(read, key, one_set):
    ran = read(key, DATA=str(one_set), AS_OF="", CURRENCY="€", OPTIONS={})
    said = f"{ran.said} {ran.view.sentence if ran.view else ''}"
    assert "€" in said and "nan" not in said
    assert ran.names["DATA"] == str(one_set) and ran.names["CURRENCY"] == "€"  # it did not turn to another log


@each_lesson
def test_its_workbook_passes_on_a_class_set(key, one_set):
    outcomes = run_workbook(LESSONS[key].folder, "solutions", DATA=str(one_set), AS_OF="", CURRENCY="€", OPTIONS={})
    assert {outcome.status for outcome in list(outcomes.values())[:-1]} == {"correct"}  # the last is argued in words


INSTEAD = {
    "pareto": ("Nobody in this log paid more than was paid back", "2,357 customers from 1997-01-01 to 1998-06-30, $"),
    "rfm": ("Nobody in this log paid more than was paid back", "2,357 customers with a purchase up to 1998-06-30"),
    "worth_in_a_log": ("This log holds refunds and no purchase", "2,357 customers by 1997-09-30"),
    "lifecycle": ("This log holds refunds and no purchase", "2,357 customers bought between 1997-01-01 and 1998-06-30"),
    "worth_on_paper": ("This log cannot carry a forecast of each customer.", "2,357 customers up to 1998-06-30"),
}
WITHOUT_MONEY = {"free": [0.0, 0.0, 0.0], "all paid back": [5.0, -5.0, 0.0], "refunds only": [-5.0, -1.0, -2.0]}


@pytest.mark.parametrize(
    ("key", "what"), [*[("pareto", one) for one in WITHOUT_MONEY], ("rfm", "free"), ("rfm", "refunds only"),
                      ("lifecycle", "refunds only"), *[("worth_on_paper", one) for one in WITHOUT_MONEY],
                      ("worth_in_a_log", "refunds only")],
)  # fmt: skip
def test_a_log_that_cannot_carry_it_says_so_and_reads_another(read, key, what, tmp_path):
    log = TINY[:3].assign(customer=["a", "a", "b"], amount=WITHOUT_MONEY[what])
    said, names, _, _ = read(key, **bound(log, tmp_path / "log.csv"))
    assert all(one in said for one in INSTEAD[key]) and names["CURRENCY"] == "$"
