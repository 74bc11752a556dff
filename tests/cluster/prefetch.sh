#!/bin/bash
# Large arguments of another node are fetched while their calls wait behind another, as far as there is room for that.
. "$(dirname "$0")/lib.sh"

box_up --nodes 2
begin_job 120 --nodes=2 --cpus-per-task=2 -- atoll run --object-memory 64M -- "$bin/tests/cluster/prefetch" "$scratch/go"
check "what calls will read is there before they begin" await 60 says "^fetched while they wait: 1"
check "but for what takes more than a fourth of the memory" await 10 all_of 'says "^more than those: 0"' 'says "^the first had ended: 0"'
finish
check "all calls read what they were given" all_of 'status_is 0' 'says "^read: 3 1 2 1$"'
check_nothing_left "arguments that were fetched ahead"
