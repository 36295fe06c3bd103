"""The layers of a base model divided over all ranks (FSDP2), each gathered when it is needed.

Embedding, last norm and output projection stay whole on every rank. Adapters are no parameters of the model, and so are
whole everywhere, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard


class LayerSharding:
    """Ranks gather layers together, so all of them must run all layers, forward and backward, the same number of times.

    A backward goes only as far down as there are adapters, which differ from rank to rank. So here every one goes down to
    the embedding's output, whose gradient is asked for and thrown away.
    """

    def __init__(self, model: Any, device: torch.device) -> None:
        decoder = model.get_decoder()
        mesh = init_device_mesh(device.type, (dist.get_world_size(),))
        for layer in decoder.layers:
            fully_shard(layer, mesh=mesh, reshard_after_forward=True)
        whole = [module for module in decoder.children() if module is not decoder.layers]
        for module in [*whole, model.get_output_embeddings()]:
            module.to(device)
        kept = {parameter for module in whole for parameter in module.parameters()}
        fully_shard(decoder, mesh=mesh, reshard_after_forward=True, ignored_params=kept)
        self._embedded: Tensor | None = None
        model.get_input_embeddings().register_forward_hook(self._mark)

    def inputs(self) -> Sequence[Tensor]:
        """What the last forward's gradient is to reach."""
        return [] if self._embedded is None else [self._embedded]

    def _mark(self, _module: nn.Module, _args: Any, output: Tensor) -> Tensor | None:
        if not torch.is_grad_enabled():
            self._embedded = None
            return None
        self._embedded = output.detach().requires_grad_()
        return self._embedded
