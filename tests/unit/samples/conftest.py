import pytest

from ftdemo.samples.library import SampleLibrary
from ftdemo.store import Store


@pytest.fixture
def library(tmp_path):
    return SampleLibrary(Store(tmp_path / "data" / "test.db"), 100)
