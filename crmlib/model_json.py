"""Models as JSON text and back, so that a fit can be kept in a file."""

from __future__ import annotations

import dataclasses
import json
from importlib import import_module

from crmlib.errors import DataError, quote

__all__ = ["from_json", "to_json"]

_MODULE = {"BGNBD": "bgnbd", "MBGNBD": "mbgnbd", "ParetoNBD": "pareto_nbd", "GammaGamma": "gamma_gamma", "BGBB": "bgbb",
           "BetaBinomial": "bgbb", "SBG": "sbg"}  # fmt: skip


def to_json(model) -> str:
    """A fitted model as one line of JSON: its name and its parameters, every digit kept.

    Raises DataError for anything but a model of crmlib.

    >>> from crmlib.bgnbd import BGNBD
    >>> to_json(BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426))
    '{"model": "BGNBD", "parameters": {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}}'
    """
    name = type(model).__name__
    if name not in _MODULE or not isinstance(model, _class(name)):
        raise DataError(f"to_json keeps models of crmlib ({_names()}), not a {name}.")
    parameters = {field: float(value) for field, value in dataclasses.asdict(model).items()}
    return json.dumps({"model": name, "parameters": parameters})


def from_json(text):
    """The model that `to_json` wrote; it equals the one that was given to it.

    Raises DataError for text that is no JSON, an unknown model, or parameters that are missing, too many or impossible.

    >>> from_json('{"model": "GammaGamma", "parameters": {"p": 6.25, "q": 3.74, "gamma": 15.44}}')
    GammaGamma(p=6.25, q=3.74, gamma=15.44)
    """
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        found = quote(str(text)[:40])
        raise DataError(f"This is no JSON text of a model: {found}; to_json(model) writes it.") from None
    if not (isinstance(found, dict) and found.keys() == {"model", "parameters"}):
        raise DataError("The JSON text of a model holds \"model\" and \"parameters\" and nothing else.")
    name, parameters = found["model"], found["parameters"]
    if not (isinstance(name, str) and name in _MODULE):
        raise DataError(f"The JSON text is of the model {quote(str(name))}; crmlib has {_names()}.")
    kind = _class(name)
    fields = [field.name for field in dataclasses.fields(kind)]
    if not (isinstance(parameters, dict) and parameters.keys() == set(fields)):
        raise DataError(f"The JSON text of a {name} must give one number for each of {', '.join(fields)}.")
    for field, value in parameters.items():
        if isinstance(value, bool):
            raise DataError(f"{name} needs a positive number for {field}, not {value!r}.")
    return kind(**parameters)


def _class(name):
    return getattr(import_module(f"crmlib.{_MODULE[name]}"), name)


def _names():
    return ", ".join(_MODULE)
