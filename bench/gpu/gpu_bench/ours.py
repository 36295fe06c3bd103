"""The torch engine, driven through its port (thinker_worker.engine.Engine) as Node drives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from thinker_worker.engine import (
    AdamParams,
    AdapterHandle,
    AdapterState,
    FusedTerms,
    LoraSpec,
    PassItem,
    Ragged,
    RunPart,
    RunSlopes,
    SequenceStep,
    WeightsRef,
)
from thinker_worker.environment import RankEnvironment
from thinker_worker.hf.hf_engine import HfEngine
from thinker_worker.settings import ModelFolder, Settings
from torch import Tensor

from gpu_bench.shapes import ALPHA, MODULES

BASE = "base"
ADAM = AdamParams(learning_rate=1e-3, beta1=0.9, beta2=0.95, eps=1e-8, weight_decay=0.0, grad_clip_norm=0.0)
CROSS_ENTROPY = FusedTerms("weights", 0.0, 0.0, 0.0)
ALONE = RankEnvironment(control_url="", control_token="", control_ca=None, rank=0, local_rank=0, world=1, run="")


def fresh_state(weights: Mapping[str, Tensor], moments: bool = False) -> AdapterState:
    zeros = {name: torch.zeros_like(tensor) for name, tensor in weights.items()} if moments else {}
    return AdapterState(weights, zeros, zeros, step=0, gradients=None, gradient_passes=0, passes=0)


def lora_spec(rank: int) -> LoraSpec:
    return LoraSpec(rank=rank, alpha=ALPHA, dropout=0.0, target_modules=MODULES, rs_lora=False, seed=1)


class Ours:
    def __init__(self, folder: Path, device: str, rank: int) -> None:
        settings = Settings(
            engine="hf", models=(ModelFolder(BASE, str(folder)),), device=device, dtype="bfloat16", batching="rounding"
        )
        self._engine = HfEngine(settings, ALONE)
        self.info = self._engine.start()
        self._lora = lora_spec(rank)
        self._next = 0

    def create(self, name: str, weights: Mapping[str, Tensor], moments: bool = False) -> None:
        self._engine.create_adapter(AdapterHandle(name, BASE, self._lora), fresh_state(weights, moments))

    def delete(self, name: str) -> None:
        self._engine.delete_adapter(name)

    def forward_backward(self, chats: Mapping[str, Sequence[Tensor]]) -> dict[str, Tensor]:
        """Chats by adapter, all in one pass. @returns log-probs of the targets, datum by datum"""
        names = list(chats)
        items = [pass_item(name, chats[name]) for name in names]
        number = self._number()
        refused = self._engine.open_pass(number, items)
        if refused:
            raise next(iter(refused.values()))
        found: dict[str, list[Tensor]] = {name: [] for name in names}
        for parts in self._runs(items):
            slopes = [_slopes(items[part.item], part) for part in parts]
            for part, logprobs in zip(parts, self._engine.fused(number, parts, slopes), strict=True):
                found[names[part.item]] += [datum for datum in logprobs if datum is not None]
        for item in range(len(items)):
            self._engine.keep_gradients(number, item)
        self._engine.close_pass(number)
        return {name: torch.cat([datum.flatten().cpu() for datum in datums]) for name, datums in found.items()}

    def gradients(self, name: str) -> dict[str, Tensor]:
        state = self._engine.export_state(name)
        assert state is not None and state.gradients is not None
        return dict(state.gradients)

    def drop_gradients(self, name: str) -> None:
        self._engine.drop_gradients(name)

    def step(self, name: str) -> None:
        self._engine.step(name, ADAM)

    def decode(self, prompts: Sequence[tuple[str, Tensor]], new_tokens: int) -> Tensor:
        """Greedy, all prompts at once, each with its adapter. @returns token ids [prompts, new_tokens]"""
        sequences = [self._number() for _ in prompts]
        for sequence, (name, _) in zip(sequences, prompts, strict=True):
            self._engine.open_sequence(sequence, WeightsRef("adapter", name))
        tokens = [prompt.to(torch.int32) for _, prompt in prompts]
        drawn = []
        for _ in range(new_tokens):
            steps = [
                SequenceStep(sequence, own, torch.tensor([own.numel() - 1], dtype=torch.int32))
                for sequence, own in zip(sequences, tokens, strict=True)
            ]
            answers = self._engine.advance(steps)
            tokens = [answer.logits.argmax(dim=1).to(torch.int32) for answer in answers if answer is not None]
            drawn.append(torch.cat(tokens))
        self._engine.close_sequences(sequences)
        return torch.stack(drawn, dim=1)

    def _runs(self, items: Sequence[PassItem]) -> list[list[RunPart]]:
        """Datums in their order, as many to a run as the engine wants."""
        runs: list[list[RunPart]] = []
        room = 0
        for number, item in enumerate(items):
            for datum, length in enumerate(item.tokens.offsets.diff().tolist()):
                if length > room:
                    runs.append([])
                    room = self.info.pass_tokens
                room -= length
                run = runs[-1]
                if run and run[-1].item == number:
                    run[-1] = RunPart(number, (*run[-1].datums, datum))
                else:
                    run.append(RunPart(number, (datum,)))
        return runs

    def _number(self) -> int:
        self._next += 1
        return self._next


def pass_item(name: str, chats: Sequence[Tensor]) -> PassItem:
    inputs = [chat[:-1] for chat in chats]
    offsets = torch.tensor([0, *(own.numel() for own in inputs)]).cumsum(0).to(torch.int32)
    tokens = Ragged(torch.cat(inputs).to(torch.int32), offsets)
    targets = Ragged(torch.cat([chat[1:] for chat in chats]).to(torch.int32), offsets)
    scored = torch.ones(tokens.data.numel(), dtype=torch.uint8)
    return PassItem(WeightsRef("adapter", name), True, tokens, targets, scored)


def _slopes(item: PassItem, part: RunPart) -> RunSlopes:
    lengths = item.tokens.offsets.diff()
    ones = torch.ones(int(lengths[list(part.datums)].sum()))
    return RunSlopes(CROSS_ENTROPY, ones, torch.zeros_like(ones), torch.zeros_like(ones))
