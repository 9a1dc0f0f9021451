"""Which token comes next: what the model says, bent by settings, decided by one uniform number a row."""

from __future__ import annotations

import torch
from pydantic import Field, field_validator
from torch import Tensor

from mintage.config import Settings
from mintage.statistics.verses import parse

__all__ = ["Decoding", "choose", "probabilities"]

COLDEST = 1e-30  # temperatures below it vanish in float32
BELOW_ONE = 1 - 2**-32  # float64 products of it with a total stay below the total


class Decoding(Settings):
    """How tokens are chosen, and when a text ends.

    In this order: penalties, bans, temperature, top-k, top-p, min-p; what is left is renormalised once. Penalties and
    bans look at the prompt too.
    """

    temperature: float = Field(1.0, ge=0)
    """Above 1 bolder, below 1 safer; 0 always takes the likeliest token."""
    top_k: int = Field(0, ge=0)
    """Only so many of the likeliest tokens may come (Fan et al., 2018); 0: all."""
    top_p: float = Field(1.0, gt=0, le=1)
    """Only the likeliest tokens that together have this probability may come (Holtzman et al., 2020); 1: all."""
    min_p: float = Field(0.0, ge=0, le=1)
    """Only tokens at least this share as likely as the likeliest may come (Nguyen et al., 2024); 0: all."""
    repetition_penalty: float = Field(1.0, gt=0)
    """Divides the logits of tokens that came lately, multiplies negative ones (CTRL, Keskar et al., 2019); 1: off."""
    frequency_penalty: float = 0.0
    """Taken off a token's logit for each time that it came lately."""
    presence_penalty: float = 0.0
    """Taken off the logit of each token that came lately."""
    penalty_window: int = Field(256, ge=1)
    """How many of the last tokens, the prompt's among them, the penalties count."""
    no_repeat_ngram: int = Field(0, ge=0)
    """No run of so many tokens comes twice in a text and its prompt; 0: off."""
    no_copy: int = Field(0, ge=0)
    """No span of more than so many characters stands word for word in what was learned from; 0: off."""
    length: int = Field(512, ge=1)
    """Tokens to write at most."""
    stop: tuple[str, ...] = ()
    """Texts that end it; they are not shown."""
    template: str = ""
    """Line lengths in characters: "5x4" is four lines of five, "5,7,5" three lines; unset: free."""

    @field_validator("template")
    @classmethod
    def _is_a_form(cls, template: str) -> str:
        if template:
            parse(template)
        return template

    @field_validator("stop")
    @classmethod
    def _says_something(cls, stop: tuple[str, ...]) -> tuple[str, ...]:
        if "" in stop:
            raise ValueError("an empty stop string would end every text before it begins")
        return stop


def choose(
    logits: Tensor, chance: Tensor, decoding: Decoding, past: Tensor | None = None, allowed: Tensor | None = None
) -> Tensor:
    """The next token of each row, by inverting the cumulative distribution at the row's uniform number.

    Rows don't see each other, and a token that is banned or cut never comes, however near to 1 the number is.

    Shape: (B, V) float, (B,) in [0, 1), past (B, L) int64, allowed (B, V) bool -> (B,) int64.
    """
    bent = _bent(logits, decoding, past, allowed)
    if decoding.temperature == 0:
        return bent.argmax(-1)  # the first of equals
    # In float64 even a token of probability 1e-15 has its own stretch; a banned one has none.
    cumulative = _weights(bent, decoding).cumsum(-1, dtype=torch.float64)
    target = chance.double().clamp(max=BELOW_ONE)[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, target, right=True)[:, 0]


def probabilities(
    logits: Tensor, decoding: Decoding, past: Tensor | None = None, allowed: Tensor | None = None
) -> Tensor:
    """The distribution that `choose` draws from. Shape: as of `choose` -> (B, V) float32, rows that sum to 1."""
    bent = _bent(logits, decoding, past, allowed)
    if decoding.temperature == 0:
        return torch.nn.functional.one_hot(bent.argmax(-1), bent.shape[1]).float()
    weights = _weights(bent, decoding)
    return weights / weights.sum(-1, keepdim=True)


def _bent(logits: Tensor, decoding: Decoding, past: Tensor | None, allowed: Tensor | None) -> Tensor:
    """Logits after penalties and bans; -inf where a token may not come."""
    if past is not None and past.shape[1]:
        logits = _penalised(logits, decoding, past[:, -decoding.penalty_window :])
    if allowed is not None:
        logits = logits.masked_fill(~allowed, -torch.inf)
    if past is not None and decoding.no_repeat_ngram:
        fresh = logits.masked_fill(_repeats(past, decoding.no_repeat_ngram, logits.shape[1]), -torch.inf)
        # A row that could say nothing at all may repeat itself: the form is a promise, freshness a wish.
        logits = torch.where(fresh.amax(-1, keepdim=True) > -torch.inf, fresh, logits)
    return logits


def _penalised(logits: Tensor, decoding: Decoding, recent: Tensor) -> Tensor:
    penalty = decoding.repetition_penalty
    if penalty != 1:
        said = logits.gather(1, recent)
        logits = logits.scatter(1, recent, torch.where(said > 0, said / penalty, said * penalty))
    if decoding.frequency_penalty or decoding.presence_penalty:
        counts = torch.zeros_like(logits).scatter_add_(1, recent, torch.ones_like(recent, dtype=logits.dtype))
        logits = logits - decoding.frequency_penalty * counts - decoding.presence_penalty * (counts > 0)
    return logits


def _repeats(past: Tensor, size: int, num_tokens: int) -> Tensor:
    """Tokens that would complete a run that has been. Shape: (B, L) -> (B, V) bool."""
    banned = past.new_zeros(len(past), num_tokens + 1, dtype=torch.bool)
    if past.shape[1] >= size:
        runs = past.unfold(1, size, 1)  # (B, L - size + 1, size)
        same = (runs[..., :-1] == past[:, None, past.shape[1] - size + 1 :]).all(-1)
        banned.scatter_(1, runs[..., -1].where(same, num_tokens), True)
    return banned[:, :num_tokens]


def _weights(logits: Tensor, decoding: Decoding) -> Tensor:
    """Probabilities after temperature, zero where a cut fell; not renormalised."""
    if decoding.temperature != 1:  # the largest becomes 0, and stays it however cold it is
        logits = (logits - logits.amax(-1, keepdim=True)) / max(decoding.temperature, COLDEST)
    if 0 < decoding.top_k < logits.shape[1]:
        logits = logits.masked_fill(~_largest(logits, decoding.top_k), -torch.inf)
    weights = logits.softmax(-1, dtype=torch.float32)
    if decoding.top_p < 1:
        weights = weights.masked_fill(~_nucleus(weights, decoding.top_p), 0)
    if decoding.min_p:
        weights = weights.masked_fill(weights < decoding.min_p * weights.amax(-1, keepdim=True), 0)
    return weights


def _largest(logits: Tensor, count: int) -> Tensor:
    """So many of the largest in each row. Shape: (B, V) -> (B, V) bool."""
    return _down_to(logits, logits.topk(count).values[:, -1:], torch.full_like(logits[:, :1], count))


def _nucleus(weights: Tensor, share: float) -> Tensor:
    """The likeliest that reach a share: one is kept while those before it fall short. Shape: (B, V) -> (B, V) bool."""
    size = min(256, weights.shape[1])  # sorting a whole vocabulary takes longer than a step of a small network
    while True:
        ordered = weights.topk(size).values
        before = ordered.cumsum(-1, dtype=torch.float64) - ordered
        if size == weights.shape[1] or bool((before[:, -1] >= share).all()):
            break
        size = min(8 * size, weights.shape[1])
    counts = (before < share).sum(-1, keepdim=True).clamp(min=1)
    return _down_to(weights, ordered.gather(-1, counts - 1), counts)


def _down_to(values: Tensor, least: Tensor, counts: Tensor) -> Tensor:
    """Those above the least that is kept, and of its equals the first, until there are so many in the row."""
    above, equal = values > least, values == least
    return above | (equal & (equal.cumsum(-1) <= counts - above.sum(-1, keepdim=True)))
