"""What a result must say about where it came from: processor, cores, versions, and the matrix rate."""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path
from typing import Any

import torch

RESULTS = Path(__file__).parent / "results"


def describe() -> dict[str, Any]:
    """The machine and the versions, as every result keeps them."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else []
    find = {
        key: next((x.split(":")[1].strip() for x in lines if x.startswith(key)), "") for key in ("model name", "flags")
    }
    flags = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in find["flags"].split()]
    return {
        "cpu": find["model name"] or platform.processor(),
        "flags": flags,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "load_before": round(os.getloadavg()[0], 2),
        "date": time.strftime("%Y-%m-%d"),
    }


def matrix_rate(dtype: torch.dtype, seconds: float = 2.0) -> float:
    """The best GFLOP/s of a 1024-sided matrix product; one product decides whether to go on."""
    side = 1024 if dtype is torch.float32 else 256
    best, spent = 0.0, 0.0
    while spent < seconds:
        a, b = torch.randn(side, side, dtype=dtype), torch.randn(side, side, dtype=dtype)
        started = time.perf_counter()
        a @ b
        took = time.perf_counter() - started
        best, spent = max(best, 2 * side**3 / took / 1e9), spent + took
        if side == 256 and best > 20:  # real hardware: measure with the large one
            side = 1024
    return round(best, 1)


def save(name: str, result: dict[str, Any]) -> Path:
    """Write benchmarks/results/NAME.json."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(path)
    return path
