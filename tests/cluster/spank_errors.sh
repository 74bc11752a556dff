#!/bin/bash
# What can go wrong with the plugin, and that no node is ever drained by it.
. "$(dirname "$0")/plugin.sh"

# The site's `atoll` is whatever the test makes of it.
site=$scratch/site
mkdir -p "$site"
install_atoll() { printf '#!/bin/sh\n%s\n' "$1" > "$site/new" && chmod "${2-755}" "$site/new" && mv "$site/new" "$site/atoll"; }
good="exec $bin/atoll \"\$@\""
install_atoll "$good"

echo "optional $bin/spank_atoll.so atoll=$site/atoll bind_timeout=1 stop_timeout=1 max_nodes=2 colour=blue enabled=maybe" > "$scratch/plugstack.conf"
box_up --nodes 3 --plugstack "$scratch/plugstack.conf"

# Where a user sees it at once.
refused() {  # WORDS COMMAND...: ends at once, badly, with these words
  local words=$1
  shift
  command_for 20 "$@"
  [ "$status" != 0 ] && says "$words" && [ "$(login squeue --noheader | wc -l)" = 0 ]
}
for command in 'sbatch --wrap=true' 'salloc true' 'srun true'; do
  # shellcheck disable=SC2086
  check "${command%% *} refuses a wrong SPEC with a sentence" all_of \
    "refused 'nodes=x must be a number of nodes, as in nodes=4' ${command%% *} --atoll=nodes=x ${command#* }" \
    "refused \"there is no 'colour'\" ${command%% *} --atoll=colour=blue ${command#* }" \
    "refused 'must be pack, spread, island, numa or none' ${command%% *} --atoll-bind=best ${command#* }" \
    "refused 'needs the full path of a topology file' ${command%% *} --atoll-topo=here ${command#* }"
done
box logs n1 > "$scratch/n1.log"
check "a wrong setting in plugstack.conf is a line in slurmd's log" all_of \
  "grep -q \"there is no setting 'colour=blue', it is ignored; there are atoll=PATH\" $scratch/n1.log" \
  "grep -q 'enabled=maybe must be yes or no; it is ignored' $scratch/n1.log"

# Where only the job's node sees it: on each node, and none is drained.
for node in n1 n2 n3; do
  ATOLL_SPEC=nodes=x submit "twin-$node" --nodelist="$node" --wrap="echo ran"
  ATOLL_SPEC=head=n9 submit "head-$node" --nodelist="$node" --wrap="$bin/examples/hello"
done
SLURM_SPANK__SLURM_SPANK_OPTION_atoll_atoll=garbage submit by-hand --wrap="echo ran"
submit many --nodes=3 --atoll --wrap="echo ran"
for node in n1 n2 n3; do
  ended "twin-$node"
  check "a wrong ATOLL_SPEC fails the job on $node with the sentence" all_of 'exit_code_is 1' 'says "nodes=x must be a number of nodes"' '! says "^ran"'
  ended "head-$node"
  check "a head that is no node of the job: the program on $node is told, soon" all_of '! exit_code_is 0 > /dev/null' \
    'says "^atoll: --head=n9 is not a node of job"' 'says "what.*the cluster did not come up: --head=n9"'
done
ended many
check "the site's limit of nodes fails the job with a sentence" all_of 'exit_code_is 1' 'says "this site allows clusters of 2 nodes, not 3; give it nodes=2"'
check "no node was drained by wrong values" no_node_is_drained

# An `atoll` that is not what it should be, for a cluster and for a binding.
try_atoll() {  # NAME: a batch job with a cluster, a step with a binding
  submit "$1" --atoll --wrap='echo the script ran; exit 3'
  command_for 20 srun --nodes=2 --ntasks=4 --atoll-bind=pack bash -c 'echo task ran'
}
step_ran_unbound() { status_is 0 && [ "$(grep -c '^task ran' "$log")" = 4 ] && [ "$(grep -c 'warning' "$log")" = 2 ]; }

install_atoll 'echo $$ >> '"$scratch/hanging"'; exec sleep 600'
try_atoll hangs
check "an atoll that hangs: the step runs, unbound, with one warning a node, soon" all_of step_ran_unbound 'says "did not answer within 1 s"' 'took_less 10'
ended hangs
check "an atoll that hangs: the script runs, and its exit code is the job's" all_of 'says "the script ran"' 'exit_code_is 3'
install_atoll 'kill -SEGV $$'
try_atoll crashes
check "an atoll that crashes: the step runs, unbound, with one warning a node" all_of step_ran_unbound 'says "was killed by signal 11"'
ended crashes
check "an atoll that crashes: the script runs" all_of 'says "the script ran"' 'exit_code_is 3'
install_atoll 'echo "error: unknown word"; exit 2'
try_atoll fails
check "an atoll that fails: the step runs, unbound, with one warning a node" all_of step_ran_unbound 'says "ended with exit code 2"'
ended fails
check "an atoll that fails: the script runs" all_of 'says "the script ran"' 'exit_code_is 3'
install_atoll 'head -c 100000 /dev/urandom'
try_atoll garbage
check "an atoll that prints garbage: the step runs, unbound, with one warning a node" all_of step_ran_unbound 'says "printed something else"'
ended garbage
check "an atoll that prints garbage: the script runs" exit_code_is 3
install_atoll 'cat /dev/zero'
try_atoll endless
check "an atoll that prints without end: the step runs, unbound, with one warning a node" all_of step_ran_unbound 'says "printed more than 1048576 bytes"'
ended endless
check "an atoll that prints without end: the script runs" exit_code_is 3
rm -f "$site/atoll"
try_atoll missing
check "an atoll that is missing: the step runs, unbound, with one warning a node" all_of step_ran_unbound
ended missing
check "an atoll that is missing fails the job with a sentence that says where it should be" all_of \
  'exit_code_is 1' "says 'site/atoll cannot be run on this node: No such file or directory; it stands after atoll= in plugstack.conf'"
install_atoll "$good" 644
submit forbidden --atoll --wrap='echo the script ran'
ended forbidden
check "an atoll that must not be executed: the same" all_of '! says "the script ran" > /dev/null || [ "$(id -u)" = 0 ]' '! exit_code_is 0 > /dev/null'
install_atoll "$good"

check_nothing_left "all that"
check "no node was drained by any of this" no_node_is_drained
box_down_now

# The plugin is on the login node and on n1, but not on n2.
local=$(mktemp -d /tmp/atoll-plugin-XXXXXX)
cp "$bin/spank_atoll.so" "$local"
echo "optional $local/spank_atoll.so atoll=$bin/atoll" > "$scratch/plugstack.conf"
box_up --nodes 2 --plugstack "$scratch/plugstack.conf"
on n1 bash -c "mkdir -p $local && cp $bin/spank_atoll.so $local"
submit here --nodelist=n1 --atoll --wrap="$bin/examples/hello"
submit elsewhere --nodelist=n2 --atoll --wrap="$bin/examples/hello"
submit plain --nodelist=n2 --wrap="echo plain"
ended here
check "where the plugin is, the job has its cluster" all_of 'exit_code_is 0' 'says "on 1 nodes"'
ended elsewhere
check "where it is not, the program says so at once" all_of '! exit_code_is 0 > /dev/null' 'says "Slurm on this node \(n2\) has not loaded Atoll.s plugin"'
ended plain
check "and a job without the option runs there" all_of 'exit_code_is 0' 'says "^plain"'
check "no node was drained by a missing plugin" no_node_is_drained
rm -rf "$local"
