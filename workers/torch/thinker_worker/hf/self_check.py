"""Does a request get the same bits alone as in company, here, with this model? Libraries do not promise it."""

from __future__ import annotations

import torch
from torch import Tensor

from thinker_worker.engine import AdapterHandle, LoraSpec
from thinker_worker.hf.base_model import BaseModel
from thinker_worker.hf.kv_cache import CachedSequence
from thinker_worker.hf.lora.pinned_lora import PinnedLora, pin
from thinker_worker.hf.rows import AdapterRows, Rows, SequenceRows
from thinker_worker.state.lora import A_SUFFIX, B_SUFFIX

# Sequences of one length are computed together.
LENGTHS = (3, 17, 70, 1, 17)
RANKS = (1, 8, 4, 2, 16)
PIECE = 5


@torch.no_grad()
def gives_same_bits(base: BaseModel) -> bool:
    """Packed sequences with adapters of several ranks against each of them alone, read in pieces."""
    loras = [_random_lora(base, rank) for rank in RANKS]
    texts = [(torch.arange(length) * 7 + 3 * length) % base.vocabulary for length in LENGTHS]
    together = _packed(base, texts, loras)
    return all(
        torch.equal(found, _in_pieces(base, text, lora)) for found, text, lora in zip(together, texts, loras, strict=True)
    )


def _packed(base: BaseModel, texts: list[Tensor], loras: list[PinnedLora]) -> list[Tensor]:
    counts = [text.numel() for text in texts]
    edges = [0, *torch.tensor(counts).cumsum(0).tolist()]
    sequences = tuple(SequenceRows(start, end) for start, end in zip(edges, edges[1:], strict=False))
    adapters = tuple(AdapterRows(count, lora) for count, lora in zip(counts, loras, strict=True))
    positions = torch.cat([torch.arange(count) for count in counts])
    hidden = base.hidden(torch.cat(texts), positions, Rows(sequences, adapters))
    return list(base.logits(hidden, Rows((), adapters)).split(counts))


def _in_pieces(base: BaseModel, text: Tensor, lora: PinnedLora) -> Tensor:
    sequence = CachedSequence()
    found = []
    for piece in text.split([1] * min(2, text.numel()) + _rest(text.numel() - 2)):
        count = piece.numel()
        adapters = (AdapterRows(count, lora),)
        rows = Rows((SequenceRows(0, count, sequence.reserve(count)),), adapters)
        hidden = base.hidden(piece, torch.arange(count) + sequence.length, rows)
        found.append(base.logits(hidden, Rows((), adapters)))
        sequence.commit(count)
    return torch.cat(found)


def _rest(count: int) -> list[int]:
    if count <= 0:
        return []
    first = min(PIECE, count)
    return [first, count - first] if count > first else [first]


def _random_lora(base: BaseModel, rank: int) -> PinnedLora:
    generator = torch.Generator().manual_seed(rank)
    weights = {}
    for name, linear in base.linears.items():
        weights[name + A_SUFFIX] = torch.randn(rank, linear.in_features, generator=generator) * 0.05
        weights[name + B_SUFFIX] = torch.randn(linear.out_features, rank, generator=generator) * 0.05
    lora = LoraSpec(rank, 2.0 * rank, 0.0, (), False, 0)
    return pin(AdapterHandle("check", base.name, lora), weights, passes=0, train=False)
