#!/usr/bin/env bash
# Measures the torch engine on one GPU against plain transformers + PEFT, and prints a Markdown table.
#
# THIS HAS NOT BEEN RUN ON A GPU. It is tested on CPUs, with --shape tiny (workers/torch/tests/test_gpu_bench.py).
#
#   bench/gpu/run.sh                      Llama-3.1-8B and Qwen3-4B shapes; about 8 minutes on a data-centre GPU
#   bench/gpu/run.sh --shape qwen3-4b     one of them
#   bench/gpu/run.sh --shape tiny         a test of the script itself, on a CPU too
#   bench/gpu/run.sh --help               all options
#
# Needs nothing but this repository and a Python with torch, transformers and peft (workers/torch/requirements-dev.txt):
# PYTHON, else .venv-torch or .venv of the repository, else python3. Nothing is downloaded: the weights are random, which no
# figure here depends on. They take up to 30 GB in TMPDIR while it runs; the shape of Llama-3.1-8B, with the engine and the
# reference side by side, about 50 GB of the GPU. Exits with 1 if numbers are out of tolerance.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=${PYTHON:-}
for candidate in "$root/.venv-torch/bin/python" "$root/.venv/bin/python" python3; do
  [ -n "$python" ] || ! command -v "$candidate" >/dev/null || python=$candidate
done
"$python" -c 'import torch, transformers, peft' ||
  { echo "run.sh: $python lacks torch, transformers or peft; see workers/torch/requirements-dev.txt" >&2; exit 2; }

export PYTHONPATH="$root/workers/torch:$root/workers/torch/tests:$root/bench/gpu${PYTHONPATH:+:$PYTHONPATH}"
export HF_HUB_OFFLINE=1 TQDM_DISABLE=1 TOKENIZERS_PARALLELISM=false
exec "$python" -m gpu_bench "$@"
