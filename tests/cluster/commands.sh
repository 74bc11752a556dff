#!/bin/bash
# Commands as actors: where they run and with what, how they end, are looked after and started anew.
. "$(dirname "$0")/lib.sh"
program=$bin/tests/cluster/commands

begin_driver() { begin_job 90 --nodes=2 --cpus-per-task=2 "${@:2}" -- atoll run -- "$program" "$1" "$scratch"; }
driver() { begin_driver "$@"; finish; }

box_up --nodes 2 --topology "$PWD/tests/topologies/dgx-h100.topo"
driver ends
check "a command's exit status is what wait_exit() gives, 128 + n after signal n" all_of 'status_is 0' 'says "^statuses: 0 3 137"' \
  'says "^from a task: 143"'
check "callers hear how it ended, and where" all_of 'says "^after its end: ActorDiedError sh -c exit 3 exited with status 3 .*on n[12]"' \
  'says "^ended: 1"' 'says "^running: 1"' 'says "^killed: ActorDied"' 'says "^still runs: Timeout"'
check "what cannot be executed is one sentence, and not tried again" all_of \
  'says "^not there: ActorDiedError no-such-program cannot be started: there is no .no-such-program. in PATH \(.*/usr/bin.*\)"' \
  'says "^not executable: ActorDiedError /etc/passwd cannot be started: .*is no file that may be executed"' \
  'says "^no such directory: ActorDiedError true cannot be started: its directory /nowhere: No such file"' \
  'says "^bad check: ActorDiedError sleep 60 cannot be started: its health_check\(\): there is no .no-such-check."'
check "options that mean nothing are refused" all_of 'says "^empty: Error command: expected a program"' \
  'says "^two ways: Error ready_when\(\) and ready_when_listening\(\) exclude"' 'says "^never: Infeasible"' \
  'says "^no handle: Error an empty handle"' 'says "^no signal: Error send_signal: expected a signal from 1 to 64, not 1000"'

driver place --gpus-per-node=1
check "a command in a bundle is on its node and is told its rank, GPU, variables and directory" all_of 'status_is 0' \
  'says "^\([^ ]+ n1 [0-9]+\) n1 pair 0/2 gpus=GPU-[0-9a-f-]+ said=so worker=none in $scratch"' \
  'says "^\([^ ]+ n2 [0-9]+\) n2 pair 1/2 gpus=GPU-[0-9a-f-]+ said=so worker=none in $scratch"'
check "no descriptor of the process beside it is open in a command" all_of '[ "$(grep -c ") all seen" "$log")" = 2 ]' '! grep ") open: " "$log"'

begin_driver serve
if check "a server is ready when it listens, answers, and is found by its name" \
  await 40 all_of 'says "^fetched: 0"' 'says "^\([^ ]+ n1 [0-9]+\) 200"' 'says "^node: n1"'; then
  check "another process's listener on the port does not count" await 10 \
    says '^port of another: ActorDiedError sleep 600 was not ready within 500 ms: nothing of it listens on port 18473, but another process does'
  check "a server that was killed is started anew" await 20 all_of 'says "^restarted: 1"' 'says "^kill its process: "'
  on n1 pkill -KILL -o -f 'http.server 18473'
fi
finish
check "also by somebody else, or when its health check fails" all_of 'status_is 0' 'says "^from outside: 1"' 'says "^unhealthy: 1"'
check "until it has no restarts left" all_of 'says "^the last: 137"' \
  'says "^and then: ActorDiedError python3 -u -m http.server 18473.* was killed by signal 9 \(Killed\)"'

driver checks
check "a health check that fails, or hangs, ends the command in words" all_of 'status_is 0' \
  'says "^sick: ActorDiedError sleep 600 failed its health check 3 times in a row: false exited with status 1"' \
  'says "^hangs: ActorDiedError sleep 600 failed its health check once: sleep did not end within 50 ms"'
check "a command is ready when the command that asks says so" all_of 'says "^not yet: Timeout"' 'says "^starting: 1"' 'says "^ready"'

driver leave
check "a command ends by SIGTERM with its last handle, by kill() and with the job" all_of 'status_is 0' 'says "^all up: 1"' \
  'says "^dropped: 1"' 'says "^killed politely: 1"' 'await 5 test -e "$scratch/left"'
check "and what it started ends with it" all_of 'says "^their children live: 1"' 'says "^their children are gone: 1"'

status_says() {
  on n1 env SLURM_JOB_ID="$job_id" atoll status > "$scratch/status" 2>&1
  grep -qE "$1" "$scratch/status" || { cat "$scratch/status"; return 1; }
}
runs_on() { on "$1" pgrep -fx "$2" > /dev/null; }
begin_job 90 --nodes=2 --cpus-per-task=2 -- bash -c "echo job \$SLURM_JOB_ID; exec atoll run -- $program fall $scratch"
check "a command ends, and what it started, when the process beside it is killed, and is started anew" await 30 all_of \
  'says "^here: 1"' 'says "^here gone: 1"' 'says "^here again: 1"' 'says "^there: n2"'
job_id=$(awk '$1 == "job" { print $2 }' "$log")
check "atoll status says how a command ended" status_says 'sh -c exit 7 exited with status 7'
check "a command on another node runs" all_of 'runs_on n2 "sleep 605"' 'runs_on n2 "sleep 606"'
on n2 kill -KILL "$(on n2 pgrep -o -x atolld)"
check "a command ends, and what it started, when its node daemon is killed" await 10 all_of '! runs_on n2 "sleep 605"' \
  '! runs_on n2 "sleep 606"'
touch "$scratch/stop"
finish
check "the driver goes on" all_of 'status_is 0' 'says "^fall done"'
job 60 --nodes=2 --cpus-per-task=2 -- atoll run -- "$bin/examples/serve" 18473 python3 -m http.server 18473
check "the next cluster has a server on each node, and a task beside each asks it" all_of 'status_is 0' \
  'says "^n1 process [0-9]+ answers: HTTP/1.0 200 OK"' 'says "^n2 process [0-9]+ answers: HTTP/1.0 200 OK"'
check_nothing_left "the commands, and the next cluster tidied up"
