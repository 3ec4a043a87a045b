import dataclasses
import json
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmlib
from crmlib import from_json, model_json, to_json
from crmlib.errors import DataError

KINDS = [getattr(import_module(f"crmlib.{module}"), name) for name, module in model_json._MODULE.items()]
positive = st.floats(min_value=0, exclude_min=True, allow_infinity=False)


@pytest.mark.parametrize("kind", KINDS, ids=model_json._MODULE)
@given(st.data())
def test_every_model_comes_back_digit_by_digit(kind, data):
    model = kind(*(data.draw(positive) for _ in dataclasses.fields(kind)))
    text = to_json(model)
    assert from_json(text) == model
    assert json.loads(text)["model"] == kind.__name__


@pytest.mark.parametrize("kind", KINDS, ids=model_json._MODULE)
def test_every_model_stands_at_the_top_of_the_package(kind):
    assert getattr(crmlib, kind.__name__) is kind


def test_numbers_of_numpy_are_kept_as_numbers():
    model = crmlib.GammaGamma(np.float64(6.25), np.int64(3), 15)
    assert from_json(to_json(model)) == model


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "This is no JSON text of a model: '{'; to_json(model) writes it."),
        (None, "This is no JSON text of a model: 'None'; to_json(model) writes it."),
        ("[1]", 'The JSON text of a model holds "model" and "parameters" and nothing else.'),
        ('{"model": "BGNBD"}', 'The JSON text of a model holds "model" and "parameters" and nothing else.'),
        ('{"model": "NBD", "parameters": {}}', "The JSON text is of the model 'NBD'; crmlib has BGNBD, "),
        ('{"model": ["BGNBD"], "parameters": {}}', "The JSON text is of the model \"['BGNBD']\"; crmlib has BGNBD, "),
        (
            '{"model": "GammaGamma", "parameters": {"p": 1, "q": 2}}',
            "The JSON text of a GammaGamma must give one number for each of p, q, gamma.",
        ),
        (
            '{"model": "GammaGamma", "parameters": {"p": 1, "q": -2, "gamma": 1}}',
            "GammaGamma needs a positive number for q, not -2.",
        ),
        (
            '{"model": "GammaGamma", "parameters": {"p": 1, "q": NaN, "gamma": 1}}',
            "GammaGamma needs a positive number for q, not nan.",
        ),
        (
            '{"model": "GammaGamma", "parameters": {"p": 1, "q": true, "gamma": 1}}',
            "GammaGamma needs a positive number for q, not True.",
        ),
    ],
)
def test_text_that_is_no_model_is_refused(text, message):
    with pytest.raises(DataError) as told:
        from_json(text)
    assert str(told.value).startswith(message)


def test_what_is_no_model_is_not_written():
    with pytest.raises(DataError, match="to_json keeps models of crmlib .BGNBD, .*, not a dict"):
        to_json({"r": 1})
