"""Foreseen failures; they reach Node with their kind, code and details (protocol/torch-worker.md, Errors)."""

from __future__ import annotations

from typing import Any, Literal


class WorkerError(Exception):
    """A failure that leaves every adapter as it was."""

    def __init__(self, code: str, message: str, *, kind: Literal["user", "memory"] = "user", **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.kind = kind
        self.details = details
