"""That audits of different data read differently: the verdicts of the first page, which are what it says without digits.

Two pages share a question if both answer it with the same verdict; a question that neither can answer counts for nothing.
"""

import functools
import itertools
import re
import statistics

import pytest
from companies import class_sets

from crmlib.conclusions import carried
from crmlib.exhibits.questions import answers
from crmlib.opened import open_log


@functools.cache
def page(data):
    """The verdict on each question of the first page, None where the log cannot answer it."""
    return {question.number: found.verdict if carried(found) else None for question, found in answers(open_log(data))}


def shared(one, other):
    """The share of verdicts that are the same, of the questions that at least one of two pages answers."""
    asked = [number for number in one if one[number] or other[number]]
    return sum(one[number] == other[number] for number in asked) / len(asked)


@pytest.fixture(scope="module")
def five(tmp_path_factory):
    return [page(str(folder)) for folder in sorted((class_sets(tmp_path_factory) / "students").iterdir())]


def test_every_answer_has_a_verdict_and_its_digits_are_those_of_a_product(five):
    for one in (page("lighthouse"), page("cdnow"), *five):
        assert all(verdict is None or verdict for verdict in one.values())
        assert not [text for text in one.values() if text and re.search(r"\d", re.sub("“.*?”", "", text))]


def test_the_same_page_shares_everything_with_itself():
    assert shared(page("lighthouse"), page("lighthouse")) == 1.0
    assert shared({1: "a", 2: None, 3: None, 4: "b"}, {1: "a", 2: None, 3: "c", 4: "d"}) == 1 / 3


def test_the_company_a_typical_class_set_and_cdnow_read_as_three_reports(five):
    company, other = page("lighthouse"), page("cdnow")
    assert shared(company, other) < 0.5
    assert all(shared(other, one) < 0.5 for one in five)
    assert statistics.median(shared(company, one) for one in five) < 0.5


def test_a_typical_neighbour_has_another_memo_to_write(five):
    among = [shared(one, other) for one, other in itertools.combinations(five, 2)]
    assert statistics.median(among) < 0.5 and max(among) < 0.9
