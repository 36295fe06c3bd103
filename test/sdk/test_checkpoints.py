"""Checkpoints over REST: lists, lifetimes, publishing, the archive and PEFT's reading of it."""

import io
import tarfile
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
import tinker
from support import ROOT, SDK, datum, logprobs, needs_peft, ready, step, supervised_datum, training
from tinker import types

old_only = pytest.mark.skipif(SDK >= (0, 38), reason="tinker 0.38 has no call for archives any more")
new_only = pytest.mark.skipif(SDK < (0, 38), reason="needs tinker 0.38 or later")


@pytest.fixture
def saved(trainer, tokenizer):
    """A trained client with one checkpoint of each kind."""
    step(trainer, [supervised_datum(tokenizer, "Who are you?", "Nobody.")])
    paths = trainer.save_state("state").result().path, trainer.save_weights_for_sampler("sampler").result().path
    return trainer, *paths


def of_run(rest_client, trainer):
    found = rest_client.list_checkpoints(trainer.model_id).result().checkpoints
    return {checkpoint.tinker_path: checkpoint for checkpoint in found}


def test_lists_of_a_run_and_of_the_user(saved, rest_client):
    trainer, state, sampler = saved
    listed = of_run(rest_client, trainer)
    assert {path: one.checkpoint_type for path, one in listed.items()} == {state: "training", sampler: "sampler"}
    assert listed[state].checkpoint_id == "weights/state"
    assert listed[state].size_bytes > 0
    everything = rest_client.list_user_checkpoints(limit=100).result().checkpoints
    assert {state, sampler} <= {checkpoint.tinker_path for checkpoint in everything}


def test_the_run_tells_of_them(saved, rest_client):
    trainer, state, sampler = saved
    run = rest_client.get_training_run(trainer.model_id).result()
    assert (run.base_model, run.is_lora, run.lora_rank) == ("tiny-chat", True, 8)
    assert run.last_checkpoint.tinker_path == state
    assert run.last_sampler_checkpoint.tinker_path == sampler
    by_path = rest_client.get_training_run_by_tinker_path(state).result()
    assert by_path.training_run_id == trainer.model_id
    runs = rest_client.list_training_runs(limit=100).result()
    assert trainer.model_id in {one.training_run_id for one in runs.training_runs}
    assert runs.cursor.total_count >= 1


def test_the_session_tells_of_the_run(saved, rest_client, client):
    trainer = saved[0]
    session = client.holder.get_session_id()
    assert session in rest_client.list_sessions(limit=1000).result().sessions
    assert trainer.model_id in rest_client.get_session(session).result().training_run_ids
    assert rest_client.assign_session_project(session, "project-of-the-tests").result() is None


def test_a_lifetime_is_set_and_taken_away(saved, rest_client):
    trainer, state, _ = saved
    assert of_run(rest_client, trainer)[state].expires_at is None
    rest_client.set_checkpoint_ttl_from_tinker_path(state, 7200).result()
    expires = of_run(rest_client, trainer)[state].expires_at
    expected = datetime.now(UTC) + timedelta(seconds=7200)
    assert abs((expires - expected).total_seconds()) < 300
    rest_client.set_checkpoint_ttl_from_tinker_path(state, None).result()
    assert of_run(rest_client, trainer)[state].expires_at is None


def test_a_lifetime_can_be_given_at_once(trainer, rest_client):
    path = trainer.save_state("short", ttl_seconds=7200).result().path
    assert of_run(rest_client, trainer)[path].expires_at is not None


def test_publishing(saved, rest_client):
    trainer, state, _ = saved
    rest_client.publish_checkpoint_from_tinker_path(state).result()
    assert of_run(rest_client, trainer)[state].public
    rest_client.unpublish_checkpoint_from_tinker_path(state).result()
    assert not of_run(rest_client, trainer)[state].public


def test_weights_info(saved, rest_client):
    info = rest_client.get_weights_info_by_tinker_path(saved[1]).result()
    assert (info.base_model, info.is_lora, info.lora_rank) == ("tiny-chat", True, 8)
    assert (info.train_attn, info.train_mlp, info.train_unembed) == (True, True, True)


def test_a_deleted_checkpoint_is_gone(saved, rest_client, client):
    trainer, state, sampler = saved
    rest_client.delete_checkpoint_from_tinker_path(state).result()
    assert set(of_run(rest_client, trainer)) == {sampler}
    with pytest.raises((tinker.RequestFailedError, tinker.APIStatusError)):
        ready(client.create_training_client_from_state(state))


def test_capabilities(rest_client, client):
    answer = rest_client.get_server_capabilities().result() if SDK >= (0, 38) else client.get_server_capabilities()
    models = {model.model_name: model for model in answer.supported_models}
    assert models["tiny-chat"].max_context_length == 1024


def test_audit_log(saved, rest_client):
    entries = (tinker.AdminClient(rest_client.holder) if SDK >= (0, 38) else rest_client).get_audit_log()
    assert saved[1] in {entry.tinker_path for entry in entries.result().entries}


def test_usage(saved, rest_client):
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    source = tinker.AdminClient(rest_client.holder) if SDK >= (0, 38) else rest_client
    usage = source.get_billing_usage(hour - timedelta(days=1), hour + timedelta(hours=1)).result()
    session = saved[0].holder.get_session_id()
    mine = [event for event in usage.data if event.session_id == session]
    assert any(event.event_info.type == "training" and event.event_info.token_count > 0 for event in mine)
    assert session in usage.sessions


def check_with_peft(folder, trainer, tokenizer):
    """PEFT, reading the files, must give the log-probs of the server's own forward pass."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    tokens = tokenizer.encode("<|im_start|>user\nWho are you?<|im_end|>", add_special_tokens=False)
    item = datum(tokens[:-1], target_tokens=tokens[1:], weights=[1.0] * (len(tokens) - 1))
    expected = logprobs(trainer.forward([item], "cross_entropy").result())
    base = AutoModelForCausalLM.from_pretrained(ROOT / "models" / "tiny-chat", dtype=torch.float32)
    with torch.no_grad():
        plain = score(base, tokens)
        adapted = score(PeftModel.from_pretrained(base, folder).eval(), tokens)
    assert adapted == pytest.approx(expected, abs=5e-3)
    assert plain != pytest.approx(expected, abs=5e-2)


def score(model, tokens):
    import torch

    logits = model(torch.tensor([tokens])).logits[0, :-1].log_softmax(-1)
    return logits.gather(1, torch.tensor(tokens[1:])[:, None])[:, 0].tolist()


@old_only
@needs_peft
@pytest.mark.parametrize("kind", [1, 2], ids=["training", "sampler"])
def test_an_archive_loads_in_peft(saved, rest_client, tokenizer, tmp_path, kind):
    answer = rest_client.get_checkpoint_archive_url_from_tinker_path(saved[kind]).result()
    with urllib.request.urlopen(answer.url, timeout=60) as body:
        data = body.read()
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        names = set(archive.getnames())
        archive.extractall(tmp_path, filter="data")
    assert {"adapter_config.json", "adapter_model.safetensors", "checkpoint_complete"} <= names
    check_with_peft(tmp_path, saved[0], tokenizer)


@new_only
@needs_peft
def test_an_external_export_loads_in_peft(saved, rest_client, tokenizer, tmp_path):
    trainer = saved[0]
    path = trainer.save_weights_external("export").result().path
    assert path == f"tinker://{trainer.model_id}/external_weights/export"
    assert of_run(rest_client, trainer)[path].checkpoint_type == "external"
    files = rest_client.get_external_weights_urls(path).result()
    for name, address in files.urls.items():
        with urllib.request.urlopen(address, timeout=60) as body:
            (tmp_path / name).write_bytes(body.read())
    check_with_peft(tmp_path, trainer, tokenizer)


@new_only
def test_metadata_of_a_checkpoint(trainer, rest_client):
    path = trainer.save_state("noted", user_metadata={"note": "kept"}).result().path
    assert of_run(rest_client, trainer)[path].user_metadata == {"note": "kept"}


@new_only
def test_other_optimizers_are_refused(client):
    with pytest.raises((tinker.RequestFailedError, tinker.APIStatusError), match="(?i)dimuon"):
        training(client, optimizer=types.DimuonOptimizerConfig())
