#!/usr/bin/env bash
# Creates .venv with the pinned packages of scripts/python-requirements.txt; does nothing if it is up to date.
# Required for benchmarks against PyTorch, for generating numeric fixtures and for training the bundled model; the service
# and its tests need no Python. Exit codes: 0 = ready, 3 = no suitable Python, 4 = the packages cannot be downloaded
# (callers may then skip steps that need them). Set PYTHON to choose the interpreter.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
name=python-env
. "$root/scripts/lib/python-venv.sh"
requirements="$root/scripts/python-requirements.txt"
venv="$root/.venv"
installed="$venv/.installed-requirements.txt"

if [ -x "$venv/bin/python" ] && cmp -s "$requirements" "$installed"; then
  echo "python-env: $venv is ready"
  exit 0
fi

python="${PYTHON:-python3}"
require_python 11

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
if ! pip install --quiet -r "$requirements"; then
  echo "python-env: the packages of scripts/python-requirements.txt could not be installed; see the errors above." >&2
  echo "python-env: if the Python package index is unreachable, set PIP_INDEX_URL to a mirror or PIP_FIND_LINKS to a" >&2
  echo "python-env: folder of wheels and run this again. Only benchmarks and fixture generation need these packages." >&2
  exit 4
fi
cp "$requirements" "$installed"
echo "python-env: $venv is ready ($("$venv/bin/python" -c 'import torch; print("torch", torch.__version__)'))"
