#!/bin/bash
# References that others keep: good as long as somebody has one, and gone with the last, on every node.
. "$(dirname "$0")/lib.sh"

box_up --nodes 3
job 120 --nodes=3 --cpus-per-task=2 -- atoll run --object-memory 64M -- "$bin/tests/cluster/borrow"
check "the program ends well" all_of 'status_is 0' 'says "^all done"'
check "an actor on another node keeps what its owner dropped" says "^kept by an actor 1"
check "it passes it on, and back to the owner" all_of 'says "^passed on by it 1"' 'says "^and back 1"'
check "an actor keeps what it is made of" says "^kept by what is made of it 1"
check "references come out of values two levels deep" all_of 'says "^two levels deep 2"' 'says "^what came out of it 1"'
check "tasks and actors take them out as well" all_of 'says "^what a task returned 1"' 'says "^what another took out of it 1"'
check "parts of a result keep what is theirs" all_of 'says "^one of a split result 1"' 'says "^the other 1"'
check "so do items of a stream" says "^items of a stream 1"
check "who is killed takes nothing from others" all_of 'says "^held by two 1"' 'says "^one is killed, the other has all 1"'
check "but what it made" all_of 'says "^it has ended 1"' 'says "^lost with its owner: "'
check "of holders that are killed no byte is left" says "^both are killed 0"
check "whenever the last goes, the memory is free" all_of '[ "$(grep -c "^then gone 0" "$log")" = 5 ]' '! grep -q "^then gone [1-9]" "$log"'
check_nothing_left "the keepers"
