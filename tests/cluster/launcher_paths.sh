#!/bin/bash
# Every way through `atoll run`, `up` and `down`, with players for srun and the node daemon: no Slurm, no box.
. "$(dirname "$0")/lib.sh"

players=$scratch/players
mkdir -p "$players" "$scratch/tmp" "$scratch/bare"
ln -s "$PWD/tests/support/fake_srun" "$players/srun"
cp "$bin/tests/cluster/fake_atolld" "$scratch/atolld"
atoll=$bin/atoll
export ATOLL_DAEMON=$scratch/atolld TMPDIR=$scratch/tmp
export SLURM_JOB_ID=7 SLURM_JOB_NODELIST='n[1-3]' SLURM_NTASKS=24 PMIX_RANK=3
export PATH=$players:$PATH

hears() { await 10 eval "says '$1' > /dev/null"; }  # soon
left() { pgrep -f "^$scratch/atolld" || pgrep -f "$players/srun" || find "$TMPDIR" -name 'atoll-*'; }
nothing_is_left() { await 5 eval '[ -z "$(left)" ]' || { left; return 1; }; }
# run SECONDS COMMAND...
run() { begin "$@"; finish; }

run 20 env FAKE_ATOLLD=chat "$atoll" run -- bash -c 'echo session $ATOLL_SESSION secret ${ATOLL_SECRET-none}; exit 5'
check "the program's exit code is that of atoll run" status_is 5
check "the program knows the session, and not the secret" says "^session $TMPDIR/atoll-[0-9]*/7-[a-z0-9]* secret none"
check "what daemons print is passed on, and their events are not" \
  all_of 'says "^out of n2"' 'says "^err of n3"' '! grep -q "\"event\"" "$log"'
check "the start is told in one line" says '^atoll: cluster 7-.* is ready: 3 nodes in [0-9.]* s$'
check "nothing is left after a run" nothing_is_left

run 20 env FAKE_SRUN_ARGS="$scratch/args" "$atoll" run --quiet -- true
check "srun sees no variable of the job that would change the step" \
  all_of 'status_is 0' 'grep -qx -e --overlap "$scratch/args"' 'grep -qx SLURM_JOB_ID "$scratch/args"' \
  '! grep -qE "^(SLURM_NTASKS|PMIX_RANK)" "$scratch/args"'
check "--quiet says nothing when all is well" '[' ! -s "$log" ']'

run 20 env FAKE_SRUN_MPI='none pmi2' "$atoll" run --verbose -- true
check "without PMIx the daemons meet over srun's channel" all_of 'status_is 0' 'says "no PMIx plugin"'

run 20 bash -c "'$atoll' run --quiet -- bash -c 'kill -KILL \$\$'; echo code \$?"
check "a program killed by a signal ends atoll run by the same signal" all_of 'says "Killed"' 'says "^code 137"'
run 20 "$atoll" run --quiet -- "$scratch/no-such-program"
check "a program that is not there is told, with a shell's exit code" all_of 'status_is 127' 'says "no-such-program"'

run 20 env FAKE_ATOLLD_1=fail "$atoll" run -- true
check "a daemon that gives up is named with its reason" \
  all_of 'status_is 1' 'took_less 5' 'says "did not come up: the daemon on n2 gave up: no room on this node$"'
run 20 env FAKE_ATOLLD_0=hang FAKE_ATOLLD_1=hang FAKE_ATOLLD_2=silent "$atoll" run --start-timeout 1 -- true
check "a silent node is named, and not those that wait for it" \
  all_of 'status_is 1' 'took_less 5' 'says "in vain for n3 .not heard from.$"'
run 20 env FAKE_ATOLLD=hang "$atoll" run --start-timeout 1 -- true
check "the stage is named in which nodes hang" says 'n1, n2, n3 .in wire-up stage fence.'
run 20 env FAKE_SRUN_MISSING=2 "$atoll" run --start-timeout 1 -- true
check "a node where nothing starts is named" all_of 'status_is 1' 'says "n3 .not heard from."'
run 20 env FAKE_SRUN_ERROR='Unable to create step for job 7: Job violates accounting policy' "$atoll" run -- true
check "srun's own reason is in the sentence" \
  all_of 'status_is 1' 'says "^srun: error: Unable"' 'says "^atoll: .*srun ended with exit code 1: Unable to create step"'
check "nothing is left after failed starts" nothing_is_left

for tool in bash env mkdir; do ln -s "$(type -P $tool)" "$scratch/bare/$tool"; done
run 20 env PATH="$scratch/bare" "$atoll" run -- true
check "a host without srun is told in one sentence" all_of 'status_is 1' 'says "^atoll: there is no srun on this host"'
run 20 env -u SLURM_JOB_ID "$atoll" run -- true
check "outside of a job the ways in are told" all_of 'status_is 2' 'says "sbatch or salloc"'
run 20 env -u SLURM_JOB_ID "$atoll" run --local --quiet -- bash -c 'exit 4'
check "--local needs no Slurm" status_is 4
run 20 "$atoll" run --no-such-option -- true
check "wrong usage is exit code 2" status_is 2

run 30 env FAKE_ATOLLD=die FAKE_ATOLLD_DIE="$scratch/die" "$atoll" run -- bash -c "touch '$scratch/die'; exec sleep 25"
check "when the whole cluster is gone the program is ended, and the reason told" \
  all_of 'status_is 1' 'took_less 10' 'says "the cluster ended under the program .srun ended with exit code 9"'

begin 30 "$atoll" run -- bash -c 'trap "exit 7" TERM; echo begun; while :; do sleep 0.1; done'
check "a program runs" hears '^begun'
kill -TERM "$(pgrep -f "^$atoll run -- bash -c trap")"
finish
check "SIGTERM is passed on, and the program decides" status_is 7

begin 30 "$atoll" run -- bash -c 'trap "echo heard" INT; echo begun; while :; do sleep 0.1; done'
hears '^begun'
launcher=$(pgrep -f "^$atoll run -- bash -c trap")
kill -INT "$launcher"
check "the first SIGINT is the program's" hears '^heard'
kill -INT "$launcher"
finish
check "the second SIGINT kills it" all_of 'status_is 137' 'took_less 20'

begin 30 env FAKE_ATOLLD=hang "$atoll" run --verbose -- true
hears 'starting cluster'
kill -TERM "$(pgrep -f "^$atoll run --verbose")"
finish
check "a start can be interrupted" all_of 'status_is 143' 'took_less 8'

run 30 env FAKE_ATOLLD=deaf "$atoll" run --quiet -- true
check "daemons that do not end are ended" all_of 'status_is 0' 'took_less 15'

begin 30 "$atoll" run -- sleep 25.7
hears 'is ready'
kill -KILL "$(pgrep -f "^$atoll run -- sleep")"
finish
gone() { ! pgrep -f "^$scratch/atolld" && ! pgrep -f "$players/srun" && ! pgrep -fx "sleep 25.7"; }
check "when atoll run itself is killed, its program and its daemons end" await 10 gone

first=$(timeout 20 "$atoll" up --name one 2> "$log")
check "atoll up returns when the cluster is ready and prints its session" test -s "$first/cluster.json"
check "the dead launcher's session is gone" test "$(find "$TMPDIR" -name cluster.json | wc -l)" = 1
timeout 20 "$atoll" up --name two > "$log" 2>&1
run 20 "$atoll" up --name two
check "a name is used once" all_of 'status_is 1' 'says "choose another --name"'
run 20 "$atoll" down
check "atoll down asks which of two" all_of 'status_is 2' 'says "one, two"'
run 20 "$atoll" down --name two
check "atoll down ends one by its name" all_of 'status_is 0' 'test -s "$first/cluster.json"'
run 20 "$atoll" down
check "atoll down ends the only one" status_is 0
check "nothing is left after atoll down" nothing_is_left
run 20 "$atoll" down
check "atoll down says when there is none" all_of 'status_is 1' 'says "no cluster of atoll up"'
run 20 env FAKE_ATOLLD=fail "$atoll" up
check "atoll up fails with the reason" all_of 'status_is 1' 'says "no room on this node"'
check "nothing is left after a failed atoll up" nothing_is_left

begin 30 env FAKE_ATOLLD=ready "$atoll" up --foreground
check "atoll up --foreground stays" hears "^$TMPDIR/atoll-"
kill -INT "$(pgrep -f "^$atoll up --foreground")"
finish
check "and ends by Ctrl-C" all_of 'status_is 0' nothing_is_left
exit $((failures > 0))
