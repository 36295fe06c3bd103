"""Keys: what the SDK accepts, what the server accepts, and that what belongs to one key does not exist for another."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tinker
from conftest import KEYS
from support import ROOT, SDK, ready, rest, sampler, service, training

needs_auth = pytest.mark.skipif(SDK < (0, 38), reason="needs tinker 0.38 or later: earlier ones have no `tinker auth`")


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


@pytest.mark.skipif(SDK < (0, 38), reason="needs tinker 0.38 or later")
def test_a_key_opens_the_weights_of_its_account(keyed_url):
    trainer = training(service(keyed_url, KEYS[0]))
    path = trainer.save_state("lent").result().path
    stranger, theirs = service(keyed_url, KEYS[1]), rest(keyed_url, KEYS[1])
    with pytest.raises(tinker.NotFoundError):
        theirs.copy_weights(path, "archive").result()
    with pytest.raises(tinker.PermissionDeniedError):
        theirs.copy_weights(path, "archive", weights_access_token="tml-not-a-key").result()
    copied = theirs.copy_weights(path, "archive", weights_access_token=KEYS[0]).result()
    assert copied.endswith(":train:0/weights/lent") and copied != path
    made = ready(stranger.create_training_client_from_state(path, weights_access_token=KEYS[0]))
    again = ready(stranger.create_training_client_from_state_with_optimizer(copied))
    assert made.model_id != again.model_id
    assert theirs.get_weights_info_by_tinker_path(copied).result().lora_rank == 8


def test_both_keys_sample_the_base_model(keyed_url):
    from tinker import types

    for key in KEYS:
        base = sampler(service(keyed_url, key), base_model="tiny-chat")
        values = base.compute_logprobs(types.ModelInput.from_ints([5, 6, 7])).result()
        assert len(values) == 3


@pytest.fixture
def made_key(keyed_url):
    """One that an operator makes while the server runs."""
    env = {"PATH": os.environ["PATH"], "DATABASE_URL": os.environ["TEST_DATABASE_URL_KEYS"]}
    command = ["node", str(ROOT / "dist" / "src" / "keys-cli.js"), "create", "alice"]
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.splitlines()[1]


@needs_auth
def test_the_command_line_logs_in_with_a_key_of_this_server(keyed_url, tmp_path):
    env = {**os.environ, "TINKER_BASE_URL": keyed_url, "HOME": str(tmp_path)}
    env.pop("TINKER_API_KEY", None)

    def auth(command, typed=""):
        # A session of its own has no terminal, so the key is read from the input.
        words = [Path(sys.executable).with_name("tinker"), "auth", command]
        return subprocess.run(words, env=env, input=typed, capture_output=True, text=True, start_new_session=True)

    assert "HTTP 401" in auth("login", "tml-not-a-key\n").stderr
    login = auth("login", f"{KEYS[0]}\n")
    assert login.returncode == 0, login.stderr
    assert "(Self-hosted). Stored API key 'configured'" in login.stdout
    assert "Tinker accessible: yes" in auth("status").stdout
    assert "Removed credential 'configured'" in auth("logout").stdout
    assert "Credentials available: no" in auth("status").stdout


@needs_auth
def test_a_made_key_is_described_and_revokes_itself(keyed_url, made_key):
    import httpx
    from tinker.cli.auth_api import AuthApiError, TinkerAuthApi

    with httpx.Client() as http:
        api = TinkerAuthApi(http, base_url=keyed_url)
        wait_until_known(api, made_key)
        assert api.get_self_api_key(made_key).name == "alice"
        api.delete_self_api_key(made_key)
        with pytest.raises(AuthApiError, match="HTTP 401"):
            api.get_self_api_key(made_key)
        with pytest.raises(AuthApiError, match="HTTP 403"):
            api.delete_self_api_key(KEYS[0])
        assert api.get_self_api_key(KEYS[0]).key_id != api.get_self_api_key(KEYS[1]).key_id


def wait_until_known(api, key, limit_s=60):
    from tinker.cli.auth_api import AuthApiError

    deadline = time.monotonic() + limit_s
    while True:
        try:
            return api.get_self_api_key(key)
        except AuthApiError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@needs_auth
def test_a_search_finds_the_own_sessions(keyed_url):
    from tinker.types import ClientFinishedSessionStatusQuery, SessionSearchRequest

    client = tinker.ServiceClient(base_url=keyed_url, api_key=KEYS[0], display_name="Nightly run")
    model_id = training(client).model_id
    client.close("errored", detail="out of patience").result()
    states = [ClientFinishedSessionStatusQuery(reasons=["errored"])]
    request = SessionSearchRequest(display_name="nightly", statuses=states)
    page = rest(keyed_url, KEYS[0]).search_sessions(request).result()
    assert [session.session_id for session in page.sessions] == [model_id.split(":")[0]]
    assert page.sessions[0].status.detail == "out of patience"
    assert page.next_cursor is None
    assert rest(keyed_url, KEYS[1]).search_sessions(request).result().sessions == []
