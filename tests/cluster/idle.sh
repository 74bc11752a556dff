#!/bin/bash
# A cluster with nothing to do takes hardly any processor time, nor the memory of what it did.
. "$(dirname "$0")/lib.sh"

# Processor time that the head, the daemons, the workers and the driver have had, in ticks of the kernel.
ticks() {
  local process
  for process in $(box_processes); do
    case $(readlink "/proc/$process/exe") in
      "$bin"/*) awk '{ print $14 + $15 }' "/proc/$process/stat" ;;
    esac
  done 2> /dev/null | awk '{ n += $1 } END { print n + 0 }'
}

# Of one core, in percent, over the next seconds.
share() {
  local before=$(ticks) began=$EPOCHREALTIME
  sleep "$1"
  awk -v ticks="$(($(ticks) - before))" -v a="$began" -v b="$EPOCHREALTIME" -v hz="$(getconf CLK_TCK)" \
    'BEGIN { printf "%.2f", 100 * ticks / hz / (b - a) }'
}

# The most memory that a worker takes for itself, in MiB.
largest_worker() {
  local process
  for process in $(box_processes); do
    [ "$(readlink "/proc/$process/exe")" = "$bin/tests/cluster/idle" ] && awk '$1 == "RssAnon:" { print $2 }' "/proc/$process/status"
  done 2> /dev/null | awk '$1 > most { most = $1 } END { printf "%.1f", most / 1024 }'
}
largest_is_below() { awk -v most="$(largest_worker)" -v limit="$1" 'BEGIN { exit !(most < limit) }'; }

box_up --nodes 2
begin_job 90 --nodes=2 --cpus-per-task=2 -- atoll run -- "$bin/tests/cluster/idle" 16 "$scratch/end"
await 30 grep -q '^idle' "$log"
took_share=$(share 5)
echo "# idle: $took_share % of a core: a head, 2 daemons, 17 workers and a driver"
check "two nodes with 17 idle workers take less than a fiftieth of a core" awk -v share="$took_share" 'BEGIN { exit !(share < 2) }'
check "and a worker that has used 32 MB for a moment gives them back, to the 12 of an idle one" await 15 largest_is_below 12
echo "# the largest has $(largest_worker) MiB of its own"
touch "$scratch/end"
finish
check "and the program ends as it should" all_of 'status_is 0' 'says "^idle, after 17 calls"'
check_nothing_left "the idle cluster"
