"""What a run learned, brought back from a checkpoint: its sampler, its codec, its classes, and its discriminator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

import torch
from torch import Tensor, nn

from mintage import registry
from mintage.contracts import Codec, DataSpec, Examples, Game, Makes, Sampler
from mintage.errors import ConfigError, RunError
from mintage.numbers import Numbers, for_sampling
from mintage.opening import data_spec, read_codec
from mintage.recipe import Recipe, read_raw
from mintage.run import RunDirectory
from mintage.sampling import draw, sample
from mintage.training.checkpoint import Checkpoint, Checkpoints

__all__ = ["CPU", "Trained"]

T = TypeVar("T")

CPU = torch.device("cpu")


@dataclass(frozen=True, eq=False)
class Trained:
    """A generator as one checkpoint of a run has it, ready to draw from, on the CPU."""

    run: RunDirectory
    recipe: Recipe
    codec: Codec
    classes: tuple[str, ...]
    checkpoint: Checkpoint
    sampler: Sampler
    spec: DataSpec
    origin_codec: Codec | None = None  # of the pictures that it translates, where they were packed too
    _once: dict[str, Any] = field(default_factory=dict, repr=False)

    def once(self, key: str, make: Callable[[], T]) -> T:
        """What is dear to make and wanted again and again: made at the first asking, kept under a name for it."""
        if key not in self._once:
            self._once[key] = make()
        return self._once[key]  # type: ignore[no-any-return]

    @property
    def translates(self) -> bool:
        """Whether it makes pictures out of pictures."""
        told = self.spec.condition
        return self.makes == "pictures" and told is not None and told.classes is None

    @property
    def makes(self) -> Makes:
        """What it makes: pictures, text, records, series."""
        return self.codec.makes

    @property
    def writes(self) -> bool:
        """Whether it makes text."""
        return self.makes == "text"

    @property
    def numbers(self) -> Numbers:
        """The numbers that it is drawn with."""
        return for_sampling(self.recipe.training.precision == "bfloat16", CPU)

    @classmethod
    def open(cls, run: RunDirectory, step: int | None = None) -> Self:
        """The checkpoint of a step, or the best one.

        Raises:
            RunError: there is none, or it is damaged.
        """
        recipe = Recipe.read(read_raw(str(run.recipe), None, ()))
        kept = Checkpoints(run.checkpoints)
        checkpoint = kept.best() if step is None else next((c for c in kept.all() if c.step == step), None)
        if checkpoint is None:
            known = ", ".join(str(c.step) for c in kept.all())
            raise RunError(f"{run.path} has no checkpoint{f' of step {step}; it has {known}' if known else ' yet'}.")
        checkpoint.check()
        codec = read_codec(run.codec)
        origin = read_codec(run.origin_codec) if run.origin_codec.is_file() else None
        classes = tuple(run.read_facts().get("classes", ()))
        spec = data_spec(recipe.data, codec, classes, origin)
        sampler = _game(recipe, spec).sampler
        assert isinstance(sampler, nn.Module)
        _fill(sampler, checkpoint.sampler(), checkpoint)
        for_sampling(recipe.training.precision == "bfloat16", CPU).arrange(sampler)
        return cls(run, recipe, codec, classes, checkpoint, sampler.eval().requires_grad_(False), spec, origin)

    def draw(self, noise: Tensor, told: Tensor | None) -> Tensor:
        """The samples of a noise tensor. Shape: (n, *noise_shape), (n,) or None -> (n, *x.shape)."""
        return draw(self.sampler, noise, told, numbers=self.numbers, device=CPU)

    def shown(self, drawn: Tensor) -> list[Any]:
        """Samples as a person sees them. Shape: (n, *x.shape) -> n of what the codec decodes to."""
        if decode_all := getattr(self.codec, "decode_all", None):
            return decode_all(drawn)  # type: ignore[no-any-return]
        return [self.codec.decode(one) for one in drawn]

    def told(self, n: int, of: str | int | None = None) -> Tensor | None:
        """The classes of n samples: one class, by name or index, or each in turn; None if it learned none. Shape: (n,).

        Raises:
            ConfigError: there is no such class.
        """
        if of is None:
            return torch.arange(n) % len(self.classes) if self.classes else None
        if not self.classes:
            raise ConfigError(f"{self.run.path} learned no classes, so it cannot be asked for {of!r}.")
        if isinstance(of, str) and not of.isdigit():
            if of.lower() not in (names := [name.lower() for name in self.classes]):
                hint = registry.suggest(of, list(self.classes))
                raise ConfigError(f"{self.run.path} knows no class {of!r}. {hint}")
            of = names.index(of.lower())
        if not 0 <= int(of) < len(self.classes):
            raise ConfigError(f"{self.run.path} has classes 0 to {len(self.classes) - 1}, not {of}.")
        return torch.full((n,), int(of))

    def examples(self, count: int, seed: int, told: Tensor | None = None) -> Examples:
        """Samples 0 .. count - 1 of a seed as a file would hold them: decoded to 8 bits and read again."""
        told = self.told(count) if told is None else told
        chunks = sample(self.sampler, count, seed, told, numbers=self.numbers, device=CPU)
        stored = [self.codec.encode(self.codec.decode(one)) for chunk in chunks for one in chunk]
        return Examples(torch.stack(stored), told)

    def way_back(self) -> Sampler | None:
        """The translator of outputs into inputs, where the game learns one; not averaged, as training left it."""
        game: Any = _game(self.recipe, self.spec)
        if not hasattr(game, "way_back"):
            return None
        self._load(game)
        self.numbers.arrange(game)
        return game.way_back.eval().requires_grad_(False)  # type: ignore[no-any-return]

    def logits(self) -> Callable[[Examples], Tensor] | None:
        """The discriminator of this checkpoint, if the game has one. Shape: N examples -> (N,)."""
        game: Any = _game(self.recipe, self.spec)
        if "discriminator" not in game.players or self.translates:
            return None
        self._load(game)
        judge = game.players["discriminator"].eval().requires_grad_(False)

        @torch.inference_mode()
        def answers(examples: Examples) -> Tensor:
            found = []
            for first in range(0, len(examples), 250):
                part = examples.rows(slice(first, first + 250))
                told = part.labels if self.classes else None
                found.append(judge(self.codec.expand(part.x), told).float().flatten())
            return torch.cat(found)

        return answers

    def _load(self, game: Any) -> None:
        training = self.checkpoint.training()
        state = {k.removeprefix("game."): v for k, v in training.items() if k.startswith("game.")}
        _fill(game, state, self.checkpoint)


def _fill(module: nn.Module, state: Mapping[str, Tensor], checkpoint: Checkpoint) -> None:
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise RunError(
            f"{checkpoint.path} does not fit its recipe.toml: it was made by another version of Mintage, or edited. "
            f"{str(error).splitlines()[-1].strip()}"
        ) from error


def _game(recipe: Recipe, spec: DataSpec) -> Game:
    settings = {key: value for key, value in recipe.model.items() if key != "name"}
    model = registry.find("models", str(recipe.model["name"])).read(settings, "model")
    if hasattr(model, "at_work"):
        model = model.at_work()  # what training alone paid by may not be on this machine
    return model.build(spec)  # type: ignore[no-any-return]
