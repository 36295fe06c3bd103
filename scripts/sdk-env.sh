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
name=sdk-env
. "$root/scripts/lib/python-venv.sh"
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

link_references() {
  if link_environment "$references"; then return; fi
  echo "sdk-env: $venv cannot use torch from $references; tests that need torch will be skipped" >&2
}

if [ -x "$venv/bin/python" ] && [ -f "$recipe" ] && [ "$(cat "$recipe")" = "$wanted" ]; then
  link_references
  echo "sdk-env: $venv is ready"
  exit 0
fi

require_python 11

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
link_references # before pip, which then takes their torch
install_packages "the Tinker SDK $version" "${packages[@]}" -c <(echo "$constraints")
echo "$wanted" >"$recipe"
echo "sdk-env: $venv is ready ($("$venv/bin/python" -c 'from importlib.metadata import version as v; print("tinker", v("tinker"))'))"
