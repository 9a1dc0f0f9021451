"""One studio for a session, a Chromium that speaks to nobody else, and visits that leave no error behind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.browser.visiting import ARTEFACTS, Studio, Visit

from mintage import registry

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session", autouse=True)
def artefacts() -> Path:
    """Screenshots of this run alone."""
    shutil.rmtree(ARTEFACTS, ignore_errors=True)
    ARTEFACTS.mkdir(parents=True)
    return ARTEFACTS


@pytest.fixture(scope="session")
def studio(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """The studio that most tests of a session share, with one run in it; what one made, the next one sees."""
    one = Studio(tmp_path_factory.mktemp("studio"))
    one.furnish(pictures)
    yield one
    one.end()


@pytest.fixture
def empty_studio(tmp_path: Path) -> Iterator[Studio]:
    """A studio for one test, that may be killed."""
    one = Studio(tmp_path)
    yield one
    one.end()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser that scripts/test-browser found."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="make test-browser installs it")
    path = os.environ.get("MINTAGE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.skip("there is no Chromium; make test-browser finds one")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visit]]:
    """Visit the shared studio or another one; at the end nothing may have gone wrong on any page."""
    visits: list[Visit] = []

    def come(
        language: str = "en", theme: str = "light", size: tuple[int, int] = (1280, 860), studio: Studio | None = None
    ) -> Visit:
        studio = studio or request.getfixturevalue("studio")
        visits.append(Visit(chromium, studio, language, theme, size))
        return visits[-1]

    yield come
    wrong = [line for one in visits for line in one.wrong]
    for one in visits:
        one.context.close()
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a newcomer has one: 320 PNGs in two sub-folders, and a file that is no picture."""
    source = registry.find("sources", "fashion_mnist")()
    root = tmp_path_factory.mktemp("newcomer") / "My wardrobe"
    for index in range(len(source)):
        example = source[index]
        kind = {1: "trousers", 7: "sneakers"}.get(example.condition)
        if kind and len(list((root / kind).glob("*"))) < 160:
            (root / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(example.x).save(root / kind / f"{index:05}.png")
    (root / "trousers" / "broken.png").write_bytes(b"this is no picture")
    return root
