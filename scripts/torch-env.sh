#!/usr/bin/env bash
# npm run setup:torch [-- --megatron] [-- --tests]: creates .venv-torch with what the ranks of BACKEND=torch and
# BACKEND=megatron need (workers/torch/requirements*.txt); does nothing if it is up to date.
#   --megatron   also Megatron-Core, for BACKEND=megatron
#   --tests      also what the tests of the ranks need
# With an NVIDIA driver it takes the CUDA build of torch, else the CPU build: from the configured package index if that has
# it, else from PyTorch's own one, else whatever build the index has. Packages of the right version that .venv of
# scripts/python-env.sh has are not downloaded again.
# Exit codes: 0 = ready, 2 = usage error, 3 = no suitable Python, 4 = the package index is unreachable (callers may then skip
# what needs torch), 5 = it is reachable, but the packages cannot be installed. Set PYTHON to choose the interpreter.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
name=torch-env
. "$root/scripts/lib/python-venv.sh"
folder="$root/workers/torch"
venv="$root/.venv-torch"
references="$root/.venv"
cpu_index="https://download.pytorch.org/whl/cpu"

files=("$folder/requirements.txt")
for argument in "$@"; do
  case "$argument" in
    --megatron) files+=("$folder/requirements-megatron.txt") ;;
    --tests) files+=("$folder/requirements-dev.txt") ;;
    *)
      echo "usage: npm run setup:torch [-- --megatron] [-- --tests]" >&2
      exit 2
      ;;
  esac
done
# Once installed, extras stay: an environment is ready when it was made from these files, or from these and others.
recipe="$venv/.recipe"
is_ready() {
  local file
  for file in "${files[@]}"; do
    grep -qxF "$(basename "$file") $(cksum <"$file")" "$recipe" 2>/dev/null || return 1
  done
}

if [ -x "$venv/bin/python" ] && is_ready; then
  echo "torch-env: $venv is ready"
  exit 0
fi

python="${PYTHON:-}"
[ -n "$python" ] || { [ -x "$references/bin/python" ] && python="$references/bin/python"; } || python=python3
require_python 11
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"

link_environment "$references" || true

torch="$(grep -E '^torch==' "$folder/requirements.txt")"

# Options for pip that lead it to the CPU build, where that is the one to take.
cpu_options() {
  if nvidia-smi -L >/dev/null 2>&1; then return; fi
  if "$venv/bin/python" -c "from importlib.metadata import version as v; import sys; sys.exit(v('torch').split('+')[0] != '${torch#torch==}')" 2>/dev/null; then return; fi
  if pip install --quiet --dry-run --no-deps "$torch+cpu" >/dev/null 2>&1; then return; fi
  if pip install --quiet --dry-run --no-deps --retries 0 --timeout 5 --index-url "$cpu_index" "$torch+cpu" >/dev/null 2>&1; then
    echo "--extra-index-url $cpu_index"
    return
  fi
  echo "torch-env: the CPU build of torch cannot be found; the build of the package index may bring CUDA libraries" >&2
}

options="$(cpu_options)"
arguments=()
for file in "${files[@]}"; do arguments+=(-r "$file"); done
# shellcheck disable=SC2086 # the options are words
install_packages "the packages of workers/torch" $options "${arguments[@]}"
for file in "${files[@]}"; do
  { grep -v "^$(basename "$file") " "$recipe" 2>/dev/null || true; echo "$(basename "$file") $(cksum <"$file")"; } >"$recipe.new"
  mv "$recipe.new" "$recipe"
done
echo "torch-env: $venv is ready ($("$venv/bin/python" -c 'import torch; print("torch", torch.__version__, "with CUDA" if torch.version.cuda else "for the CPU")'))"
