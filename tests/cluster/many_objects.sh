#!/bin/bash
# Objects by the hundred thousand (MANY_OBJECTS says how many) end with an empty arena and flat memory. Ten million take minutes:
#   MANY_OBJECTS=10000000 ATOLL_TEST_SECONDS=1800 tests/cluster/run many_objects
. "$(dirname "$0")/lib.sh"
count=${MANY_OBJECTS:-300000}

is_flat() { awk -F': ' '$1 == "half" { half = $2 } $1 == "end" { end = $2 } END { print half " KiB, then " end " KiB"; exit !(half > 0 && end < half * 1.05 + 1024) }' "$log"; }
nothing_used() { [ "$(grep -c '"total": *0' "$scratch/objects")" = 1 ] || { cat "$scratch/objects"; return 1; }; }

box_up --nodes 2
begin_job "${ATOLL_TEST_SECONDS:-170}" --nodes=2 --cpus-per-task=2 -- bash -c '
  atoll up --object-memory 256M && "$0/tests/cluster/many_objects" "$1"; code=$?
  for ((i = 0; i < 100; ++i)); do atoll list objects --json > "$2"; grep -q "\"total\": *0" "$2" && break; done
  atoll down; exit $code' "$bin" "$count" "$scratch/objects"
finish
check "$count objects are put, read, passed on and nested, and are what they were" all_of 'status_is 0' 'says "^wrong: 0"'
check "the memory of who put them is flat" is_flat
check "no node's object memory keeps any" nothing_used
check_nothing_left "many objects"
