#!/bin/bash
# What one can do with a Ref: callbacks, futures, coroutines, parts of a result, waiting for many.
. "$(dirname "$0")/lib.sh"

box_up --nodes 2
job 60 --nodes=2 --cpus-per-task=2 -- atoll run -- "$bin/tests/cluster/refs"
check "the program ends well" all_of 'status_is 0' 'says "^all done"'
check "a callback is called in another thread, and one that throws becomes a line in the log" all_of \
  'says "^called with 3 elsewhere"' 'says "a callback threw std::runtime_error: the callback.s own .*callbacks"'
check "a future has the value or the error" all_of 'says "^future 3"' 'says "^future error shelf 7 is empty"'
check "a coroutine awaits Refs, and the errors of tasks" all_of 'says "^sum 7"' 'says "^awaited error shelf 7 is empty"'
check "a task and an actor's method may be coroutines" all_of 'says "^task 11"' 'says "^actor 42"'
check "a tuple is split into Refs, which are arguments before they are there" all_of 'says "^parts 3 2 of 17"' \
  'says "^part as argument 11"'
check "a task with 3,000 results works" says "^3000 parts sum to 4498500"
check "another number of results is an error that says both" says "^wrong number: .*there are 3 values, and 4 were"
check "1,000 Refs are waited for one by one" says "^1000 waited for, 499500"
check "the first of several is told" says "^any 1"
check "what has no value is waited for likewise, to the first error" says "^one of three .*shelf 7 is empty .*look"
check "a coroutine that waits when the connection ends hears of it" says "^pending: the connection ended"
check_nothing_left "the refs"
