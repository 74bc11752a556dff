# The state folder of a box: where it is, who is recorded in it, who is alive.
#
#   $base/NAME/settings   how the box was asked for, as shell assignments
#             /etc/       slurm.conf, gres.conf, cgroup.conf, plugstack.conf, hosts
#             /munge/     the box's key; run/ is seen inside as /run/munge
#             /log/       what each daemon wrote
#             /pid/       "PID STARTTIME" of the login keeper and of each node's first process
#             /hold, /reply   requests to the keeper and its answer
#             /cut/       one empty file for each node whose link is down
#             /shared     folders under /tmp that nodes see although their /tmp is their own

base_folder() {
  if [[ -n ${ATOLL_BOX_DIR-} ]]; then
    [[ $ATOLL_BOX_DIR == /* && $ATOLL_BOX_DIR != *[[:space:]:]* ]] ||
      usage_error "ATOLL_BOX_DIR must be an absolute path without blanks and colons, not '$ATOLL_BOX_DIR'"
    base=$ATOLL_BOX_DIR
  elif ((EUID == 0)); then
    base=/run/atoll-box
  elif [[ -n ${XDG_RUNTIME_DIR-} && -w $XDG_RUNTIME_DIR ]]; then
    base=$XDG_RUNTIME_DIR/atoll-box
  else
    base=/var/tmp/atoll-box-$EUID
  fi
  base=$(readlink -m "$base")
}

valid_name() {
  [[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$ ]] ||
    usage_error "a box's name is 1 to 32 letters, digits, '-' or '_', not '$1'"
}

# choose_box NAME: sets base, state and mark. The mark is the source name of every private mount in the box.
choose_box() {
  base_folder
  state=$base/$1
  mark=atoll-box:$state
}

# need_box NAME: choose_box, and its settings; ends with a sentence when there is none.
need_box() {
  choose_box "$1"
  [[ -f $state/settings ]] || fail "no box '$1' in $base; start one with 'box up --name $1'"
  # shellcheck source=/dev/null
  source "$state/settings"
  login_alive || fail "box '$1' is broken, its login process is gone; run 'box down --name $1' and start again"
}

# lock_box: one command at a time changes a box; held until this process ends.
lock_box() {
  exec {lock_fd}<"$state" || fail "cannot open $state"
  flock -w 60 "$lock_fd" || fail "another command has held box '$name' for 60 s; see 'box status --name $name'"
}

# read_stat FILE: from a /proc/PID/stat, sets stat_pid, stat_state, stat_parent and stat_start (in clock ticks).
read_stat() {
  local line fields
  { read -r line <"$1"; } 2>/dev/null || return 1
  stat_pid=${line%% *}
  read -ra fields <<<"${line##*) }"
  stat_state=${fields[0]}
  stat_parent=${fields[1]}
  stat_start=${fields[19]}
}

# record_self WHO: called first thing by a process of the box, while /proc is still the machine's.
record_self() {
  read_stat /proc/self/stat
  printf '%s %s\n' "$stat_pid" "$stat_start" >"$state/pid/.$1" && mv "$state/pid/.$1" "$state/pid/$1"
}

# pid_of WHO: sets pid and is true while that very process lives (same pid, same start time, no zombie).
pid_of() {
  local start
  pid=
  { read -r pid start <"$state/pid/$1"; } 2>/dev/null || return 1
  read_stat "/proc/$pid/stat" && [[ $stat_start == "$start" && $stat_state != Z ]] || { pid=; return 1; }
}

login_alive() { pid_of login; }

# open_state STATE: inside the box, where the folder is given.
open_state() {
  state=$1
  mark=atoll-box:$state
  # shellcheck source=/dev/null
  source "$state/settings"
  name=$box_name
  drop_rights=()
  # An ordinary user's box sets itself up with rights that its daemons and jobs must not have.
  ((box_userns == 0)) || drop_rights=(setpriv --inh-caps=-all --ambient-caps=-all)
}

# need_node NODE: ends with a sentence if the box has no such node.
need_node() {
  [[ $1 =~ ^n([1-9][0-9]*)$ ]] && ((BASH_REMATCH[1] <= box_nodes)) ||
    fail "box '$name' has no node '$1'; its nodes are n1 to n$box_nodes"
}

# node_state NODE: sets node_is to up, cut or killed, and pid.
node_state() {
  if ! pid_of "$1"; then node_is=killed
  elif [[ -e $state/cut/$1 ]]; then node_is=cut
  else node_is=up; fi
}

# enter_login, enter_node NODE: set `enter`, the command that opens their namespaces. $pid must be alive.
enter_login() {
  pid_of login || fail "the login process of box '$name' is gone; run 'box down --name $name'"
  enter=(nsenter --target "$pid" --mount --uts --ipc --net)
  enter_user
}
enter_node() {
  pid_of "$1" || fail "node $1 of box '$name' is killed; bring it back with 'box restart $1 --name $name'"
  enter=(nsenter --target "$pid" --mount --uts --ipc --net --pid)
  enter_user
}
enter_user() {
  ((box_userns)) || return 0
  [[ $(readlink "/proc/$pid/ns/user") == "$(readlink /proc/self/ns/user)" ]] ||
    enter+=(--user --preserve-credentials)
}
