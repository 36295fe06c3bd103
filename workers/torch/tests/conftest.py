"""Settings that libraries read when they are loaded, and what tests need of the machine."""

from thinker_worker.environment import prepare_libraries

prepare_libraries()

import pytest  # noqa: E402
import torch  # noqa: E402


@pytest.fixture(scope="session")
def exact_products() -> None:
    """Skips where torch's matrix products give a row other bits among others, as on AMD: engines then promise nothing."""
    for size in (16, 64, 128):
        generator = torch.Generator().manual_seed(size)
        rows, weights = torch.randn(70, size, generator=generator), torch.randn(64, size, generator=generator)
        together = rows @ weights.T
        if any(not torch.equal(rows[:count] @ weights.T, together[:count]) for count in (2, 3, 5, 17, 64)):
            pytest.skip("matrix products of this processor depend on the number of rows")
