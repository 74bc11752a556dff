# What selftest tries, part by part. Every part leaves the box as the next one expects it.

part_words() {
  holds "the help names every exit code" grep -q 'Exit code: 0' <("$box" --help)
  refuses "an unknown command is wrong usage" 2 "unknown command 'sail'" B sail
  refuses "an unknown option is wrong usage" 2 "unknown" B up --sails 3
  refuses "zero nodes are wrong usage" 2 "from 1 to 128" B up --nodes 0
  refuses "too many nodes are wrong usage, with the limit" 2 "from 1 to 128" B up --nodes 129
  refuses "a topology that is not there is named" 1 "'$work/none' does not exist" B up --topology "$work/none"
  refuses "a topology folder without a node's file is refused" 1 "neither n1.topo" B up --topology "$work"
  refuses "run without a box says how to start one" 1 "box up --name $ATOLL_BOX" R true
  refuses "a state folder must be absolute" 2 "ATOLL_BOX_DIR must be" env ATOLL_BOX_DIR=x "$box" status
  holds "down of a box that is not there is no failure" B down
  refuses "a machine without slurmd is told the package" 1 "lacks the packages slurmd - run 'make deps'" \
    unshare -m sh -c 'mount -n --bind /dev/null /usr/sbin/slurmd && exec "$1" up' sh "$box"
}

part_life() {
  local index
  mkdir -p "$work/topo"
  for index in 1 2 3 4; do echo "machine of n$index" >"$work/topo/n$index.topo"; done
  links_before=$(ip -o link | cut -d: -f2 | sort)
  mounts_before=$(sort /proc/self/mounts)
  hosts_before=$(sum </etc/hosts)
  holds "four nodes come up" B up --nodes 4 --gpus 4 --topology "$work/topo"
  refuses "a second up of the same box is refused" 1 "is up already" B up
  gives "check-clean finds a box that is still there" 1 eval 'B check-clean --name "$ATOLL_BOX" >/dev/null; echo $?'
  holds "and names its processes" grep -q 'slurmctld' <(B check-clean --name "$ATOLL_BOX")
  gives "Slurm calls all of them idle" "idle 4" R sinfo -h -o '%T %D'
  gives "status shows each node up" "n1 up n2 up n3 up n4 up" eval 'B status | sed 1d | awk "{print \$1, \$2}" | tr "\n" " " | sed "s/ $//"'
  holds "status --json has the nodes" grep -qE '"nodes":\[\{"name":"n1","state":"up","pid":[0-9]+,"ip":"10.77.0.1","slurm":"idle"\}' <(B status --json)
  holds "env prints exports that a shell reads" bash -c 'eval "$("$0" env)" && [[ $SLURM_CONF == */slurm.conf ]]' "$box"
  holds "logs of a node are there" grep -q slurmd <(B logs n1)
  gives "a command runs in the login" login R hostname
  gives "a command runs in a node" n2 R --on n2 hostname
  gives "the current directory and the environment are kept" "$work 7" env X=7 "$box" run bash -c 'echo $PWD $X'
  gives "the current directory is kept in a node too" "$work 7" env X=7 "$box" run --on n3 bash -c 'echo $PWD $X'
  gives "standard input passes to the login" words eval 'echo words | R cat'
  gives "standard input passes to a node" words eval 'echo words | R --on n1 cat'
  gives "the exit code passes from the login" 7 eval 'R bash -c "exit 7"; echo $?'
  gives "the exit code passes from a node" 7 eval 'R --on n1 bash -c "exit 7"; echo $?'
  gives "a death by signal passes from a node" 137 eval 'R --on n1 bash -c "kill -9 \$\$"; echo $?'
  local place
  for place in '' '--on n2'; do
    gives "a signal reaches the command in ${place:-the login}" "heard 9" handed_on $place
  done
  refuses "an unknown node is named, with those there are" 1 "no node 'n5'; its nodes are n1 to n4" R --on n5 true
}

handed_on() {
  local runner code deadline=$((SECONDS + 10))
  rm -f "$work/ready"
  "$box" run "$@" bash -c 'trap "echo heard; exit 9" TERM; : >ready; for ((i = 0; i < 300; i++)); do sleep 0.05; done' >"$work/heard" &
  runner=$!
  until [[ -e $work/ready ]] || ((SECONDS > deadline)); do sleep 0.05; done
  kill -TERM "$runner"
  wait "$runner"
  code=$?
  echo "$(<"$work/heard") $code"
}

part_jobs() {
  gives "srun reaches every node" "n1 n2 n3 n4" R srun -N4 hostname
  gives "PMIx gives each task its rank" "PMIX_RANK=0 PMIX_RANK=1 PMIX_RANK=2 PMIX_RANK=3" eval 'R srun --mpi=pmix -N4 env | grep ^PMIX_RANK='
  gives "salloc gives nodes to a command" "n1 n2" R salloc -Q -N2 srun hostname
  printf '#!/bin/bash\nhostname; id -un; pwd; echo gpus $SLURM_JOB_GPUS; cat $ATOLL_TOPOLOGY; srun hostname\n' >"$work/job"
  holds "sbatch --wait waits for its job" R sbatch -Q --wait -N2 --gpus-per-node=2 -o out job
  gives "the job ran on n1 as the same user, its output is where it was submitted" \
    "$work gpus 0,1 machine of n1 n1 n1 n2 $(id -un)" cat "$work/out"
  gives "each node sees its own topology file" "machine of n1 machine of n2 machine of n3 machine of n4" \
    R srun -N4 sh -c 'cat $ATOLL_TOPOLOGY'
  printf '#!/bin/bash\necho $SLURM_JOB_GPUS >gpus.$SLURM_JOB_ID\nfor ((i = 0; i < 200; i++)); do set -- gpus.*; (($# == 2)) && exit; sleep 0.05; done; exit 1\n' >"$work/pair"
  rm -f "$work"/gpus.*
  holds "two jobs fit on one node" eval 'R sbatch -Q -w n3 --gpus=2 -o /dev/null pair && R sbatch -Q --wait -w n3 --gpus=2 -o /dev/null pair'
  gives "they hold different GPUs" "0,1 2,3" eval "cat $work/gpus.*"
  gives "a GPU is a device file" "character special file" R --on n1 stat -Lc %F /run/atoll/gpu3
  printf '#!/bin/bash\nsrun --overlap bash -c "(setsid sleep 4321 >/dev/null 2>&1 &); : >started.\\$SLURMD_NODENAME; sleep 4322"\n' >"$work/stay"
  holds "a job that stays is submitted" R sbatch -Q -J stay -N2 -o /dev/null stay
  soon "it starts on both nodes" 20 test -e "$work/started.n1" -a -e "$work/started.n2"
  holds "scancel ends it" R scancel -n stay
  soon "none of its processes stays" 20 no_sleeper
  if grep -q '^box_cgroup=1' "$("$box" env | sed -n 's|.*SLURM_CONF=\(.*\)/etc/slurm.conf|\1|p')/settings"; then
    soon "nor one that detached itself" 20 no_detached
  else
    skip "nor one that detached itself" "without root and a freezer cgroup Slurm tracks processes by their parents"
    R --on n1 pkill -x sleep
    R --on n2 pkill -x sleep
  fi
}
no_sleeper() { ! R --on n1 pgrep -f 'sleep 432[2]' && ! R --on n2 pgrep -f 'sleep 432[2]'; }
no_detached() { ! R --on n1 pgrep -f 'sleep 432[1]' && ! R --on n2 pgrep -f 'sleep 432[1]'; }

part_apart() {
  R --on n1 sh -c ': >/tmp/mine; : >/dev/shm/mine; ipcmk -M 4096 >/dev/null'
  gives "a node's /tmp and /dev/shm are its own" "1 0" eval 'echo $(R --on n1 sh -c "ls /dev/shm/mine" | wc -l) $(R --on n2 sh -c "ls /tmp/mine /dev/shm/mine 2>/dev/null" | wc -l)'
  gives "a node's shared-memory segments are its own" "1 0" eval 'echo $(R --on n1 ipcs -m | grep -c 0x) $(R --on n2 ipcs -m | grep -c 0x)'
  gives "a node sees its own processes only" 1 R --on n2 pgrep -cx slurmd
  gives "a node has its address and a loopback" "10.77.0.2/24 127.0.0.1/8" eval "R --on n2 ip -o -4 addr | awk '{print \$4}'"
  gives "the bridge has none of its cables' addresses, which go with their nodes" 1 eval "R ip -br link | awk '\$1 == \"reef\" {mine = \$3} {n[\$3]++} END {print n[mine]}'"
  gives "/sys shows the node's network" "eth0 lo" R --on n2 ls /sys/class/net
  holds "munge works from a node to the login" eval 'R --on n1 munge -n | R unmunge'
  mkdir -p "$work/late"
  gives "a folder under /tmp made after up is seen by all nodes" "$work/late $work/late" eval 'cd "$work/late" && R srun -N2 pwd'
  if command -v ucx_perftest >/dev/null; then
    soon "UCX refuses shared memory between two nodes" 15 shared_memory_refused
  else
    skip "UCX refuses shared memory between two nodes" "ucx_perftest is not installed"
  fi
  if ((EUID == 0)); then
    gives "another user may submit jobs" "nobody nobody" R setpriv --reuid=nobody --regid=nogroup --clear-groups sh -c 'cd / && srun -N2 id -un'
  fi
}

shared_memory_refused() {
  local server
  "$box" run --on n1 env UCX_TLS=posix,sysv,cma,self timeout 5 ucx_perftest -p 13337 >/dev/null 2>&1 &
  server=$!
  R --on n2 env UCX_TLS=posix,sysv,cma,self timeout 5 ucx_perftest n1 -p 13337 -t tag_lat -n 10 2>&1 | grep -q 'Destination is unreachable'
  local refused=$?
  kill "$server" 2>/dev/null
  wait "$server"
  return $refused
}

part_faults() {
  refuses "a link that is not cut is not healed" 1 "is up, its link is not cut" B heal n2
  holds "a link is cut" B cut n2
  gives "status says so" "n2 cut" eval "B status | awk '/^n2/ {print \$1, \$2}'"
  gives "nobody reaches the node" 124 eval 'R timeout 0.5 bash -c ": >/dev/tcp/n2/6818" 2>/dev/null; echo $?'
  gives "the node itself lives" n2 R --on n2 hostname
  holds "the link is healed" B heal n2
  soon "the node is reached again" 10 R timeout 1 bash -c ': >/dev/tcp/n2/6818'
  printf '#!/bin/bash\nsrun --overlap --no-kill --kill-on-bad-exit=0 --wait=0 bash -c ": >alive.\\$SLURMD_NODENAME; sleep 4322"\n' >"$work/last"
  holds "a job with --no-kill starts on three nodes" R sbatch -Q -J last -w n1,n3,n4 -N3 --no-kill -o /dev/null last
  soon "its tasks run" 20 test -e "$work/alive.n1" -a -e "$work/alive.n3" -a -e "$work/alive.n4"
  holds "the power of n4 is cut" B kill n4
  refuses "killing it again is refused" 1 "is killed already" B kill n4
  refuses "no command runs in a killed node" 1 "box restart n4" R --on n4 true
  gives "status says killed" "n4 killed -" eval "B status | awk '/^n4/ {print \$1, \$2, \$3}'"
  gives "the other nodes' tasks go on" "1 1" eval 'R --on n1 pgrep -cxf "sleep 4322"; R --on n3 pgrep -cxf "sleep 4322"'
  R scancel -n last
  holds "the node comes back" B restart n4
  soon "and takes jobs" 30 R timeout 5 srun -Q -I -w n4 hostname
}

part_second_box() {
  local second=$ATOLL_BOX-b
  holds "a second box comes up beside the first, without PMIx" B up --name "$second" --nodes 2 --no-pmix --pin
  gives "its Slurm offers no PMIx plugin" 0 eval 'B run --name '"$second"' srun --mpi=list 2>&1 | grep -c pmix'
  gives "asking for it fails" 1 eval 'B run --name '"$second"' srun --mpi=pmix -N2 true >/dev/null 2>&1; echo $?'
  gives "it runs jobs" "n1 n2" B run --name "$second" srun -N2 hostname
  gives "each of its nodes stays on one processor" "$(($(nproc) > 1 ? 2 : 1))" eval \
    'B run --name '"$second"' srun -N2 grep "^Cpus_allowed_list:[^,-]*$" /proc/self/status | sort -u | wc -l'
  gives "the first box is not disturbed" "n1 n2 n3 n4" R srun -Q -N4 hostname
  holds "the second goes down, its logs are kept" B down --name "$second" --keep-logs
  local logs
  logs=$(dirname "$("$box" env | sed -n 's|.*SLURM_CONF=\(.*\)/etc/slurm.conf|\1|p')")/$second.logs
  holds "they are in its .logs folder" test -s "$logs/n1.log"
  rm -rf "$logs"
  soon "the first is still whole" 30 eval '[[ $(R sinfo -h -o "%T %D") == "idle 4" ]]'
}

part_end() {
  ("$box" run --on n1 sleep 4323 & "$box" run sleep 4324 &) 2>/dev/null
  soon "commands run in it" 10 R --on n1 pgrep -cxf 'sleep 4323'
  holds "down ends a box with commands in it" B down
  holds "nothing is left of it" B check-clean --name "$ATOLL_BOX"
  holds "down a second time is no failure" B down
  gives "the machine's links, mounts and /etc/hosts are as before" same eval '[[ $(ip -o link | cut -d: -f2 | sort) == "$links_before" && $(sort /proc/self/mounts) == "$mounts_before" && $(sum </etc/hosts) == "$hosts_before" ]] && echo same'
}

# The moments are steps of the way up, so that no clock decides: a file of the state folder that has just appeared.
part_interrupted() {
  local moment signal starter state
  state=$(ATOLL_BOX_DIR=${ATOLL_BOX_DIR-} "$box" status 2>&1 | sed -n "s/.* in \(.*\); start one.*/\1/p")/$ATOLL_BOX
  for signal in KILL INT; do
    for moment in settings pid/login munge/run/munge.socket.2 pid/n3 ready; do
      bash -c 'trap - INT; exec env --default-signal=INT "$@"' up "$box" up 2>/dev/null &
      starter=$!
      until [[ -e $state/$moment ]] || ! kill -0 $starter 2>/dev/null; do :; done
      kill -$signal $starter
      wait $starter 2>/dev/null
      [[ $signal == INT ]] || "$box" down
      holds "nothing is left when SIG$signal ends up as $moment appears" B check-clean --name "$ATOLL_BOX"
    done
  done
}

part_large() {
  local nodes
  for nodes in 16 32; do
    holds "$nodes nodes come up" B up --nodes $nodes
    gives "srun --mpi=pmix reaches all $nodes" $nodes eval 'R srun -Q --mpi=pmix -N'$nodes' hostname | sort -u | wc -l'
    holds "$nodes nodes go down" B down
    holds "nothing is left of $nodes nodes" B check-clean --name "$ATOLL_BOX"
  done
}

part_user() {
  local said
  if ((EUID != 0)); then
    skip "an ordinary user's box" "this run is an ordinary user's already"
  elif ! said=$(setpriv --reuid=nobody --regid=nogroup --clear-groups unshare -Urnm test -x "$box" 2>&1); then
    skip "an ordinary user's box" "nobody may not open a user namespace and read $here here ${said:+($said)}"
  else
    (cd / && setpriv --reuid=nobody --regid=nogroup --clear-groups env -u XDG_RUNTIME_DIR -u ATOLL_BOX_DIR HOME=/ "$here/selftest" --as-user) |
      tee "$work/user"
    passed=$((passed + $(grep -c '^ok ' "$work/user")))
    failed=$((failed + $(grep -c '^not ok ' "$work/user")))
    skipped=$((skipped + $(grep -c '^skip ' "$work/user")))
    grep -q 'ordinary user: .* ok, ' "$work/user" || not_ok "an ordinary user's run reaches its end"
  fi
}
