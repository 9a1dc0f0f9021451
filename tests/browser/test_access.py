"""Every page can be used by everyone: no serious finding of axe, in both languages and both themes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.browser.visiting import LANGUAGES, THEMES, VIEWS, Visit


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_serious_on_any_page(visit: Callable[..., Visit], language: str, theme: str) -> None:
    one = visit(language, theme)
    problems = found(one)
    assert not problems, "\n".join(problems)


def found(one: Visit) -> list[str]:
    """What axe finds on each page, and a screenshot of each."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="make test-browser installs it")
    problems: list[str] = []
    run = one.studio.run
    for place in (*((name,) for name in VIEWS), ("data", "fashion-mnist"), ("train", run), ("judge", run)):
        page = one.go(*place)
        name = "-".join(part.replace(run, "run") for part in place)
        one.look(f"{name}-{one.words.language}-{one.theme}")
        result = axe.Axe().run(page, options={"resultTypes": ["violations"]}).response
        for violation in result["violations"]:
            if violation["impact"] in ("serious", "critical"):
                where = "; ".join(f"{node['target']}: {node['failureSummary']}" for node in violation["nodes"][:3])
                problems.append(f"{name}: {violation['id']}: {where}")
    return problems
