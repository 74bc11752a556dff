#!/bin/bash
# A worker that the kernel ends since the memory of its cgroup is used up. Needs no Slurm, but a cgroup of its own.
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
begin 60 bash -c "echo \$\$ > $group/cgroup.procs && exec atoll run --local -- $bin/tests/cluster/memory"
finish
check "a worker that the kernel ends for lack of memory is one whose error says so" all_of 'status_is 0' \
  'says "^died: process [0-9]+ on .* was killed by signal 9 .*, for lack of memory"'
check "and the rest goes on" says "^others go on: 3"
