"""Keys: what the SDK accepts, what the server accepts, and that what belongs to one key does not exist for another."""

import pytest
import tinker
from conftest import KEYS
from support import ready, rest, sampler, service, training


def test_the_sdk_wants_its_prefix(url):
    with pytest.raises(Exception, match="tml-"):
        service(url, "wrong-prefix").create_lora_training_client(base_model="tiny-chat")


def test_without_configured_keys_any_key_will_do(url):
    assert training(service(url, "tml-whatever")).get_info().model_data.model_name == "tiny-chat"


def test_an_unknown_key_is_refused(keyed_url):
    with pytest.raises(tinker.APIStatusError) as failure:
        training(service(keyed_url, "tml-not-a-key"))
    assert failure.value.status_code == 401


def test_another_keys_work_does_not_exist(keyed_url):
    owner, stranger = (service(keyed_url, key) for key in KEYS)
    theirs, mine = (rest(keyed_url, key) for key in (KEYS[1], KEYS[0]))
    trainer = training(owner)
    path = trainer.save_state("private").result().path
    assert mine.get_training_run(trainer.model_id).result().training_run_id == trainer.model_id
    for call in (theirs.get_training_run, theirs.list_checkpoints):
        with pytest.raises(tinker.NotFoundError):
            call(trainer.model_id).result()
    assert theirs.list_training_runs().result().training_runs == []
    with pytest.raises((tinker.RequestFailedError, tinker.APIStatusError)):
        ready(stranger.create_training_client_from_state(path))
    mine.publish_checkpoint_from_tinker_path(path).result()
    assert ready(stranger.create_training_client_from_state(path)).model_id != trainer.model_id


def test_both_keys_sample_the_base_model(keyed_url):
    from tinker import types

    for key in KEYS:
        base = sampler(service(keyed_url, key), base_model="tiny-chat")
        values = base.compute_logprobs(types.ModelInput.from_ints([5, 6, 7])).result()
        assert len(values) == 3
