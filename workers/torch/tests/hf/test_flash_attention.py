"""When flash-attn is called, and with what. No test runs its kernels, which need a GPU: a function of the same
signature, over torch's own attention, replaces them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from hf_models import make_model
from rank_engine import LINEARS, make_adapter, make_item, run_pass, start_engine
from test_rounding import FLOAT32, VOCABULARY, continued
from thinker_worker.hf.attention import attention
from thinker_worker.hf.attention.flash_attention import suits_flash
from torch import Tensor

CUDA, CPU = torch.device("cuda", 0), torch.device("cpu")


@pytest.mark.parametrize(
    ("device", "dtype", "sizes", "expected"),
    [
        (CUDA, torch.bfloat16, (128, 128), True),
        (CUDA, torch.float16, (256, 256), True),
        (CUDA, torch.float32, (128, 128), False),
        (CUDA, torch.bfloat16, (512, 512), False),
        (CUDA, torch.bfloat16, (192, 128), False),
        (CPU, torch.bfloat16, (128, 128), False),
    ],
)
def test_half_precision_on_cuda_suits_it(
    device: torch.device, dtype: torch.dtype, sizes: tuple[int, int], expected: bool
) -> None:
    assert suits_flash(device, dtype, *sizes) is expected


class FlashAttention:
    """flash_attn_varlen_func, as its documentation defines it."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(
        self,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        cu_seqlens_q: Tensor,
        cu_seqlens_k: Tensor,
        max_seqlen_q: int,
        max_seqlen_k: int,
        *,
        softmax_scale: float,
        causal: bool,
        window_size: tuple[int, int],
        softcap: float,
        deterministic: bool,
    ) -> Tensor:
        assert causal and window_size[1] == 0 and softcap == 0 and not deterministic
        assert cu_seqlens_q.dtype == cu_seqlens_k.dtype == torch.int32
        asked, seen = cu_seqlens_q.diff().tolist(), cu_seqlens_k.diff().tolist()
        assert (max_seqlen_q, max_seqlen_k) == (max(asked), max(seen))
        self.calls += 1
        pieces = zip(q.split(asked), k.split(seen), v.split(seen), strict=True)
        return torch.cat([_attend(*piece, softmax_scale, window_size[0]) for piece in pieces])


def _attend(q: Tensor, k: Tensor, v: Tensor, scale: float, left: int) -> Tensor:
    # Query i sees keys i + behind - left .. i + behind, where behind keys stand before the first query's own.
    distance = torch.arange(len(q))[:, None] + len(k) - len(q) - torch.arange(len(k))
    mask = (distance >= 0) & ((distance <= left) if left >= 0 else True)
    heads = (tensor.transpose(0, 1)[None] for tensor in (q, k, v))
    return F.scaled_dot_product_attention(*heads, attn_mask=mask, scale=scale, enable_gqa=True)[0].transpose(0, 1)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> FlashAttention:
    found = FlashAttention()
    monkeypatch.setattr(attention, "flash_kernel", lambda: found)
    return found


@pytest.mark.parametrize("family", ["llama", "mistral"])
def test_passes_and_prompts_get_what_they_get_without_it(
    family: str, tmp_path: Path, kernel: FlashAttention, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = start_engine(make_model(family, tmp_path), batching="rounding")
    item = make_item("a", (7, 1, 23, 12), 5, VOCABULARY)
    found = []
    for suits in (False, True):
        monkeypatch.setattr(attention, "suits_flash", lambda *_, suits=suits: suits)
        make_adapter(engine, "a", 3, LINEARS)
        [logprobs] = run_pass(engine, [item])
        state = engine.export_state("a")
        assert state is not None and state.gradients is not None
        texts = continued(engine, (3, 70, 9), together=True)
        found.append({"logprobs": logprobs, "texts": texts, **state.gradients})
        assert (kernel.calls > 0) is suits
    torch.testing.assert_close(*found, rtol=FLOAT32, atol=FLOAT32)
