"""A whole rank, as a process at the other end of a socket."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from node_side import NodeSide
from thinker_worker.link.threads import LINK_ENDED

MODEL = Path(__file__).parents[3] / "models" / "tiny-chat"
LORA = {"rank": 2, "alpha": 4, "dropout": 0, "targetModules": ["q_proj"], "rsLora": False, "seed": 1}
SETTINGS = {
    "engine": "hf",
    "models": [{"name": "tiny", "folder": str(MODEL)}],
    "device": "cpu",
    "dtype": "float32",
    "heartbeatSeconds": 0.05,
}
BASE = {"kind": "base", "baseModel": "tiny"}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[NodeSide]:
    side = NodeSide(tmp_path, SETTINGS)
    yield side
    side.close()


def ids(*numbers: int) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.int32)


def state() -> dict[str, object]:
    weights = [
        (f"model.layers.{layer}.self_attn.q_proj.lora_{part}.weight", torch.full(shape, 0.01))
        for layer in range(6)
        for part, shape in (("A", (2, 192)), ("B", (192, 2)))
    ]
    return {"weights": weights, "m": [], "v": [], "step": 0, "gradients": None, "gradientPasses": 0, "passes": 0}


def test_says_who_it_is_and_computes_until_it_is_stopped(node: NodeSide) -> None:
    assert node.hello["kind"] == "hello" and node.hello["token"] == "secret" and node.hello["rank"] == 0
    info = node.call("start")
    assert info["models"][0]["parameterCount"] == 2_755_008
    assert info["repeatability"] == "bitwise"
    adapter = {"id": "a", "baseModel": "tiny", "lora": LORA}
    assert node.call("createAdapter", adapter=adapter, state=state()) is None
    tokens = {"data": ids(5, 6, 7, 8), "offsets": ids(0, 4), "trailingShape": []}
    item = {
        "weights": {"kind": "adapter", "id": "a"},
        "train": True,
        "tokens": tokens,
        "targets": {**tokens, "data": ids(6, 7, 8, 9)},
        "scored": torch.ones(4, dtype=torch.uint8),
    }
    assert node.call("openPass", **{"pass": 1}, items=[item]) == {"refused": []}
    [[logprobs]] = node.call("forward", **{"pass": 1}, parts=[{"item": 0, "datums": [0]}])
    assert logprobs.shape == (4,) and bool((logprobs < 0).all())
    assert node.call("backward", **{"pass": 1}, dLogprobs=[-torch.ones(4)]) is None
    node.call("keepGradients", **{"pass": 1}, item=0)
    node.call("closePass", **{"pass": 1})
    assert node.call("describeState", id="a") == {"step": 0, "hasGradients": True}
    params = {"learningRate": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weightDecay": 0.01, "gradClipNorm": 0}
    result = node.call("step", id="a", params=params)
    assert result["step"] == 1 and result["digest"] == node.call("digestState", id="a")
    exported = node.call("exportState", id="a")
    assert [name for name, _ in exported["weights"]] == sorted(name for name, _ in state()["weights"])  # type: ignore[attr-defined]
    assert node.call("stop") is None
    assert node.process.wait(timeout=60) == 0


def test_ends_with_0_when_the_connection_goes_right_after_stop(node: NodeSide) -> None:
    node.call("start")
    # So that the rank finds both at once.
    node.process.send_signal(signal.SIGSTOP)
    node.connection.send({"kind": "call", "id": 2, "name": "stop", "args": {}})
    node.connection.close()
    node.process.send_signal(signal.SIGCONT)
    assert node.process.wait(timeout=60) == 0


def test_answers_errors_of_the_request_and_goes_on(node: NodeSide) -> None:
    node.call("start")
    unknown = node.call("step", id="nobody", params={
        "learningRate": 1, "beta1": 0, "beta2": 0, "eps": 1, "weightDecay": 0, "gradClipNorm": 0,
    })
    assert (unknown["kind"], unknown["code"], unknown["details"]) == ("user", "unknown_adapter", {"id": "nobody"})
    assert node.call("openSequence", sequence=1, weights={"kind": "weights", "id": "w"})["code"] == "weights_unknown"
    assert node.call("nonsense")["kind"] == "engine"
    assert node.call("openSequence", sequence=1, weights=BASE) is None
    [found] = node.call("advance", steps=[{"sequence": 1, "tokens": ids(5, 6)}])
    assert found["logits"].shape == (1, 2048)
    torch.testing.assert_close(found["logSums"], torch.logsumexp(found["logits"], 1))


def test_beats_while_it_computes(node: NodeSide) -> None:
    # Imports, loading and the check at start take far longer than a beat.
    node.call("start")
    assert node.heartbeats >= 2
    assert node.memory is not None
    # Torch alone takes more than this; a model of the tests far less than the upper bound.
    assert 50e6 < node.memory["processBytes"] < 20e9
    assert node.memory["gpu"] is None


def test_ends_when_the_connection_does_also_in_the_middle_of_a_call(node: NodeSide) -> None:
    node.connection.send({"kind": "call", "id": 1, "name": "start", "args": {}})
    node.connection.close()
    assert node.process.wait(timeout=60) == LINK_ENDED


def test_ends_when_it_does_not_know_a_setting(tmp_path: Path) -> None:
    side = NodeSide(tmp_path, {**SETTINGS, "surprise": 1})
    assert side.process.wait(timeout=60) == 1
    side.close()
