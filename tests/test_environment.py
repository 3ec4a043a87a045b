"""pyproject.toml is the one list of dependencies; environment.yml only leads to it."""

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from rattler import MatchSpec, Version

from crmlib.checkout import root

PROJECT = tomllib.loads((root() / "pyproject.toml").read_text(encoding="utf-8"))
CONDA = yaml.safe_load((root() / "environment.yml").read_text(encoding="utf-8"))
PYTHONS = ["3.11", "3.12", "3.13"]
BASE = {Requirement(line).name for line in PROJECT["project"]["dependencies"]}


def conda_specs():
    return [entry for entry in CONDA["dependencies"] if isinstance(entry, str)]


def pip_section():
    return next(entry["pip"] for entry in CONDA["dependencies"] if isinstance(entry, dict))


def test_conda_names_python_and_pip_only():
    assert [MatchSpec(spec).name.normalized for spec in conda_specs()] == ["python", "pip"]


@pytest.mark.parametrize("version", ["3.10", *PYTHONS, "3.14"])
def test_conda_and_the_project_allow_the_same_pythons(version):
    conda = MatchSpec(conda_specs()[0]).version
    project = SpecifierSet(PROJECT["project"]["requires-python"])
    assert (version in PYTHONS) == project.contains(version)
    assert _allows(conda, version) == project.contains(version)


def _allows(spec, version):
    """A conda version spec such as >=3.11,<3.14, held to one version."""
    compare = {">=": Version.__ge__, "<": Version.__lt__}
    parts = re.findall(r"(>=|<)([\d.]+)", str(spec))
    assert ",".join("".join(part) for part in parts) == str(spec), f"the test cannot read {spec}"
    return all(compare[sign](Version(version), Version(bound)) for sign, bound in parts)


def test_conda_installs_the_project_itself_with_extras_that_exist():
    (line,) = pip_section()
    match = re.fullmatch(r"-e \.(?:\[([\w,]+)\])?", line)
    assert match, line
    extras = set((match[1] or "").split(",")) - {""}
    assert extras <= set(PROJECT["project"]["optional-dependencies"])


def test_no_second_list_of_dependencies():
    second = ("requirements*.txt", "constraints*.txt", "setup.py", "setup.cfg", "Pipfile*", "*.lock", "pylock*.toml")
    tracked = {path.name for pattern in second for path in root().glob(pattern)} - {"uv.lock"}
    assert not tracked


def test_the_base_carries_what_the_user_fixed_and_no_test_tool_or_engine():
    assert {"jupyterlab", "pandas", "seaborn", "ipywidgets", "papermill"} <= BASE
    assert not BASE & {"nbval", "pytest", "hypothesis", "pyspark", "polars", "duckdb"}
    assert "nbval" in {Requirement(line).name for line in PROJECT["dependency-groups"]["dev"]}


def test_resolution_is_repeatable_without_a_lock_file():
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}T00:00:00Z", PROJECT["tool"]["uv"]["exclude-newer"])
    ignored = (root() / ".gitignore").read_text(encoding="utf-8").split()
    assert {"uv.lock", "pylock.toml"} <= set(ignored)
