# Which processes belong to a box, and their end.
#
# SWEEP-1  a process belongs to a box if and only if its mount namespace holds a mount that bears the box's mark
#          (only the box's own namespaces do), or it carries the keeper's environment (before its first mount).
# SWEEP-2  a process is checked again right before the signal; nothing is ever ended by name.

# box_processes: prints the pids that belong to the box in $state.
box_processes() {
  {
    grep -lsF " $mark " /proc/[0-9]*/mounts
    grep -lszxF "ATOLL_BOX_KEEPER=$state" /proc/[0-9]*/environ
    belongs_by_mounts
  } | sed 's|^/proc/||; s|/.*||' | sort -un | grep -vx "$$"
}
belongs_by_mounts() { grep -lsF "$mark " /proc/[0-9]*/mounts; }

sweep_box() {
  await 20 sweep_once
}

# sweep_once: true when there was nothing to end.
sweep_once() {
  local found=0 process
  for process in $(box_processes); do
    found=1
    kill -KILL "$process" 2>/dev/null
  done
  ((found == 0))
}
