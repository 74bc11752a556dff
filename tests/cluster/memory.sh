#!/bin/bash
# Workers that are ended since the memory of their cgroup is used up, by the kernel and by the node's watch. Needs no Slurm, but a
# cgroup of its own.
. "$(dirname "$0")/lib.sh"

group=''
remove_group() { [ -z "$group" ] || { await 5 rmdir "$group" || not_ok "memory: the cgroup is left"; }; exit $((failures > 0)); }
trap remove_group EXIT

# A cgroup of either version with 256 MiB, and no swap.
make_group() {
  local parent
  parent=$(awk -F: '$2 == "memory" || $2 ~ /(^|,)memory(,|$)/ { print "/sys/fs/cgroup/memory" $3 }' /proc/self/cgroup)
  if [ -d "$parent" ] && mkdir "$parent/atoll-memory-$$" 2> /dev/null; then
    group=$parent/atoll-memory-$$
    echo 256M > "$group/memory.limit_in_bytes"
    return
  fi
  parent=/sys/fs/cgroup$(awk -F: '$1 == 0 { print $3 }' /proc/self/cgroup)
  grep -qw memory "$parent/cgroup.subtree_control" 2> /dev/null && mkdir "$parent/atoll-memory-$$" 2> /dev/null || return
  group=$parent/atoll-memory-$$
  echo 256M > "$group/memory.max"
  echo 0 > "$group/memory.swap.max"
}

make_group || { skip "a worker without memory: no cgroup can be made here"; exit; }
# The words of an `atoll run` in the group.
run_in_group() { begin 90 bash -c "echo \$\$ > $group/cgroup.procs && exec atoll run --local --object-memory 16M $*"; finish; }

run_in_group "--memory-watch off -- $bin/tests/cluster/memory"
check "a worker that the kernel ends for lack of memory is one whose error says so" all_of 'status_is 0' \
  'says "^died: process [0-9]+ on .* was killed by signal 9 .*, for lack of memory"'
check "and the rest goes on" says "^others go on: 3"

run_in_group "--memory-watch 0.7 -- $bin/tests/cluster/memory 170 $scratch/mark"
check "before that the node's watch ends the worker that uses most, and says so" all_of 'status_is 0' \
  'says "^died: process [0-9]+ on .* was ended by the memory watch of node .* for lack of memory: [0-9.]+ MiB of 256 MiB used, this worker 1[67][0-9.]* MiB, more than any other whose task is not run again"'
check "its task is run again, and who uses little goes on" all_of 'says "^retried: run again$"' 'says "^bystander: 2$"' \
  'says "^others go on: 3"'

begin 10 atoll run --local --memory-watch 95 -- true
finish
check "a watch that is no share is refused" all_of 'status_is 2' 'says "95 must be a share of the node.s memory, above 0 and up to 1, or off"'
