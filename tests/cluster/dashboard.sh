#!/bin/bash
# The dashboard of a cluster with described GPUs, in a real browser; from the login node too.
. "$(dirname "$0")/lib.sh"
python3 -c 'import sys; sys.path.insert(0, "tests/support"); import browser; sys.exit(browser.find_chromium() is None)' 2> /dev/null ||
  { skip dashboard "there is no Chromium or no python3 here: scripts/deps browser"; exit 0; }
ldconfig -p | grep -q 'libmicrohttpd\.so\.12' || { skip dashboard "there is no libmicrohttpd here: scripts/deps optional"; exit 0; }

topologies=$scratch/topologies
pictures=$scratch/pictures
mkdir "$topologies" "$pictures"
cp tests/topologies/dgx1-v100.topo "$topologies/n1.topo"
cp tests/topologies/hgx-h100.topo "$topologies/n2.topo"
box_up --nodes 2 --gpus 8 --topology "$topologies"
begin_job 240 --nodes=2 --gpus-per-node=8 --cpus-per-task=2 -- bash -c \
  "echo job \$SLURM_JOB_ID; exec atoll run --object-memory 64M --node-timeout 60 -- $bin/tests/cluster/dashboard $scratch/stop"
check "a program has something of everything" await 60 says '^holding' || exit
job_id=$(sed -n 's/^job //p' "$log")

# serve [--on NODE] COMMAND...: a dashboard there, in the background; its place will be in $scratch/place.
serve() {
  : > "$scratch/place"
  (exec tests/box/box run --name "$box_name" "$@" --json) > "$scratch/place" 2> "$scratch/place-errors" &
  server=$!
}
is_served() { await 20 grep -q '^{' "$scratch/place" || { cat "$scratch/place-errors"; return 1; }; }
end_server() {
  kill -TERM "$server"
  wait "$server"
  status=$? took=some
}
field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$scratch/place" "$1"; }
listens_on_loopback_only() {
  on n1 ss -Hltn "sport = :$(field port)" | awk '{ print $4 }' | grep -qx "127.0.0.1:$(field port)"
}

# What the dashboard at the login node says of the cluster, as its page would ask.
login_summary() {
  login python3 - "$(field url)" << 'END'
import http.client, re, sys, urllib.parse
place = urllib.parse.urlsplit(sys.argv[1])
def get(path, **fields):
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=20)
    connection.request("GET", path, headers=fields)
    answer = connection.getresponse()
    return answer.status, answer.getheader("Set-Cookie"), answer.read().decode()
assert get("/api/summary")[0] == 403
_, cookie, page = get("/?" + place.query)
room = re.search("url=([^\"]*)", page).group(1)
for question in ("summary", "history", "explain?id=waiting", "list?kind=actors&count=1"):
    print(*get(room + "api/" + question, Cookie=cookie.split(";")[0])[::2])
END
}
login_sees() {
  local each
  login_summary > "$scratch/seen" || return
  for each; do grep -qE -- "$each" "$scratch/seen" || { echo "nothing has $each"; cut -c1-400 "$scratch/seen"; return 1; }; done
}

serve atoll dashboard --job "$job_id" --port 8265
check "--job has it on the login node, which asks the job through srun" is_served || exit
check "where it answers in full" login_sees '^200 .*"alive":2' '^200 .*"samples"' '^200 .*pending for' '^200 .*"kind":"actors"'
check "and says how to get there" [ "$(field ssh)" = "ssh -N -L 8265:127.0.0.1:8265 $(login hostname)" ]
end_server
check "it ends there when it is told to" status_is 0
serve --on n1 env SLURM_JOB_ID="$job_id" SLURM_SUBMIT_HOST=login atoll dashboard
check "it is served on a node of the job" is_served || exit
check "and says how to get there" all_of '[[ $(field ssh) =~ ^"ssh -N -L $(field port):127.0.0.1:$(field port) -J login "n1 ]]' \
  '[[ $(field url) == "http://127.0.0.1:$(field port)/?token="* ]]'
check "it listens on the loopback only" listens_on_loopback_only
on n1 env TMPDIR="$scratch" python3 tests/cluster/dashboard.py "$(field url)" "$pictures" touch "$scratch/stop" | tee "$scratch/said"
[ "${PIPESTATUS[0]}" = 0 ] || failures=$((failures + 1))
end_server
check "it ends when it is told to" status_is 0
finish
check "the program went on undisturbed" all_of 'status_is 0' 'says "^went on: "'
check_nothing_left "the dashboard"
