#!/usr/bin/env bash
# Starts the ranks of this host, as a part of a group over several hosts, and starts them again whenever the group has ended.
# Run it on every host, with the same options but for --host-index. docs/distributed.md says what must lie where on each
# host, and which ports must be open. The launchers for Slurm, Kubernetes and Ray in this folder run this script.
#
#   export THINKER_CONTROL_URL=tls://thinker.example.com:7070 THINKER_CONTROL_CA=/etc/thinker/control-ca.pem
#   docker/torch/launch.sh --hosts 2 --host-index 0 --rendezvous host-0.example.com:29400 \
#     --token-file /etc/thinker/control-token --interface eth0
#
#   --hosts N            hosts of the group
#   --host-index I       number of this host; host 0 holds the rendezvous
#   --rendezvous H:P     address of host 0, and a free port of it
#   --token-file FILE    file with the service's TORCH_TOKEN; not an option or a variable, so that `ps` does not show it
#   --ranks-per-host N   default: one per GPU
#   --interface NAME     network interface between the hosts; default: that of the host's own name, which must not be a
#                        loopback address (as in Debian's /etc/hosts)
#   --id NAME            name of the group, where several share a rendezvous; default: thinker
#   --stop-timeout S     seconds that torchrun has to end when this script is told to stop; after them it is killed with its
#                        ranks; default: 15
#   --python FILE        Python with the packages of workers/torch; default: .venv-torch of this folder, else python3
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

fail() {
  echo "launch.sh: $1" >&2
  exit 2
}

hosts='' host_index='' rendezvous='' token_file='' ranks_per_host=gpu interface='' id=thinker stop_timeout=15
python=''
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || fail "$1 needs a value"
  case $1 in
  --hosts) hosts=$2 ;;
  --host-index) host_index=$2 ;;
  --rendezvous) rendezvous=$2 ;;
  --token-file) token_file=$2 ;;
  --ranks-per-host) ranks_per_host=$2 ;;
  --interface) interface=$2 ;;
  --id) id=$2 ;;
  --stop-timeout) stop_timeout=$2 ;;
  --python) python=$2 ;;
  *) fail "unknown option $1; the head of this file lists the options" ;;
  esac
  shift 2
done
[ -n "$hosts" ] && [ -n "$host_index" ] && [ -n "$rendezvous" ] && [ -n "$token_file" ] ||
  fail 'needs --hosts, --host-index, --rendezvous and --token-file'
[ -n "${THINKER_CONTROL_URL:-}" ] || fail 'THINKER_CONTROL_URL is not set: where does the service listen for ranks?'
[ -r "$token_file" ] || fail "cannot read $token_file"
if [ -z "$python" ]; then
  python=$root/.venv-torch/bin/python
  [ -x "$python" ] || python=python3
fi

THINKER_CONTROL_TOKEN=$(cat "$token_file")
export THINKER_CONTROL_TOKEN
export PYTHONPATH="$root/workers/torch${PYTHONPATH:+:$PYTHONPATH}"
# Each launch of the group gets a store of its own; the ranks refuse to start without this.
export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1

options=()
if [ -n "$interface" ]; then
  address=$(ip -o -4 address show dev "$interface" scope global | awk '{ sub("/.*", "", $4); print $4; exit }')
  [ -n "$address" ] || fail "interface $interface has no IPv4 address"
  options+=(--local-addr "$address")
  # Both libraries ask the host's own name otherwise.
  export GLOO_SOCKET_IFNAME=$interface NCCL_SOCKET_IFNAME=$interface
fi
# torchrun would guess it from the host's names.
is_host=false
[ "$host_index" != 0 ] || is_host=true

child_pid=''

children() {
  cat /proc/[0-9]*/status 2>/dev/null |
    awk -v parent="$1" '$1 == "Pid:" { pid = $2 } $1 == "PPid:" && $2 == parent { print pid }'
}

# A process and all below it. Ranks are in sessions of their own, so no signal to a process group reaches them.
descendants() {
  local child
  for child in $(children "$1"); do descendants "$child"; done
  echo "$1"
}

# torchrun that waits for another host, in the rendezvous or at its exit, hears signals only when that wait is over, which
# may take minutes.
stop() {
  trap - TERM INT
  if [ -n "$child_pid" ] && kill -TERM "$child_pid" 2>/dev/null; then
    local deadline=$((SECONDS + stop_timeout))
    while kill -0 "$child_pid" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.1; done
    # shellcheck disable=SC2046 # one word per process
    ! kill -0 "$child_pid" 2>/dev/null || kill -KILL $(descendants "$child_pid") 2>/dev/null || true
  fi
  exit 143
}
trap stop TERM INT

# Ranks end whenever one of them fails, and torchrun starts all of them again. torchrun itself ends when host 0 goes, when
# the service has stopped the ranks, or after the last restart.
while true; do
  status=0
  "$python" -m torch.distributed.run \
    --nnodes="$hosts" --nproc-per-node="$ranks_per_host" --max-restarts=1000 \
    --rdzv-backend=c10d --rdzv-endpoint="$rendezvous" --rdzv-id="$id" --rdzv-conf="is_host=$is_host" \
    "${options[@]}" -m thinker_worker &
  child_pid=$!
  wait "$child_pid" || status=$?
  echo "launch.sh: torchrun has ended with status $status; starting it again in 5 s" >&2
  sleep 5 &
  child_pid=$!
  wait "$child_pid" || true
done
