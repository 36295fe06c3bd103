"""The Tinker SDK as a client of the measured service, driven over JSON lines like peer.py.

    python bench/peer/tinker_peer.py <address of the service>

The first line out is {"ready": true, "tinker": version}. One command per line in, one answer per line out:

    round_trips {"count": n} -> {"ms": [...]}
                Optimizer steps on an adapter without gradients, one after the other: each goes all the way to the
                engine, which refuses it at once. A time spans from the call to its error.
"""

import json
import os
import sys
import time
import warnings
from importlib.metadata import version

# The protocol owns stdout: whatever a library prints must not get into it.
PROTOCOL = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)
# After an error the SDK waits up to 0.1 s for its telemetry to be sent, and here every call ends in one.
os.environ["TINKER_TELEMETRY"] = "0"
warnings.filterwarnings("ignore", category=FutureWarning)

import tinker  # noqa: E402
from tinker import types  # noqa: E402


def say(**answer) -> None:
    print(json.dumps(answer), file=PROTOCOL)


def round_trip(trainer) -> float:
    started = time.perf_counter()
    try:
        trainer.optim_step(types.AdamParams(learning_rate=1e-4)).result()
    except tinker.RequestFailedError:
        return (time.perf_counter() - started) * 1000
    raise RuntimeError("an optimizer step without gradients was taken")


def main() -> None:
    service = tinker.ServiceClient(base_url=sys.argv[1], api_key="tml-bench")
    model = service.get_server_capabilities().supported_models[0].model_name
    trainer = service.create_lora_training_client(base_model=model, rank=8).result()
    say(ready=True, tinker=version("tinker"))
    for line in sys.stdin:
        command = json.loads(line)
        say(ms=[round_trip(trainer) for _ in range(command["count"])])


if __name__ == "__main__":
    main()
