#!/bin/bash
# Drivers that go wrong: atoll run has their exit code, and nothing of what they started is left.
. "$(dirname "$0")/lib.sh"
program=$bin/tests/cluster/faults

# driver WAY [ARGUMENT]: salloc would hide by which signal atoll ended.
driver() { job 60 --nodes=2 --cpus-per-task=4 -- bash -c "atoll run -- $program $*; exit \$?"; }

box_up --nodes 2
driver leave 3
check "a driver that exits with 3, actors and tasks under way, gives atoll run the code 3" all_of 'status_is 3' 'took_less 20'
check_nothing_left "a driver that left workers and an orphan behind"

driver leave 0
check "a driver that ends well is a success" status_is 0
driver die 9
check "a driver that is killed ends atoll run by the same signal" status_is 137
driver die 11
check "a driver that crashes ends atoll run by the same signal" status_is 139
check_nothing_left "drivers that died"

begin_job 60 --nodes=2 --cpus-per-task=4 -- atoll run -- "$program" stay
check "the driver is under way" await 30 says '^orphan'
kill -INT "$(pgrep -P "$running")" 2> /dev/null
finish
check "atoll run that is interrupted ends soon, and badly" all_of '! status_is 0 > /dev/null' 'took_less 40'
check_nothing_left "an interrupted run"

job 30 --nodes=2 -- atoll run -- "$scratch/nowhere"
check "a program that is not there is said so" all_of 'status_is 127' 'says "^atoll: .*nowhere"'
check_nothing_left
