"""The examples run to their end against the server."""

import os
import subprocess
import sys

import pytest
from support import API_KEY, ROOT


@pytest.mark.parametrize("name", ["example_tinker_client.py", "example_tinker_full.py"])
def test_example(url, name):
    env = {**os.environ, "TINKER_BASE_URL": url, "TINKER_API_KEY": API_KEY}
    command = [sys.executable, str(ROOT / "examples" / name)]
    run = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Done." in run.stdout
