"""The parameters of the company: as the public set has them, or drawn within their bands for a class."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable
from importlib.resources import files

import numpy as np

__all__ = ["bands", "draw", "load"]


def load() -> dict:
    """The parameters of the public set, by section and name.

    >>> load()["claims"]["needs_differ"]
    1.0
    """
    return _leaves(_document(), lambda leaf: leaf["value"])


def draw(rng: np.random.Generator) -> dict:
    """Parameters for a class: those with a band are drawn evenly within it, Kano classes and chains are dealt anew.

    Each circumstance is one of those that can be dealt. All others stay as in the public set.

    >>> one, other = (draw(np.random.default_rng(seed)) for seed in (1, 1))
    >>> one == other
    True
    """
    lot = rng.spawn(1)[0]  # so that circumstances leave the other draws alone
    drawn = _leaves(_document(), lambda leaf: _one(leaf, rng, lot))
    drawn["wants"] = drawn["wants"] | {"kano": _dealt(drawn["wants"]["kano"], rng), "chains": _fewer(drawn["wants"]["chains"], rng)}
    return drawn


def _one(leaf, rng, lot):
    return float(rng.uniform(*leaf["band"])) if "band" in leaf else leaf["dealt"][lot.integers(len(leaf["dealt"]))]


def _dealt(kano, rng):
    """The Kano classes dealt anew: which feature has which row of classes, and which group which column."""
    rows, groups = list(kano.values()), list(next(iter(kano.values())))
    columns = dict(zip(groups, rng.permutation(groups).tolist(), strict=True))
    return {
        feature: {group: rows[row][columns[group]] for group in groups}
        for feature, row in zip(kano, rng.permutation(len(rows)), strict=True)
    }


def _fewer(chains, rng):
    """All chains of means and ends but one, with their shares dealt anew."""
    kept = sorted(rng.permutation(len(chains))[1:].tolist())
    shares = rng.permutation([chains[at]["share"] for at in kept]).tolist()
    return [{**chains[at], "share": share} for at, share in zip(kept, shares, strict=True)]


def bands() -> dict:
    """The band of each parameter that varies, by ``section.name``."""
    return {
        f"{section}.{name}": tuple(leaf["band"])
        for section, leaves in _document().items()
        for name, leaf in leaves.items()
        if _varies(leaf) and "band" in leaf
    }


@functools.cache
def _document():
    return tomllib.loads(files("crmlib.company").joinpath("parameters.toml").read_text(encoding="utf-8"))


def _leaves(document, value: Callable) -> dict:
    return {
        section: {name: value(leaf) if _varies(leaf) else leaf for name, leaf in leaves.items()}
        for section, leaves in document.items()
    }


def _varies(leaf):
    return isinstance(leaf, dict) and set(leaf) in ({"value", "band"}, {"value", "dealt"})
