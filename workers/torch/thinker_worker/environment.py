"""What a rank reads from its environment; protocol/torch-worker.md lists it. Nothing else of the package reads it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class RankEnvironment:
    control_url: str
    control_token: str
    # File with the certificates to trust over TLS; None: the system's.
    control_ca: str | None
    rank: int
    local_rank: int
    world: int
    # One launch of all ranks.
    run: str


# Without it torchrun keeps one store of addresses for all restarts; a host that joins again then waits for it forever.
STORE_PER_LAUNCH = "TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1"


def read_environment(variables: Mapping[str, str]) -> RankEnvironment:
    """@raises SystemExit that names the variable which is missing or wrong"""

    def number(name: str, default: int) -> int:
        text = variables.get(name, str(default))
        if not text.isdecimal():
            raise SystemExit(f"{name} is {text!r}; it must be a whole number.")
        return int(text)

    url = variables.get("THINKER_CONTROL_URL")
    if not url:
        raise SystemExit("THINKER_CONTROL_URL is not set: a rank must know where Thinker listens.")
    if number("WORLD_SIZE", 1) > 1 and variables.get("TORCHELASTIC_USE_AGENT_STORE") == "True":
        raise SystemExit(f"Set {STORE_PER_LAUNCH} for torchrun: ranks that it restarts would read addresses of ranks that are gone.")
    return RankEnvironment(
        control_url=url,
        control_token=variables.get("THINKER_CONTROL_TOKEN", ""),
        control_ca=variables.get("THINKER_CONTROL_CA") or None,
        rank=number("RANK", 0),
        local_rank=number("LOCAL_RANK", 0),
        world=number("WORLD_SIZE", 1),
        run=_launch_name(variables),
    )


def _launch_name(variables: Mapping[str, str]) -> str:
    """Equal for all ranks of a launch. The restart count is not: each host counts its own, and one that joins again at 0."""
    run, address, port = (variables.get(name, "") for name in ("TORCHELASTIC_RUN_ID", "MASTER_ADDR", "MASTER_PORT"))
    return f"{run}/{address}:{port}"


def prepare_libraries() -> None:
    """Settings that libraries read when they are loaded; call it before anything imports torch.

    MKL's strict mode (Conditional Numerical Reproducibility) makes a row of a matrix product independent of how many
    rows there are, which is what lets requests share a pass bit for bit. It costs nothing but for single rows.
    """
    os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    # Node logs what a rank writes.
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
