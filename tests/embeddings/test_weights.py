"""Weights are found in the places that are said, downloaded whole and checked or not at all, and read without code."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from mintage.errors import ConfigError
from mintage.weights import find_weights, fold_batch_norm, load_network, read_weights

DATA = bytes(range(256)) * 9000  # 2.3 MB: more than a chunk
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/missing":
                return self.send_error(404)
            self.send_response(200)
            self.send_header("Content-Length", str(len(DATA)))
            self.end_headers()
            self.wfile.write(DATA[: len(DATA) // 2] if self.path == "/half" else DATA)
            return None

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_address[1]}"
        listening.shutdown()


@pytest.fixture(autouse=True)
def _no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MINTAGE_WEIGHTS", raising=False)


def test_a_download_is_checked_and_kept_and_not_repeated(server: str, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = find_weights(None, "w.pth", f"{server}/whole", SHA256, tmp_path, lambda *done: seen.append(done))
    assert path == tmp_path / "weights" / "w.pth"
    assert path.read_bytes() == DATA
    assert seen[-1] == (len(DATA), len(DATA))
    assert find_weights(None, "w.pth", "http://127.0.0.1:1/gone", SHA256, tmp_path) == path


@pytest.mark.parametrize(
    ("page", "sha256", "reason"),
    [("/whole", "0" * 64, "sha256"), ("/half", SHA256, "broke|IncompleteRead"), ("/missing", SHA256, "404")],
)
def test_a_bad_download_leaves_nothing_behind(server: str, tmp_path: Path, page: str, sha256: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        find_weights(None, "w.pth", server + page, sha256, tmp_path)
    assert list((tmp_path / "weights").iterdir()) == []


def test_without_a_network_the_message_says_what_to_get_and_where_to_put_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        find_weights(None, "w.pth", "http://127.0.0.1:1/w.pth", SHA256, tmp_path)
    assert "http://127.0.0.1:1/w.pth" in str(caught.value)
    assert str(tmp_path / "weights" / "w.pth") in str(caught.value)


def test_the_places_are_the_path_then_the_own_folder_then_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("weights", "own"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "w.pth").write_bytes(DATA)
    assert find_weights(None, "w.pth", None, SHA256, tmp_path) == tmp_path / "weights" / "w.pth"
    monkeypatch.setenv("MINTAGE_WEIGHTS", str(tmp_path / "own"))
    assert find_weights(None, "w.pth", None, SHA256, tmp_path) == tmp_path / "own" / "w.pth"
    (tmp_path / "mine").write_bytes(b"anything")
    assert find_weights(tmp_path / "mine", "w.pth", None, SHA256, tmp_path) == tmp_path / "mine"
    with pytest.raises(ConfigError, match="There are no weights at"):
        find_weights(tmp_path / "absent", "w.pth", None, SHA256, tmp_path)


def test_a_file_of_the_right_name_but_other_content_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "w.pth").write_bytes(b"other")
    with pytest.raises(ConfigError, match="not the published file"):
        find_weights(None, "w.pth", None, SHA256, tmp_path)


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("import pathlib; pathlib.Path('ran').touch()",))


def test_a_file_that_would_run_code_is_refused_and_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(ConfigError, match="cannot be read as weights"):
        read_weights(tmp_path / "evil.pth")
    assert not (tmp_path / "ran").exists()


def test_damage_and_what_is_no_state_dict_are_refused(tmp_path: Path) -> None:
    for name in ("cut.pth", "cut.safetensors"):
        (tmp_path / name).write_bytes(DATA[:1000])
        with pytest.raises(ConfigError, match="cannot be read as weights"):
            read_weights(tmp_path / name)
    torch.save({"epoch": 3}, tmp_path / "epoch.pth")
    with pytest.raises(ConfigError, match="something else"):
        read_weights(tmp_path / "epoch.pth")


def test_both_formats_give_the_same_tensors(tmp_path: Path) -> None:
    state = {"weight": torch.randn(2, 3)}
    torch.save(state, tmp_path / "a.pth")
    save_file(state, tmp_path / "a.safetensors")
    for name in ("a.pth", "a.safetensors"):
        assert torch.equal(read_weights(tmp_path / name)["weight"], state["weight"])


def test_a_network_takes_its_weights_whole_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"weight": torch.ones(2, 3), "bias": torch.zeros(2)}, path)
    network = load_network(path, dict, lambda _: nn.Linear(3, 2))
    assert network(torch.ones(1, 3)).tolist() == [[3.0, 3.0]]
    assert not network.training
    for other in (nn.Linear(4, 2), nn.Linear(3, 2, bias=False), nn.Sequential(nn.Linear(3, 2))):
        with pytest.raises(ConfigError, match="another network"):
            load_network(path, dict, lambda _, other=other: other)  # type: ignore[misc]


def test_a_folded_convolution_does_what_the_two_did() -> None:
    conv, norm = nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4, eps=1e-3)
    norm(torch.randn(8, 4, 5, 5))
    nn.init.uniform_(norm.weight)
    nn.init.uniform_(norm.bias)
    state = {f"conv.{key}": value for key, value in conv.state_dict().items()}
    state |= {f"bn.{key}": value for key, value in norm.state_dict().items()}
    fold_batch_norm(state, "conv", "bn", "one", 1e-3)
    one = nn.Conv2d(3, 4, 3)
    one.load_state_dict({key.removeprefix("one."): value for key, value in state.items()})
    x = torch.randn(2, 3, 6, 6)
    assert torch.allclose(one(x), norm.eval()(conv(x)), atol=1e-6)
