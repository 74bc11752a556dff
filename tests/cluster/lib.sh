# What the scripts of tests/cluster share; each sources it first, and starts its box with box_up.
#
# From tests/cluster/run: B, the build folder, and ATOLL_TEST_BOX, the name of the box. A script can be called without it.
# A script says one line a sentence: "ok - ", "not ok - " or "skip - "; its exit code is 0 if nothing was not ok.

set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
bin=$(realpath -m "${B:-build}")
test_name=$(basename "$0" .sh)
box_name=${ATOLL_TEST_BOX:-test-$test_name-$$}
scratch=$bin/cluster/$test_name  # all nodes see it
log=$scratch/log                 # of the command that began last
export ATOLL_BIN=$bin
export PATH=$bin:$PATH
ulimit -c 0  # programs here end in every way there is
. tests/support/say.sh
box_is_up=''
rm -rf "$scratch" && mkdir -p "$scratch" || exit

# check SENTENCE COMMAND...: ok if the command succeeds; otherwise shows what it and the last command wrote.
check() {
  local sentence=$1 said
  shift
  if said=$("$@" 2>&1); then ok "$sentence"; return; fi
  not_ok "$sentence"
  { printf '%s\n' "$*: failed"; printf '%s\n' "$said" | uniq | tail -n 20; [ ! -s "$log" ] || tail -n 60 "$log"; } | sed 's/^/  | /'
  return 1
}

# await SECONDS COMMAND...: true as soon as the command succeeds.
await() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.05
  done
}

box() { local command=$1; shift; tests/box/box "$command" --name "$box_name" "$@"; }
login() { tests/box/box run --name "$box_name" "$@"; }
on() { local node=$1; shift; tests/box/box run --name "$box_name" --on "$node" "$@"; }

box_up() {
  trap box_down EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  box_is_up=yes
  box up "$@" > "$scratch/box" 2>&1 || { not_ok "$test_name: the box comes up"; sed 's/^/  | /' "$scratch/box"; exit 1; }
  box_processes > "$scratch/processes"
}

box_down() {
  local code=$?
  trap '' INT TERM HUP
  trap - EXIT
  # shellcheck disable=SC2046
  kill $(jobs -p) 2> /dev/null
  wait
  box down > /dev/null || not_ok "$test_name: the box goes down"
  box check-clean || not_ok "$test_name: nothing is left of the box"
  [ "$code" = 0 ] || [ "$failures" -gt 0 ] || not_ok "$test_name: ended early with code $code"
  exit $((failures > 0))
}

# The process ids in the box, one a line.
box_processes() { grep -lsm1 "^atoll-box:[^ ]*/$box_name " /proc/[0-9]*/mounts | sed 's|/proc/||; s|/mounts||' | sort; }

# What runs in the box and did not when it came up, but for Slurm's own slurmstepd, which may wait minutes for a node that
# was lost.
new_processes() {
  local process
  for process in $(box_processes | comm -13 "$scratch/processes" -); do
    tr '\0' ' ' < "/proc/$process/cmdline" | sed "s/^/process $process: /; s/\$/\n/"
  done 2> /dev/null | grep -v ': slurmstepd: ' | grep .
}

# Shared memory and files of ours in the private folders of the nodes that live.
new_files() {
  local node
  for node in $(box status | awk '$2 == "up" && $1 ~ /^n/ { print $1 }'); do
    on "$node" find /dev/shm /tmp -xdev -mindepth 1 \( -path /dev/shm/\* -o -name 'atoll*' -o -name 'wordcount*' \) | sed "s/^/$node: /"
  done
}

nothing_new() { ! new_processes && ! new_files | grep .; }

# Within 10 s nothing is left of the cluster and the job, while the box is still up.
check_nothing_left() {
  if await 10 eval 'nothing_new > "$scratch/left" 2>&1'; then ok "$test_name: nothing is left running${1:+ after $1}"; return; fi
  not_ok "$test_name: nothing is left running${1:+ after $1}"
  sed 's/^/  | /' "$scratch/left"
}

# begin SECONDS COMMAND...: in the background, with a deadline; its words go to $log. finish waits for its end and sets
# status and took.
begin() {
  local limit=$1
  shift
  began=$EPOCHREALTIME
  timeout --kill-after=10 "$limit" "$@" > "$log" 2>&1 < /dev/null &
  running=$!
}

finish() {
  wait "$running"
  status=$?
  took=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }')
}

# begin_job SECONDS SALLOC-OPTION... -- COMMAND...: the command in an allocation of its own, called on n1.
begin_job() {
  local limit=$1 options=()
  shift
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  begin "$limit" tests/box/box run --name "$box_name" --on n1 salloc --quiet --no-kill --mem=1G "${options[@]}" "$@"
}
job() { begin_job "$@"; finish; }

# begin_batch SECONDS SBATCH-OPTION... -- WORD...: a batch job, a script or --wrap=COMMAND; its output goes to $log too.
begin_batch() {
  local limit=$1 options=()
  shift
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  shift
  begin "$limit" tests/box/box run --name "$box_name" sbatch --wait --quiet --output="$log" --open-mode=append "${options[@]}" "$@"
}
batch() { begin_batch "$@"; finish; }

status_is() { [ "$status" = "$1" ] || { echo "the exit code is $status, not $1, after $took s"; return 1; }; }
took_less() { awk -v a="$took" -v b="$1" 'BEGIN { exit !(a < b) }' || { echo "it took $took s"; return 1; }; }
says() { grep -qE -- "$1" "$log" || { echo "no line matches: $1"; return 1; }; }
all_of() { local condition; for condition; do eval "$condition" || return 1; done; }
