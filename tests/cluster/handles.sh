#!/bin/bash
# Handles to actors that others have: an actor lives as long as there is one, on whatever node, and ends in good order with the
# last. And workers that own what others have, which do not end for idling.
. "$(dirname "$0")/lib.sh"

box_up --nodes 2
job 120 --nodes=2 --cpus-per-task=2 -- env ATOLL_WORKER_IDLE=1 atoll run -- "$bin/tests/cluster/handles" "$scratch"
check "the program ends well" all_of 'status_is 0' 'says "^all done"'
check "an argument keeps an actor until its task has ended" says "^an argument keeps it 1"
check "calls that a task leaves behind are run before the actor ends" says "^ended, calls: 1000"
check "so does a value that has a handle inside, here and with another actor" \
  all_of 'says "^a value keeps it 1"' 'says "^a value that another has keeps it 1"'
check "an actor that was passed one by another keeps it" says "^an actor keeps what another passed it 1"
check "a task returns one that it was given, the driver's being gone" says "^a result brings it 1"
check "who is killed has none any more" all_of 'says "^until who has it 1"' 'says "^is killed 1"'
check "a command lives as long as somebody has its handle" says "^a command likewise 1"
check "a handle by name keeps nobody" all_of 'says "^ended, named: 1"' 'says "^by its name: ActorDiedError"'
check "workers that own an actor or a value of others do not end for idling, as others do" \
  all_of 'says "^workers that own what others have stay 2"' 'says "^an actor of one 1"' 'says "^a value of one 3"'
check "and end when nobody has it any more" says "^they end 2"
check_nothing_left "the handles"
