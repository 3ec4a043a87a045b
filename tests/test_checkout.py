"""The clone is found from the package's own place, or refused in one sentence."""

import pytest

from crmlib import checkout
from crmlib.errors import DataError


def test_the_root_is_the_clone_that_holds_this_test(request, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # the working directory does not matter
    assert checkout.root() == request.config.rootpath.resolve()


@pytest.mark.parametrize("name", ["course", "notebooks", "exercises", "solutions", "datasets", "work", "reports"])
def test_every_folder_stands_in_the_root_under_its_own_name(name):
    assert getattr(checkout, name)() == checkout.root() / name


def test_a_package_without_its_clone_is_refused_in_one_sentence(monkeypatch, tmp_path):
    package = tmp_path / "site-packages" / "crmlib"
    package.mkdir(parents=True)
    monkeypatch.setattr(checkout, "_PACKAGE", package)
    with pytest.raises(
        DataError, match=r"without the course and the data sets around it; clone the repository"
    ) as caught:
        checkout.datasets()
    assert "pip install -e ." in str(caught.value)


def test_a_data_folder_beside_the_package_is_not_enough(monkeypatch, tmp_path):
    (tmp_path / "crmlib").mkdir()
    (tmp_path / "datasets").mkdir()
    monkeypatch.setattr(checkout, "_PACKAGE", tmp_path / "crmlib")
    with pytest.raises(DataError, match="clone the repository"):
        checkout.root()
    (tmp_path / "pyproject.toml").touch()
    assert checkout.root() == tmp_path
