"""What the SDK tests share: the running server, and calls whose shape changed between versions of the SDK."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
import tinker
from tinker import types

ROOT = Path(__file__).parents[2]
SDK = tuple(int(part) for part in version("tinker").split(".")[:3])
API_KEY = "tml-test"
START_LIMIT_S = 300
# What the service of this run computes with.
BACKENDS = {"local": {"ENGINE": "onnxruntime"}, "torch": {"BACKEND": "torch", "DEVICE": "cpu"}}
BACKEND = BACKENDS[os.environ.get("SDK_BACKEND", "local")]
# What the servers of this run logged, for the summary.
LOGS: list[str] = []

needs_torch = pytest.mark.skipif(
    find_spec("torch") is None, reason="needs torch: make .venv with scripts/python-env.sh, then this environment again"
)
needs_peft = pytest.mark.skipif(
    find_spec("peft") is None, reason="needs peft: make .venv with scripts/python-env.sh, then this environment again"
)


class Server:
    """The built service as a process of its own with the given database and a new data folder."""

    def __init__(self, database_url: str, **settings: str):
        self.folder = tempfile.mkdtemp(prefix="thinker-sdk-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.env = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            **{"PORT": str(port), "HOST": "127.0.0.1", "ROLE": "all", "REDIS_URL": ""},
            **{"LOG_LEVEL": "debug", "NO_COLOR": "1"},
            **{"DATABASE_URL": database_url, "DATA_DIR": self.folder, **BACKEND},
            **{"BASE_MODELS": str(ROOT / "models" / "tiny-chat"), **settings},
        }
        self.log_file = Path(self.folder) / "server.log"
        self.start()

    def start(self) -> None:
        with self.log_file.open("a") as log:
            command = ["node", "--enable-source-maps", str(ROOT / "dist" / "src" / "main.js")]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log)
        deadline = time.monotonic() + START_LIMIT_S
        while not self.answers():
            ended = self.process.poll()
            if ended is not None or time.monotonic() > deadline:
                self.process.kill()
                raise RuntimeError(f"the server did not start (exit code {ended}):\n{self.log_file.read_text()}")
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def stop(self) -> None:
        self.end()
        LOGS.append(self.log_file.read_text())
        shutil.rmtree(self.folder, ignore_errors=True)


def ready(client):
    """From 0.38 the calls that make a client return a future of it, before that the client."""
    return client.result() if hasattr(client, "result") else client


def service(url: str, api_key: str = API_KEY) -> tinker.ServiceClient:
    return tinker.ServiceClient(base_url=url, api_key=api_key)


def rest(url: str, api_key: str = API_KEY):
    """RestClient stands alone from 0.38; before that a ServiceClient makes it."""
    if SDK >= (0, 38):
        return tinker.RestClient(base_url=url, api_key=api_key)
    return service(url, api_key).create_rest_client()


def training(client: tinker.ServiceClient, rank: int = 8, seed: int = 7, **options):
    return ready(client.create_lora_training_client(base_model="tiny-chat", rank=rank, seed=seed, **options))


def sampler(client: tinker.ServiceClient, **source):
    return ready(client.create_sampling_client(**source))


def snapshot(trainer):
    """A sampling client pinned to the present weights."""
    return ready(trainer.save_weights_and_get_sampling_client())


def step(trainer, data, loss_fn: str = "cross_entropy", learning_rate: float = 3e-3, config=None):
    """One pipelined step: both requests are on their way before the first result is read."""
    passed = trainer.forward_backward(data, loss_fn, config)
    stepped = trainer.optim_step(types.AdamParams(learning_rate=learning_rate))
    result = passed.result()
    stepped.result()
    return result


def chat(question: str, answer: str = "") -> tuple[str, str]:
    """The ChatML text of tiny-chat: what is given, and what is to be learned."""
    return f"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n", f"{answer}<|im_end|>"


def supervised_datum(tokenizer, question: str, answer: str) -> types.Datum:
    prompt, reply = (tokenizer.encode(text, add_special_tokens=False) for text in chat(question, answer))
    tokens = prompt + reply
    weights = [0.0] * (len(prompt) - 1) + [1.0] * len(reply)
    return datum(tokens[:-1], target_tokens=tokens[1:], weights=weights)


def datum(tokens: list[int], **inputs) -> types.Datum:
    """Inputs as plain lists; target_tokens is int64, everything else float32."""
    kinds = {name: "int64" if name == "target_tokens" else "float32" for name in inputs}
    tensors = {
        name: types.TensorData(data=list(values), dtype=kinds[name], shape=[len(values)])
        for name, values in inputs.items()
    }
    return types.Datum(model_input=types.ModelInput.from_ints(tokens), loss_fn_inputs=tensors)


def logprobs(result, index: int = 0) -> list[float]:
    return [float(value) for value in result.loss_fn_outputs[index]["logprobs"].data]
