"""The calls of the control link, by name, on an engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from thinker_worker.commands import arguments as read
from thinker_worker.commands.failures import describe_failure
from thinker_worker.engine import AdapterState, Engine, EngineInfo, NextTokens, StepResult

Json = dict[str, Any]


@dataclass(frozen=True)
class Calls:
    engine: Engine

    def run(self, name: str, args: Json) -> Any:
        """Carries one call out. @returns its value as it travels; raises what the engine raises"""
        call = self._named().get(name)
        if call is None:
            raise ValueError(f"Unknown call {name!r}. Thinker and its torch worker have different versions.")
        return call(args)

    def _named(self) -> dict[str, Callable[[Json], Any]]:
        return {**self._engine_calls(), **self._adapter_calls(), **self._pass_calls(), **self._sequence_calls()}

    def _engine_calls(self) -> dict[str, Callable[[Json], Any]]:
        engine = self.engine
        return {
            "start": lambda _: _engine_info(engine.start()),
            "stop": lambda _: engine.stop(),
        }

    def _adapter_calls(self) -> dict[str, Callable[[Json], Any]]:
        engine = self.engine
        return {
            "createAdapter": lambda args: engine.create_adapter(
                read.adapter_handle(args["adapter"]), read.adapter_state(args["state"])
            ),
            "deleteAdapter": lambda args: engine.delete_adapter(args["id"]),
            "exportState": lambda args: _state(engine.export_state(args["id"])),
            "digestState": lambda args: engine.digest_state(args["id"]),
            "describeState": lambda args: dict(zip(("step", "hasGradients"), engine.describe_state(args["id"]), strict=True)),
            "importState": lambda args: engine.import_state(
                args["id"], read.adapter_state(args["state"]), args["optimizer"]
            ),
            "step": lambda args: _step_result(engine.step(args["id"], read.adam_params(args["params"]))),
            "dropGradients": lambda args: engine.drop_gradients(args["id"]),
            "loadWeights": lambda args: engine.load_weights(
                read.adapter_handle(args["adapter"]), read.tensors(args["weights"])
            ),
            "dropWeights": lambda args: engine.drop_weights(args["id"]),
        }

    def _pass_calls(self) -> dict[str, Callable[[Json], Any]]:
        engine = self.engine
        return {
            "openPass": lambda args: _refused(
                engine.open_pass(args["pass"], [read.pass_item(item) for item in args["items"]])
            ),
            "forward": lambda args: engine.forward(args["pass"], [read.run_part(part) for part in args["parts"]]),
            "backward": lambda args: engine.backward(args["pass"], args["dLogprobs"]),
            "fused": lambda args: engine.fused(
                args["pass"],
                [read.run_part(part) for part in args["parts"]],
                [read.run_slopes(slopes) for slopes in args["slopes"]],
            ),
            "keepGradients": lambda args: engine.keep_gradients(args["pass"], args["item"]),
            "closePass": lambda args: engine.close_pass(args["pass"]),
        }

    def _sequence_calls(self) -> dict[str, Callable[[Json], Any]]:
        engine = self.engine
        return {
            "openSequence": lambda args: engine.open_sequence(args["sequence"], read.weights_ref(args["weights"])),
            "forkSequence": lambda args: engine.fork_sequence(args["sequence"], args["forks"], args.get("length")),
            "advance": lambda args: [
                _next_tokens(found) for found in engine.advance([read.sequence_step(step) for step in args["steps"]])
            ],
            "closeSequences": lambda args: engine.close_sequences(args["sequences"]),
        }


def _engine_info(info: EngineInfo) -> Json:
    models = [
        {
            "name": model.name,
            "parameterCount": model.parameter_count,
            "cacheBytesPerToken": model.cache_bytes_per_token,
        }
        for model in info.models
    ]
    return {
        "device": info.device,
        "batching": info.batching,
        "repeatability": info.repeatability,
        "passTokens": info.pass_tokens,
        "sequenceBytes": info.sequence_bytes,
        "models": models,
    }


def _state(state: AdapterState | None) -> Json | None:
    if state is None:
        return None
    return {
        "weights": list(state.weights.items()),
        "m": list(state.m.items()),
        "v": list(state.v.items()),
        "step": state.step,
        "gradients": None if state.gradients is None else list(state.gradients.items()),
        "gradientPasses": state.gradient_passes,
        "passes": state.passes,
    }


def _step_result(result: StepResult) -> Json:
    return {
        "step": result.step,
        "gradNorm": result.grad_norm,
        "updateNorm": result.update_norm,
        "weightNorm": result.weight_norm,
        "digest": result.digest,
    }


def _refused(refused: dict[int, Exception]) -> Json:
    return {"refused": [{"item": item, "error": describe_failure(error)} for item, error in refused.items()]}


def _next_tokens(found: NextTokens | None) -> Json | None:
    if found is None:
        return None
    return {"logits": found.logits, "logSums": found.log_sums, "drawn": found.drawn, "named": found.named}
