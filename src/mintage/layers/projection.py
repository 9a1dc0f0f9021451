"""The last layer of a discriminator: a logit, and with classes how well the sample fits its class."""

from __future__ import annotations

from torch import Tensor, nn

from mintage.layers.spectral import spectral_norm

__all__ = ["Projection"]


class Projection(nn.Module):
    """A linear logit plus the inner product of the features with the class's embedding (Miyato and Koyama, 2018).

    `bounded` puts spectral normalisation on both.

    Shape: (B, F), (B,) int64 or None -> (B,).
    """

    def __init__(self, num_features: int, num_classes: int | None, *, bounded: bool = False) -> None:
        super().__init__()
        self.linear = nn.Linear(num_features, 1)
        nn.init.xavier_uniform_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        self.embed = None if num_classes is None else nn.Embedding(num_classes, num_features)
        if self.embed is not None:
            nn.init.xavier_uniform_(self.embed.weight)
        if bounded:
            spectral_norm(self.linear)
            if self.embed is not None:
                spectral_norm(self.embed)

    def forward(self, features: Tensor, condition: Tensor | None) -> Tensor:
        logits: Tensor = self.linear(features).squeeze(1)  # (B,)
        if self.embed is None:
            return logits
        if condition is None:
            raise ValueError(f"a discriminator of {self.embed.num_embeddings} classes needs a condition (B,)")
        fit: Tensor = (self.embed(condition) * features).sum(1)
        return logits + fit
