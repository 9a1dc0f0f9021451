"""From a recipe to objects: data, codec, model, game, loop. The only room where a string becomes an object."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from mintage import registry
from mintage.augmentation import Pipeline
from mintage.config import merge
from mintage.contracts import Batch, Model
from mintage.corpus import Corpus
from mintage.data.loading import Cut, Stream
from mintage.errors import ConfigError
from mintage.numbers import Numbers
from mintage.opening import AnyData, Data
from mintage.recipe import Recipe, resolve
from mintage.seeding import derive
from mintage.series_data import SeriesData
from mintage.training.ema import Averager
from mintage.training.loop import Loop
from mintage.training.precision import calibrate
from mintage.training.settings import TrainingSettings
from mintage.training.update import PlainUpdate

__all__ = ["Experiment", "find_device"]

EPOCHS_UNAIDED = 40  # more, and the discriminator needs augmentation
# Times that a text is read from which on a writer learns it by heart without so much dropout.
DROPOUT = ((0, 0.0), (4, 0.1), (8, 0.2), (11, 0.3))
STEPS_A_PASS = 48  # over a text, so that a small one is learned in more than a few dozen steps
WINDOWS, RECORDS = (4, 16), (32, 512)  # of a step: the fewest and the most
# Records below which so much of what is known is left out: of 2,000 of Adult, those unseen cost 24.5 nats at best
# without, and 23.0 with (docs/log.md).
RECORD_DROPOUT = ((5_000, 0.4), (20_000, 0.2), (100_000, 0.1), (math.inf, 0.0))
MOST_COUNTED = 5_000_000  # tokens: counting takes up to some 250 bytes for each, and a large text needs no counts


def find_device(name: str) -> torch.device:
    """The device of that name; "auto" is the graphics card if there is one.

    Raises:
        ConfigError: this machine has no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(1, device=name)
        return torch.device(name)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"This machine has no device {name!r}. Use --device cpu, or leave it out.") from error


def suited(data: AnyData, images: int, device: torch.device) -> dict[str, Any]:
    """The model and the stakes to choose when a recipe names none; `images` is how many training will show.

    `fastgan` is made for few images, and for a graphics card: on two cores `dcgan` drew shapes and colours of 1,636
    emoji after 4 minutes, `fastgan` none (docs/log.md). A set shown many times over is augmented before the
    discriminator (Zhao et al., 2020), which otherwise learns it by heart. A small text is learned in steps of
    few windows, and with dropout where it is read many times. Beside one of more than five million tokens nothing is
    counted, so that memory does not grow with it.
    """
    if isinstance(data, Corpus):
        passes = images / max(len(data.train), 1)
        dropout = next(share for least, share in reversed(DROPOUT) if passes >= least)
        found = {"name": "gpt", "dropout": dropout, **({"counted": 0} if data.train.size > MOST_COUNTED else {})}
        return {"model": found, "training": {"batch": _batch(len(data.train), WINDOWS)}}
    if data.makes == "records":
        count = len(data.train)
        dropout = next(share for most, share in RECORD_DROPOUT if count < most)
        return {"model": {"name": "tabular_ar", "dropout": dropout}, "training": {"batch": _batch(count, RECORDS)}}
    if isinstance(data, SeriesData):
        return {"model": {"name": "series_ar"}}
    if data.translates:
        return {"model": {"name": _translator(data)}}
    count, side = len(data.train), data.spec.x.shape[-1] or 0
    name = "fastgan" if count < 2_000 and side >= 64 and device.type == "cuda" else "dcgan"
    if name == "fastgan" or images < EPOCHS_UNAIDED * count:
        return {"model": {"name": name}}
    augment = ["translate", "cutout"] + (["colour"] if count < 2_000 else [])
    return {"model": {"name": name, "stakes": {"augment": augment}}}


def _translator(data: Data) -> str:
    """The model for pictures that are told: by whether they are paired, and by what is missing from them."""
    told = data.spec.condition
    assert told is not None
    if not data.train.is_aligned:
        return "cyclegan"
    if data.train.degrade is None:
        return "pix2pix"
    return "inpaint" if told.shape[0] != data.spec.x.shape[0] else "srgan"


def _batch(count: int, between: tuple[int, int]) -> int:
    """A power of two that makes some dozens of steps a pass over so many examples."""
    fewest, most = between
    return min(max(1 << (max(count // STEPS_A_PASS, 1).bit_length() - 1), fewest), most)


def _seen(data: AnyData, recipe: Recipe) -> AnyData:
    """Text and series in windows of the recipe's context."""
    return data if isinstance(data, Data) else data.seen_by(recipe.data.context)


class Experiment:
    """A recipe made real on one machine; `loop` is ready to run."""

    def __init__(
        self, recipe: Recipe, model: Model, data: AnyData, device: torch.device, process: tuple[int, int] = (0, 1)
    ) -> None:
        self.recipe, self.model, self.device, self.process = recipe, model, device, process
        self.counted: int = getattr(model, "counted", 0)  # longest n-gram that stands beside a writer
        self.data = data.beside_counts(self.counted) if self.counted and isinstance(data, Corpus) else data
        settings = recipe.training
        parts = settings.accumulate * process[1]
        if settings.batch % parts:
            raise ConfigError(
                f"training.batch = {settings.batch} cannot be cut into {parts} equal parts "
                f"(accumulate {settings.accumulate} times {process[1]} processes). Choose a multiple of {parts}."
            )
        self.numbers = Numbers(settings.precision == "bfloat16", bool(settings.channels_last))
        self.game = self._build(self.numbers)
        self.stream = self._stream(settings.workers)
        self.loop = self._loop(self.game, self.stream, settings, self.numbers)

    @classmethod
    def prepare(
        cls,
        raw: Mapping[str, Any],
        data: AnyData,
        device: torch.device,
        process: tuple[int, int] = (0, 1),
        plan: Callable[[Experiment], Mapping[str, Any]] | None = None,
    ) -> Experiment:
        """Choose what the recipe leaves open: the model, the numbers, and with `plan` the size and the length."""
        recipe, model = resolve(raw, suited(data, 0, device))
        if plan is not None:
            raw = merge(raw, plan(cls(recipe, model, data, device, process)))
            recipe, model = resolve(raw, suited(data, 0, device))
            data = _seen(data, recipe)
        recipe, model = resolve(raw, suited(data, recipe.training.steps * recipe.training.batch, device))
        if recipe.training.precision == "auto" or recipe.training.channels_last is None:
            numbers, _ = cls(recipe, model, data, device, process).measure()
            chosen = {
                "precision": "bfloat16" if numbers.bfloat16 else "float32",
                "channels_last": numbers.channels_last,
            }
            recipe = recipe.model_copy(update={"training": recipe.training.model_copy(update=chosen)})
        return cls(recipe, model, data, device, process)

    def changed(self, settings: Mapping[str, Any]) -> Experiment:
        """The same with other settings of its model, or another context."""
        recipe, model = resolve(merge(self.recipe.model_dump(mode="json"), settings), {"model": {}})
        return Experiment(recipe, model, _seen(self.data, recipe), self.device, self.process)

    def measure(self) -> tuple[Numbers, float]:
        """The fastest numbers for this game on this machine, and the seconds of a step."""
        stream = self._stream(0)
        batches = stream(0)

        def play(numbers: Numbers) -> Callable[[], object]:
            return self._loop(self._build(numbers), lambda step: batches, self.recipe.training, numbers).advance

        return calibrate(self.recipe.training, self.device, play)

    def evaluation_batch(self, size: int = 256) -> Batch | None:
        """Held-out samples on the device, or None if nothing is held out."""
        if not len(self.data.selection):
            return None
        batches = self.data.batches(self.data.selection, 16 if self.data.translates else size)  # type: ignore[arg-type]
        return self.on_device(next(iter(batches)))

    def on_device(self, batch: Batch) -> Batch:
        """The same where the networks are."""
        told = None if batch.condition is None else batch.condition.to(self.device)
        return Batch(batch.x.to(self.device), told)

    @property
    def pictures(self) -> Data:
        """The data, which the caller knows to be pictures."""
        assert isinstance(self.data, Data)
        return self.data

    @property
    def num_classes(self) -> int:
        """How many classes the generator can be told; 0 without."""
        spec = self.data.spec.condition
        return (spec.classes or 0) if spec else 0

    def shown(self, count: int) -> Batch:
        """Held-out examples to show translations of, as many as there are up to `count`; else ones that are learned."""
        view = self.pictures.selection if len(self.pictures.selection) >= min(4, count) else self.pictures.train
        return view.batch(0, min(count, len(view), view.num_inputs))

    def conditions(self, count: int) -> Tensor | None:
        """What `count` samples are told: classes in turn, each as often as the others, or pictures to translate.

        Shape: (count,) or (count, C, H, W), fewer where there are not so many pictures.
        """
        if self.data.translates:
            return self.shown(count).condition
        return torch.arange(count) % self.num_classes if self.num_classes else None

    def _build(self, numbers: Numbers) -> Any:
        torch.manual_seed(derive(self.recipe.seed, "weights"))
        game = self.model.build(self.data.spec)
        assert isinstance(game, nn.Module)
        if self.counted and isinstance(self.data, Corpus):
            game.fill(self.data.counts(self.counted).levels)  # type: ignore[operator]
        return numbers.arrange(game).to(self.device)

    def _stream(self, workers: int) -> Stream:
        recipe, data = self.recipe, self.data
        augment = None
        if recipe.data.augment:
            steps = [registry.find("augment", name)() for name in recipe.data.augment]
            augment = Pipeline(steps, probability=recipe.data.augment_probability).to(self.device)
        cut = Cut(recipe.training.batch, recipe.training.accumulate, *self.process)
        return Stream(data.train, cut, recipe.seed, augment=augment, device=self.device, workers=workers)

    def _loop(self, game: Any, stream: Callable[[int], Any], settings: TrainingSettings, numbers: Numbers) -> Loop:
        averager = Averager(game.sampler, settings.ema_half_life, settings.ema_ramp)
        return Loop(
            game,
            stream,
            PlainUpdate(game, settings, numbers, len(self.data.train)),
            averager,
            settings,
            self.recipe.seed,
        )
