from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from megatron_models import save_models
from rank_group import RankGroup
from thinker_worker.settings import ModelFolder, Settings

NEEDED = "needs megatron-core (requirements-megatron.txt)"
LAYOUTS = {"tp2": (2, 1, 1), "pp2": (1, 2, 1), "tp2-pp2": (2, 2, 1), "dp2": (1, 1, 2)}


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return save_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session", params=list(LAYOUTS.values()), ids=list(LAYOUTS))
def group(request: pytest.FixtureRequest, models: dict[str, Path]) -> Iterator[RankGroup]:
    pytest.importorskip("megatron.core", reason=NEEDED)
    tensor, pipeline, data = request.param
    folders = tuple(ModelFolder(name, str(folder)) for name, folder in models.items())
    settings = Settings("megatron", folders, device="cpu", threads=1, tensor=tensor, pipeline=pipeline)
    ranks = RankGroup(settings, data)
    ranks.call("start")
    yield ranks
    ranks.close()
