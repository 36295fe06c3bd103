"""get_tokenizer() of a model that no hub knows: by its folder on this machine, or from the server elsewhere."""

import os
import subprocess
import sys

from support import API_KEY

TEXT = "Hello there, how are you?"

# HF_ENDPOINT is read at import, so this is a process of its own; its cache starts empty.
FROM_THE_SERVER = """
import warnings; warnings.filterwarnings("ignore")
import tinker
client = tinker.ServiceClient().create_sampling_client(base_model="tiny-chat")
client = client.result() if hasattr(client, "result") else client
print(client.get_tokenizer().encode("Hello there, how are you?"))
"""


def test_a_training_client_reads_the_local_folder(trainer, tokenizer):
    assert trainer.get_tokenizer().encode(TEXT) == tokenizer.encode(TEXT)


def test_elsewhere_the_server_is_the_hub(url, tokenizer, tmp_path):
    env = {**os.environ, "TINKER_BASE_URL": url, "TINKER_API_KEY": API_KEY}
    env |= {"HF_ENDPOINT": f"{url}/hf", "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "0"}
    command = [sys.executable, "-c", FROM_THE_SERVER]
    run = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == str(tokenizer.encode(TEXT))
