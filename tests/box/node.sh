# A node: its own network, host name, processes, mounts and shared memory, with a slurmd in it.

# spawn_nodes INDEX...: by the keeper; starts the nodes side by side and plugs them in.
spawn_nodes() {
  local index nodes=() processors=() pinned=()
  mapfile -t processors < <(own_processors)
  for index; do
    nodes+=("n$index")
    rm -f "$state/pid/n$index"
    ((box_pin == 0)) || pinned=(taskset -c "${processors[(index - 1) % ${#processors[@]}]}")
    "${pinned[@]}" unshare --net --uts --mount --ipc --pid --fork --kill-child "$box_self" inside-node "n$index" "$state" \
      </dev/null >>"$state/log/n$index.out" 2>&1 &
  done
  for index; do
    await 30 test -e "$state/pid/n$index" || { say "n$index did not start: see $state/log/n$index.out"; return 1; }
  done
  plug_in "${nodes[@]}"
}

# Those that this process may run on, a line each.
own_processors() {
  local range
  for range in $(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status | tr , ' '); do seq "${range%-*}" "${range#*-}"; done
}

inside_node() {
  local node=$1
  open_state "$2"
  stage=$state/stage/$node
  record_self "$node" || exit 1
  set -e
  mount -t proc proc /proc
  hostname "$node"
  mount_node_run "$node"
  mount_node_tmp
  mount_common "$node"
  open_node_network "$node"
  set +e
  "${drop_rights[@]}" slurmd -D -b -f "$state/etc/slurm.conf" &
  wait $!
  say "slurmd of $node ended with code $?"
  wait_forever /run/atoll/hold
}

box_kill() {
  local node
  need_one_node kill "$@"
  [[ $node_is != killed ]] || fail "$node of box '$name' is killed already; bring it back with 'box restart $node'"
  thaw
  kill -KILL "$pid"
  await 10 node_gone "$node" || fail "$node of box '$name' still lives 10 s after SIGKILL to process $pid"
  rm -f "$state/cut/$node"
}

node_gone() { ! pid_of "$1"; }

box_restart() {
  local node started
  need_one_node restart "$@"
  [[ $node_is == killed ]] || fail "$node of box '$name' is $node_is, not killed; 'box kill $node' cuts its power first"
  started=$EPOCHSECONDS
  ask_keeper spawn "$node" || fail "$node of box '$name' could not be started: see 'box logs login --name $name'"
  await_back "$node" "$started" || fail "$node of box '$name' is not back after $box_timeout s; Slurm says: $last_state; see 'box logs $node --name $name'"
}

box_cut() {
  local node
  need_one_node cut "$@"
  [[ $node_is == up ]] || fail "$node of box '$name' is $node_is already"
  ask_keeper link "$node" down && : >"$state/cut/$node"
}

box_heal() {
  local node
  need_one_node heal "$@"
  [[ $node_is == cut ]] || fail "$node of box '$name' is $node_is, its link is not cut"
  ask_keeper link "$node" up && rm -f "$state/cut/$node"
}

# need_one_node COMMAND ARG...: sets node, node_is and pid; holds the box's lock.
need_one_node() {
  local command=$1
  shift
  parse_options "" "$@"
  ((${#rest[@]} == 1)) || usage_error "'box $command' wants one node, as in 'box $command n2'"
  need_box "$name"
  node=${rest[0]}
  need_node "$node"
  lock_box
  node_state "$node"
}
