#!/bin/bash
# What head and daemons tell Prometheus, who may read it, and that bad readers harm nobody.
. "$(dirname "$0")/lib.sh"

folder=  # of the session, on each node

# port_of NODE PROCESS: of "head", or of the daemon with that rank.
port_of() { on "$1" sed -n 's/^ *"127.*:\([0-9]*\)"$/\1/p' "$folder/metrics-$2.json"; }
# ask_as TOKEN NODE PROCESS [CURL-OPTION...]: its page; no TOKEN: without saying one.
ask_as() {
  local said=(-H "Authorization:${1:+ Bearer $1}") node=$2 process=$3
  shift 3
  on "$node" curl --silent --show-error --max-time 20 "${said[@]}" "$@" "http://127.0.0.1:$(port_of "$node" "$process")/metrics"
}
ask() { ask_as "$(on "$1" cat "$folder/metrics.token")" "$@"; }
page() { ask "$@" > "$scratch/page" 2> "$scratch/errors" && [ -s "$scratch/page" ] || { cat "$scratch/errors"; return 1; }; }
has() { grep -qE -- "$1" "$scratch/page" || { echo "no line matches: $1"; grep -v '^#' "$scratch/page" | tail -n 40; return 1; }; }
page_has() { page "$1" "$2" && all_of "${@:3}"; }
status='--output /dev/null --write-out %{http_code}'  # curl's options for it
passes_promtool() {
  page "$1" "$2" || return
  promtool check metrics < "$scratch/page"
}
# The sum over all pages: nobody else counts what is owned.
sum_of() {
  { ask n1 head; ask n1 0; ask n2 1; } | awk -v name="$1" '$1 == name { sum += $2 } END { print sum + 0 }'
}
mode_is() { [ "$(on "$1" stat -c %a "$folder/$2")" = "$3" ]; }
end_busy() { touch "$scratch/stop"; finish; }

begin_busy() {  # OPTION...
  rm -f "$scratch/stop"
  begin_job 150 --nodes=2 --cpus-per-task=2 -- bash -c "echo job \$SLURM_JOB_ID; exec atoll run --name tide --object-memory 64M --node-timeout 60 $* -- $bin/tests/cluster/busy $scratch/stop"
  await 20 says '^job ' && folder=/tmp/atoll-$(id -u)/$(sed -n 's/^job //p' "$log")-tide
}
is_busy() { await 60 says '^busy on 2 nodes, 4 failed, weight 1.5'; }

box_up --nodes 2
begin_busy --metrics 127.0.0.1:0
check "a program keeps a cluster with metrics busy" is_busy || exit
check "the log says where they are" await 10 says 'metrics of the head: http://127\.0\.0\.1:[0-9]+/metrics, with the token in '
check "the head knows nodes, drivers, actors and restarts" await 10 page_has n1 head 'has "^atoll_ready 1$"' \
  'has "^atoll_nodes\{state=\"alive\"\} 2$"' 'has "^atoll_drivers 1$"' 'has "^atoll_actors\{state=\"alive\"\} 1$"' 'has "^atoll_actor_restarts_total 1$"'
check "the head has the driver's tasks and calls" page_has n1 head 'has "^atoll_tasks_finished_total 2[0-9]$"' 'has "^atoll_tasks_failed_total 3$"' \
  'has "^atoll_tasks_submitted_total 53$"' 'has "^atoll_calls_failed_total 1$"' 'has "^atoll_calls\{state=\"sent\"\} 1$"' 'has "^atoll_owners_silent 0$"'
check "a daemon knows its workers, leases and how long they took" page_has n2 1 'has "^atoll_node_actors 1$"' 'has "^atoll_worker_failures_total 1$"' \
  'has "^atoll_workers\{state=\"working\"\} [1-9]"' 'has "^atoll_cpus\{state=\"held\"\} 2$"' 'has "^atoll_build_info\{.*process=\"daemon\",cluster=\"tide\",node=\"n2\"\} 1$"'
check "a daemon knows objects and transfers" page_has n2 1 'has "^atoll_object_memory_limit_bytes 67108864$"' \
  'has "^atoll_transfer_received_bytes_total 8[0-9]{6}$"' 'has "^atoll_transfers_received_total 1$"' 'has "^atoll_node_memory_used_bytes [1-9]"'
check "the other has sent them, and granted leases" page_has n1 0 'has "^atoll_transfer_sent_bytes_total 8[0-9]{6}$"' 'has "^atoll_lease_latency_seconds_count [1-9]"' \
  'has "^atoll_messages_total\{peer=\"driver\",direction=\"in\"\} [1-9]"'
check "what is owned is counted once in all" eval '[ "$(sum_of atoll_tasks_submitted_total)" = 53 ]'
if type -P promtool > /dev/null; then
  for process in 'n1 head' 'n1 0' 'n2 1'; do
    # shellcheck disable=SC2086
    check "promtool finds nothing wrong with the page of $process" passes_promtool $process
  done
  printf 'scrape_configs:\n- job_name: atoll\n  authorization:\n    credentials_file: %s\n  file_sd_configs:\n  - files: [%s]\n' \
    "$folder/metrics.token" "$folder/metrics-*.json" > "$scratch/prometheus.yml"
  check "promtool accepts what atoll-metrics(7) tells Prometheus" on n1 promtool check config "$scratch/prometheus.yml"
else
  skip "metrics: promtool" "it is not installed here (Debian: prometheus)"
fi
check "the token is for the user alone" all_of 'mode_is n1 metrics.token 600' 'mode_is n2 metrics.token 600' 'mode_is n2 metrics-1.json 600'
check "without it, or with another, nothing is told" all_of '[ "$(ask_as "" n1 head $status)" = 401 ]' \
  '[ "$(ask_as 0000 n2 1 $status)" = 401 ]'
check "there is GET /metrics and nothing else" all_of '[ "$(ask n1 head $status -X POST)" = 405 ]' '[ "$(ask n1 head $status --request-target /secret)" = 404 ]'
port=$(port_of n1 0)
check "it listens on loopback alone" eval '[ "$(on n1 ss -Hltn | awk -v end=":$port" "substr(\$4, length(\$4) - length(end) + 1) == end { print \$4 }")" = "127.0.0.1:$port" ]'

# Readers that say nothing, or nonsense, or far too much, more of them than there is room for.
rm -f "$scratch/leave"
on n1 bash -c 'for i in $(seq 20); do exec {fd}<> "/dev/tcp/127.0.0.1/$0"; done
  for i in $(seq 20); do exec {fd}<> "/dev/tcp/127.0.0.1/$0"; head -c 100000 /dev/urandom >&$fd; done 2> /dev/null
  touch "$1/crowded"
  until [ -e "$1/leave" ] || ((SECONDS > 60)); do sleep 0.1; done' "$port" "$scratch" > /dev/null 2>&1 &
strangers=$!
await 30 test -e "$scratch/crowded"
check "readers that say nothing or nonsense are let go of in time" await 25 page_has n1 0 'has "^atoll_uptime_seconds"'
touch "$scratch/leave"
wait "$strangers"
check "and the cluster goes on" page_has n1 head 'has "^atoll_nodes\{state=\"alive\"\} 2$"'
end_busy
check "the program ends well" all_of 'status_is 0' 'says "^went on: 1"'
check_nothing_left "metrics on loopback"

begin_busy --metrics unix
check "a program keeps a cluster with sockets busy" is_busy || exit
for process in 'n1 head' 'n1 0' 'n2 1'; do
  # shellcheck disable=SC2086
  set -- $process
  check "$2 on $1 answers at its socket, without a token" await 10 eval "on $1 curl --silent --max-time 20 --unix-socket $folder/metrics-$2 http://localhost/metrics | grep -q '^atoll_build_info{'"
  check "which is for the user alone" mode_is "$1" "metrics-$2" 600
done
check "no port is open for it" all_of '! on n2 test -e "$folder/metrics-1.json"' '! says "has no metrics"'
end_busy
check "and it ends well" all_of 'status_is 0' 'says "^went on: 1"'
check_nothing_left "metrics at sockets"

job 60 --nodes=1 -- atoll run --metrics 0.0.0.0:9400 -- true
check "an address that others reach is refused" all_of 'status_is 2' 'says "0\.0\.0\.0 is no loopback address"'
