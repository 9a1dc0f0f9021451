"""Bring your own networks: any torch module, or any Keras 3 model on its torch backend, as a player."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from mintage import registry
from mintage.config import Settings
from mintage.contracts import DataSpec, Rung
from mintage.errors import ConfigError, SpecError
from mintage.games.gan import GAN, LatentSampler, Stakes
from mintage.layers.turns import learning

__all__ = ["Custom"]


class Custom(Settings):
    """Your own generator and discriminator in the adversarial game, named as `module:function`.

    Each function is called with the data's spec, or with nothing where it takes nothing, and gives a torch module or
    a Keras 3 model. The generator takes z (B, latent_dim), the discriminator takes samples; one whose second argument
    is required, or called `condition`, is handed the condition there (None where the data has none), a functional
    Keras model as its second input. Samples lie in [-1, 1]; logits are (B,) or (B, 1), with no sigmoid. Pixels
    reach a torch module as (B, C, H, W) and a Keras model in the layout that it declares, its first weights and
    its dropout following the run's seed.

    Buffers (batch norm's running moments, power iterations) move in their own player's turn alone: in the other's
    they are handed out as copies, so torch's own BatchNorm is safe here.
    """

    generator: str
    """What makes the generator, as `my_nets:make_generator`; the working directory is searched too."""
    discriminator: str
    """What makes the discriminator, as `my_nets:make_discriminator`."""
    latent_dim: int = Field(100, ge=1)
    """Length of z."""
    joint: bool = False
    """Send real and generated samples through the discriminator in one pass: faster, but not with batch norm."""
    stakes: Stakes = Stakes(objective="non_saturating")
    """What the players pay."""

    habits: ClassVar[Mapping[str, Any]] = {}
    ladder: ClassVar[tuple[Rung, ...]] = (Rung({}, 0),)

    def build(self, spec: DataSpec) -> GAN:
        """The game for this data; both networks are tried once on two samples.

        Raises:
            ConfigError: a name that leads to no network.
            SpecError: a network that does not take or make this data; the message has both shapes.
        """
        shape, condition = _examples(spec)
        z, x = torch.randn(2, self.latent_dim), torch.zeros(2, *shape)
        generator = _player(self.generator, spec, z, condition)
        made = _tried(self.generator, generator, z, condition)
        if made.shape != x.shape:
            raise SpecError(
                f"{self.generator} makes samples of shape {tuple(made.shape[1:])} of a z of length {self.latent_dim}, "
                f"but this data has shape {shape}. Change its last layers, or the data with codec.size."
            )
        discriminator = _player(self.discriminator, spec, x, condition)
        logits = _tried(self.discriminator, discriminator, x, condition)
        if logits.shape not in ((2,), (2, 1)):
            raise SpecError(
                f"{self.discriminator} gives {tuple(logits.shape)} for 2 samples of shape {shape}, but (2,) or (2, 1) "
                "was needed: one logit a sample. End it with a layer of one unit and no sigmoid."
            )
        return GAN(LatentSampler(generator, self.latent_dim), _Logits(discriminator), self.stakes, joint=self.joint)


class _Logits(nn.Module):
    """Flattens (B, 1) to (B,)."""

    def __init__(self, discriminator: nn.Module) -> None:
        super().__init__()
        self.discriminator = discriminator

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.discriminator(x, condition).flatten()  # type: ignore[no-any-return]


class _TorchPlayer(nn.Module):
    """A torch module that keeps its buffers to its own turn."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module, self.takes_condition = module, _takes_condition(module.forward)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        inputs = (x, condition) if self.takes_condition else (x,)
        if self.training and not learning(next(self.module.parameters(), None)):
            lent = {name: buffer.clone() for name, buffer in self.module.named_buffers()}
            return torch.func.functional_call(self.module, lent, inputs)  # type: ignore[no-any-return]
        return self.module(*inputs)  # type: ignore[no-any-return]


class _Shared:
    """A Keras model used as a function without state, which copies of a player share."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __deepcopy__(self, memo: dict[int, Any]) -> _Shared:
        return self


class _KerasPlayer(nn.Module):
    """A Keras model whose weights are this module's, so that it trains, copies and saves like any other."""

    def __init__(self, model: Any, x: Tensor, condition: Tensor | None) -> None:
        super().__init__()
        self.shared = _Shared(model)
        self.num_inputs = len(getattr(model, "inputs", None) or ())  # none: not a functional model
        self.takes_condition = self.num_inputs > 1 if self.num_inputs else _takes_condition(model.call)
        self.channels_last = _is_channels_last(model)
        with torch.no_grad():
            model(*self._inputs(x, condition), training=False)  # Keras makes some weights at the first call
        self.weights = nn.ParameterList(nn.Parameter(v.value.detach().clone()) for v in model.trainable_variables)
        self.num_states = len(model.non_trainable_variables)
        for number, variable in enumerate(model.non_trainable_variables):
            self.register_buffer(f"state_{number}", variable.value.detach().clone())

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        states = [self.get_buffer(f"state_{number}") for number in range(self.num_states)]
        made, moved = self.shared.model.stateless_call(
            list(self.weights), states, *self._inputs(x, condition), training=self.training
        )
        if self.training and learning(next(iter(self.weights), None)):
            with torch.no_grad():
                for state, new in zip(states, moved, strict=True):
                    state.copy_(new)
        return made.movedim(-1, 1) if self.channels_last and made.ndim > 2 else made  # type: ignore[no-any-return]

    def _inputs(self, x: Tensor, condition: Tensor | None) -> tuple[Any, ...]:
        if self.channels_last and x.ndim > 2:
            x = x.movedim(1, -1)
        if not self.takes_condition:
            return (x,)
        return ([x, condition],) if self.num_inputs else (x, condition)


def _examples(spec: DataSpec) -> tuple[tuple[int, ...], Tensor | None]:
    """The shape of a sample, and a condition for two."""
    shape = tuple(length for length in spec.x.shape if length is not None)
    if len(shape) < len(spec.x.shape) or spec.x.classes is not None:
        raise SpecError(f"Custom makes real values of one shape, but this data is {spec.x}. Set codec.size.")
    if spec.condition is None:
        return shape, None
    told = [length or 1 for length in spec.condition.shape]
    return shape, torch.zeros(2, *told, dtype=torch.float32 if spec.condition.classes is None else torch.int64)


def _player(reference: str, spec: DataSpec, x: Tensor, condition: Tensor | None) -> nn.Module:
    maker = registry.load_object(reference)
    if isinstance(maker, nn.Module) or not callable(maker):
        kind = type(maker).__name__
        raise ConfigError(f"{reference} is a {kind}, but a function that makes a network was needed. Wrap it in one.")
    keras = sys.modules.get("keras")  # it is there by now if the maker needs it
    if keras is not None:
        keras.utils.set_random_seed(int(torch.randint(2**31, ())))
    made = maker(spec) if _takes_spec(maker) else maker()
    if keras is not None and isinstance(made, keras.Model):
        backend = keras.backend.backend()
        if backend != "torch":
            raise ConfigError(
                f"{reference} made a Keras model on {backend}, but torch was needed. Set KERAS_BACKEND=torch before."
            )
        with _explained(reference, x):
            return _KerasPlayer(made, x, condition)
    if not isinstance(made, nn.Module):
        kind = type(made).__name__
        raise ConfigError(f"{reference} made a {kind}, but a torch module or a Keras 3 model was needed. Return that.")
    return _TorchPlayer(made)


def _tried(reference: str, player: nn.Module, x: Tensor, condition: Tensor | None) -> Tensor:
    with torch.no_grad(), _explained(reference, x):
        made = player.eval()(x, condition)
    player.train()
    return made  # type: ignore[no-any-return]


@contextmanager
def _explained(reference: str, x: Tensor) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise SpecError(
            f"The network of {reference} fails on an input of shape {tuple(x.shape)}: {error}. "
            "Its first argument must be z (B, latent_dim) in a generator, samples (B, *shape) in a discriminator."
        ) from error


def _is_channels_last(model: Any) -> bool:
    """The layout that the first layer with a layout declares, else Keras' own setting."""
    for layer in getattr(model, "layers", ()):
        if getattr(layer, "layers", None):
            return _is_channels_last(layer)
        if hasattr(layer, "data_format"):
            return bool(layer.data_format == "channels_last")
    return bool(sys.modules["keras"].config.image_data_format() == "channels_last")


def _takes_spec(maker: Callable[..., Any]) -> bool:
    parameters = _positional(maker)
    return bool(parameters) and (parameters[0].default is inspect.Parameter.empty or parameters[0].name == "spec")


def _takes_condition(forward: Callable[..., Any]) -> bool:
    second = _positional(forward)[1:2]
    return bool(second) and (second[0].default is inspect.Parameter.empty or second[0].name == "condition")


def _positional(function: Callable[..., Any]) -> list[inspect.Parameter]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [parameter for parameter in inspect.signature(function).parameters.values() if parameter.kind in kinds]
