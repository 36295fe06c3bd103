"""A frozen base model of transformers that runs packed rows for many adapters."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import AutoModelForCausalLM, PreTrainedModel

from thinker_worker.engine import AdapterHandle, AdapterTensors
from thinker_worker.errors import WorkerError
from thinker_worker.hf.attention.attention import register_attention
from thinker_worker.hf.attention.exact_functions import use_exact_activations
from thinker_worker.hf.lora.lora_hooks import add_lora_hooks
from thinker_worker.hf.layer_sharding import LayerSharding
from thinker_worker.hf.rows import AdapterRows, Routing, Rows, SequenceRows
from thinker_worker.hf.attention.steady_rope import steady_length
from thinker_worker.placement import Placement
from thinker_worker.settings import ModelFolder
from thinker_worker.state.lora import A_SUFFIX, B_SUFFIX, lora_modules

KNOWN_LAYERS = frozenset({"full_attention", "sliding_attention"})
HEAD = "lm_head"

_numbers = itertools.count()


class BaseModel:
    """@param model as transformers loads it, on the device, frozen
    @param exact takes the ways of computing for which a request gets the same bits in any company
    """

    def __init__(self, name: str, model: PreTrainedModel, device: torch.device, exact: bool) -> None:
        self.name = name
        self.model = model
        self.device = device
        self.routing = Routing()
        self.decoder: Any = model.get_decoder()
        self.head: Any = model.get_output_embeddings()
        self.config = self.decoder.config
        self._require_known()
        self._steady_length = steady_length(self.config)
        self.linears = self._find_linears()
        self.attention = f"thinker_{next(_numbers)}"
        register_attention(self.attention, self.routing, exact)
        if exact:
            use_exact_activations(model)
        add_lora_hooks(self.linears, self.routing)
        for layer in self.decoder.layers:
            layer.forward = _recomputing(layer.forward, self.routing)
        self.sharding: LayerSharding | None = None
        self._cap: float | None = getattr(self.config, "final_logit_softcapping", None)
        model.set_attn_implementation(self.attention)

    @property
    def vocabulary(self) -> int:
        return int(self.head.weight.shape[0])

    def hidden(self, tokens: Tensor, positions: Tensor, rows: Rows) -> Tensor:
        """What the layers make of packed tokens [T] at their positions [T]. @returns [T, hidden]"""
        if self._steady_length is not None and int(positions.max()) >= self._steady_length:
            raise ValueError(f"{self.name} takes sequences of at most {self._steady_length} tokens.")
        with self.routing.using(rows):
            out = self.decoder(input_ids=tokens[None], position_ids=positions[None], use_cache=False)
        hidden: Tensor = out.last_hidden_state[0]
        return hidden

    def join(self) -> Tensor:
        """The forward of a rank that has no rows of its own in a pass that all ranks make together. @returns [1, hidden]"""
        rows = Rows((SequenceRows(0, 1),), (AdapterRows(1, None),))
        nothing = torch.zeros(1, dtype=torch.int64, device=self.device)
        return self.hidden(nothing, nothing, rows)

    def gradients(self, outputs: Tensor, slopes: Tensor, leaves: Sequence[Tensor]) -> list[Tensor | None]:
        """dLoss/dleaf, None where the outputs do not depend on it."""
        inputs = [*leaves, *(self.sharding.inputs() if self.sharding else ())]
        if not inputs:
            return []
        found = torch.autograd.grad(outputs, inputs, slopes, allow_unused=True)
        return list(found[: len(leaves)])

    def logits(self, hidden: Tensor, rows: Rows) -> Tensor:
        """[n, hidden] -> [n, vocabulary], float32"""
        with self.routing.using(rows):
            logits = self.head(hidden)
        if self._cap is not None:
            logits = torch.tanh(logits / self._cap) * self._cap
        return logits.float()

    def require_fits(self, handle: AdapterHandle, weights: AdapterTensors) -> None:
        """@raises WorkerError adapter_mismatch when the tensors are not LoRAs of linears of this model"""
        for module in lora_modules(weights):
            linear = self.linears.get(module)
            if linear is None:
                raise _mismatch(handle.id, f"{self.name} has no linear {module}")
            shapes = tuple(weights[module + A_SUFFIX].shape), tuple(weights[module + B_SUFFIX].shape)
            rank = shapes[0][0]
            if shapes != ((rank, linear.in_features), (linear.out_features, rank)):
                raise _mismatch(handle.id, f"tensors of {module} have shapes {shapes}")

    def cache_bytes_per_token(self) -> int:
        """Keys and values of one token in all layers."""
        config = self.config
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        width = next(self.model.parameters()).element_size()
        return 2 * config.num_hidden_layers * heads * size * width

    def _require_known(self) -> None:
        config = self.config
        kinds = set(getattr(config, "layer_types", None) or ()) - KNOWN_LAYERS
        if kinds:
            raise NotImplementedError(f"{self.name} has layers of kind {', '.join(sorted(kinds))}, which are not served.")
        if getattr(config, "use_bidirectional_attention", None):
            raise NotImplementedError(f"{self.name} has bidirectional attention, which is not served.")

    def _find_linears(self) -> dict[str, nn.Linear]:
        """Those of the layers, and the output projection, by PEFT's names."""
        prefix = next(name for name, module in self.model.named_modules() if module is self.decoder)
        found = {
            f"{prefix}.{name}": module
            for name, module in self.decoder.named_modules()
            if isinstance(module, nn.Linear) and name.startswith("layers.")
        }
        return {**found, HEAD: self.head}


def load_base_model(folder: ModelFolder, placement: Placement, quantization: str, *, exact: bool, shard: bool) -> BaseModel:
    """Weights come from safetensors straight into the model, which is never initialised.

    @param shard divides the layers over all ranks; each reads the files, and keeps its share
    """
    if shard and quantization != "none":
        raise NotImplementedError("A base model in 4 bits cannot be divided over ranks: FSDP2 does not take its weights.")
    options: dict[str, Any] = {}
    if quantization == "nf4":
        options["quantization_config"] = _nf4(placement)
    model = AutoModelForCausalLM.from_pretrained(
        folder.folder, dtype=placement.dtype, attn_implementation="eager", local_files_only=True, **options
    )
    model.eval().requires_grad_(False)
    if quantization == "none" and not shard:
        model.to(placement.device)
    base = BaseModel(folder.name, model, placement.device, exact)
    if shard:
        base.sharding = LayerSharding(model, placement.device)
    return base


def _nf4(placement: Placement) -> Any:
    missing = [name for name in ("bitsandbytes", "accelerate") if find_spec(name) is None]
    if missing:
        raise RuntimeError(f"A base model in 4 bits needs Python packages that are not installed: {', '.join(missing)}.")
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=placement.dtype)


def _recomputing(forward: Callable[..., Any], routing: Routing) -> Callable[..., Any]:
    """A layer's forward that computes again in the backward where its rows say so.

    The backward may come when the model is run with other rows: those of the forward go along.
    """

    def run(*args: Any, **kwargs: Any) -> Any:
        rows = routing.current
        if rows is None or not rows.recompute or not torch.is_grad_enabled():
            return forward(*args, **kwargs)

        def with_rows(*own: Any, **named: Any) -> Any:
            with routing.using(rows):
                return forward(*own, **named)

        return checkpoint(with_rows, *args, use_reentrant=False, preserve_rng_state=False, **kwargs)

    return run


def _mismatch(adapter_id: str, problem: str) -> WorkerError:
    message = f"The given state does not fit adapter '{adapter_id}': {problem}."
    return WorkerError("adapter_mismatch", message, id=adapter_id, problem=problem)
