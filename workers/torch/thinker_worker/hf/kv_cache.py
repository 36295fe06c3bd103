"""Keys and values of sequences that are being written.

A buffer is only ever appended to. Forks share it, each seeing as many of its tokens as it is long; the first that goes on
from its end writes into it, and others copy what they see of it first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

# Capacities are multiples of this, so that attention may read beyond a sequence's end, up to a whole block.
BLOCK = 64


def whole_blocks(tokens: int) -> int:
    """The number of tokens rounded up to whole blocks."""
    return -(-tokens // BLOCK) * BLOCK


@dataclass
class KvBuffer:
    capacity: int
    # Tokens that somebody has written, or is about to.
    filled: int = 0
    # By layer: keys and values [kv heads, capacity, head size]; zeros where nothing was written.
    layers: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)

    def layer(self, index: int, like: Tensor, like_value: Tensor) -> tuple[Tensor, Tensor]:
        """Of the shapes of [kv heads, n, head size]; made when it is first asked for."""
        if index not in self.layers:
            self.layers[index] = tuple(  # type: ignore[assignment]
                new.new_zeros((new.shape[0], self.capacity, new.shape[2])) for new in (like, like_value)
            )
        return self.layers[index]


@dataclass(frozen=True)
class CachedRows:
    """Where the next rows of a sequence go: behind the first `length` tokens of the buffer."""

    buffer: KvBuffer
    length: int

    def append(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Writes keys and values [kv heads, n, head size]. @returns those of all tokens so far, up to a whole block"""
        all_keys, all_values = self.buffer.layer(layer, keys, values)
        end = self.length + keys.shape[1]
        all_keys[:, self.length : end] = keys
        all_values[:, self.length : end] = values
        seen = whole_blocks(end)
        return all_keys[:, :seen], all_values[:, :seen]


class CachedSequence:
    """The tokens of one sequence. Changes only by `commit`, so a call that fails leaves it as it was."""

    def __init__(self, buffer: KvBuffer | None = None, length: int = 0) -> None:
        self._buffer = buffer or KvBuffer(capacity=0)
        self.length = length

    def fork(self, length: int | None = None) -> CachedSequence:
        """Another one that begins with the first `length` tokens, by default all."""
        if length is not None and not 0 <= length <= self.length:
            raise ValueError(f"A sequence of {self.length} tokens has no first {length}.")
        return CachedSequence(self._buffer, self.length if length is None else length)

    def reserve(self, count: int) -> CachedRows:
        """Room for `count` more tokens, which nobody else writes to."""
        end = self.length + count
        buffer = self._buffer
        if buffer.filled != self.length or buffer.capacity < end:
            buffer = _copy(buffer, self.length, end)
            self._buffer = buffer
        buffer.filled = end
        return CachedRows(buffer, self.length)

    def commit(self, count: int) -> None:
        self.length += count


def _copy(buffer: KvBuffer, length: int, needed: int) -> KvBuffer:
    """Its first tokens in a buffer that has room for as many more again."""
    capacity = whole_blocks(max(needed, min(2 * length, length + 1024)))
    copy = KvBuffer(capacity, filled=length)
    for index, pair in buffer.layers.items():
        copy.layers[index] = tuple(_grown(tensor, length, capacity) for tensor in pair)  # type: ignore[assignment]
    return copy


def _grown(tensor: Tensor, length: int, capacity: int) -> Tensor:
    grown = tensor.new_zeros((tensor.shape[0], capacity, tensor.shape[2]))
    grown[:, :length] = tensor[:, :length]
    return grown
