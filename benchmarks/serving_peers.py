"""The two servers that benchmarks/serving.py measures beside ours, as their documentation would have one write them.

    python benchmarks/serving_peers.py fastapi|litserve RUN PORT

Both draw with the same sampler, the same seeds and the same PNG settings as ours; neither pads a batch.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import litserve
import torch
import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel

from mintage.generated import png
from mintage.run import RunDirectory
from mintage.sampling import noise_of
from mintage.trained import CPU, Trained


class Asked(BaseModel):
    """What a request says."""

    seed: int = 0


def drawn(trained: Trained, seeds: list[int]) -> list[bytes]:
    """The first picture of each seed, in one batch."""
    noise = torch.cat([noise_of(trained.sampler, 0, 1, seed) for seed in seeds])
    told = torch.zeros(len(seeds), dtype=torch.long) if trained.classes else None
    with torch.inference_mode(), trained.numbers.autocast(CPU):
        samples = trained.sampler(noise, told)
    return [png(trained.codec.decode(sample.float())) for sample in samples]


def serve_fastapi(run: Path, port: int) -> None:
    """A plain endpoint: FastAPI runs it in its pool of threads."""
    trained, app = Trained.open(RunDirectory.open(run)), FastAPI()

    @app.post("/v1/generate")
    def generate(asked: Asked) -> Response:
        return Response(drawn(trained, [asked.seed])[0], media_type="image/png")

    uvicorn.run(app, port=port, log_level="warning", access_log=False)


class Pictures(litserve.LitAPI):
    """LitServe's way: what comes in is decoded, gathered, predicted together, and encoded one by one."""

    def setup(self, device: Any) -> None:
        self.trained = Trained.open(RunDirectory.open(Path(sys.argv[2])))

    def decode_request(self, request):  # type: ignore[no-untyped-def]  # LitServe reads what is annotated
        return int(request["seed"])

    def batch(self, inputs: list[int]) -> list[int]:
        return list(inputs)

    def predict(self, x: list[int]) -> list[bytes]:
        return drawn(self.trained, x)

    def unbatch(self, output: list[bytes]) -> list[bytes]:
        return output

    def encode_response(self, output):  # type: ignore[no-untyped-def]
        return Response(output, media_type="image/png")


def serve_litserve(run: Path, port: int) -> None:
    """LitServe with batches of up to 64, which it fills for five milliseconds."""
    api = Pictures(max_batch_size=64, batch_timeout=0.005, api_path="/v1/generate")
    server = litserve.LitServer(api, accelerator="cpu", timeout=30)
    server.run(port=port, generate_client_file=False, log_level="warning")


if __name__ == "__main__":
    {"fastapi": serve_fastapi, "litserve": serve_litserve}[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))
