"""Starts the ranks of a group on a Ray cluster. Ray finds hosts with free GPUs and holds them; the rest is launch.sh's.

    ray job submit --address http://head.example.com:8265 --no-wait \
      --runtime-env-json '{"env_vars": {"THINKER_CONTROL_URL": "tls://thinker.example.com:7070",
                                        "THINKER_CONTROL_CA": "/etc/thinker/control-ca.pem"}}' \
      -- python /opt/thinker/docker/torch/ray_ranks.py --hosts 2 --ranks-per-host 8 \
         --token-file /etc/thinker/control-token --python /opt/thinker/.venv-torch/bin/python
    ray job stop --address http://head.example.com:8265 <the id that submit prints>

This repository, the Python environment, the model folders, the token and the certificates must have the same paths on all
hosts. The token must not be among the variables: Ray shows them in its dashboard, whose port needs no password.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import ray
from ray.exceptions import RayError
from ray.util.placement_group import PlacementGroup, placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

LAUNCH = Path(__file__).resolve().parent / "launch.sh"

# Ray kills a task's own children, but not their children, and it kills launch.sh too abruptly for it to end them. So launch.sh
# runs in a session of its own, which ends when its input does: when the process of the task is gone, however it went.
ENDS_WITH_INPUT = 'exec 3<&0; "$@" & launch=$!; (cat <&3; kill -TERM 0) >/dev/null & wait "$launch"'


def main() -> None:
    arguments = read_arguments()
    ray.init(address="auto")
    while True:
        group = placement_group([bundle(arguments)] * arguments.hosts, strategy="STRICT_SPREAD")
        ray.get(group.ready())
        try:
            status = run_group(group, arguments)
            sys.exit(f"launch.sh has ended with status {status}; its message is in the log of the task.")
        except RayError as error:
            print(f"A host was lost, looking for another one: {error}", flush=True)
        finally:
            # Ends what runs in it.
            remove_placement_group(group)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Start the ranks of a group on a Ray cluster.")
    parser.add_argument("--hosts", type=int, required=True)
    parser.add_argument("--ranks-per-host", type=int, required=True, help="also the number of GPUs that are taken on each host")
    parser.add_argument("--cpu", action="store_true", help="take CPUs instead of GPUs")
    parser.add_argument("--port", type=int, default=29400, help="of the rendezvous, on the first host")
    arguments, launch_options = parser.parse_known_args()
    # --token-file, --interface, --python
    return argparse.Namespace(**vars(arguments), launch_options=launch_options)


def bundle(arguments: argparse.Namespace) -> dict[str, float]:
    """What is taken on each host."""
    return {"CPU": arguments.ranks_per_host} if arguments.cpu else {"CPU": 1, "GPU": arguments.ranks_per_host}


def run_group(group: PlacementGroup, arguments: argparse.Namespace) -> int:
    """Returns the status of the first launch.sh that ends. @raises RayError when a host is lost"""
    first = ray.get(on_host(group, 0, arguments, host_address).remote())
    tasks = [
        on_host(group, index, arguments, run_host).remote(index, f"{first}:{arguments.port}", arguments)
        for index in range(arguments.hosts)
    ]
    ended, _ = ray.wait(tasks)
    return ray.get(ended[0])


def on_host(group: PlacementGroup, index: int, arguments: argparse.Namespace, function):
    """The function as a task that takes all that the group has on this host. It is not repeated: the group would not fit."""
    resources = bundle(arguments)
    strategy = PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=index)
    return ray.remote(function).options(
        num_cpus=resources["CPU"], num_gpus=resources.get("GPU", 0), scheduling_strategy=strategy, max_retries=0
    )


def host_address() -> str:
    return ray.util.get_node_ip_address()


def run_host(index: int, rendezvous: str, arguments: argparse.Namespace) -> int:
    options = [
        *("--hosts", arguments.hosts, "--host-index", index, "--rendezvous", rendezvous),
        *("--ranks-per-host", arguments.ranks_per_host),
        *arguments.launch_options,
    ]
    command = ["setsid", "--fork", "--wait", "bash", "-c", ENDS_WITH_INPUT, "launch", LAUNCH, *options]
    # Nothing is written to the input; it ends with this process.
    return subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE).wait()


if __name__ == "__main__":
    main()
