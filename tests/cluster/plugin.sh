# What the tests of the SPANK plugin share; sourced in lib.sh's place.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [ ! -e "$bin/spank_atoll.so" ]; then
  skip "$test_name" "the plugin is not built: libslurm-dev is missing"
  exit 0
fi

# plugin_box OPTION...: a box whose Slurm has the plugin, with the settings in plugin_settings.
plugin_box() {
  echo "optional $bin/spank_atoll.so atoll=$bin/atoll ${plugin_settings-}" > "$scratch/plugstack.conf"
  box_up --plugstack "$scratch/plugstack.conf" "$@"
}

# submit NAME SBATCH-ARGUMENT...: a batch job; its id is in $job, its output goes to $scratch/NAME.out.
declare -A jobs
submit() {
  local name=$1
  shift
  log=$scratch/$name.out
  case " $* " in *" --array"*) log=$scratch/$name\_%a.out ;; esac
  : > "$log"
  job=$(tests/box/box run --name "$box_name" sbatch --parsable --mem=512M --output="$log" "$@" 2> "$scratch/$name.err") || job=
  jobs[$name]=$job
}

job_field() { login scontrol --oneliner show job "$1" 2> /dev/null | head -n 1 | grep -oE "(^| )$2=[^ ]*" | cut -d= -f2-; }
job_has_ended() { [[ $(job_field "$job" JobState) =~ ^(COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL|BOOT_FAIL)$ ]]; }

# ended NAME [SUFFIX]: waits for the end of that job, whose id and log are then in $job and $log.
ended() {
  job=${jobs[$1]}${2-}
  log=$scratch/$1${2-}.out
  await 60 job_has_ended || { not_ok "$test_name: job $1 ends"; login scontrol show job "$job"; }
}

exit_code_is() {
  local code
  code=$(job_field "$job" ExitCode)
  [ "$code" = "$1:0" ] || { echo "the exit code is $code, not $1:0"; return 1; }
}

no_node_is_drained() {
  local bad
  bad=$(login sinfo --noheader --list-reasons; login sinfo --noheader --states=drain,drained,draining,down,fail -N -o '%N %T')
  [ -z "$bad" ] || { echo "$bad"; return 1; }
}

# command_for SECONDS COMMAND...: from the login to its end; sets status, took, and $log.
command_for() {
  local limit=$1
  shift
  log=$scratch/log
  begin "$limit" tests/box/box run --name "$box_name" "$@"
  finish
}

# In a script that needs another box after this one.
box_down_now() {
  box down > /dev/null || not_ok "$test_name: the box goes down"
  box check-clean || not_ok "$test_name: nothing is left of the box"
}
