"""Which routes of the server the calls of this SDK reached, as the server's own log tells it at LOG_LEVEL=debug."""

import re

MAPPED = re.compile(r"Mapped \{(\S+), ([A-Z]+)\} route")
ANSWERED = re.compile(r"([A-Z]+) (/\S+) [23]\d\d ")


def routes_in(log: str) -> tuple[set[str], set[str]]:
    """The routes of the Tinker API and of /hf: those that gave a good answer, and the others."""
    known = [(method, path) for path, method in MAPPED.findall(log) if path.startswith(("/api/v1/", "/hf/"))]
    # A path may fit several routes (sessions/:id and sessions/search): the one with fewer parameters is meant.
    known.sort(key=lambda route: route[1].count(":"))
    patterns = [(method, re.compile(re.sub(r":\w+", "[^/]+", path.replace("*path", ".+"))), path) for method, path in known]
    reached = {named(method, path, patterns) for method, path in set(ANSWERED.findall(log))} - {None}
    return reached, {f"{method} {path}" for method, path in known} - reached


def named(method: str, path: str, patterns) -> str | None:
    for of, pattern, route in patterns:
        if of == method and pattern.fullmatch(path):
            return f"{method} {route}"
    return None
