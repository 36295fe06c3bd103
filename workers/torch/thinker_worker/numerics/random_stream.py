"""Random numbers by a seed, a label and a position; the same as src/compute/numerics/random.ts gives.

Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC'11): key = the seed, counter = (position,
hash of the label). So a pass that is made again, on this engine or another one, drops out the same elements.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import torch
from torch import Tensor

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
WORD = 0xFFFFFFFF
MASK_64 = (1 << 64) - 1


def uniform(seed: int | str, label: str, count: int, device: torch.device | str = "cpu") -> Tensor:
    """float32 numbers in [0, 1) with 24 random bits, of positions 0 .. count - 1. @returns [count]"""
    blocks = torch.arange((count + 3) // 4, dtype=torch.int64, device=device)
    words = _philox(blocks, _key_of(int(seed)), _hash(label))
    return (words >> 8).to(torch.float32).mul_(2.0**-24).view(-1)[:count]


def _philox(blocks: Tensor, key: int, label: int) -> Tensor:
    """The four words of each counter (block, label). int64 products wrap, but their 64 bits are right. @returns [n, 4]"""
    c0, c1 = blocks & WORD, (blocks >> 32) & WORD
    c2, c3 = torch.full_like(blocks, label & WORD), torch.full_like(blocks, label >> 32)
    k0, k1 = key & WORD, key >> 32
    for _ in range(ROUNDS):
        product0, product1 = c0 * MULTIPLIERS[0], c2 * MULTIPLIERS[1]
        c0 = ((product1 >> 32) & WORD) ^ c1 ^ k0
        c2 = ((product0 >> 32) & WORD) ^ c3 ^ k1
        c1, c3 = product1 & WORD, product0 & WORD
        k0, k1 = (k0 + WEYL[0]) & WORD, (k1 + WEYL[1]) & WORD
    return torch.stack((c0, c1, c2, c3), dim=1)


def _key_of(seed: int) -> int:
    """A seed from 0 to 2^64 - 1 is its own key; others take the first 64 bits of the SHA-256 of their digits."""
    if 0 <= seed <= MASK_64:
        return seed
    return int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:8], "little")


@lru_cache(maxsize=4096)
def _hash(label: str) -> int:
    """FNV-1a of Fowler, Noll and Vo, 64 bits, over the UTF-8 bytes."""
    value = 0xCBF29CE484222325
    for byte in label.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK_64
    return value
