# Functions of scripts/*-env.sh, which make Python environments. Those set `name` (their own), `venv` and `python` first.
# Exit codes: 3 = no suitable Python, 4 = the package index is unreachable, 5 = it is reachable, but the packages cannot be
# installed.

# Ends the script if $python will not do. $1: the oldest minor version of Python 3 that does.
require_python() {
  if "$python" -c "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, $1))" 2>/dev/null; then return; fi
  echo "$name: '$python' must be Python 3.$1 or newer with the venv module (set PYTHON to use another interpreter)" >&2
  exit 3
}

pip() {
  "$venv/bin/python" -m pip --disable-pip-version-check "$@"
}

# Installs packages or ends the script. $1: what messages call them; the rest are arguments of pip.
install_packages() {
  local what="$1"
  shift
  if pip install --quiet "$@"; then return; fi
  # Downloading a small, long-established package distinguishes an unreachable index from a missing version.
  if pip download --quiet --no-deps --no-cache-dir --retries 1 --dest "$(mktemp -d)" iniconfig >/dev/null 2>&1; then
    echo "$name: $what could not be installed; see the errors above" >&2
    exit 5
  fi
  echo "$name: the Python package index is unreachable, so $what cannot be installed. Set PIP_INDEX_URL to a mirror or" >&2
  echo "$name: PIP_FIND_LINKS to a folder of wheels and run this again." >&2
  exit 4
}

# Makes the packages of the environment $1 available in $venv, after its own ones. False if $venv cannot use its torch, as
# a Python of another version cannot; true also where $1 is no environment.
link_environment() {
  local link
  link="$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/thinker-references.pth"
  rm -f "$link"
  [ -x "$1/bin/python" ] || return 0
  "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$link"
  if "$venv/bin/python" -c 'import torch' 2>/dev/null; then return; fi
  rm -f "$link"
  return 1
}
