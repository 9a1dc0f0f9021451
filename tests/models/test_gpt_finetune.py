"""A folder of transformers learns from a text by the command line: small checkpoints, exact resume, and the way out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tests.conftest import failed
from tests.hugging_face.tiny_base import SEPARATOR, network, write_base
from typer.testing import CliRunner

from mintage import registry
from mintage.api import Run, load
from mintage.cli import app
from mintage.errors import ConfigError, SpecError
from mintage.hugging_face.folder import read_folder
from mintage.judging.likelihood import token_nats
from mintage.opening import open_data
from mintage.recipe import DataSettings
from mintage.storage import cache_folder
from mintage.trained import Trained
from mintage.training.checkpoint import Checkpoints

pytest.importorskip("tokenizers")
TEXT = "".join(f"Verse {number}: the moon over the river, and the river under the moon.\n" for number in range(60))
FAST = ["training.batch=4", "training.frames=2", "training.precision=float32", "training.channels_last=false"]
KINDS = ["gpt2", "llama", "qwen2"]

Train = Callable[..., Run]


def told(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def train(tmp_path: Path) -> Train:
    """`mintage train gpt-finetune` with a base of a kind, steps, and settings."""
    (tmp_path / "mine.txt").write_text(TEXT, "utf-8")

    def trained(kind: str = "gpt2", *words: str, steps: int = 6, out: str = "runs") -> Run:
        base = tmp_path / kind
        if not base.exists():
            write_base(base, kind)
        told(
            "train", "gpt-finetune", f"base={base}", f"data={tmp_path / 'mine.txt'}", *FAST, f"training.steps={steps}",
            *words, "--quiet", "--out", tmp_path / out,
        )  # fmt: skip
        return load(sorted((tmp_path / out).iterdir())[-1])

    return trained


def state(run: Run) -> dict[str, torch.Tensor]:
    checkpoint, _ = Checkpoints(run.directory.checkpoints).latest()
    assert checkpoint is not None
    return checkpoint.training() | {f"sampler.{name}": tensor for name, tensor in checkpoint.sampler().items()}


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_is_read_again_and_leaves_merged_and_as_an_adapter(kind: str, train: Train, tmp_path: Path) -> None:
    run = train(kind, "training.lr=0.04", "training.workers=0", steps=16)
    trained = Trained.open(run.directory)
    writer, window = trained.sampler.writer, trained.codec.encode(TEXT[:32])[None]  # type: ignore[attr-defined]
    data = open_data(run.recipe.data, run.recipe.codec, 0, cache_folder())[0]
    before = token_nats(network(kind, 257, 32), data.heldout, stride=32).mean  # type: ignore[arg-type]
    assert token_nats(writer, data.heldout, stride=32).mean < 0.8 * before  # type: ignore[arg-type]
    drawn = trained.draw(trained.sampler.noise(2, torch.Generator().manual_seed(0)), None)
    assert all(isinstance(trained.codec.decode(row), str) for row in drawn)
    said = writer(window)
    assert not torch.allclose(said, read_folder(tmp_path / kind).network.eval()(window), atol=0.1)
    for format in ("hugging-face", "peft-adapter"):
        out = tmp_path / "out" / format
        assert "safetensors" in told("export", run.path, "--out", out, "--format", format)
        exporter = registry.find("exporters", format.replace("-", "_"))()
        torch.testing.assert_close(exporter.load(out)(window), said, rtol=0, atol=1e-4)
    merged = read_folder(run.export(tmp_path / "again"))
    assert merged.tokenizer_json == read_folder(tmp_path / kind).tokenizer_json
    assert merged.config["eos_token_id"] == SEPARATOR
    with pytest.raises(ConfigError, match="is there already"):
        run.export(tmp_path / "again")


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_a_resumed_run_ends_bit_identical_to_an_unbroken_one(kind: str, train: Train) -> None:
    unbroken = train(kind, "model.dropout=0.1", out="a")
    broken = train(kind, "model.dropout=0.1", "training.max_seconds=0.000001", out="b")
    assert 0 < broken.facts["steps"] < 6
    while not broken.facts["finished"]:
        told("train", "--resume", broken.path, "training.max_seconds=100", "--quiet")
        broken = load(broken.path)
    one, other = state(unbroken), state(broken)
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


def test_a_checkpoint_holds_the_adapter_and_no_more(train: Train) -> None:
    run = train("llama", "model.rank=2", "model.targets=['attention.q', 'attention.v']")
    best = Checkpoints(run.directory.checkpoints).best()
    assert best is not None
    kept = load_file(best.path / "sampler.safetensors")
    ends = {name.rpartition(".")[2] for name in kept}
    assert ends == {"lora_a", "lora_b", "base_hash"}
    assert len(kept) == 2 * 2 * 2 + 1
    assert run.facts["parameters"]["writer"] == sum(tensor.numel() for tensor in kept.values()) - 32


def test_the_run_reads_and_writes_its_tokens_without_the_base(train: Train, tmp_path: Path) -> None:
    run = train()
    assert "tokenizer" not in run.recipe.codec
    assert run.recipe.model["base"] == run.recipe.codec["base"] == str(tmp_path / "gpt2")
    shutil.rmtree(tmp_path / "gpt2")
    state = json.loads(run.directory.codec.read_text("utf-8"))
    codec = registry.find("codecs", state.pop("name")).from_state(state)
    assert codec.decode(codec.encode("the moon 月")) == "the moon 月"
    with pytest.raises(ConfigError, match=r"gpt2 is not there.*model\.base in recipe\.toml"):
        run.generate(1)


def test_a_base_that_has_changed_is_told(train: Train, tmp_path: Path) -> None:
    run = train()
    shutil.rmtree(tmp_path / "gpt2")
    write_base(tmp_path / "gpt2", "gpt2", context=33)
    for act in (lambda: run.generate(1), run.resume, lambda: run.export(tmp_path / "out")):
        with pytest.raises(ConfigError, match="has changed since this was fine-tuned"):
            act()


def test_the_context_is_what_the_base_has_unless_a_smaller_one_is_asked_for(train: Train) -> None:
    assert train().recipe.data.context == 32
    assert train("gpt2", "data.context=16").facts["shape"] == [17]


def test_what_does_not_fit_is_said_in_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text(TEXT, "utf-8")
    base, data = write_base(tmp_path / "base"), f"data={tmp_path / 'mine.txt'}"
    assert "Mintage fetches nothing" in failed(capsys, monkeypatch, "train", "gpt-finetune", "base=gpt2", data)
    assert "base=FOLDER" in failed(capsys, monkeypatch, "train", "gpt-finetune", data)
    long = failed(capsys, monkeypatch, "train", "gpt-finetune", f"base={base}", data, "data.context=64")
    assert "at most 32" in long
    alone = ["train", str(tmp_path / "mine.txt"), "model.name=gpt_finetune", f"model.base={base}", "data.context=16"]
    assert "are not its own. Use the recipe" in failed(capsys, monkeypatch, *alone)
    named = failed(capsys, monkeypatch, "train", "gpt-finetune", f"base={base}", data, "model.targets=['query']")
    assert "attention.qkv" in named


def test_a_context_beyond_the_base_is_told_by_the_model_too(tmp_path: Path) -> None:
    from mintage.contracts import DataSpec, TensorSpec

    model = registry.find("models", "gpt_finetune")(base=write_base(tmp_path / "base"))
    with pytest.raises(SpecError, match=r"data\.context=32"):
        model.build(DataSpec(x=TensorSpec(shape=(65,), classes=257)))


def test_documents_are_parted_by_the_base_own_token(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "texts").mkdir(exist_ok=True)
        (tmp_path / "texts" / f"{name}.txt").write_text(name * 40, "utf-8")
    codec = {"name": "pretrained", "base": str(write_base(tmp_path / "base"))}
    settings = DataSettings(path=tmp_path / "texts", heldout=0.0)
    data, found, kept = open_data(settings, codec, 0, cache_folder())
    assert data.packed.x[data.packed.starts].tolist() == [SEPARATOR, SEPARATOR]  # type: ignore[union-attr]
    assert (found.context, data.spec.x.classes, data.spec.x.start) == (32, 257, SEPARATOR)
    assert kept == codec
