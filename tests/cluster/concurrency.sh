#!/bin/bash
# Calls that run at one time in one actor: coroutines, concurrency groups, and methods that fill streams.
. "$(dirname "$0")/lib.sh"
program=$bin/tests/cluster/concurrency

driver() { job 60 --nodes=2 --cpus-per-task=2 -- atoll run -- "$program" "$@"; }

box_up --nodes 2
driver coroutines "$scratch"
check "coroutines of an actor wait without holding its thread, and all go on in it" all_of 'status_is 0' \
  'says "^200 wait inside, in order: 1"' 'says "^all came out: 20100, left inside: 0, threads: 1"'
check "after a wait a coroutine is still the same call" says "^it knows itself: Hall::who Hall::who 1"
check "a coroutine awaits another, and what it awaits may throw" all_of 'says "^of a coroutine: 1201"' \
  'says "^what it awaits throws: TaskError .*the gate is shut"'
check "wait_for where nothing could go on is an error that says so" says "^wait_for: TaskError .*co_await it instead"
check "a coroutine that waits can be cancelled" all_of 'says "^interrupted: CancelledError "' 'says "^it saw that: 1"'
driver limits "$scratch"
check "no more coroutines are begun than the actor allows, also by group" all_of 'status_is 0' 'says "^no more than 3: 3, than 5: 5"'
check "an actor ends when its coroutines have" all_of 'says "^after its last handle: 1"' \
  'says "^its object ended when all were out: 1"' 'says "^leaves: 1"' 'says "^after that: ActorDiedError (the actor has left|it left by its own will)"'
driver groups "$scratch"
check "calls of a concurrency group hold up no others, and no more run than it allows" all_of 'status_is 0' 'says "^others pass: 01234"' \
  'says "^by the call: 1, at most: 2"'
check "an actor ends when the calls of all its groups have" says "^all calls came before its end"
check "groups that cannot be are refused" all_of 'says "^unknown group: BadArgumentsError .*no concurrency group .disk.; it has io, look"' \
  'says "^none: Error concurrency_group .io.: expected 1"' 'says "^nameless: Error concurrency_group: a group needs a name"' \
  'says "^in two: Error concurrency_group: method .read. is in two"' 'says "^twice: Error concurrency_group: there are two named .a."'
driver streams "$scratch"
check "a method fills a stream, with its error at the end" all_of 'status_is 0' 'says "^all: 49995000"' 'says "^before the error: item 1"' \
  'says "^its error: TaskError .*shelf 7 is empty"'
check "it waits for its reader, and ends with it" all_of 'says "^nobody reads: it ended"' 'says "^it waits for its reader: 1 100"'
check "it can be cancelled, and goes on where it was when the actor dies" all_of 'says "^cancelled: CancelledError "' 'says "^died once: 4950"' \
  'says "^ahead: Error ahead: expected at least 1 item, not 0"'
check "in an actor with coroutines a stream that waits holds up nobody" all_of 'says "^meanwhile: 0"' 'says "^two at a time: 2450 11"'
check_nothing_left "the concurrent calls"
