# box status and box logs: what a box is doing.

box_status() {
  local opt_json='' index node slurm
  parse_options json "$@"
  need_box "$name"
  declare -A slurm_state=()
  enter_login
  while read -r node slurm; do slurm_state[$node]=$slurm; done < <(
    "${enter[@]}" env SLURM_CONF="$state/etc/slurm.conf" timeout 5 sinfo -h -N -o '%N %T' 2>/dev/null)
  if [[ -n $opt_json ]]; then
    printf '{"name":"%s","state":"%s","nodes":[' "$name" "$state"
    print_nodes '{"name":"%s","state":"%s","pid":%s,"ip":"%s","slurm":"%s"}' null ,
    printf ']}\n'
  else
    printf '%-6s %-7s %-8s %-13s %s\n' node state pid ip slurm
    print_nodes '%-6s %-7s %-8s %-13s %s\n' - ''
  fi
}

# print_nodes FORMAT NOTHING SEPARATOR
print_nodes() {
  for ((index = 1; index <= box_nodes; index++)); do
    node=n$index
    node_state "$node"
    ((index == 1)) || printf '%s' "$3"
    # shellcheck disable=SC2059
    printf "$1" "$node" "$node_is" "${pid:-$2}" "$(box_address "$index")" "${slurm_state[$node]:-unknown}"
  done
}

# A node's log, or those of the login (slurmctld, munged); without a name, all of them, each under its name.
box_logs() {
  local log logs=()
  parse_options "" "$@"
  ((${#rest[@]} <= 1)) || usage_error "'box logs' takes at most one node"
  choose_box "$name"
  [[ -f $state/settings ]] || fail "no box '$name' in $base; start one with 'box up --name $name'"
  # shellcheck source=/dev/null
  source "$state/settings"
  case ${rest[0]-} in
    '') logs=("$state"/log/*) ;;
    login) logs=("$state"/log/{login,slurmctld,munged}*) ;;
    *) need_node "${rest[0]}"; logs=("$state"/log/"${rest[0]}".*) ;;
  esac
  for log in "${logs[@]}"; do
    printf '==> %s <==\n' "${log##*/}"
    cat "$log"
  done
}
