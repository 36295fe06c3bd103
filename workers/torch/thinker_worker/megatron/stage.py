"""A rank's part of one base model: some layers of it, and of each its share.

Activations pass from stage to stage, [T, 1, hidden]; their gradients come back the same way. One batch is under way at a
time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
import torch.distributed as dist
from megatron.core import parallel_state as ps
from megatron.core.models.gpt.gpt_layer_specs import get_gpt_layer_local_spec
from megatron.core.models.gpt.gpt_model import GPTModel
from megatron.core.transformer.transformer_config import TransformerConfig
from torch import Tensor, nn

from thinker_worker.hf.attention.exact_functions import ExactSilu
from thinker_worker.megatron.model.architecture import Architecture, read_architecture
from thinker_worker.megatron.model.attention import PackedAttention
from thinker_worker.megatron.passes.batch import Batch, Rows, Running
from thinker_worker.megatron.model.checkpoint import load_parameters, parameter_count
from thinker_worker.megatron.lora.lora_placement import insert_lora
from thinker_worker.megatron.model.model_files import ModelFiles
from thinker_worker.megatron.parallel import Parallel, require_divisible
from thinker_worker.megatron.passes.recompute import recomputing
from thinker_worker.placement import Placement


@dataclass(frozen=True)
class StageRun:
    """What backward needs of a run. `logits` [R, own part of the vocabulary], float32, on the last stage."""

    received: Tensor | None
    computed: Tensor
    logits: Tensor | None


class ModelStage:
    """Loads this rank's share of the model in `folder`. Raises WorkerError `unsupported_model` with the reason."""

    def __init__(self, folder: Path, parallel: Parallel, placement: Placement) -> None:
        self.architecture = read_architecture(folder)
        require_divisible(self.architecture, parallel.tensor.count, parallel.pipeline.count)
        self.parallel = parallel
        self.device, self.dtype = placement.device, placement.dtype
        self._running = Running()
        model = _build(self.architecture, parallel, placement, self._running).to(self.device)
        files = ModelFiles(folder)
        self.parameters = load_parameters(model, self.architecture, files, parallel)
        self.parameter_count = parameter_count(self.architecture, files)
        insert_lora(model, self.architecture, parallel, self._running)
        for layer in model.decoder.layers:
            layer.forward = recomputing(layer.forward, self._running)
        self._model = model.eval()
        self._inverse_frequencies = self.architecture.rope.inverse_frequencies.to(self.device)
        columns = -(-self.architecture.vocab_size // parallel.tensor.count)
        self.first_token = parallel.tensor.index * columns
        self._own_tokens = max(0, min(columns, self.architecture.vocab_size - self.first_token))

    @property
    def layers(self) -> range:
        """The layers of the model that this rank computes."""
        return self.parallel.layers(self.architecture.layer_count)

    @property
    def cache_bytes_per_token(self) -> int:
        """On this rank: keys and values of its share of its layers' heads."""
        groups = self.architecture.group_count // self.parallel.tensor.count
        return 2 * len(self.layers) * groups * self.architecture.head_dim * self.dtype.itemsize

    def run(self, batch: Batch, train: bool) -> StageRun:
        """Computes the batch as far as this stage goes. With `train`, `backward` may follow."""
        with torch.set_grad_enabled(train):
            received = None if self.parallel.first_stage else self._receive(batch, ps.get_pipeline_model_parallel_prev_rank())
            if received is not None:
                received.requires_grad_(train)
            hidden = self._decode(batch, received)
            logits = self._logits(batch, hidden) if self.parallel.last_stage else None
        if logits is None:
            self._send(hidden, ps.get_pipeline_model_parallel_next_rank())
        return StageRun(received, hidden, logits)

    def backward(self, batch: Batch, run: StageRun, scores: Tensor | None, gradient: Tensor | None) -> None:
        """Adds the gradients of the adapters' shares. On the last stage `scores` came from its logits, and `gradient` is
        dLoss/dscore."""
        if not self.parallel.last_stage:
            scores = run.computed
            gradient = self._receive(batch, ps.get_pipeline_model_parallel_next_rank())
        if scores is not None and scores.requires_grad:
            torch.autograd.backward(scores, gradient)
        if run.received is not None:
            sent = run.received.grad if run.received.grad is not None else torch.zeros_like(run.received)
            self._send(sent, ps.get_pipeline_model_parallel_prev_rank())

    def _decode(self, batch: Batch, received: Tensor | None) -> Tensor:
        if received is None:
            hidden = self._model.embedding(input_ids=batch.tokens[None], position_ids=None)
        else:
            self._model.set_input_tensor(received)
            hidden = None
        with self._running.using(Rows(batch.segments, batch.spans, batch.recompute)):
            return self._model.decoder(hidden_states=hidden, attention_mask=None, rotary_pos_emb=self._angles(batch))

    def _angles(self, batch: Batch) -> Tensor:
        """[T, 1, 1, head_dim]"""
        angles = torch.outer(batch.positions.float(), self._inverse_frequencies)
        return torch.cat([angles, angles], dim=-1)[:, None, None]

    def _logits(self, batch: Batch, hidden: Tensor) -> Tensor:
        tied = self._model.share_embeddings_and_output_weights
        weight = self._model.shared_embedding_or_output_weight() if tied else None
        with self._running.using(Rows(spans=batch.wanted_spans)):
            logits, _ = self._model.output_layer(hidden[batch.wanted], weight=weight)
        logits = logits[:, 0].float()
        if self._own_tokens == logits.shape[1]:
            return logits
        padding = torch.arange(logits.shape[1], device=logits.device) >= self._own_tokens
        return logits.masked_fill(padding, -torch.inf)

    def _receive(self, batch: Batch, source: int) -> Tensor:
        shape = (batch.tokens.shape[0], 1, self.architecture.hidden_size)
        received = torch.empty(shape, dtype=self.dtype, device=self.device)
        dist.recv(received, src=source, group=ps.get_pipeline_model_parallel_group())
        return received

    def _send(self, tensor: Tensor, target: int) -> None:
        dist.send(tensor.detach().contiguous(), dst=target, group=ps.get_pipeline_model_parallel_group())


def _build(architecture: Architecture, parallel: Parallel, placement: Placement, running: Running) -> GPTModel:
    """Megatron's model with parameters that are not set yet."""
    spec = get_gpt_layer_local_spec(normalization="RMSNorm", qk_layernorm=architecture.head_norm)
    core_attention = partial(PackedAttention, running, architecture, placement.exact)
    spec.submodules.self_attention.submodules.core_attention = core_attention
    padded = -(-architecture.vocab_size // parallel.tensor.count) * parallel.tensor.count
    model = GPTModel(
        config=_config(architecture, parallel, placement),
        transformer_layer_spec=spec,
        vocab_size=padded,
        max_sequence_length=0,  # only learned positions have one
        pre_process=parallel.first_stage,
        post_process=parallel.last_stage,
        position_embedding_type="none",  # the stage computes the rotary angles of packed sequences
        # Of several stages the first and the last each read their own copy; nothing trains it.
        share_embeddings_and_output_weights=architecture.tied_embeddings and parallel.pipeline.count == 1,
    )
    return model.to(placement.dtype).requires_grad_(False)


def _config(architecture: Architecture, parallel: Parallel, placement: Placement) -> TransformerConfig:
    dtype = placement.dtype
    return TransformerConfig(
        num_layers=architecture.layer_count,
        hidden_size=architecture.hidden_size,
        ffn_hidden_size=architecture.intermediate_size,
        num_attention_heads=architecture.head_count,
        num_query_groups=architecture.group_count,
        kv_channels=architecture.head_dim,
        normalization="RMSNorm",
        layernorm_epsilon=architecture.norm_eps,
        qk_layernorm=architecture.head_norm,
        gated_linear_unit=True,
        activation_func=ExactSilu() if placement.exact else nn.functional.silu,
        add_bias_linear=False,
        add_qkv_bias=architecture.qkv_bias,
        hidden_dropout=0.0,
        attention_dropout=0.0,
        tensor_model_parallel_size=parallel.tensor.count,
        pipeline_model_parallel_size=parallel.pipeline.count,
        params_dtype=dtype,
        pipeline_dtype=dtype,
        bf16=dtype is torch.bfloat16,
        # Weights come from files; parameters are made on the CPU and moved.
        use_cpu_initialization=True,
        perform_initialization=False,
        # Fused kernels round differently from transformers, and some need packages that are not required here.
        bias_activation_fusion=False,
        masked_softmax_fusion=False,
        gradient_accumulation_fusion=False,
    )
