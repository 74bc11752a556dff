# box up: from options to nodes that are all idle.

box_up() {
  read_up_options "$@"
  need_programs
  need_namespaces
  box_cgroup=0
  ! can_freeze || box_cgroup=1
  choose_box "$box_name"
  name=$box_name
  make_state_folder
  trap 'trap "" INT TERM HUP; say "stopped; taking box $name down"; sweep_box; remove_state; exit 130' INT TERM HUP
  write_settings
  write_config
  start_login
  if ! await_ready || ! await_idle; then
    explain_failure
    sweep_box
    remove_state
    exit 1
  fi
  trap - INT TERM HUP
  : >"$state/up"
}

read_up_options() {
  local value
  box_nodes=4 box_gpus=8 box_cpus=8 box_memory=4096 box_topology='' box_pmix=1 box_plugstack='' box_switches='' box_pin=0 box_slurmd_timeout=300 box_timeout=60
  box_name=${ATOLL_BOX:-box}
  box_conf=()
  while (($#)); do
    case $1 in
      --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}"; continue ;;
      --no-pmix) box_pmix=0; shift; continue ;;
      --pin) box_pin=1; shift; continue ;;
      -h | --help) box_help; exit 0 ;;
      --name | --nodes | --gpus | --cpus | --memory | --topology | --switches | --plugstack | --conf | --slurmd-timeout | --timeout)
        (($# > 1)) || usage_error "$1 wants a value" ;;
      *) usage_error "unknown argument '$1' of 'box up'" ;;
    esac
    value=$2
    case $1 in
      --name) box_name=$value ;;
      --nodes) whole_number "$value" 1 128 --nodes; box_nodes=$((10#$value)) ;;
      --gpus) whole_number "$value" 0 64 --gpus; box_gpus=$((10#$value)) ;;
      --cpus) whole_number "$value" 1 1024 --cpus; box_cpus=$((10#$value)) ;;
      --memory) whole_number "$value" 64 99999999 --memory; box_memory=$((10#$value)) ;;
      --slurmd-timeout) whole_number "$value" 0 65533 --slurmd-timeout; box_slurmd_timeout=$((10#$value)) ;;
      --timeout) whole_number "$value" 1 3600 --timeout; box_timeout=$((10#$value)) ;;
      --conf) [[ $value == ?*=* ]] || usage_error "--conf wants KEY=VALUE, not '$value'"; box_conf+=("$value") ;;
      --topology) [[ -e $value ]] || fail "the topology '$value' does not exist"; box_topology=$(readlink -f "$value") ;;
      --switches) [[ " $value" =~ ^(\ +[A-Za-z0-9]+=[][A-Za-z0-9,-]+)+$ ]] || usage_error "--switches wants NAME=NODES..., not '$value'"; box_switches=$value ;;
      --plugstack) [[ -f $value ]] || fail "the plugstack file '$value' does not exist"; box_plugstack=$(readlink -f "$value") ;;
    esac
    shift 2
  done
  valid_name "$box_name"
  need_topologies
}

need_topologies() {
  local node
  [[ -d $box_topology ]] || return 0
  for ((node = 1; node <= box_nodes; node++)); do
    topology_of "n$node" >/dev/null || fail "the topology folder $box_topology has neither n$node.topo nor default.topo; add one"
  done
}

make_state_folder() {
  mkdir -p "$base" 2>/dev/null
  [[ -d $base && -O $base ]] || fail "$base is not a folder of $(id -un); set ATOLL_BOX_DIR to one that is"
  if ! mkdir "$state" 2>/dev/null; then
    [[ -d $state ]] || fail "cannot make the folder $state"
    [[ -e $state/up ]] && login_alive && fail "box '$name' is up already; run 'box down --name $name' first, or choose another --name"
    fail "box '$name' exists but is not whole ($state); run 'box down --name $name' first"
  fi
  lock_box
}

await_ready() { await "$box_timeout" login_settled && [[ -e $state/ready ]]; }
login_settled() {
  [[ -e $state/ready || -e $state/failed ]] || { [[ -e $state/pid/login ]] && ! login_alive; }
}

# await_idle: until Slurm says idle of every node.
await_idle() { await "$box_timeout" all_idle; }
all_idle() { ask_slurm sinfo -h -o '%T:%D' && [[ $last_state == "idle:$box_nodes " ]]; }

# await_back NODE TIME: until Slurm may use the node and has heard from a slurmd that started at TIME or later.
await_back() { await "$box_timeout" back_idle "$@"; }
back_idle() {
  ask_slurm sinfo -h -n "$1" -o '%T' && [[ $last_state =~ ^(idle|mixed|allocated|completing)\ $ ]] || return 1
  ask_slurm scontrol show node "$1" && [[ $last_state =~ SlurmdStartTime=([^ ]+) ]] &&
    (($(date -d "${BASH_REMATCH[1]/T/ }" +%s) >= $2)) &&
    "${enter[@]}" timeout 1 bash -c ": >/dev/tcp/$1/6818"
} 2>/dev/null

# ask_slurm COMMAND...: sets last_state to its answer, on one line.
ask_slurm() {
  enter_login
  last_state=$("${enter[@]}" env SLURM_CONF="$state/etc/slurm.conf" "$@" 2>&1 | tr '\n' ' ')
}

explain_failure() {
  local log
  if [[ -e $state/failed ]]; then say "$(<"$state/failed")"
  else say "box '$name' is not up after $box_timeout s; Slurm says: ${last_state:-nothing yet}"; fi
  for log in "$state"/log/*; do
    [[ -s $log ]] || continue
    say "the end of ${log##*/}:"
    tail -n 5 "$log" >&2
  done
}
