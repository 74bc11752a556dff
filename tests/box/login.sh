# The login: the namespaces a user's terminal is in. It holds the bridge, munged and slurmctld, shares the
# machine's process ids (so that signals reach what "box run" starts) and is kept open by one waiting process.

start_login() {
  setsid env ATOLL_BOX_KEEPER="$state" "${unshare_login[@]}" "$box_self" inside-login "$box_name" "$state" \
    </dev/null >>"$state/log/login.log" 2>&1 {lock_fd}>&- &
  disown
}

inside_login() {
  local name=$1 node
  state=$2
  mark=atoll-box:$state
  # shellcheck source=/dev/null
  source "$state/settings"
  record_self login || exit 1
  stage=$state/stage/login
  set -e
  trap 'echo "the login could not be set up, at line $LINENO of ${BASH_SOURCE[0]##*/}: see $state/log/login.log" >"$state/failed"' EXIT
  hostname login
  mount_login_run
  mount_common
  open_network
  start_daemons
  spawn_nodes "$name" "$state" $(seq "$box_nodes")
  trap - EXIT
  : >"$state/ready"
  wait_forever "$state/hold"
}

start_daemons() {
  munged --force --foreground --num-threads=2 --key-file="$state/munge/key" --socket=/run/munge/munge.socket.2 \
    --pid-file=/run/munge/munged.pid --seed-file=/run/munge/munged.seed --log-file="$state/log/munged.log" \
    >>"$state/log/munged.log" 2>&1 &
  await 10 test -S /run/munge/munge.socket.2
  slurmctld -D -c -f "$state/etc/slurm.conf" >>"$state/log/slurmctld.out" 2>&1 &
}

# wait_forever FIFO: stays, takes in processes that lost their parent, and costs nothing.
wait_forever() {
  local hold
  set +e
  [[ -p $1 ]] || mkfifo "$1"
  exec {hold}<>"$1"
  while :; do read -r -u "$hold" _; done
}
