"""The digest of an adapter's state, bit for bit that of src/compute/numerics/state-digest.ts."""

from __future__ import annotations

import sys

import xxhash

from thinker_worker.engine import AdapterState, AdapterTensors, as_float32


def state_digest(state: AdapterState) -> str:
    """For example `xxh64:8f3c0e1d2b7a6954`: weights, moments, step and gradients, tensors in the order of their names."""
    if sys.byteorder != "little":
        raise NotImplementedError("Digests are computed on little-endian machines only.")
    digest = xxhash.xxh64()

    def add(group: str, tensors: AdapterTensors) -> None:
        for name in sorted(tensors):
            tensor = as_float32(tensors[name])
            digest.update(f"{group} {name} {'x'.join(map(str, tensor.shape))}\n".encode())
            digest.update(tensor.numpy().data)

    digest.update(f"step {state.step}\n".encode())
    add("weight", state.weights)
    add("m", state.m)
    add("v", state.v)
    if state.gradients is not None:
        add("gradient", state.gradients)
    return f"xxh64:{digest.hexdigest()}"
