"""Companies of the generator, and class sets in their folders, made once a session."""

import functools
import os
import shutil

from crmlib.company import make
from crmlib.company.classes import new
from crmlib.company.parameters import load
from crmlib.company.roster import Unit


@functools.cache
def company(seed=1901, *, raw=False, without=(), **claims):
    """The company of a seed; ``claims`` replace those of the public set, ``without="offers"`` takes away what offers do.

    The raw tables take half of the time and are made on request.
    """
    parameters = load()
    parameters["claims"] |= claims
    if "offers" in without:
        parameters["campaigns"] |= {"persuaded": 0.0, "persuaded_others": 0.0}
        parameters["claims"]["contact_drives_some_away"] = 0.0
    return make(parameters, seed, raw=raw)


def class_sets(tmp_path_factory, sets=5):
    """A folder with students/ and instructor/ for five students, its key beside it; made once for all test processes."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    final = shared / f"class-{sets}"
    if not final.exists():
        mine = tmp_path_factory.mktemp("class")
        units = [Unit("student", f"student-{number:04d}", (f"student-{number:04d}",)) for number in range(417, 417 + sets)]
        (mine / "key").write_text("0123456789abcdef" * 4)  # the same sets in every run
        new("CRM-test", units, mine / "key", mine / "sets")
        try:
            os.rename(mine, final)
        except OSError:  # another process was quicker
            shutil.rmtree(mine)
    return final / "sets"


def class_set(tmp_path_factory):
    """The folder of one student's set: clean/ and raw/, two separate draws, without their truth."""
    return next((class_sets(tmp_path_factory, sets=1) / "students").iterdir())
