#!/bin/bash
# What people see of a cluster: atoll list of every kind, in tables and JSON, and atoll explain of what is stuck.
. "$(dirname "$0")/lib.sh"

# The command's output goes to $scratch/seen. On n1, inside of the job.
sees() { on n1 env SLURM_JOB_ID="$job_id" atoll "$@" > "$scratch/seen" 2> "$scratch/seen-errors"; }
shows() { grep -qE -- "$1" "$scratch/seen" || { echo "no line matches: $1"; cat "$scratch/seen" "$scratch/seen-errors"; return 1; }; }
lists() { sees list "${@:2}" && shows "$1"; }
# The first id of a kind that the filters leave.
id_of() { on n1 env SLURM_JOB_ID="$job_id" atoll list "$@" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["rows"][0]["id"])'; }
explains() { sees explain "$1" && all_of "${@:2}"; }

# The keys of a kind in the man page, as --json should have them.
documented() {
  awk -v kind="$1" '/^\.S[SH]/ { on = $2 == kind && $1 == ".SS" } on && tagged && /^\.B/ { sub(/^\.BR? /, ""); gsub(/[", ]+/, "\n"); print }
    { tagged = $0 == ".TP" }' \
    man/atoll-list.1 | grep -xE '[a-z_]+' | sort -u
}
has_documented_keys() {
  sees list "$1" --json || { cat "$scratch/seen-errors"; return 1; }
  diff <(documented "$1") <(python3 -c 'import json, sys; print("\n".join(sorted(json.load(sys.stdin)["rows"][0])))' < "$scratch/seen")
}

# All keys of a command's --json, an object or one a line, are words of its manual page, or of that of atoll list, whose rows
# explain has; what a site or a program calls its custom resources is theirs.
says_documented_keys() {
  local pages=("man/atoll-$1.1")
  [ "$1" != explain ] || pages+=(man/atoll-list.1)
  sees "$@" --json || { cat "$scratch/seen-errors"; return 1; }
  python3 - "$scratch/seen" "${pages[@]}" << 'END'
import json, re, sys

def keys(value):
    if isinstance(value, dict):
        return set(value).union(*(keys(inner) for key, inner in value.items() if key != "custom"))
    return set().union(*map(keys, value)) if isinstance(value, list) else set()

text, *pages = (open(name).read() for name in sys.argv[1:])
try:
    found = keys(json.loads(text))
except ValueError:
    found = keys([json.loads(line) for line in text.splitlines()])
missing = sorted(key for key in found if not any(re.search(r"\b%s\b" % re.escape(key), page) for page in pages))
print("found %s; not in %s: %s" % (sorted(found), sys.argv[2:], missing))
sys.exit(not found or bool(missing))
END
}

box_up --nodes 2
rm -f "$scratch/stop"
begin_job 150 --nodes=2 --cpus-per-task=2 -- bash -c \
  "echo job \$SLURM_JOB_ID; exec atoll run --resources slot=1 --object-memory 64M --node-timeout 60 -- $bin/tests/cluster/sight $scratch/stop"
check "a program gets stuck in every way" await 60 says '^holding' || exit
job_id=$(sed -n 's/^job //p' "$log")

for kind in nodes workers actors tasks objects groups jobs requests refs; do
  check "atoll list $kind --json has the keys of the man page" await 5 has_documented_keys "$kind"
done
for words in status top "logs -n 1" "logs --list" "explain waiting" doctor; do
  # shellcheck disable=SC2086
  check "atoll $words --json has only keys of the man page" says_documented_keys $words
done
check "nodes are listed" all_of 'lists "^n1 +alive" nodes' 'shows "^n2 +alive"'
check "filters, columns and order are as asked for" all_of 'lists "^waiting +pending$" actors --filter state=pending --columns name,state' \
  '[ "$(wc -l < "$scratch/seen")" = 2 ]' 'lists "^name" actors --sort=-name --columns name' '[ "$(sed -n 2p "$scratch/seen")" = waiting ]'
check "what is more than the limit is counted" all_of 'lists "^1 of [0-9]+ tasks; --limit" tasks --limit 1'
check "a table is not wider than 80 columns" all_of 'sees list actors' '! grep -E ".{81}" "$scratch/seen"'
check "an empty list says so" lists '^no workers$' workers --filter pid=1
check "bad questions are wrong usage" all_of 'sees list fish; [ $? = 2 ]' 'sees list nodes --filter colour=red; [ $? = 2 ]' \
  'sees list nodes --filter node=n9; [ $? = 2 ]' 'sees explain abcdef-99; [ $? = 1 ]'

check "explain: a node" explains n2 'shows "^node n2 has been alive for .* of 2 cpu"'
check "explain: an actor that waits for room, in counts" explains waiting \
  'shows "^actor Holder .waiting. .* has been pending for .*: needs 1 slot on one node; 2 nodes are busy and have no slot free"' 'shows "^next: "'
check "explain: an actor that died, of what and when" explains fragile 'shows "^actor Holder .fragile. .* died .* ago: .*exited with status 3"'
check "explain: groups that wait and that can never be" all_of 'explains busy "shows \"is pending: 0 of 1 bundles\"" "shows slot"' \
  'explains never "shows \"is infeasible\"" "shows \"1000 cpu\""'
check "explain: an object that its owner dropped and an actor holds" all_of \
  'explains "$(id_of objects --filter state=dropped)" "shows \"has dropped it\"" "shows \"is held by worker [0-9]+ on n[12] \(actor Keeper\) once\""'
check "explain: an object that its owner refers to" explains "$(id_of objects --filter state!=dropped)" \
  'shows "^driver [0-9]+ on n1 has a Ref to it"'
check "explain: a task that waits for another" explains "$(id_of tasks --filter function=follow)" 'shows "waits for 1 argument: "'
check "explain: a task without room, in counts" explains "$(id_of tasks --filter function=stay --filter state=queued)" \
  'shows "waits for a worker: "' 'shows "^no node has room: needs 1 cpu"'
check "explain: a task that runs" explains "$(id_of tasks --filter state=running)" 'shows "is running on node n[12], in worker [0-9]+ on n[12]"'
check "explain: a task that failed" explains "$(id_of tasks --filter state=failed --filter why~reef)" 'shows "failed .* ago on node n[12]: .*a reef in the way"'
check "explain: a driver that waits" explains "$(id_of jobs)" 'shows "submitted and has not ended: .*queued.* running"'
check "explain: a worker" explains "$(id_of workers --filter work~Keeper)" 'shows "is working: actor Keeper"'
check "explain --json has the sentences and the row" all_of 'sees explain waiting --json' \
  'python3 -c "import json, sys; f = json.load(open(sys.argv[1]))[\"found\"][0]; assert f[\"kind\"] == \"actors\" and f[\"text\"] and f[\"row\"][\"state\"] == \"pending\"" "$scratch/seen"'

login_sees() { login atoll "$@" --job "$job_id" > "$scratch/seen" 2> "$scratch/seen-errors"; }
check "--job asks from the login node" all_of 'login_sees list nodes' 'shows "^n2 +alive"' 'login_sees status' 'shows "2 of 2 nodes alive"' \
  'login_sees explain waiting' 'shows "^actor Holder"' 'login_sees list fish; [ $? = 2 ]'

on n2 kill -STOP "$(on n2 pgrep -o -x atolld)"
check "a daemon that does not answer is named, and the rest is shown" all_of 'lists "^[0-9a-f]+ +n1" workers --columns id,node' \
  'grep -q "the daemon of node n2 does not answer" "$scratch/seen-errors"'
on n2 kill -CONT "$(on n2 pgrep -o -x atolld)"

on n2 kill -KILL "$(on n2 pgrep -o -x atolld)"
check "a node that died is dead" await 20 lists '^n2 +dead' nodes
check "explain: a node that died, of what" explains n2 'shows "^node n2 died .* ago"'
check "explain: an object that its node had" explains "$(id_of refs --filter 'bytes>1MiB' --filter 'bytes<3MiB')" \
  'shows "was in the object memory of node n2, which is dead"'
check "explain: an object whose owner died" explains "$(id_of refs --filter state=failed --filter why~owner)" 'shows "is an error: the owner of the object.* is gone"'
touch "$scratch/stop"
finish
check "and the program goes on when it may" all_of 'status_is 0' 'says "^went on: 2"'
job 60 --nodes=2 -- atoll run -- "$bin/examples/hello"
check "the next cluster runs, and tidies up after the node that died" status_is 0
check_nothing_left "the program"
