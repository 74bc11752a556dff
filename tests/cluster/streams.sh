#!/bin/bash
# Results that are read while their task runs.
. "$(dirname "$0")/lib.sh"

box_up --nodes 2
job 60 --nodes=1 --cpus-per-task=2 -- atoll run -- "$bin/tests/cluster/streams" "$scratch"
check "all items come, in order, also one at a time and from a task that reads a stream itself" all_of 'status_is 0' \
  'says "^all: 49995000"' 'says "^none: 0"' 'says "^one at a time: 499500"' 'says "^of a stream: 999000"'
check "an error comes after the items before it" all_of 'says "^before the error: item 1"' 'says "^the error: shelf 7 is empty"'
check "ahead(0) is refused with a sentence" says "^ahead: ahead: expected at least 1 item, not 0"
check "a stream whose worker dies goes on where it was" says "^died once: 4950"
check "an item is an argument like any Ref" says "^as argument: 1"
check "a stream that nobody reads waits, its CPU lent" all_of 'says "^meanwhile: 3"' 'says "^unread: 5"' 'says "^read 10: at most 1"'
check "a generator is destroyed when its reader goes" says "^the generator was destroyed"
check "a stream can be cancelled" says "^cancelled: .*process [0-9]+"
check "and all ends well" says "^all done"
check_nothing_left "the streams"
