#!/bin/bash
# Mixed traffic between two nodes, with head, daemons, driver and workers built with a sanitizer: nothing is reported.
# Sanitizers need room at fixed addresses, so all of the box, Slurm too, runs without address randomisation.
if [ -z "${ATOLL_STILL-}" ] && setarch -R true 2> /dev/null; then ATOLL_STILL=yes exec setarch -R "$0" "$@"; fi
. "$(dirname "$0")/lib.sh"

# What a sanitizer says, and what a process says that it ended.
no_reports() { ! grep -nE 'Sanitizer|runtime error:' "$log"; }

box_up --nodes 2
for kind in address thread; do
  built=$bin/$kind
  if ! [ -x "$built/atolld" ] || ! [ -x "$built/tests/cluster/traffic" ]; then
    skip "$test_name" "nothing is built with the $kind sanitizer: make SAN=$kind smoke"
  elif [ -z "${ATOLL_STILL-}" ]; then
    skip "$test_name" "this kernel does not let address randomisation be left out"
  else
    # UCX follows memory by replacing functions that the sanitizers replace, too.
    job 150 --nodes=2 --cpus-per-task=2 -- env UCX_MEM_EVENTS=n \
      LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp:print_suppressions=0" "$built/atoll" run --node-timeout 30 --start-timeout 60 -- "$built/tests/cluster/traffic" 5 n1,n2
    check "with the $kind sanitizer traffic is right" all_of 'status_is 0' 'says "^wrong: 0"' 'says "^calls: [0-9]"'
    check "and nothing is reported of any process" no_reports
  fi
done
check_nothing_left "sanitized traffic"
