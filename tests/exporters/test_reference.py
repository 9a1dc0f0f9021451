"""What leaves is read by transformers and PEFT themselves: the same tokens, the same logits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from tests.hugging_face.tiny_base import write_base

import mintage
from mintage.api import Run
from mintage.trained import Trained

pytestmark = pytest.mark.reference
transformers = pytest.importorskip("transformers")
pytest.importorskip("tokenizers")

TEXT = "".join(f"{number}: To be, or not\n to be!  春江潮水连海平，\n\n" for number in range(200))
FAST = ["training.batch=4", "training.frames=2", "training.precision=float32", "training.channels_last=false"]
LLAMA = ["model.name=llama", "model.width=32", "model.layers=2", "model.heads=4", "data.context=24"]


def logits(run: Run) -> tuple[Trained, torch.Tensor, torch.Tensor]:
    """A checkpoint, the tokens of a passage, and what comes after each of them."""
    trained = Trained.open(run.directory)
    tokens = trained.codec.encode(TEXT)[None, :20]
    with torch.no_grad():
        return trained, tokens, trained.sampler.writer(tokens)  # type: ignore[attr-defined]


def theirs(folder: Path) -> Any:
    model, info = transformers.AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    assert not any(info.values())
    return model.eval()


@pytest.mark.parametrize("documents", ["file", "blank-line"])
@pytest.mark.parametrize("kind", ["char", "byte", "bpe"])
@pytest.mark.parametrize("more", [[], ["model.shared=2", "model.tied=true"]], ids=["plain", "shared"])
def test_a_llama_is_read_with_its_tokens(kind: str, documents: str, more: list[str], tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT, "utf-8")
    small = [f"codec.tokens={kind}", f"data.documents={documents}", "training.steps=8"]
    small += ["codec.vocabulary=300"] if kind == "bpe" else []
    run = mintage.train(tmp_path / "text.txt", overrides=[*LLAMA, *small, *FAST, *more], out=tmp_path)
    trained, tokens, said = logits(run)
    folder = run.export(tmp_path / "out")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    assert isinstance(tokenizer, transformers.PreTrainedTokenizerFast)
    ids = tokenizer(TEXT, add_special_tokens=False)["input_ids"]
    assert ids == trained.codec.encode(TEXT).tolist()
    assert tokenizer.decode(ids) == TEXT
    assert len(tokenizer) == trained.codec.num_tokens  # type: ignore[attr-defined]
    model = theirs(folder)
    with torch.no_grad():
        torch.testing.assert_close(model(tokens).logits, said, rtol=0, atol=1e-4)
    made = model.generate(tokens[:, :4], max_new_tokens=6, do_sample=False, pad_token_id=0)
    assert made[0, 4] == said[0, 3].argmax()
    assert (tokenizer.eos_token_id is not None) == (documents == "blank-line")


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_what_was_fine_tuned_is_read_merged_and_beside_its_base(kind: str, tmp_path: Path) -> None:
    base = write_base(tmp_path / "base", kind)
    (tmp_path / "text.txt").write_text(TEXT, "utf-8")
    words = [f"base={base}", f"data={tmp_path / 'text.txt'}", "training.steps=8", "training.lr=0.02", *FAST]
    run = mintage.train("gpt-finetune", overrides=words, out=tmp_path / "runs")
    _, tokens, said = logits(run)
    plain, merged = theirs(base), theirs(run.export(tmp_path / "merged"))
    with torch.no_grad():
        torch.testing.assert_close(merged(tokens).logits, said, rtol=0, atol=1e-4)
        assert (plain(tokens).logits - said).abs().max() > 0.1
    halves = load_file(run.export(tmp_path / "half", dtype="bfloat16") / "model.safetensors")
    assert {tensor.dtype for tensor in halves.values()} == {torch.bfloat16}
    peft = pytest.importorskip("peft")
    adapted = peft.PeftModel.from_pretrained(plain, run.export(tmp_path / "adapter", "peft-adapter")).eval()
    with torch.no_grad():
        torch.testing.assert_close(adapted(tokens).logits, said, rtol=0, atol=1e-4)
