"""Foreseen failures; they reach Node with their kind, code and details (protocol/torch-worker.md, Errors)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal


class WorkerError(Exception):
    """A failure that leaves every adapter as it was."""

    def __init__(self, code: str, message: str, *, kind: Literal["user", "memory"] = "user", **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.kind = kind
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        """Ranks exchange failures, so that all of them raise the same one."""
        return _rebuilt, (self.code, str(self), self.kind, self.details)


def _rebuilt(code: str, message: str, kind: Literal["user", "memory"], details: dict[str, Any]) -> WorkerError:
    return WorkerError(code, message, kind=kind, **details)


def unknown_base_model(name: str, known: Iterable[str]) -> WorkerError:
    return WorkerError("unknown_base_model", f"Base model '{name}' is not served here.", name=name, known=list(known))
