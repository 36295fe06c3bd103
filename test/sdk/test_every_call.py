"""Every public call of the SDK's clients in the form that other tests don't use: mostly the one with `await`."""

import asyncio
import inspect
import json
import pickle
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tinker
from support import SDK, chat, logprobs, needs_torch, ready, rest, sampler, service, step, supervised_datum, training
from tinker import types

new_only = pytest.mark.skipif(SDK < (0, 38), reason="needs tinker 0.38 or later")
# Links to the hosted console, what the client counts of itself, its own call-backs and parts.
NO_REQUEST = {"get_console_url", "get_telemetry", "on_queue_state_change", "holder", "create"}


def calls_of(cls):
    return {name for name, _ in inspect.getmembers(cls, callable) if not name.startswith("_")} - NO_REQUEST


@new_only
def test_no_call_of_the_sdk_is_left_out(rest_client):
    tests = "\n".join(file.read_text() for file in Path(__file__).parent.glob("*.py"))
    clients = [tinker.ServiceClient, tinker.TrainingClient, tinker.SamplingClient]
    clients.append(type(rest_client))
    missing = [f"{cls.__name__}.{name}" for cls in clients for name in calls_of(cls) if f".{name}" not in tests]
    assert missing == []


async def done(value):
    """What a call with `await` gives: some give a future that is awaited once more."""
    while inspect.isawaitable(value):
        value = await value
    return value


@pytest.fixture
def lesson(tokenizer):
    return [supervised_datum(tokenizer, "Who are you?", "Nobody.")]


@pytest.fixture
def prompt(tokenizer):
    return types.ModelInput.from_ints(tokenizer.encode(chat("Who are you?")[0], add_special_tokens=False))


def test_training_with_await(url, lesson, prompt):
    async def run():
        client = service(url)
        assert (await done(client.get_server_capabilities_async())).supported_models
        trainer = await done(client.create_lora_training_client_async(base_model="tiny-chat", rank=4, seed=1))
        assert (await done(trainer.get_info_async())).model_data.model_name == "tiny-chat"
        before = logprobs(await done(trainer.forward_async(lesson, "cross_entropy")))
        passed = await done(trainer.forward_backward_async(lesson, "cross_entropy"))
        assert logprobs(passed) == pytest.approx(before, abs=1e-4)
        await done(trainer.optim_step_async(types.AdamParams(learning_rate=1e-2)))
        after = logprobs(await done(trainer.forward_async(lesson, "cross_entropy")))
        assert after != pytest.approx(before, abs=1e-3)

        state = (await done(trainer.save_state_async("state"))).path
        named = (await done(trainer.save_weights_for_sampler_async("named"))).path
        policy = await done(trainer.save_weights_and_get_sampling_client_async())
        opened = await done(trainer.create_sampling_client_async(named))
        again = await done(client.create_sampling_client_async(model_path=named))
        scores = [(await done(one.compute_logprobs_async(prompt)))[1:] for one in (policy, opened, again)]
        assert scores[1] == pytest.approx(scores[0], abs=1e-4)
        assert scores[2] == pytest.approx(scores[0], abs=1e-4)
        if SDK >= (0, 25):
            assert await done(policy.get_base_model_async()) == "tiny-chat"
        params = types.SamplingParams(max_tokens=3, temperature=0.0)
        drawn = await done(policy.sample_async(prompt=prompt, num_samples=1, sampling_params=params))
        assert 1 <= len(drawn.sequences[0].tokens) <= 3

        for load in (trainer.load_state_async, trainer.load_state_with_optimizer_async):
            await done(trainer.forward_backward_async(lesson, "cross_entropy"))
            await done(trainer.optim_step_async(types.AdamParams(learning_rate=1e-2)))
            await done(load(state))
            loaded = logprobs(await done(trainer.forward_async(lesson, "cross_entropy")))
            assert loaded == pytest.approx(after, abs=1e-4)
        for make in (
            client.create_training_client_from_state_async,
            client.create_training_client_from_state_with_optimizer_async,
        ):
            made = await done(make(state))
            assert logprobs(await done(made.forward_async(lesson, "cross_entropy"))) == pytest.approx(after, abs=1e-4)
        if SDK >= (0, 38):
            assert (await done(trainer.save_weights_external_async("peft"))).path.endswith("/external_weights/peft")

    asyncio.run(run())


@needs_torch
def test_a_custom_loss_with_await(trainer, lesson):
    def loss(data, logprobs_list):
        total = -sum(values.sum() for values in logprobs_list)
        return total, {"mine": total.item()}

    async def run():
        result = await done(trainer.forward_backward_custom_async(lesson, loss))
        assert result.metrics["mine"] > 0

    asyncio.run(run())


@needs_torch
@new_only
def test_a_traced_loss_runs_in_the_client(client, lesson):
    def nll(logprobs, weights):
        loss = -(logprobs * weights).sum()
        return loss, {"custom/nll:sum": loss}

    handle = client.create_custom_loss(nll, input_ranks={"logprobs": 1, "weights": 1}).result()
    trainer = training(client)
    expected = trainer.forward(lesson, "cross_entropy").result().metrics["loss:sum"]
    result = trainer.forward_backward_custom(lesson, handle).result()
    assert result.metrics["custom/nll:sum"] == pytest.approx(expected, rel=1e-3)


def test_loading_into_a_model(trainer, lesson):
    state = trainer.save_state("early").result().path
    before = logprobs(trainer.forward(lesson, "cross_entropy").result())
    step(trainer, lesson)
    trainer.load_state(state).result()
    assert logprobs(trainer.forward(lesson, "cross_entropy").result()) == pytest.approx(before, abs=1e-4)


@new_only
def test_records_with_await(trainer, lesson, url):
    step(trainer, lesson)
    state, other = (trainer.save_state(name).result().path for name in ("state", "other"))
    session = trainer.holder.get_session_id()

    async def run():
        client = rest(url)
        run_id = trainer.model_id
        assert (await done(client.get_training_run_async(run_id))).training_run_id == run_id
        assert (await done(client.get_training_run_by_tinker_path_async(state))).training_run_id == run_id
        assert (await done(client.list_training_runs_async(limit=100))).training_runs
        listed = (await done(client.list_checkpoints_async(run_id))).checkpoints
        assert {one.tinker_path for one in listed} == {state, other}
        assert session in (await done(client.list_sessions_async(limit=1000))).sessions
        assert run_id in (await done(client.get_session_async(session))).training_run_ids
        await done(client.assign_session_project_async(session, "awaited"))
        await done(client.set_checkpoint_ttl_from_tinker_path_async(state, 7200))
        await done(client.publish_checkpoint_from_tinker_path_async(state))
        shown = {one.tinker_path: one for one in (await done(client.list_checkpoints_async(run_id))).checkpoints}
        assert shown[state].public and shown[state].expires_at is not None
        await done(client.unpublish_checkpoint_from_tinker_path_async(state))
        everything = (await done(client.list_user_checkpoints_async(limit=100))).checkpoints
        assert state in {one.tinker_path for one in everything}
        await done(client.delete_checkpoint_async(run_id, "weights/other"))
        await done(client.delete_checkpoint_from_tinker_path_async(state))
        assert (await done(client.list_checkpoints_async(run_id))).checkpoints == []
        audit = await done(client.get_audit_log_async())
        assert audit.entries
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        usage = await done(client.get_billing_usage_async(hour - timedelta(hours=1), hour + timedelta(hours=1)))
        assert usage.data
        trace = await done(client.export_session_trace_async(session))
        with urllib.request.urlopen(trace, timeout=30) as answer:
            assert "optim_step" in {event["name"] for event in json.load(answer)["traceEvents"]}

    asyncio.run(run())


@new_only
def test_newer_records_with_await(trainer, url):
    state = trainer.save_state("state").result().path
    peft = trainer.save_weights_external("peft").result().path
    policy = ready(trainer.save_weights_and_get_sampling_client())
    session = trainer.holder.get_session_id()

    async def run():
        client = rest(url)
        copied = await client.copy_weights_async(state, "awaited")
        assert copied.endswith("/weights/state") and copied != state
        assert await client.get_external_weights_urls_async(peft)
        assert (await client.get_current_checkpoint_storage_usage_async()).data
        sampler_id = policy._sampling_session_id
        assert (await client.get_sampler_async(sampler_id)).base_model == "tiny-chat"

    asyncio.run(run())
    client = rest(url)
    assert client.get_current_checkpoint_storage_usage().result().data
    assert client.get_sampler(policy._sampling_session_id).result().base_model == "tiny-chat"
    assert client.delete_checkpoint(trainer.model_id, "weights/state").result() is None
    assert client.export_session_trace(session).result().startswith("http://")


def test_a_sampler_travels_to_another_process(url, client, prompt):
    base = sampler(client, base_model="tiny-chat")
    expected = base.compute_logprobs(prompt).result()[1:]
    copies = [pickle.loads(pickle.dumps(base))]
    if SDK >= (0, 38):
        copies.append(tinker.SamplingClient.from_sampler_handle(base.get_sampler_handle(), api_key="tml-another"))
    for copy in copies:
        assert copy.compute_logprobs(prompt).result()[1:] == pytest.approx(expected, abs=1e-4)


def test_whoami_needs_tokens_that_this_server_does_not_give(rest_client):
    """The SDK reads the identity from a JWT and asks no server; with a plain key there is none."""
    with pytest.raises(RuntimeError, match="whoami requires JWT auth"):
        rest_client.whoami().result()
