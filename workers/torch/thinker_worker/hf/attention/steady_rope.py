"""How far rotary embeddings depend on a token's position alone."""

from __future__ import annotations

from typing import Any


def steady_length(config: Any) -> int | None:
    """Tokens beyond which the angles depend on the longest sequence of the batch; None where they never do.

    transformers (modeling_rope_utils.py) then takes the other factors of longrope for the whole batch, and computes the
    frequencies of dynamic anew. Node takes no longer sequences for such models.
    """
    parameters = getattr(config, "rope_parameters", None) or {}
    nested = [value for value in parameters.values() if isinstance(value, dict)] or [parameters]
    lengths = [length for rope in nested if (length := _steady_length(config, rope)) is not None]
    return min(lengths, default=None)


def _steady_length(config: Any, rope: dict[str, Any]) -> int | None:
    match rope.get("rope_type", "default"):
        case "longrope":
            return int(rope["original_max_position_embeddings"])
        case "dynamic":
            return int(config.max_position_embeddings)
        case _:
            return None
