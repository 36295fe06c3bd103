#!/usr/bin/env bash
# Makes .venv with the pinned packages of scripts/python-requirements.txt; a second run with nothing changed takes no time.
# Needed for benchmarks against PyTorch, for making numeric fixtures and for training the bundled model; the service
# itself and its tests need no Python. Exits 0 when .venv is ready, 3 when there is no suitable Python, 4 when the
# packages can't be fetched (callers may then skip what needs them). PYTHON names the interpreter to use.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
requirements="$root/scripts/python-requirements.txt"
venv="$root/.venv"
installed="$venv/.installed-requirements.txt"

if [ -x "$venv/bin/python" ] && cmp -s "$requirements" "$installed"; then
  echo "python-env: $venv is ready"
  exit 0
fi

python="${PYTHON:-python3}"
if ! "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "python-env: need Python 3.11 or newer with the venv module as '$python' (set PYTHON to name another one)" >&2
  exit 3
fi

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"; then
  echo "python-env: the packages of scripts/python-requirements.txt could not be installed (the lines above say why)." >&2
  echo "python-env: if the Python package index is out of reach, set PIP_INDEX_URL to a mirror or PIP_FIND_LINKS to a" >&2
  echo "python-env: folder of wheels and run this again. Only benchmarks and fixture making need these packages." >&2
  exit 4
fi
cp "$requirements" "$installed"
echo "python-env: $venv is ready ($("$venv/bin/python" -c 'import torch; print("torch", torch.__version__)'))"
