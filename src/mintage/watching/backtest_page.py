"""The page of a backtest: what forecasts, values at risk and decisions were worth on what nobody had learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from mintage.watching.curves import svg_curves
from mintage.watching.page import definitions, figure, page, picture, section, table
from mintage.watching.passes import passes_chart
from mintage.watching.words import number, percent

__all__ = ["backtest_page"]

Found = Mapping[str, Any]

_LIMITS = (
    "It tells of this stretch of the past and these variables alone; another stretch may tell something else.",
    "An edge over plain means that chance does not explain is still no promise that it lasts.",
    "Prices are taken as they stand in the file: at each row one can trade at its price, in any amount.",
    "Interest, dividends that prices leave out, taxes and what large orders move are not counted.",
    "Variables were chosen by those who made the file; what failed and fell out of it is not in here.",
)


def backtest_page(report: Found, fans: Path) -> str:
    """The page of what `walking.backtest_run` reports; the picture of fans is carried inside it."""
    asked, forecasts = report["asked"], report["forecasts"]
    when = f"{forecasts['from'][:10]} to {forecasts['to'][:10]}"
    lead = (
        f"What {forecasts['ours']} foretold of {report['file'] or 'its data'} from {when}, a stretch that it never "
        "learned from, beside plain means. Nothing here is investment advice."
    )
    header = (
        f'<p class="eyebrow">Backtest · step {report["step"]:,}</p><h1>{escape(report["run"])}</h1>'
        f'<p class="lead">{escape(lead)}</p>'
    )
    sections = [
        section("words", "In words", _told(report["words"])),
        section("forecasts", "Forecasts", *_forecasts(forecasts, fans)),
        section("risk", "Value at risk", *_risk(report)),
        section("decisions", "Decisions", *_decisions(report)),
        section("limits", "What this cannot tell", _told(_LIMITS)),
        section("facts", "How to get this again", definitions(_facts(report, asked))),
    ]
    footer = "<p>Written by Mintage. This page is one file and loads nothing from anywhere.</p>"
    return page(f"{report['run']}: backtest", header, sections, footer)


def _forecasts(found: Found, fans: Path) -> list[str]:
    words = (
        f"{found['origins']:,} origins, {found['horizon']:,} steps ahead, {found['paths']:,} paths each. CRPS and "
        "pinball loss are in units of what a step usually moves; smaller is better. The last column is what ours loses "
        "less: an interval wholly below 0 is an edge."
    )
    rows = [[name, *_forecast_row(score)] for name, score in found["scores"].items()]
    heads = ["Forecaster", "CRPS", "Pinball", "95 % intervals held", "Ours less this"]
    curves = {name: list(enumerate(score["crps_by_step"], 1)) for name, score in found["scores"].items()}
    chart = svg_curves(dict(sorted(curves.items())[:6]), title="CRPS by step ahead", x_label="steps ahead")
    alternative = "Fans of the last forecast, one panel a variable, with what came"
    return [
        f"<p>{escape(words)}</p>",
        table(heads, rows, "Forecasts of the same moments"),
        '<div class="pair">',
        figure(chart, "CRPS by step", "How fast what can be known runs out."),
        figure(picture(fans, alternative), "The last forecast", "Black was known, blue foretold, red came."),
        "</div>",
    ]


def _forecast_row(score: Found) -> list[str]:
    held = f"{score['coverage']:.1%} ({score['coverage_low']:.1%} to {score['coverage_high']:.1%})"
    less = score.get("ours_less")
    beside = f"{number(less['difference'])} ({number(less['low'])} to {number(less['high'])})" if less else "is ours"
    return [number(score["crps"]), number(score["pinball"]), held, beside]


def _risk(report: Found) -> list[str]:
    if not report["risk"]:
        return [f"<p>Not measured: {escape(report['skipped']['risk'])}.</p>"]
    rows = [
        [
            f"{name}, {1 - test['share']:.0%}",
            f"{test['exceeded']} of {test['steps']:,} ({test['share'] * test['steps']:.0f} to be expected)",
            *(number(test[key]) for key in ("frequency", "clustering", "both")),
            percent(test["foretold"]), "none" if test["lost"] is None else percent(test["lost"]),
        ]
        for name, tests in report["risk"].items() for test in tests
    ]  # fmt: skip
    heads = ["Forecaster, level", "Passed", "Kupiec", "Christoffersen", "Both", "Shortfall foretold", "Lost beyond"]
    words = (
        "The return of the next step, all variables alike, and the loss that was not to be passed. The three "
        "tests say how often chance alone departs so far; below 0.05 the value at risk is not to be believed."
    )
    passes = report["passes"]
    caption = "Each line is a return; marked are those below the foretold quantile: the value at risk was passed."
    return [
        f"<p>{escape(words)}</p>", table(heads, rows, "Values at risk"),
        figure(passes_chart(passes["returns"], passes["threshold"], passes["share"]), "Step by step", caption),
    ]  # fmt: skip


def _decisions(report: Found) -> list[str]:
    if "decisions" not in report:
        return [f"<p>Not measured: {escape(report['skipped']['decisions'])}.</p>"]
    found = report["decisions"]
    words = (
        f"The rule holds each variable by the sign of its mean forecast, smaller the wider its fan, and decides anew "
        f"every {found['every']:,} steps; trading costs {found['cost']:.2%}. Buy and hold takes the same share of each."
    )
    rows = []
    for name, rule in found["rules"].items():
        sharpe = f"{rule['sharpe']:.2f} ({rule['sharpe_low']:.2f} to {rule['sharpe_high']:.2f})"
        skill = rule.get("chance_of_skill")
        rows.append([
            name, percent(rule["return_a_year"]), percent(rule["spread_a_year"]), sharpe, percent(rule["deepest_fall"]),
            f"{rule['traded_a_year']:.1f} times", "" if skill is None else f"{skill:.0%}",
        ])  # fmt: skip
    tried = f"Chance of more than luck, of {found['tried']:,} tried"
    heads = ["Rule", "Return a year", "Spread a year", "Sharpe ratio", "Deepest fall", "Traded a year", tried]
    curves = {name: list(enumerate([1.0, *wealth])) for name, wealth in found["wealth"].items()}
    chart = svg_curves(curves, title="Wealth after costs", x_label="steps", marks={"beginning": 1.0})
    caption = "What 1 became, after costs; smoothed over the faint figures."
    return [f"<p>{escape(words)}</p>", table(heads, rows, "Decisions"), figure(chart, "Wealth", caption)]


def _facts(report: Found, asked: Found) -> list[tuple[str, str]]:
    start = str(asked["start"])
    return [
        ("Begins after", start), ("Steps ahead", f"{asked['horizon']:,}"), ("Every", f"{asked['every']:,} rows"),
        ("Cost", f"{asked['cost']:.2%}"), ("Variants tried", f"{asked['tried']:,}"), ("Seed", str(asked["seed"])),
        ("Variables", ", ".join(report["variables"])),
    ]  # fmt: skip


def _told(sentences: Sequence[str]) -> str:
    return f'<ul class="plain told">{"".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)}</ul>'
