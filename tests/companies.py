"""Companies of the generator, made once a session."""

import functools

from crmlib.company import make
from crmlib.company.parameters import load


@functools.cache
def company(seed=1901, *, without=(), **claims):
    """The company of a seed; ``claims`` replace those of the public set, ``without="offers"`` takes away what offers do."""
    parameters = load()
    parameters["claims"] |= claims
    if "offers" in without:
        parameters["campaigns"] |= {"persuaded": 0.0, "persuaded_others": 0.0}
        parameters["claims"]["contact_drives_some_away"] = 0.0
    return make(parameters, seed)
