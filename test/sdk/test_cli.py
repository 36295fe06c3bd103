"""Every `tinker` command that applies to a server of one's own, run as a user runs it."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hub import TOKEN, Hub
from safetensors.numpy import load
from support import API_KEY, SDK, step, supervised_datum

TINKER = Path(sys.executable).with_name("tinker")
new_only = pytest.mark.skipif(SDK < (0, 38), reason="needs tinker 0.38 or later")


@pytest.fixture
def saved(trainer, tokenizer):
    step(trainer, [supervised_datum(tokenizer, "Who are you?", "Nobody.")])
    return trainer, trainer.save_state("state").result().path, trainer.save_weights_for_sampler("sampler").result().path


@pytest.fixture
def cli(url, tmp_path):
    env = {**os.environ, "TINKER_BASE_URL": url, "TINKER_API_KEY": API_KEY, "HOME": str(tmp_path)}

    def run(*args, code=0, more_env=None):
        given = {**env, **(more_env or {})}
        done = subprocess.run([TINKER, *args], env=given, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == code, f"tinker {' '.join(args)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


def listed(cli, *args):
    return json.loads(cli("-f", "json", *args))


def test_version(cli):
    assert str(SDK[1]) in cli("version")


def test_runs(saved, cli):
    run_id = saved[0].model_id
    runs = listed(cli, "run", "list", "--limit", "0")
    assert run_id in json.dumps(runs)
    assert "tiny-chat" in json.dumps(listed(cli, "run", "info", run_id))
    assert "tiny-chat" in cli("run", "info", run_id)


def test_checkpoint_lists(saved, cli):
    trainer, state, sampler = saved
    mine = json.dumps(listed(cli, "checkpoint", "list", "--run-id", trainer.model_id))
    assert state in mine and sampler in mine
    assert state in json.dumps(listed(cli, "checkpoint", "list", "--limit", "0"))
    assert "state" in cli("checkpoint", "info", state)


def test_checkpoint_lifetime_and_publishing(saved, cli):
    state = saved[1]
    cli("checkpoint", "set-ttl", state, "--ttl", "7200")
    assert json.dumps(listed(cli, "checkpoint", "info", state)).count("20") > 0
    cli("checkpoint", "set-ttl", state, "--remove")
    cli("checkpoint", "publish", state)
    assert listed(cli, "checkpoint", "info", state)["public"] is True
    cli("checkpoint", "unpublish", state)
    assert listed(cli, "checkpoint", "info", state)["public"] is False


def test_checkpoint_download(saved, cli, tmp_path):
    cli("checkpoint", "download", saved[1], "--output", str(tmp_path))
    files = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert {"adapter_config.json", "adapter_model.safetensors"} <= files


def adapter_files(folder):
    """PEFT's two files below a folder: the configuration as a value, the weights as bytes."""
    config, weights = (next(folder.rglob(name)) for name in ("adapter_config.json", "adapter_model.safetensors"))
    return json.loads(config.read_text()), weights.read_bytes()


def test_checkpoint_push_to_a_hub(saved, cli, tmp_path):
    """A checkpoint's adapter arrives in a model repository: the same files as `download` gives, and a card."""
    cli("checkpoint", "download", saved[1], "--output", str(tmp_path / "downloaded"))
    config, weights = adapter_files(tmp_path / "downloaded")
    with Hub() as hub:
        settings = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HUB_OFFLINE": "0"}
        cli("checkpoint", "push-hf", saved[1], "--repo", "tester/adapter", more_env=settings)
    pushed = hub.repositories["tester/adapter"]
    # Up to 0.25 the whole archive of a training checkpoint is pushed.
    files = set(pushed) - ({"optimizer.safetensors"} if SDK < (0, 38) else set())
    assert files == {"adapter_config.json", "adapter_model.safetensors", "README.md"}
    assert json.loads(pushed["adapter_config.json"]) == config
    assert pushed["adapter_model.safetensors"] == weights
    assert load(weights)["base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight"].any()
    assert saved[1] in pushed["README.md"].decode()


def test_checkpoint_delete(saved, cli):
    trainer, state, sampler = saved
    cli("checkpoint", "delete", state, "--yes")
    left = json.dumps(listed(cli, "checkpoint", "list", "--run-id", trainer.model_id))
    assert state not in left and sampler in left
    cli("checkpoint", "delete", "--run-id", trainer.model_id, "--type", "sampler_weights", "--yes")
    assert sampler not in json.dumps(listed(cli, "checkpoint", "list", "--run-id", trainer.model_id))


def test_a_missing_checkpoint_is_an_error(cli):
    cli("checkpoint", "info", "tinker://nobody:train:0/weights/nothing", code=1)


def test_billing_usage(saved, cli):
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    window = [(hour + timedelta(hours=offset)).strftime("%Y-%m-%dT%H:%M:%SZ") for offset in (-24, 1)]
    session = saved[0].holder.get_session_id()
    mine = [row for row in listed(cli, "billing", "usage", *window)["data"] if row["session_id"] == session]
    assert any(row["event_info"]["type"] == "training" and row["event_info"]["token_count"] > 0 for row in mine)
    assert session in cli("billing", "usage", *window, "--csv", "-")


def test_session_trace(saved, cli, tmp_path):
    session, file = saved[0].holder.get_session_id(), tmp_path / "session.pftrace"
    cli("session", "export-trace", session, "--output", str(file))
    events = json.loads(file.read_text())["traceEvents"]
    assert {"forward_backward", "optim_step", "save_weights"} <= {event["name"] for event in events}
    assert cli("session", "export-trace", session, "--url-only").startswith("http://")


@new_only
def test_checkpoint_storage(saved, cli):
    assert "data" in listed(cli, "billing", "checkpoint-storage")


@new_only
def test_models(cli):
    assert "tiny-chat" in json.dumps(listed(cli, "model", "list"))


@new_only
def test_auth_status(cli):
    assert "Tinker accessible: yes" in cli("auth", "status")
