"""What pages say differently of pictures, translations, text, records and series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["KINDS", "Wording"]


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The words of one kind of run."""

    maker: str = "generator"
    examples: str = "examples"  # that it learned from
    unit: str  # that training counts
    title: str  # of what it made during training
    task: str  # as model hubs call it
    tags: tuple[str, ...]
    film: str = "The same random numbers at every step: only the generator changes."
    sheet: str = ""  # how to read a sheet of samples, after what it is
    real: str = "Examples from {source}, to compare with."
    commands: tuple[tuple[str, str], ...]  # (words behind `mintage`, {run} being the run; what they are for)
    python: str = 'run.generate(16, seed=7).save("out/")'
    first: str  # what to type behind `mintage generate RUN` when a training has ended
    seed: str = "A seed names a sample: sample 12 of seed 7 is the same alone or among a million."


KINDS: Mapping[str, Wording] = {
    "pictures": Wording(
        unit="images",
        first="-n 64 --seed 7 --out out/",
        title="From noise to pictures",
        task="unconditional-image-generation",
        tags=("gan", "image-generation"),
        commands=(
            ("generate {run} -n 64 --seed 7 --out out/", "Make 64 new ones"),
            ("generate {run} --walk walk.webp", "A film that walks from sample to sample"),
        ),
    ),
    "translations": Wording(
        unit="images",
        first="--input photos/ --out out/",
        title="From noise to pictures",
        task="image-to-image",
        tags=("gan", "image-to-image"),
        film="The same pictures at every step, each beside what is made of it: only the generator changes.",
        sheet=" Left the input, then the output, then the target where it is known.",
        commands=(("generate {run} --input photos/ --out out/", "Translate a picture or a folder"),),
        python='run.translate("photo.jpg").save("made.png")',
        seed="Pictures of any size, one or a folder; the same input gives the same output.",
    ),
    "text": Wording(
        maker="writer",
        examples="documents",
        unit="tokens",
        first="--temperature 0.8 --stream",
        title="From noise to words",
        task="text-generation",
        tags=("language-model",),
        commands=(
            ('generate {run} --prompt "Once" -n 4', "Write on from a beginning"),
            ("generate {run} -n 64 --seed 7 --out out/", "Write 64 new texts"),
        ),
        python='run.generate(4, seed=7).save("out/")',
        seed="A seed names a text: text 12 of seed 7 is the same alone or among a million.",
    ),
    "records": Wording(
        examples="records",
        unit="records",
        first="-n 1000 --out synthetic.csv",
        title="From chance to records",
        task="tabular-generation",
        tags=("tabular", "synthetic-data"),
        film="Each field a column: grey outlines are real shares, filled bars those of a thousand made records.",
        sheet=" Grey outlines are real shares, filled bars those of made records, column by column.",
        real="The columns of {source}: how often each value, or each range of values, occurs.",
        commands=(
            ("generate {run} -n 10000 --out synthetic.csv", "Make 10,000 records"),
            ("generate {run} --fill gaps.csv --out whole.csv", "Fill in what is missing in a table"),
        ),
        python='run.records(1000, seed=7).to_csv("synthetic.csv", index=False)',
        seed="A seed names a record: record 12 of seed 7 is the same alone or among a million.",
    ),
    "series": Wording(
        maker="forecaster",
        examples="lines",
        unit="windows",
        first="-n 100 --out scenarios.csv",
        title="From chance to forecasts",
        task="time-series-forecasting",
        tags=("time-series",),
        film="The same random numbers at every step: black was known, blue is foretold, red came.",
        sheet=" It foretells from the past alone.",
        real="What came.",
        commands=(
            ("forecast {run} --horizon 20 --out forecast/", "Foretell what comes next"),
            ("generate {run} --scenarios 1000 --horizon 20 --out scenarios.csv", "Draw scenarios"),
            ("backtest {run} --out backtest/", "Walk through what was held out"),
        ),
        python='run.forecast(20).save("forecast/")',
        seed="It needs the file that it learned from, and goes on from its last row. It is no investment advice.",
    ),
}
