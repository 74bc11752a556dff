#!/bin/bash
# Large values: seen where they lie, passed between tasks, actors and nodes, and gone with the last who needs them.
. "$(dirname "$0")/lib.sh"

box_up --nodes 3
job 90 --nodes=2 --cpus-per-task=2 -- atoll run --object-memory 256M -- "$bin/tests/cluster/objects" values
check "the program with values ends well" all_of 'status_is 0' 'says "^all done"'
check "a large value takes its place in object memory, and no more" says "^in use 8392704"
check "it comes back as it was, and can be seen without a copy" all_of \
  'says "^got 1"' 'says "^seen 1"' 'says "^not copied 1"' 'says "^aligned 0"'
check "tasks take it as an array or as a vector" all_of 'says "^task of an array 1"' 'says "^task of a vector 1"'
check "large arguments and results take the same way" all_of 'says "^argument by value 1"' 'says "^result 1"' 'says "^chain 1"'
check "arrays may be parts of structs" says "^struct 3 2.500000 f!!"
check "several are got at once, and a large result is split" all_of 'says "^several 2"' 'says "^parts 50002"'
check "a value may outlive the connection" says "^outlived 1"
check_nothing_left "the values"

job 90 --nodes=2 --cpus-per-task=2 -- atoll run --object-memory 256M -- "$bin/tests/cluster/objects" nodes
check "the program on two nodes ends well" all_of 'status_is 0' 'says "^all done"'
for node in n1 n2; do
  check "tasks on $node read and make large values" all_of "says '^sum on $node 1'" "says '^doubled on $node 1'"
  for other in n1 n2; do check "what $node made is read on $other" says "^from $node to $other 1"; done
done

job 90 --nodes=3 --cpus-per-task=2 -- atoll run --object-memory 96M -- "$bin/tests/cluster/objects" readers
check "the program with many readers ends well" all_of 'status_is 0' 'says "^all done"'
check "many readers of a node share one copy" all_of 'says "^read in node memory 12"' 'says "^once a node 25169920"'
check "a copy that nobody reads gives way to what is put" says "^gave way 1"
check "where there is no room a large value is read all the same" all_of \
  'says "^without room it is read all the same 1"' 'says "^but not in node memory 0"' 'says "^then again 1"'
check "copies on other nodes go when the owner drops the object" says "^dropped everywhere 0"
check_nothing_left "the readers"

begin 90 tests/box/box run --name "$box_name" salloc --quiet --no-kill --mem=1G --nodes=2 --cpus-per-task=2 \
  atoll run --object-memory 256M -- "$bin/tests/cluster/objects" outside
finish
check "a driver on no node gives, takes and passes on large values" all_of 'status_is 0' 'says "^given 1"' 'says "^taken 1"' \
  'says "^passed on 1"' 'says "^in node memory 0"'
check_nothing_left "the driver outside"

job 90 --nodes=2 --cpus-per-task=2 -- atoll run --object-memory 256M -- "$bin/tests/cluster/objects" lives
check "the program with lives ends well" all_of 'status_is 0' 'says "^all done"'
check "what an actor keeps stays after its owner dropped it" all_of 'says "^held by an actor 8392704"' 'says "^still there 1"'
check "it goes when the actor lets go" says "^let go 0"
check "a process that is killed leaves nothing of what it held and owned" all_of \
  'says "^held and owned 12591104"' 'says "^after its end 0"' 'says "^after three makers. ends 0"'
check "results that nobody wants are gone when they come" says "^after results that nobody wanted 0"
check "a value that was got keeps its place, and no longer" all_of 'says "^kept by a value 8392704"' 'says "^and gone with it 0"'
check_nothing_left "the lives"

job 90 --nodes=1 --cpus-per-task=2 -- atoll run --object-memory 64M -- "$bin/tests/cluster/objects" full
check "the program that fills the memory ends well" all_of 'status_is 0' 'says "^all done"'
check "who finds no room waits until there is some" says "^after a wait 1"
check "who waits in vain is told how full it is" says "^full: node n1.s object memory of 64 MiB is full: 4 objects"
check "so is a task" says "^full for a task: node n1.s object memory of 64 MiB is full: .*in make_numbers on n1, process"
check "what never fits is refused at once" says "^full: an object of 64.0 MiB does not fit into node n1.s object memory of 64 MiB"
check "the rest goes on" says "^the rest goes on b"
check_nothing_left "the full memory"

for i in 1 2 3; do
  job 60 --nodes=2 --cpus-per-task=2 -- atoll run --object-memory 512M -- "$bin/tests/cluster/objects" leave
  check "daemons end well while large values are on their way ($i)" all_of 'status_is 0' 'says "^left"' '! says "signal|Segmentation|error" > /dev/null'
done
check_nothing_left "values on their way"
