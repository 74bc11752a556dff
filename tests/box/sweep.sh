# Which processes belong to a box, and their end.
#
# SWEEP-1  a process belongs to a box if and only if its mount namespace holds a mount that bears the box's mark
#          (only the box's own namespaces do), or it carries the keeper's environment (before its first mount).
# SWEEP-2  a process is checked again right before the signal; nothing is ever ended by name.

# box_processes: prints the pids that belong to the box in $state.
box_processes() {
  {
    grep -lsF "$mark " /proc/[0-9]*/mounts
    grep -lszxF "ATOLL_BOX_KEEPER=$state" /proc/[0-9]*/environ
  } | sed 's|^/proc/||; s|/.*||' | sort -un
}

# sweep_box: false if some process still lives after the deadline. First the nodes, then their daemons, then the keeper:
# so each one's parent is there to take in its end. The last zombie is the keeper's, for the machine's init to take in.
sweep_box() {
  local index process keeper
  declare -A ended=()
  thaw
  for index in "$state"/pid/n*; do
    pid_of "${index##*/}" && end_process "$pid"
  done
  await 5 all_ended
  pid_of login && keeper=$pid
  for process in $(box_processes); do
    [[ $process == "${keeper-}" ]] || end_process "$process"
  done
  await 5 all_ended
  await 10 sweep_once
}

# sweep_once: true when no living process is left. A dying one loses its mounts before it goes, hence `ended`.
sweep_once() {
  local process living=0
  for process in $(box_processes); do
    living=1
    end_process "$process"
  done
  all_ended || living=1
  ((living == 0))
}

end_process() {
  read_stat "/proc/$1/stat" || return 0
  ended[$1]=$stat_start
  kill -KILL "$1" 2>/dev/null
}

# ended_lives PID: while a process we ended is in the process table; as a zombie too, unless only init can take it in.
ended_lives() {
  read_stat "/proc/$1/stat" && [[ $stat_start == "${ended[$1]}" ]] && ! [[ $stat_state == [ZX] && $stat_parent == 1 ]]
}

all_ended() {
  local process
  for process in "${!ended[@]}"; do
    ! ended_lives "$process" || return 1
    unset "ended[$process]"
  done
}
