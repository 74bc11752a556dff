#!/bin/bash
# Objects beyond memory: on disk and back, with the right bytes; disks that are full; nothing left whatever dies.
. "$(dirname "$0")/lib.sh"

spill=$scratch/spill  # on a disk; a node's /tmp is memory
mkdir -p "$spill"
# Files in there that some process has open, though they have no name.
spill_files() {
  local node
  for node in n1 n2; do on "$node" find /proc -path '/proc/[0-9]*/fd/*' -lname "$spill/*" 2> /dev/null || :; done | grep .
}
no_spill_files() { ! spill_files && ! find "$spill" -mindepth 1 | grep .; }

box_up --nodes 2
job 240 --nodes=2 --cpus-per-task=2 -- atoll run --object-memory 96M --spill-folder "$spill" -- "$bin/tests/cluster/spill" beyond
check "a working set of three times the memory ends well" all_of 'status_is 0' 'says "^all done"'
check "what is put and made is read back as it was" says "^seen right 72 of 72"
check "tasks on every node read it as well" says "^counted right 72 of 72"
check "no spill file is left" no_spill_files
check_nothing_left "three times the memory"

job 120 --nodes=1 --cpus-per-task=2 -- atoll run --object-memory 64M --spill-folder "$spill" --spill-limit 64M -- "$bin/tests/cluster/spill" full
check "a full disk ends no program" all_of 'status_is 0' 'says "^all done"'
check "who waits for it in vain is told node, folder, used and limit" \
  says "^full: node n1.s object memory of 64 MiB is full: .* are spilled to $spill, at most 64 MiB may be.*drop Refs, free disk space"
check "there is more than memory holds, and the rest goes on" all_of 'says "^more than memory holds 1"' 'says "^the rest goes on 1"'

begin_job 120 --nodes=1 --cpus-per-task=2 -- atoll run --object-memory 64M --spill-folder "$spill" -- "$bin/tests/cluster/spill" stay
check "a program that spilled and lives has spill files" all_of 'await 60 says "^spilled"' 'spill_files > /dev/null'
check "none of them has a name" eval '! find "$spill" -mindepth 1 | grep .'
kill -9 $(box_processes | xargs -I{} sh -c 'grep -qsx atolld /proc/{}/comm && echo {}')
finish
check "a daemon that is killed leaves no spill file" await 10 no_spill_files
check_nothing_left "a killed daemon"
