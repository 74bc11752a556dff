#!/bin/bash
# Objects beyond memory: on disk and back, with the right bytes; disks that are full; nothing left whatever dies.
. "$(dirname "$0")/lib.sh"

spill=$scratch/spill  # on a disk; a node's /tmp is memory
mkdir -p "$spill/one" "$spill/other"
# Files in there that some process has open, though they have no name.
spill_files() {
  local node
  for node in n1 n2; do on "$node" find /proc -path '/proc/[0-9]*/fd/*' -lname "$spill/*" -printf '%l\n' 2> /dev/null || :; done | grep .
}
no_spill_files() { ! spill_files && ! find "$spill" -type f | grep .; }

box_up --nodes 2
job 240 --nodes=2 --cpus-per-task=2 -- atoll run --object-memory 96M --spill-folder "$spill/one,$spill/other" -- "$bin/tests/cluster/spill" beyond
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

# The node's row has that many bytes in each of these columns, at least.
has_bytes() {
  on n1 env SLURM_JOB_ID="$(sed -n 's/^job //p' "$log")" atoll list nodes --json | python3 -c 'import json, sys
row = json.load(sys.stdin)["rows"][0]
sys.exit(any(row[key] < int(sys.argv[1]) for key in sys.argv[2:]) and print(row) is None)' "$@"
}
begin_job 120 --nodes=1 --cpus-per-task=2 -- bash -c \
  "echo job \$SLURM_JOB_ID; exec atoll run --object-memory 64M --spill-folder $spill/one,$spill/other -- $bin/tests/cluster/spill stay"
check "a program that spilled and lives has spill files" all_of 'await 60 says "^spilled"' 'spill_files > /dev/null'
check "in each of the folders" all_of 'spill_files | grep "^$spill/one/"' 'spill_files | grep "^$spill/other/"'
check "atoll list nodes has what was spilled" await 10 has_bytes 50000000 bytes_on_disk bytes_spilled object_memory
check "none of them has a name" eval '! find "$spill" -type f | grep .'
kill -9 $(box_processes | xargs -I{} sh -c 'grep -qsx atolld /proc/{}/comm && echo {}')
finish
check "a daemon that is killed leaves no spill file" await 10 no_spill_files
check_nothing_left "a killed daemon"
