"""The frame around every page: language, theme, keys, focus, and kindness when something is missing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.browser.visiting import LANGUAGES, VIEWS, Studio, Visit

Visiting = Callable[..., Visit]


def focused(one: Visit) -> str:
    return str(one.page.evaluate("document.activeElement.tagName + ' ' + document.activeElement.textContent.trim()"))


def test_the_first_stop_of_the_keyboard_leads_past_the_header(visit: Visiting) -> None:
    one = visit()
    one.page.keyboard.press("Tab")
    assert focused(one) == f"A {one.words('shell.skip')}"
    one.page.keyboard.press("Enter")
    assert focused(one).startswith("H1 ")


def test_the_language_changes_everywhere_and_is_kept(visit: Visiting) -> None:
    one = visit("en")
    assert one.page.locator("html").get_attribute("lang") == "en"
    one.page.get_by_role("button", name="中文").click()
    one.until("document.documentElement.lang === 'zh-CN' && document.querySelector('h1')")
    chinese = type(one.words)("zh-CN")
    one.page.get_by_role("heading", level=1, name=chinese("home.title")).wait_for()
    assert chinese("home.title") in one.page.title()
    one.page.reload()
    one.page.get_by_role("heading", level=1, name=chinese("home.title")).wait_for()
    one.page.get_by_role("button", name="English").click()
    one.page.get_by_role("heading", level=1, name=one.words("home.title")).wait_for()


def test_the_theme_changes_at_once_and_is_kept(visit: Visiting) -> None:
    one = visit("en", "light")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = one.page.evaluate(paper)
    one.button("shell.dark").click()
    dark = one.page.evaluate(paper)
    assert dark != light
    assert one.page.evaluate("document.activeElement.getAttribute('aria-label')") == one.words("shell.light")
    one.page.reload()
    one.page.wait_for_selector("h1")
    assert one.page.evaluate(paper) == dark


@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_jump_between_pages_and_the_focus_follows(visit: Visiting, language: str) -> None:
    one = visit(language)
    for key, name in {
        "d": "data",
        "t": "train",
        "c": "create",
        "g": "gallery",
        "j": "judge",
        "l": "laboratory",
    }.items():
        one.page.keyboard.press("g")
        one.page.keyboard.press(key)
        one.page.wait_for_selector(f".view-{name} h1:focus")
        assert one.page.locator("nav a[aria-current=page]").get_attribute("data-page") == name
        assert re.fullmatch(r".+ · Mintage", one.page.title())


def test_the_list_of_keys_opens_with_a_question_mark_and_keys_can_be_turned_off(visit: Visiting) -> None:
    one = visit()
    one.page.keyboard.press("?")
    box = one.page.get_by_role("dialog", name=one.words("shell.keys"))
    box.wait_for()
    assert box.locator("kbd").count() >= 14
    one.look("keys", full=False)
    box.get_by_label(one.words("shell.keys.on")).uncheck()
    one.page.keyboard.press("Escape")
    box.wait_for(state="detached")
    one.page.keyboard.press("?")
    one.page.wait_for_timeout(150)
    assert box.count() == 0


def test_an_address_that_leads_nowhere_is_answered_kindly(visit: Visiting) -> None:
    one = visit()
    one.page.evaluate("location.hash = '#/nowhere'")
    one.page.get_by_role("heading", level=1, name=one.words("shell.missing")).wait_for()
    one.look("missing")
    one.button("shell.missing.back").click()
    one.page.get_by_role("heading", level=1, name=one.words("home.title")).wait_for()


def test_a_studio_that_goes_away_is_said_and_its_return_is_noticed(visit: Visiting, empty_studio: Studio) -> None:
    one = visit(studio=empty_studio)
    one.rest()
    empty_studio.kill()
    one.page.wait_for_selector(".status:not([data-state=ok])")
    one.page.get_by_text(one.words("shell.banner.gone")).wait_for()
    one.look("gone", full=False)
    empty_studio.start()
    one.page.wait_for_selector(".status[data-state=ok]", timeout=20_000)
    assert not one.page.get_by_text(one.words("shell.banner.gone")).is_visible()
    one.wrong = [line for line in one.wrong if "net::ERR_" not in line]  # that it was away


@pytest.mark.parametrize(("language", "width", "height"), [("en", 360, 740), ("zh-CN", 360, 740), ("en", 640, 430)])
def test_nothing_is_cut_off_on_a_narrow_screen_and_at_double_size(
    visit: Visiting, language: str, width: int, height: int
) -> None:
    one = visit(language, size=(width, height))  # the last is 1280 by 860 at 200 %
    for name in VIEWS:
        page = one.go(name)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than {width}"
        one.look(f"{name}-{language}-{width}")
