#!/bin/bash
# Workers are forked from a warm process of their job where the program allows it, and are as if they were executed.
. "$(dirname "$0")/lib.sh"
program=$bin/tests/cluster/forks

# driver [NAME=VALUE] COMMAND...: in an allocation, with the variable for cluster and program
driver() { job 90 --nodes=1 --cpus-per-task=4 -- env "$@"; }
# word KIND NAME: the word after NAME in the first line that begins with KIND
word() { awk -v kind="$1" -v name="$2" '$1 == kind { for (i = 2; i < NF && $i != name;) ++i; print $(i + 1); exit }' "$log"; }
pid_of() { awk -v kind="$1" '$1 == kind { print $2; exit }' "$log"; }

box_up --nodes 1
driver atoll run -- "$program" look
check "workers come of a warm process" all_of 'status_is 0' 'says "^executed [0-9]+"' 'says "^forked [0-9]+"'
check "a forked worker is the daemon's child, as an executed one is, in a group of its own" all_of \
  'says "^forked .* parent $(word executed parent) group "' '[ "$(word forked group)" = "$(pid_of forked)" ]'
check "what it said has its own process id in front" says "^\([^ ]+ n1 $(pid_of forked)\) said by $(pid_of forked)\$"
check "what the program said before connect() the warm process says, once" all_of \
  'says "^\(n1 $(word forked from)\) prologue of $(word forked from), "' '! says "^\([^)]*n1 $(pid_of forked)\) .*prologue"'
check "it takes SIGTERM, and has nothing of ATOLL_WORKER" says '^forked .* sigterm 1 .*worker \[\]$'
check "it runs where the driver runs" says "^forked .* in $PWD worker"
check "it has none of what the driver alone set before connect()" says '^forked .* arguments 0 '
check "workers of 1 and 2 CPUs have their OMP_NUM_THREADS from the start" all_of 'says "^forked .* threads 1/1 "' \
  'says "^forked .* threads 2/2 "'
check "it has as many descriptors as one that was executed" says '^descriptors 0$'
check_nothing_left "forks"

driver FORKS_THREAD=1 atoll run -- "$program" executed
check "a program with a thread before connect() has its workers executed" \
  all_of 'status_is 0' 'says "of 40 were forked: 0$"'
check "one log line says so" [ "$(grep -c 'not forked from a warm process: it has 2 threads' "$log")" = 1 ]
driver ATOLL_WARM_FORK=0 atoll run -- "$program" executed
check "ATOLL_WARM_FORK=0 has them executed" all_of 'status_is 0' 'says "of 40 were forked: 0$"' \
  '! grep -q "warm process" "$log"'

driver atoll run -- "$program" kill-warm
check "a warm process that is killed costs no actor" all_of 'status_is 0' 'says "^after the kill 8$"'
check "another one takes its place" says '^from another 1$'
check_nothing_left "the kill of a warm process"

begin_job 60 --nodes=1 --cpus-per-task=4 -- env atoll run -- "$program" hold "$scratch/stop"
check "actors are forked and held" await 30 says '^holds'
on n1 kill -KILL "$(on n1 pgrep -o -x atolld)"
check_nothing_left "a killed daemon with a warm process"
finish
