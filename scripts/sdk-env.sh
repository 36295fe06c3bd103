#!/usr/bin/env bash
# Creates .venv-sdk-<version> with this version of the Tinker SDK from PyPI and pytest: scripts/sdk-env.sh 0.38.0
# Does nothing if the environment is up to date. If .venv of scripts/python-env.sh exists (torch, peft), its packages are
# made available too, so that the tests that need torch run; otherwise they are skipped. With torch, the newest SDK is
# installed together with tinker-cookbook, Thinking Machines' own training loops.
# Exit codes: 0 = ready, 2 = usage error, 3 = no suitable Python, 4 = PyPI is unreachable (callers may then skip tests that
# need the SDK), 5 = PyPI is reachable but the packages cannot be installed.
# Set PYTHON to choose the interpreter.
set -euo pipefail

version="${1:-}"
if ! [[ "$version" =~ ^[0-9]+(\.[0-9]+)+$ ]]; then
  echo "usage: scripts/sdk-env.sh <version of tinker>, e.g. 0.38.0" >&2
  exit 2
fi

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
venv="$root/.venv-sdk-$version"
references="$root/.venv"
pytest="pytest==9.1.1"
packages=("tinker==$version" "$pytest" jinja2==3.1.6) # jinja2: chat templates
# Packages that both environments have (numpy, safetensors, ...) are pinned to one version.
constraints="$(cat "$root/scripts/python-requirements.txt")"
if [ "$version" = 0.38.0 ] && [ -x "$references/bin/python" ]; then
  # 0.6 asks for tml-renderers 0.4, which pip does not find for Python 3.11.
  packages+=("tinker-cookbook==0.5.8")
  # The cookbook asks for an older transformers than the references, and that for older companions.
  constraints="$(grep -vE '^(transformers|tokenizers|huggingface_hub)==' <<<"$constraints")"
fi
recipe="$venv/.recipe"
wanted="${packages[*]} $(cksum <<<"$constraints")"

python="${PYTHON:-}"
[ -n "$python" ] || { [ -x "$references/bin/python" ] && python="$references/bin/python"; } || python=python3

# Packages of .venv come after the environment's own ones; only a Python of the same version can use them.
link_references() {
  local target
  target="$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
  rm -f "$target/thinker-references.pth"
  [ -x "$references/bin/python" ] || return 0
  "$references/bin/python" -c 'import sys, sysconfig; print(sysconfig.get_path("purelib"))' >"$target/thinker-references.pth"
  if ! "$venv/bin/python" -c 'import torch' 2>/dev/null; then
    rm -f "$target/thinker-references.pth"
    echo "sdk-env: $venv cannot use torch from $references; tests that need torch will be skipped" >&2
  fi
}

if [ -x "$venv/bin/python" ] && [ -f "$recipe" ] && [ "$(cat "$recipe")" = "$wanted" ]; then
  link_references
  echo "sdk-env: $venv is ready"
  exit 0
fi

if ! "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "sdk-env: '$python' must be Python 3.11 or newer with the venv module (set PYTHON to use another interpreter)" >&2
  exit 3
fi

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
link_references # before pip, which then takes their torch
pip=("$venv/bin/python" -m pip --disable-pip-version-check)
if ! "${pip[@]}" install --quiet "${packages[@]}" -c <(echo "$constraints"); then
  # Downloading a small, long-established package distinguishes an unreachable index from a missing version.
  if "${pip[@]}" download --quiet --no-deps --no-cache-dir --retries 1 --dest "$(mktemp -d)" iniconfig >/dev/null 2>&1; then
    echo "sdk-env: ${packages[*]} could not be installed; see the errors above" >&2
    exit 5
  fi
  echo "sdk-env: the Python package index is unreachable, so the Tinker SDK $version cannot be installed." >&2
  echo "sdk-env: set PIP_INDEX_URL to a mirror or PIP_FIND_LINKS to a folder of wheels and run this again." >&2
  exit 4
fi
echo "$wanted" >"$recipe"
echo "sdk-env: $venv is ready ($("$venv/bin/python" -c 'from importlib.metadata import version as v; print("tinker", v("tinker"))'))"
