#!/bin/bash
# What a daemon has beside it may stand still for longer than a silent node is given: whoever reads its output, and the
# thread that starts its workers (as a kernel does that holds up every fork). Nobody is taken for dead, nothing is lost.
. "$(dirname "$0")/lib.sh"

nobody_gave_up() { ! grep -E 'silent|stood still|no node|died|ended under' "$scratch/err" "$log"; }

# The threads of the box's daemons that start workers.
starting_threads() {
  local process
  for process in $(box_processes); do grep -ls '^workers$' "/proc/$process/task"/*/comm; done | sed 's|.*/task/||; s|/comm||'
}

# Every worker's line is in the log, in the order of each worker.
lines_are() {
  [ "$(grep -c ') line ' "$log")" = "$1" ] || { echo "$(grep -c ') line ' "$log") lines, not $1"; return 1; }
  awk '/\) line / { who = $0; sub(/\).*/, "", who); sub(/.* /, "", who); line = $0; sub(/.*\) line /, "", line); if (line + 0 != next_of[who]++ + 0) { print "out of order: " $0; exit 1 } }' "$log"
}

box_up --nodes 2
begin_job 90 --nodes=2 --cpus-per-task=2 --ntasks-per-node=1 -- bash -c \
  'atoll run "$0/tests/cluster/standstill" print 50000 2> "$1" | { head -c 1000; sleep 8; cat; }; exit "${PIPESTATUS[0]}"' "$bin" "$scratch/err"
finish
check "a reader that stops for 8 s gets all that two tasks print, in order" all_of 'status_is 0' 'says "^100000 lines printed$"' 'lines_are 100000'
check "and nobody was taken for dead for it" nobody_gave_up
check_nothing_left "a reader that stops"

begin_job 90 --nodes=2 --cpus-per-task=2 --ntasks-per-node=1 -- bash -c \
  'atoll run "$0/tests/cluster/standstill" print 50000 2> "$1" | head -n 3; exit "${PIPESTATUS[0]}"' "$bin" "$scratch/err"
finish
check "a reader that goes away ends nothing but the program's own printing" nobody_gave_up
check_nothing_left "a reader that goes away"

begin_job 90 --nodes=2 --cpus-per-task=2 --ntasks-per-node=1 -- atoll run -- "$bin/tests/cluster/standstill" call 8
await 20 grep -q '^calling$' "$log"
held=0
for thread in $(starting_threads); do
  "$bin/tests/cluster/hold" "$thread" 6 &
  held=$((held + 1))
done
finish
check "the thread that starts workers was held up on both nodes" [ "$held" = 2 ]
check "calls go on meanwhile, and the actors start when it goes on" all_of 'status_is 0' 'says "^longest call: [01](\.|e| )"' 'says "^actors: 4$"'
check "the daemon says for how long" says 'starts and ends of workers waited [3-6]'
: > "$scratch/err"
check "and nobody was taken for dead for it" nobody_gave_up
check_nothing_left "the thread that stood still"
