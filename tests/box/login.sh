# The login: the namespaces a user's terminal is in. It holds the bridge, munged and slurmctld, shares the
# machine's process ids (so that signals reach what "box run" starts) and is kept open by one waiting process.

start_login() {
  setsid env ATOLL_BOX_KEEPER="$state" "${unshare_login[@]}" "$box_self" inside-login login "$state" \
    </dev/null >>"$state/log/login.log" 2>&1 {lock_fd}>&- &
  disown
}

inside_login() {
  local indices
  open_state "$2"
  record_self login || exit 1
  stage=$state/stage/login
  set -e
  trap 'echo "the login could not be set up, at line $LINENO of ${BASH_SOURCE[0]##*/}: see $state/log/login.log" >"$state/failed"' EXIT
  hostname login
  mount_login_run
  mount_common login
  open_network
  start_daemons
  mapfile -t indices < <(seq "$box_nodes")
  spawn_nodes "${indices[@]}"
  trap - EXIT
  keep
}

start_daemons() {
  "${drop_rights[@]}" munged --force --foreground --num-threads=2 --key-file="$state/munge/key" --socket=/run/munge/munge.socket.2 \
    --pid-file=/run/munge/munged.pid --seed-file=/run/munge/munged.seed --log-file="$state/log/munged.log" \
    >>"$state/log/munged.log" 2>&1 &
  await 10 test -S /run/munge/munge.socket.2
  "${drop_rights[@]}" slurmctld -D -c -f "$state/etc/slurm.conf" >>"$state/log/slurmctld.out" 2>&1 &
}
