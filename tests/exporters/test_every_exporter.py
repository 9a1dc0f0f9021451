"""Every form in which a run leaves: what was written says the same, nothing is written over, refusals help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tests.hugging_face.tiny_base import write_base
from torch import nn

import mintage
from mintage import registry
from mintage.codecs.text import TextCodec
from mintage.config import Settings
from mintage.contracts import DataSpec, Sampler, TensorSpec
from mintage.errors import ConfigError
from mintage.layers.lora import lora_layers

NAMES = registry.names("exporters")
CODEC = TextCodec(tokens="byte").with_separator()
SPEC = DataSpec(x=TensorSpec(shape=(17,), classes=257, start=256))
TOKENS = torch.randint(257, (2, 16), generator=torch.Generator().manual_seed(1))
each = pytest.mark.parametrize("name", NAMES)


def samplers(tmp_path: Path) -> list[tuple[Sampler, Any]]:
    """One that each exporter may meet, with its codec."""
    torch.manual_seed(0)
    plain = registry.find("models", "llama")(width=16, layers=2, heads=2, shared=2, tied=False).build(SPEC).sampler
    base = write_base(tmp_path / "base", "gpt2")
    tuned = registry.find("models", "gpt_finetune")(base=base, rank=2).build(SPEC).sampler
    for _, layer in lora_layers(tuned):
        nn.init.normal_(layer.lora_b, std=0.3)
    beside = registry.find("codecs", "pretrained").read({"base": str(base)})
    return [(plain.eval(), CODEC), (tuned.eval(), beside)]


@each
def test_what_is_written_says_the_same(name: str, tmp_path: Path) -> None:
    exporter, written = registry.find("exporters", name)(), 0
    for number, (sampler, codec) in enumerate(samplers(tmp_path)):
        if exporter.lacks(sampler, codec):
            continue
        path = exporter.export(sampler, codec, tmp_path / f"{number}")
        torch.testing.assert_close(exporter.load(path)(TOKENS), sampler.writer(TOKENS), rtol=0, atol=1e-4)
        with pytest.raises(ConfigError, match="is there already"):
            exporter.export(sampler, codec, path)
        written += 1
    assert written


@each
def test_every_setting_has_a_description(name: str) -> None:
    cls = registry.find("exporters", name)
    assert issubclass(cls, Settings)
    assert all(field.description for field in cls.model_fields.values())


@each
def test_pictures_are_refused_in_words(name: str) -> None:
    spec = DataSpec(x=TensorSpec(shape=(1, 28, 28)))
    sampler = registry.find("models", "dcgan")(width=8, latent_dim=8).build(spec).sampler
    codec = registry.find("codecs", "image")(size=28, channels=1)
    assert "pictures" in registry.find("exporters", name)().lacks(sampler, codec)


def test_a_run_of_another_network_says_what_to_train_instead(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("to be or not to be\n" * 40, "utf-8")
    words = ["model.name=gpt", "model.width=8", "model.layers=1", "model.heads=2", "data.context=16", "model.slots=64"]
    short = ["training.steps=2", "training.batch=2", "training.frames=2", "training.precision=float32"]
    run = mintage.train(tmp_path / "text.txt", overrides=[*words, *short], out=tmp_path)
    with pytest.raises(ConfigError, match=r"model\.name=llama.*has no adapter"):
        run.export(tmp_path / "out")
    with pytest.raises(ConfigError, match="has no adapter"):
        run.export(tmp_path / "out", "peft-adapter")
    with pytest.raises(ConfigError, match="Did you mean 'hugging_face'"):
        run.export(tmp_path / "out", "hugging-fase")
