"""Open sequences: what they have read is kept as keys and values, on the ranks of the replica that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from megatron.core import parallel_state as ps
from megatron.core.tensor_parallel.mappings import gather_from_tensor_model_parallel_region

from thinker_worker.engine import NextTokens, SequenceStep
from thinker_worker.megatron.passes.batch import Batch, Cache, Segment, Span, consecutive
from thinker_worker.megatron.logprobs import log_sum_exp
from thinker_worker.megatron.parallel import Parallel
from thinker_worker.megatron.lora.pinned import PinnedWeights
from thinker_worker.megatron.stage import ModelStage, StageRun
from thinker_worker.numerics.draws import next_tokens


@dataclass(frozen=True)
class OpenSequence:
    weights: PinnedWeights
    replica: int
    cache: Cache


class Sequences:
    """All open sequences. Every rank knows all of them; those of other replicas have empty caches."""

    def __init__(self, parallel: Parallel) -> None:
        self._parallel = parallel
        self._open: dict[int, OpenSequence] = {}

    def open(self, sequence: int, weights: PinnedWeights) -> None:
        """On the replica that has the fewest."""
        counts = [0] * self._parallel.data.count
        for other in self._open.values():
            counts[other.replica] += 1
        self._open[sequence] = OpenSequence(weights, counts.index(min(counts)), Cache())

    def fork(self, sequence: int, forks: Sequence[int], length: int | None) -> None:
        """On the same replica, since forks read the same keys and values."""
        source = self._open[sequence]
        cache = source.cache if length is None else source.cache.first(length)
        for fork in forks:
            self._open[fork] = replace(source, cache=cache)

    def close(self, sequences: Sequence[int]) -> None:
        for sequence in sequences:
            self._open.pop(sequence, None)

    def advance(self, steps: Sequence[SequenceStep]) -> list[NextTokens | None]:
        """Sequences of one base model go through it together. A failure leaves every sequence as it was."""
        results: list[NextTokens | None] = [None] * len(steps)
        grown: dict[int, Cache] = {}
        by_stage: dict[ModelStage, list[int]] = {}
        for index, step in enumerate(steps):
            opened = self._open[step.sequence]
            if opened.replica == self._parallel.data.index:
                by_stage.setdefault(opened.weights.stage, []).append(index)
        for stage, indexes in by_stage.items():
            own = [steps[index] for index in indexes]
            batch = _of_two_rows(self._batch(stage, own))
            run = stage.run(batch, train=False)
            grown.update((step.sequence, s.grown) for step, s in zip(own, batch.segments, strict=False) if s.grown)
            for index, result in zip(indexes, self._results(stage, own, run), strict=True):
                results[index] = result
        for sequence, cache in grown.items():
            self._open[sequence] = replace(self._open[sequence], cache=cache)
        return results

    def _batch(self, stage: ModelStage, steps: Sequence[SequenceStep]) -> Batch:
        rows = consecutive([len(step.tokens) for step in steps])
        opened = [self._open[step.sequence] for step in steps]
        return Batch(
            tokens=torch.cat([step.tokens for step in steps]).long().to(stage.device),
            segments=tuple(
                Segment(own, sequence.cache, Cache(sequence.cache.length + own.stop - own.start))
                for own, sequence in zip(rows, opened, strict=True)
            ),
            spans=self._spans(steps, [len(step.tokens) for step in steps]),
            wanted=torch.cat([own.start + step.rows.long() for own, step in zip(rows, steps, strict=True)]).to(stage.device),
            wanted_spans=self._spans(steps, [len(step.rows) for step in steps]),
        )

    def _spans(self, steps: Sequence[SequenceStep], rows: Sequence[int]) -> tuple[Span, ...]:
        weights = [self._open[step.sequence].weights for step in steps]
        return tuple(Span(count, own.modules(own.shares)) for own, count in zip(weights, rows, strict=True))

    def _results(self, stage: ModelStage, steps: Sequence[SequenceStep], run: StageRun) -> list[NextTokens | None]:
        if run.logits is None:
            return [None] * len(steps)
        log_sums = log_sum_exp(run.logits, ps.get_tensor_model_parallel_group())
        logits = gather_from_tensor_model_parallel_region(run.logits)
        if not self._parallel.gives_results:
            return [None] * len(steps)
        return [*next_tokens(steps, logits[:, : stage.architecture.vocab_size], log_sums)]


def _of_two_rows(batch: Batch) -> Batch:
    """Libraries multiply a single row in another way than several, with other bits: it gets a second, which nobody reads."""
    if batch.tokens.shape[0] > 1:
        return batch
    segments, spans = (*batch.segments, Segment(slice(1, 2))), (*batch.spans, Span(1, {}))
    return replace(batch, tokens=batch.tokens.repeat(2), segments=segments, spans=spans)
