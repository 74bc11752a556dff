#!/bin/bash
# What workers print: live at the driver under their names, once where many print it, and in files that atoll logs reads.
. "$(dirname "$0")/lib.sh"

sees() { on n1 env SLURM_JOB_ID="$job_id" atoll logs "$@" > "$scratch/seen" 2> "$scratch/seen-errors"; }
shows() { grep -qE -- "$1" "$scratch/seen" || { echo "no line matches: $1"; tail "$scratch/seen" "$scratch/seen-errors"; return 1; }; }
counts() { [ "$(grep -cE -- "$2" "$scratch/seen")" = "$1" ] || { echo "$(grep -cE -- "$2" "$scratch/seen") lines, not $1, match: $2"; return 1; }; }
live() { [ "$(grep -cE -- "$2" "$log")" = "$1" ] || { echo "$(grep -cE -- "$2" "$log") lines, not $1, match: $2"; return 1; }; }
is_json() { python3 -c 'import json, sys; [json.loads(line)["line"] for line in sys.stdin]' < "$scratch/seen"; }
# Every beat from the first that was seen to the last that was made, once, in order.
beats_follow() {
  awk -v beats="$(sed -n 's/^\([0-9]*\) beats$/\1/p' "$log")" '/ beat [0-9]+ / { sub(/.* beat /, ""); n = $1; if (seen++ && n != last + 1) { print "beat " n " after " last; exit 1 } last = n }
    END { if (!seen || last != beats - 1) { print "the last beat is " last " of " beats; exit 1 } }' "$1"
}

box_up --nodes 2
rm -rf "$scratch"/stop* "$scratch"/kept-*
begin_job 150 --nodes=2 --cpus-per-task=2 -- bash -c \
  "echo job \$SLURM_JOB_ID; exec atoll run --log-dedup on --log-bytes 64K --node-timeout 60 -- $bin/tests/cluster/logs stay $scratch/stop"
check "a program prints on two nodes" await 60 says '^waiting$' || exit
job_id=$(sed -n 's/^job //p' "$log")
check "lines are live at the driver, with the actor's name or class" all_of 'says "^\(keeper n[12] [0-9]+\) kept line 149$"' \
  'says "^\(keeper n[12] [0-9]+\) kept complaint$"' 'says "^\(Speaker n[12] [0-9]+\) ready$"' 'says "^\(count n[12] [0-9]+\) counting 3$"'
check "what four workers print is shown once, and how often" await 20 all_of 'live 1 "\) loading the model$"' \
  'live 1 "\) loading the model \[repeated 3x across 2 nodes\]$"'

follow() { on n1 env SLURM_JOB_ID="$job_id" atoll logs -f -n 1 keeper > "$scratch/followed" 2>&1; echo "$?" > "$scratch/followed-code"; }
follow &
following=$!
check "an actor's last lines are read by its name" all_of 'sees -n 5 keeper' 'counts 5 "^\(keeper n[12] [0-9]+\) beat "'
check "a dead one's too, by name and by pid" all_of 'sees fragile' 'shows "^\(fragile n[12] [0-9]+\) my last words$"' \
  'sees "$(sed -nE "s/^\(fragile (n[12]) ([0-9]+)\) .*/\1:\2/p" "$log" | head -n 1)"' 'shows "my last words"'
check "a class, a function and a node mean all of it" all_of 'sees Speaker' 'counts 4 "loading the model$"' 'sees count' \
  'counts 4 "^\(count n[12] [0-9]+\) counting"' 'sees n2' 'counts 2 "loading the model$"' '! grep " n1 " "$scratch/seen"'
check "the head's and the daemons' own lines are there" all_of 'sees head' 'shows "n1 head: .* died: exited with status 3"' 'sees atolld' \
  'shows "atolld: worker process [0-9]+ on n[12] exited with status 3"'
check "each line is an object in JSON" all_of 'sees --json' 'is_json' 'shows "\"node\":\"n2\",\"pid\":[0-9]+,\"name\":\"Speaker\",\"line\":\"ready\"\}"'
check "--list shows whose there are" all_of 'sees --list' 'shows "^n[12] +[0-9]+ +[0-9a-f]+ +fragile +14 +14 +ended$"'
check "who never was is said to be nobody" all_of 'sees nobody; [ $? = 1 ]' 'grep -q "no log is kept of .nobody." "$scratch/seen-errors"' \
  'sees -n x; [ $? = 2 ]'
login_sees() { login atoll logs "$@" --job "$job_id" > "$scratch/seen" 2> "$scratch/seen-errors"; }
check "--job reads them from the login node" all_of 'login_sees fragile' 'shows "my last words"'

session_logs() { on "$1" find /tmp -path '*/logs/*.log' -printf '%f %s\n'; }
keepers_node=$(sed -nE 's/^\(keeper (n[12]) .*/\1/p' "$log" | head -n 1)
check "files are cut into pieces, and the oldest go" await 30 eval 'session_logs "$keepers_node" | grep -qE "worker-[0-9]+-[0-9a-f]+\.([5-9]|[0-9]{2,})\.log"'
check "so that no more is kept of a process than was said" all_of \
  'session_logs "$keepers_node" | awk "{ sub(/\.[0-9]+\.log/, \"\", \$1); bytes[\$1] += \$2 } END { for (p in bytes) if (bytes[p] > 65536 + 1000) { print p, bytes[p]; exit 1 } }"'
check "all that is kept can be read" all_of 'sees -n all keeper' 'shows " beat "'
touch "$scratch/stop"
wait "$following"
touch "$scratch/stop.read"
finish
check "the program ends" all_of 'status_is 0' 'says "^[0-9]+ beats$"'
check "who followed missed no line, over the ends of files, and ended with the actor" all_of '[ "$(cat "$scratch/followed-code")" = 0 ]' \
  'beats_follow "$scratch/followed"'
check "and neither did who looked on" beats_follow "$log"
check_nothing_left "the program"

job 60 --nodes=2 --cpus-per-task=2 -- atoll run --keep-logs "$scratch/kept-%j" --summary on -- "$bin/tests/cluster/logs" stay "$scratch/stop"
check "without a terminal all is shown" all_of 'status_is 0' 'live 4 "\) loading the model$"'
kept_has() { [ "$(cat "$scratch"/kept-[0-9]*/*.log | grep -cE -- "$2")" = "$1" ] || { ls "$scratch"/kept-*; return 1; }; }
check "--keep-logs leaves all of it in a folder" all_of 'kept_has 150 "^kept line"' 'kept_has 1 "^my last words$"' 'kept_has 4 "^loading the model$"' \
  'ls "$scratch"/kept-[0-9]*/n2-worker-*.1.log' '[ -e "$scratch"/kept-[0-9]*/n1-head-*.1.log ]'
check "a summary says what was done" all_of 'says "^atoll: 4 tasks and [0-9]+ calls done in .*, 1 failed, 0 retried; tasks waited .*; 6 actors, 0 restarts; 1 worker died$"' \
  'says "^atoll: CPUs were held [0-9]+ % of the time; most memory in use on a node: "'
check_nothing_left "a program whose logs were kept"

job 60 --nodes=1 --cpus-per-task=2 -- atoll run --log-bytes 0 --summary off -- bash -c "$bin/tests/cluster/logs stay $scratch/stop && atoll logs"
check "without files atoll logs says why there is nothing" all_of 'status_is 0' 'says "there are no log files: --log-bytes is 0"' '! grep "^atoll: .* tasks and" "$log"'

job 120 --nodes=1 --cpus-per-task=2 -- bash -c "atoll run -- $bin/tests/cluster/logs fast 100000000 | wc -c"
check "a worker that prints 100 MB is printed whole" all_of 'status_is 0' 'says "^printed .* MB/s"' 'says "^1[0-9]{8}$"'
grep '^printed' "$log" | sed 's/^/  | /'
