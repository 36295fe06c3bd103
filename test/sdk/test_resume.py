"""Saving and loading: a run that pauses in one process and goes on in another gives the numbers of one that did not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tinker
from support import API_KEY, ready, step, supervised_datum, training

LESSON = ("Who made you?", "You did! I learned this a moment ago.")
STEPS = 3


def losses(trainer, tokenizer, count=STEPS):
    data = [supervised_datum(tokenizer, *LESSON)]
    return [step(trainer, data).metrics["loss:sum"] for _ in range(count)]


def test_resume_in_a_new_process_gives_the_same_numbers(client, url, tokenizer):
    trainer = training(client)
    losses(trainer, tokenizer)
    path = trainer.save_state("pause").result().path
    assert path == f"tinker://{trainer.model_id}/weights/pause"
    expected = losses(trainer, tokenizer)
    script = Path(__file__).with_name("resume_script.py")
    env = {**os.environ, "TINKER_BASE_URL": url, "TINKER_API_KEY": API_KEY}
    command = [sys.executable, str(script), path, str(STEPS)]
    run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    seen = json.loads(run.stdout.splitlines()[-1])
    assert seen == pytest.approx(expected, rel=1e-4)


def test_weights_without_the_optimizer_start_it_afresh(client, tokenizer):
    trainer = training(client)
    losses(trainer, tokenizer)
    path = trainer.save_state("weights-only").result().path
    went_on = losses(trainer, tokenizer)
    fresh = ready(client.create_training_client_from_state(path))
    assert fresh.model_id != trainer.model_id
    restarted = losses(fresh, tokenizer)
    assert restarted[0] == pytest.approx(went_on[0], rel=1e-4)
    assert restarted[1] != pytest.approx(went_on[1], rel=1e-4)


def test_load_state_into_a_running_client(client, tokenizer):
    source = training(client)
    losses(source, tokenizer)
    path = source.save_state("to-load").result().path
    expected = losses(source, tokenizer)
    target = training(client, seed=99)
    target.load_state_with_optimizer(path).result()
    assert losses(target, tokenizer) == pytest.approx(expected, rel=1e-4)


def test_a_name_in_use_is_refused_unless_overwritten(trainer, tokenizer):
    trainer.save_state("twice").result()
    with pytest.raises((tinker.RequestFailedError, tinker.APIStatusError)):
        trainer.save_state("twice").result()
    losses(trainer, tokenizer, 1)
    trainer.save_state("twice", overwrite=True).result()


def test_a_path_that_is_not_there_is_the_users_error(client):
    missing = "tinker://nobody:train:0/weights/nothing"
    with pytest.raises((tinker.RequestFailedError, tinker.APIStatusError)):
        ready(client.create_training_client_from_state(missing))
