"""The choice of the engine."""

from __future__ import annotations

from thinker_worker.engine import Engine
from thinker_worker.environment import RankEnvironment
from thinker_worker.settings import Settings


def build_engine(settings: Settings, environment: RankEnvironment) -> Engine:
    """Imports only what the engine that is asked for needs."""
    if settings.engine == "hf":
        from thinker_worker.hf.hf_engine import HfEngine

        return HfEngine(settings, environment)
    if settings.engine == "megatron":
        from thinker_worker.megatron.megatron_engine import MegatronEngine

        return MegatronEngine(settings, environment)
    raise ValueError(f"Unknown engine {settings.engine!r}; known are 'hf' and 'megatron'.")
