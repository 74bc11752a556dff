# box run: a command in the login or in a node, as if started there.

box_run() {
  local node='' command=()
  name=${ATOLL_BOX:-box}
  while (($#)); do
    case $1 in
      --name | --on) (($# > 1)) || usage_error "$1 wants a value"
        if [[ $1 == --on ]]; then node=$2; else name=$2; fi
        shift 2 ;;
      --name=*) name=${1#*=}; shift ;;
      --on=*) node=${1#*=}; shift ;;
      -h | --help) box_help; exit 0 ;;
      --) shift; break ;;
      -*) usage_error "unknown option '$1' of 'box run'" ;;
      *) break ;;
    esac
  done
  (($#)) || usage_error "'box run' wants a command"
  valid_name "$name"
  need_box "$name"
  local here
  here=$(pwd -P)
  [[ $here != /tmp/* ]] || share_folder "$here"
  run_environment "$here"
  if [[ -z $node || $node == login ]]; then
    enter_login
    exec "${enter[@]}" "${environment[@]}" "$@"
  fi
  need_node "$node"
  run_in_node "$node" "$@"
}

run_environment() {
  environment=(env --chdir="$1" SLURM_CONF="$state/etc/slurm.conf" ATOLL_BOX="$name" ATOLL_BOX_DIR="$base")
  [[ -z $box_topology ]] || environment+=(ATOLL_TOPOLOGY=/run/atoll/topology)
}

# run_in_node NODE CMD...: a node has its own process ids, so the command cannot take this process's place:
# signals are handed on to it, and its end, a signal's too, is this process's exit code.
run_in_node() {
  local node=$1 signal child code signals=(HUP INT QUIT TERM USR1 USR2)
  shift
  enter_node "$node"
  (
    trap '' "${signals[@]}"
    exec "${enter[@]}" "${environment[@]}" env --default-signal=HUP,INT,QUIT,TERM,USR1,USR2 \
      bash -c 'trap : HUP INT QUIT TERM USR1 USR2; exec 3>&2 2>/dev/null; "$@" 2>&3 3>&-' box-run "$@"
  ) <&0 &
  child=$!
  for signal in "${signals[@]}"; do
    # shellcheck disable=SC2064
    trap "hand_on $signal $child" "$signal"
  done
  while :; do
    { wait "$child"; } 2>/dev/null
    code=$?
    kill -0 "$child" 2>/dev/null || exit "$code"
  done
}

# hand_on SIGNAL PID: to the command, which is the child of the shell that is the child of nsenter (PID).
hand_on() {
  local shell='' command=''
  read -r shell _ <"/proc/$2/task/$2/children"
  [[ -n $shell ]] && read -r command _ <"/proc/$shell/task/$shell/children"
  [[ -n $command ]] && kill -s "$1" "$command"
} 2>/dev/null

box_env() {
  parse_options "" "$@"
  need_box "$name"
  printf 'export %s=%q\n' ATOLL_BOX "$name" ATOLL_BOX_DIR "$base" SLURM_CONF "$state/etc/slurm.conf"
  [[ -z $box_topology ]] || printf 'export ATOLL_TOPOLOGY=/run/atoll/topology\n'
}
