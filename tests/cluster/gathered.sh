#!/bin/bash
# What people see of 16 nodes, more than a tool asks itself: daemons gather the answers of others, and one that stands still hides nobody.
. "$(dirname "$0")/lib.sh"

# On n1, inside of the job. How long it took, in seconds, is in a file: check() calls it in a shell of its own.
sees() {
  local began=$EPOCHREALTIME status
  on n1 env SLURM_JOB_ID="$job_id" atoll "$@" > "$scratch/seen" 2> "$scratch/seen-errors"
  status=$?
  awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }' > "$scratch/looked"
  return $status
}
say_how_long() { ok "and that took $(cat "$scratch/looked") s"; }
shows() { grep -qE -- "$1" "$scratch/seen" || { echo "no line matches: $1"; cat "$scratch/seen" "$scratch/seen-errors"; return 1; }; }
# What was seen, as JSON, is as the Python expression says: rows is its rows, seen all of it.
holds() {
  python3 - "$scratch/seen" "$1" << 'END' || { cat "$scratch/seen" "$scratch/seen-errors"; return 1; }
import json, sys
seen = json.load(open(sys.argv[1]))
rows, warnings = seen["rows"], seen["warnings"]
nodes = sorted({row["node"] for row in rows if row.get("node")}, key=lambda name: int(name[1:]))
everywhere = ["n%d" % i for i in range(1, 17)]
def all_but(name): return [each for each in everywhere if each != name]
def silent(name): return ["the daemon of node %s does not answer: what it knows is missing" % name]
sys.exit(0 if eval(sys.argv[2]) else "not so: " + sys.argv[2])
END
}
lists() { sees list "$1" --json "${@:3}" && holds "$2"; }
daemon_of() { on "$1" pgrep -o -x atolld; }

box_up --nodes 16
rm -f "$scratch/stop"
begin_job 170 --nodes=16 --cpus-per-task=2 -- bash -c \
  "echo job \$SLURM_JOB_ID; exec atoll run --object-memory 16M --node-timeout 100 -- $bin/tests/cluster/gathered $scratch/stop"
check "on each of 16 nodes an actor keeps an object and owns a task" await 90 says '^holding' || exit
job_id=$(sed -n 's/^job //p' "$log")

check "workers of 16 nodes are listed" await 20 lists workers 'len(rows) == seen["total"] >= 32 and nodes == everywhere and not warnings'
say_how_long
check "in order of the nodes, where no other is asked for" holds \
  '[int(row["node"][1:]) for row in rows] == sorted(int(row["node"][1:]) for row in rows)'
check "the first by a key are the first of all nodes" lists workers \
  'len(rows) == 5 and seen["total"] >= 32 and [row["pid"] for row in rows] == sorted((row["pid"] for row in rows), reverse=True)' --sort=-pid --limit 5
largest=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["rows"][0]["pid"])' "$scratch/seen")
check "and none that is larger is left out" lists workers 'not rows' --filter "pid>$largest"
check "objects in the memory of 16 nodes are listed" lists objects 'len(rows) == 16 and nodes == everywhere and not warnings'
check "tasks of 16 workers that own them are listed" await 20 lists tasks \
  'len(rows) == 16 and len({row["owner"] for row in rows}) == 16 and not warnings' --filter function=stay --filter state=running
say_how_long
check "refs, as owners know them, are listed" lists refs 'len(rows) >= 32 and not warnings'

task=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["rows"][-1]["id"])' <(on n1 env SLURM_JOB_ID="$job_id" atoll list tasks --json --filter function=stay))
check "explain: a task that a worker owns" all_of 'sees explain "$task"' 'shows "^task stay .* is running on node n[0-9]+, in worker [0-9]+ on n[0-9]+"' \
  '[ ! -s "$scratch/seen-errors" ]'
say_how_long
object=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["rows"][-1]["id"])' <(on n1 env SLURM_JOB_ID="$job_id" atoll list objects --json))
check "explain: an object that a worker on another node owns" all_of 'sees explain "$object"' \
  'shows "^its owner is worker [0-9]+ on n16 \(actor Keeper"' 'shows "^worker [0-9]+ on n16 .*has a Ref to it"' '[ ! -s "$scratch/seen-errors" ]'
worker=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["rows"][-1]["owner"])' <(on n1 env SLURM_JOB_ID="$job_id" atoll list objects --json))
check "explain: a worker" all_of 'sees explain "$worker"' 'shows "on node n16, is working: actor Keeper"'

# n5 gathers for n6, n7 and n8.
for node in n5 n7; do
  daemon=$(daemon_of $node)
  on $node kill -STOP "$daemon"
  for kind in workers objects; do
    check "a daemon that stands still is named alone, $node, and hides no $kind" lists $kind "nodes == all_but('$node') and warnings == silent('$node')"
    say_how_long
  done
  check "nor tasks of others" lists tasks "len(rows) == 15 and warnings == silent('$node')" --filter function=stay
  on $node kill -CONT "$daemon"
  check "and it is seen again" await 10 lists workers 'nodes == everywhere and not warnings'
done

touch "$scratch/stop"
finish
check "the program goes on when it may" all_of 'status_is 0' 'says "^ended: 16"'
check_nothing_left "the program"
