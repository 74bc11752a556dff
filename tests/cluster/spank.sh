#!/bin/bash
# #SBATCH --atoll, srun --atoll and salloc --atoll: the plugin in a real Slurm.
. "$(dirname "$0")/plugin.sh"

plugin_box --nodes 2
hello=$bin/examples/hello

# Several jobs at once: sbatch --wait would sleep 2 s for each.
cat > "$scratch/first.sh" << SCRIPT
#!/bin/bash
#SBATCH --nodes=2 --atoll=name=mine,head=last,object-memory=64M,log=debug
$hello || exit 1
atoll status --json > $scratch/status
srun --ntasks=2 bash -c 'echo step of \$ATOLL_JOB'
srun --ntasks=1 --export=NONE /bin/echo step without environment
srun --ntasks=1 --atoll /bin/echo step with the option
echo end \$EPOCHREALTIME
exit 7
SCRIPT
submit first "$scratch/first.sh"
submit driver --nodes=2 --atoll="nodes=2,driver=$hello; echo instead of \$*; umask; ulimit -c; exit 5" "$scratch/first.sh" with words
ATOLL_SPEC=nodes=1 submit twin --nodes=2 --wrap="$hello; srun --ntasks=1 env | grep ATOLL_SPEC; true"
submit bare --nodes=2 --export=NONE --atoll --wrap="PATH=$PATH $hello"
rm -rf "$scratch"/kept-*
submit seen --nodes=1 --atoll="keep-logs=$scratch/kept-%j,metrics=unix,timeline-rate=0" \
  --wrap="$hello; atoll timeline --output $scratch/trace.json; ls /tmp/atoll-\$(id -u)/*/metrics-head; true"
submit array --array=1-2 --atoll --wrap="$hello"
submit no --atoll=yes --atoll=no --wrap="env | grep ATOLL_JOB; true"

ended first
check "a script's first line runs on a live cluster" all_of 'says "= 385, on 2 nodes"' '[ "$(grep -c "is ready" "$log")" = 1 ]'
check "the script's exit code is the job's" exit_code_is 7
check "the cluster ends in good order" all_of '! says "srun: error|slurmstepd|aborted|atoll: .*ended" > /dev/null' 'says "^end "'
check "SPEC says the cluster's name, its head's node and the memory for objects" \
  python3 -c 'import json,sys; s=json.load(open(sys.argv[1])); assert s["cluster"]=="mine" and s["head"]["node"]=="n2" and all(n["memory"]["total"] == 448 << 20 for n in s["nodes"]), s' "$scratch/status"
check "sruns inside are plain, whatever their environment" all_of \
  '[ "$(grep -c "^step of $job" "$log")" = 2 ]' 'says "^step without environment"' 'says "^step with the option"'
ended driver
check "a driver runs in the script's place, with the script and its words" all_of 'says "= 385, on 2 nodes"' 'says "^instead of .* with words"'
check "with the script's limits, and its exit code is the job's" all_of 'says "^0022"' 'says "^0$"' 'exit_code_is 5'
ended twin
check "ATOLL_SPEC is as good as the option, and no step sees it" all_of 'says "on 1 nodes"' '! says ATOLL_SPEC=' 'exit_code_is 0'
ended bare
check "--export=NONE is no hindrance" all_of 'says "on 2 nodes"' 'exit_code_is 0'
ended seen
check "SPEC says where logs are kept" test -s "$scratch/kept-$job/"n1-atolld-*.1.log
check "SPEC asks for metrics, where Atoll was built with them" eval \
  'says "^/tmp/atoll-[0-9]*/$job-[a-z0-9]*/metrics-head" || ! ldconfig -p | grep -q "libmicrohttpd\.so\.12"'
check "SPEC says how much of a timeline there is: none" says "records no timeline"
for task in 1 2; do
  ended "array" "_$task"
  check "task $task of an array has a cluster of its own" all_of 'says "on 1 nodes"' 'exit_code_is 0'
done
ended no
check "--atoll=no takes --atoll back" all_of '! says ATOLL_JOB' '! says ready'
check_nothing_left "batch jobs"

cat > "$scratch/het.sh" << SCRIPT
#!/bin/bash
#SBATCH --nodes=1 --atoll
#SBATCH hetjob
#SBATCH --nodes=1
$hello
srun --het-group=0,1 /bin/echo both
srun --het-group=1 /bin/echo second
SCRIPT
submit het "$scratch/het.sh"
cat > "$scratch/requeue.sh" << SCRIPT
#!/bin/bash
#SBATCH --nodes=1 --atoll --requeue --open-mode=append
$hello || exit 1
[ -n "\${SLURM_RESTART_COUNT-}" ] && exit 3
scontrol requeue \$SLURM_JOB_ID
exec sleep 60
SCRIPT
ended het
check "a heterogeneous job has one cluster, and its steps are plain" all_of \
  '[ "$(grep -c "is ready" "$log")" = 1 ]' '[ "$(grep -c "^both" "$log")" = 2 ]' 'says "^second"' 'exit_code_is 0'
submit requeue "$scratch/requeue.sh"
# Slurm lets a job that was requeued wait for two minutes, but for an admin; and a node refuses a job that is started again in
# the second in which it was killed there ("Job already killed, do not launch batch job").
await 20 eval '[ "$(job_field "$job" Restarts) $(job_field "$job" JobState)" = "1 PENDING" ]' && killed=$EPOCHSECONDS &&
  await 5 eval '[ "$EPOCHSECONDS" -gt "$killed" ]' && await 20 eval 'nothing_new > /dev/null' && login scontrol update "JobId=$job" StartTime=now
ended requeue
check "a job that is requeued has a cluster again" all_of '[ "$(grep -c "= 385" "$log")" = 2 ]' 'exit_code_is 3'
submit cancelled --nodes=2 --atoll --wrap="$hello; echo under way; sleep 60"
await 20 grep -qs '^under way' "$log"
login scancel "$job"
ended cancelled
check_nothing_left "scancel"

if [ "$(id -u)" = 0 ] && id nobody > /dev/null 2>&1; then
  # Its output lies in the node's own /tmp, where a stranger may write.
  submit nobody --uid=nobody --chdir=/tmp --nodes=2 --nodelist=n1 --atoll --output=/tmp/nobody.out \
    --wrap="id -un; $hello; srun --nodes=2 --ntasks=2 --atoll-bind=numa id -un"
  ended nobody
  on n1 bash -c 'cat /tmp/nobody.out; rm /tmp/nobody.out' > "$log"
  check "all of it is the user's: no process and no file of root's" all_of 'exit_code_is 0' 'says "on 2 nodes"' '[ "$(grep -c "^nobody$" "$log")" = 3 ]'
fi

command_for 30 srun --nodes=2 --ntasks=4 --atoll "$hello"
check "srun --atoll: each task of the step is a driver" all_of 'status_is 0' '[ "$(grep -c "= 385, on 2 nodes" "$log")" = 4 ]'
ATOLL_SPEC=yes command_for 30 srun --nodes=1 --ntasks=1 "$hello"
check "ATOLL_SPEC=yes srun: the same" all_of 'status_is 0' 'says "on 1 nodes"'
log=$scratch/log
job 30 --nodes=2 --atoll=nodes=1,name=armed -- bash -c "srun --ntasks=1 /bin/echo plain; atoll run -- $hello"
check "salloc --atoll arms the shell, and its sruns are plain" all_of 'says "^plain"' 'says "armed is ready"' 'says "on 1 nodes"'
submit example scripts/sbatch/plugin.sbatch
ended example
check "plugin.sbatch runs on the job's nodes" all_of 'says "= 385, on 2 nodes"' 'exit_code_is 0'
check_nothing_left "steps"
box_down_now

# A site where salloc's shell runs on the first node.
plugin_box --nodes 2 --conf LaunchParameters=use_interactive_step
log=$scratch/log
cat > "$scratch/shell" << SCRIPT
#!/bin/bash
echo "in \$(hostname), \$SLURM_STEP_NODELIST"
srun --nodes=2 --ntasks=2 /bin/echo plain step
atoll run -- $hello
exit 5
SCRIPT
chmod +x "$scratch/shell"
begin 40 script --quiet --return --command \
  "env SHELL=$scratch/shell tests/box/box run --name $box_name salloc --quiet --nodes=2 --atoll=name=armed" /dev/null
finish
check "salloc's interactive step is armed too" all_of 'status_is 5' '[ "$(grep -c "plain step.\?$" "$log")" = 2 ]' 'says "armed is ready"' 'says "on 2 nodes"' 'says "in n1, "'
check_nothing_left "the interactive step"
check "no node was drained" no_node_is_drained
