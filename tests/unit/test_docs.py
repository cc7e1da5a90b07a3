"""The documentation is built without warnings and fetches nothing; its reference is what the code says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.generate import REFERENCE, pages
from ftdemo.settings import REPOSITORY, Settings, child_environment

SOURCES = REPOSITORY / "docs" / "pages"
HAND_WRITTEN = [
    *sorted(page for page in SOURCES.rglob("*.md") if not page.is_relative_to(REFERENCE)),
    REPOSITORY / "README.md",
    REPOSITORY / ".github" / "CONTRIBUTING.md",
]
FETCHED = re.compile(r"""<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//[^"'> ]+""")


def test_the_reference_is_current() -> None:
    made = pages()
    for name, text in made.items():
        saved = (REFERENCE / name).read_text(encoding="utf-8")
        assert saved == text, f"{name} is not what the code says: run `python -m docs.generate`"
    assert {path.name for path in REFERENCE.iterdir()} == set(made)


def test_every_setting_is_told_by_the_variable_that_sets_it(settings: Settings) -> None:
    told = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    assert set(re.findall(r"FTDEMO_\w+", told)) == set(settings.as_environment())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation as it is built; warnings are errors."""
    folder = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "-f",
        "docs/mkdocs.yml",
        "-d",
        str(folder),
    ]
    built = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**child_environment(), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_pages_fetch_nothing_from_other_hosts(site: Path) -> None:
    built = sorted(site.rglob("*.html"))
    assert len(built) > len(list(SOURCES.rglob("*.md")))
    for page in built:
        assert not FETCHED.search(page.read_text(encoding="utf-8")), page
    for sheet in site.rglob("*.css"):
        assert "url(http" not in sheet.read_text(encoding="utf-8"), sheet


@pytest.mark.parametrize("page", HAND_WRITTEN, ids=lambda page: page.stem)
def test_files_that_are_named_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for named in re.findall(r"`((?:ftdemo|tests|samples|docs)/[\w./-]+)`", text):
        if "NAME" not in named and not named.startswith("tests/artifacts"):  # made by the first run
            assert (REPOSITORY / named).exists(), f"{page} names {named}"
    for linked in re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", text):
        assert (page.parent / linked).exists(), f"{page} links to {linked}"
    for module in re.findall(r"python -m ((?:tests|docs)(?:\.\w+)+)", text):
        assert (REPOSITORY / module.replace(".", "/")).with_suffix(".py").is_file(), module
