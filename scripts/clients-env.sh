#!/usr/bin/env bash
# Creates .venv-clients with the Python packages of OpenAI and Anthropic, and pytest (test/clients/requirements.txt); does
# nothing if it is up to date.
# Exit codes: 0 = ready, 3 = no suitable Python, 4 = the package index is unreachable (callers may then skip these tests),
# 5 = it is reachable, but the packages cannot be installed. Set PYTHON to choose the interpreter.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
name=clients-env
. "$root/scripts/lib/python-venv.sh"
venv="$root/.venv-clients"
requirements="$root/test/clients/requirements.txt"
recipe="$venv/.recipe"
wanted="$(cksum <"$requirements")"
python="${PYTHON:-python3}"

if [ -f "$recipe" ] && [ "$(cat "$recipe")" = "$wanted" ]; then
  echo "clients-env: $venv is ready"
  exit 0
fi
require_python 11

rm -f "$recipe"
"$python" -m venv "$venv"
install_packages "the clients" -r "$requirements"
echo "$wanted" >"$recipe"
echo "clients-env: $venv is ready"
