#!/usr/bin/env bash
# Creates .venv-clients with the Python packages of OpenAI and Anthropic, and pytest (test/clients/requirements.txt); does
# nothing if it is up to date.
# Exit codes: 0 = ready, 3 = no suitable Python, 4 = the package index is unreachable (callers may then skip these tests),
# 5 = it is reachable, but the packages cannot be installed. Set PYTHON to choose the interpreter.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
venv="$root/.venv-clients"
requirements="$root/test/clients/requirements.txt"
recipe="$venv/.recipe"
wanted="$(cksum <"$requirements")"
python="${PYTHON:-python3}"

if [ -f "$recipe" ] && [ "$(cat "$recipe")" = "$wanted" ]; then
  echo "clients-env: $venv is ready"
  exit 0
fi
if ! "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "clients-env: '$python' must be Python 3.11 or newer with the venv module (set PYTHON to use another interpreter)" >&2
  exit 3
fi

rm -f "$recipe"
"$python" -m venv "$venv"
pip=("$venv/bin/python" -m pip --disable-pip-version-check)
if ! "${pip[@]}" install --quiet -r "$requirements"; then
  # Downloading a small, long-established package distinguishes an unreachable index from a missing version.
  if "${pip[@]}" download --quiet --no-deps --no-cache-dir --retries 1 --dest "$(mktemp -d)" iniconfig >/dev/null 2>&1; then
    echo "clients-env: the packages could not be installed; see the errors above" >&2
    exit 5
  fi
  echo "clients-env: the Python package index is unreachable" >&2
  exit 4
fi
echo "$wanted" >"$recipe"
echo "clients-env: $venv is ready"
