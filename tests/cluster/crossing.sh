#!/bin/bash
# Calls, tasks, streams, cancels and groups across nodes, under load: nothing is lost, comes twice or out of order.
. "$(dirname "$0")/lib.sh"

counted() { awk -F': ' -v what="$1" -v least="$2" '$1 == what { n = $2 } END { exit !(n >= least) }' "$log" || { echo "fewer than $2 $1"; return 1; }; }

box_up --nodes 3
for nodes in 2 3; do
  names=$(seq -s, -f 'n%g' "$nodes")
  job 90 --nodes="$nodes" --cpus-per-task=2 -- atoll run -- "$bin/tests/cluster/traffic" 6 "$names"
  check "between $nodes nodes nothing is lost, comes twice or in another order" all_of 'status_is 0' 'says "^wrong: 0"'
  check "that were calls, tasks, streams, cancels and groups" all_of 'counted calls 500' 'counted tasks 200' 'counted trees 3' \
    'counted items 100' 'counted cancelled 12' 'counted groups 5'
  grep -E '^[a-z ]+: [0-9]+$' "$log" | sed 's/^/# /'
done
check_nothing_left "the traffic"
