#!/bin/bash
# atoll top in a terminal: the busy node on top, at any size, and a terminal that is as before.
. "$(dirname "$0")/lib.sh"

if ! type -P tmux > /dev/null; then
  skip top "there is no tmux to be the terminal"
  exit 0
fi

terminal_at=(on n1)
screen() { "${terminal_at[@]}" env TMUX_TMPDIR="$scratch" tmux -L top -f /dev/null "$@"; }
keys() { screen send-keys -t top "$@"; }
seen() { screen capture-pane -p -t top > "$scratch/seen" && [ -s "$scratch/seen" ]; }
shows() { seen && grep -qE -- "$1" "$scratch/seen"; }
awaits() { await 20 shows "$1" || { echo "no line matches: $1"; cat "$scratch/seen"; return 1; }; }
# The first node that the table has.
busiest() { seen && awk '/^NODE/ { getline; print $1; exit }' "$scratch/seen"; }
fits() { seen && [ "$(awk '{ if (length($0) > most) most = length($0) } END { print most + 0 }' "$scratch/seen")" -le "$1" ]; }
is_one_frame() { seen && [ "$(grep -c QUEUE "$scratch/seen")" = 1 ] && [ "$(grep -c 'WORK$' "$scratch/seen")" = 1 ]; }
sees() { on n1 env SLURM_JOB_ID="$job_id" atoll top "$@" > "$scratch/printed" 2> "$scratch/errors"; }
prints() { grep -qE -- "$1" "$scratch/printed" || { echo "no line matches: $1"; cat "$scratch/printed" "$scratch/errors"; return 1; }; }

# WHOSE: q gives the shell its terminal back, as it was when tty-before was written.
leaves() {
  keys q
  check "q leaves" await 20 eval 'seen && tail -n 30 "$scratch/seen" | grep "^shell>" | tail -n 1 | grep -q "^shell> *$"'
  keys "stty -g | cksum | cmp - $scratch/tty-before && echo as be''fore" Enter
  check "and the terminal$1 is as before" awaits '^as before'
}

box_up --nodes 2
rm -f "$scratch/stop"
begin_job 150 --nodes=2 --cpus-per-task=2 -- bash -c \
  "echo job \$SLURM_JOB_ID; exec atoll run --object-memory 64M --node-timeout 60 -- $bin/tests/cluster/busy $scratch/stop"
check "a program keeps n2 busy" await 60 says '^busy on 2 nodes' || exit
job_id=$(sed -n 's/^job //p' "$log")

check "--once prints a frame, the busy actor first" all_of 'sees --once' 'prints "^[a-z0-9]+: 2 of 2 nodes, CPU"' \
  '[ "$(awk "/^PROCESS/ { getline; print \$2 }" "$scratch/printed")" = n2 ]' 'prints "actor Mill mill"'
check "--json says that it uses a CPU" all_of 'sees --json' \
  'python3 -c "import json, sys; top = json.load(open(sys.argv[1])); mill = max(top[\"processes\"], key=lambda p: p[\"cpu_used\"]); assert mill[\"work\"] == \"actor Mill mill\" and mill[\"cpu_used\"] > 0.2, mill; assert len(top[\"nodes\"]) == 2" "$scratch/printed"'
check "without a terminal it wants --once" all_of 'sees; [ $? = 2 ]' 'grep -q "say --once or --json" "$scratch/errors"'
check "--job asks from the login node" all_of 'login atoll top --once --job "$job_id" > "$scratch/printed" 2> "$scratch/errors"' 'prints "actor Mill mill"'

screen new-session -d -s top -x 80 -y 24 "env SLURM_JOB_ID=$job_id PATH=$PATH PS1='shell> ' bash --norc --noprofile -i"
awaits '^shell>' > /dev/null
keys "echo before; stty -g | cksum > $scratch/tty-before; atoll top --interval 0.3" Enter
check "it opens and shows the busy actor" awaits ' n2 .*actor Mill mill'
check "the busy node is the first" await 20 eval '[ "$(busiest)" = n2 ]'
check "the frame has 80 columns and a line with the keys" all_of 'fits 80' 'is_one_frame' 'shows "q quit"'
screen resize-window -t top -x 40 -y 10
check "at 40x10 there is one frame, cut to what matters" all_of 'await 20 fits 40' 'awaits "Mill|actor"' 'is_one_frame' '[ "$(wc -l < "$scratch/seen")" -le 10 ]'
screen resize-window -t top -x 120 -y 40
check "and at 120x40 all of it again" all_of 'awaits "QUEUE"' 'awaits "OBJECTS"' 'is_one_frame'
screen resize-window -t top -x 80 -y 24
keys h
check "h is for help" awaits 'only what has a word'
keys h
keys /
keys -l leased
check "/ asks for a word" awaits 'only: leased_'
keys Enter
check "and leaves what has it" all_of 'awaits "only leased"' 'await 20 eval "! shows \"Mill\""'
keys Escape
check "Escape shows all" awaits 'Mill'
keys s
check "s orders by memory" awaits 'by memory'
keys C-z
check "Ctrl-Z gives the shell its terminal" awaits 'Stopped'
keys fg Enter
check "and fg goes on" awaits 'by memory'
leaves ""
keys 'atoll top --interval 0.3' Enter
awaits 'q quit' > /dev/null
on n1 pkill -TERM -x -f 'atoll top --interval 0.3'
check "so is it after SIGTERM" all_of 'await 20 eval "! on n1 pgrep -x -f \"atoll top --interval 0.3\" > /dev/null"' \
  'keys "clear; stty -g | cksum | cmp - $scratch/tty-before && echo still as be'"''"'fore" Enter' 'awaits "^still as before"'
keys 'exit' Enter
await 10 eval '! screen has-session -t top 2> /dev/null'

terminal_at=(login)
screen new-session -d -s top -x 80 -y 24 "env PATH=$PATH PS1='shell> ' bash --norc --noprofile -i"
awaits '^shell>' > /dev/null
keys "stty -g | cksum > $scratch/tty-before; atoll top --interval 0.3 --job $job_id" Enter
check "--job opens it on the login node's terminal" awaits ' n2 .*actor Mill mill'
check "which it fits" all_of 'fits 80' 'is_one_frame' 'shows "q quit"'
screen resize-window -t top -x 40 -y 10
check "also when that changes its size" all_of 'await 20 fits 40' 'awaits "Mill|actor"' 'is_one_frame'
screen resize-window -t top -x 80 -y 24
keys s
check "keys go there" awaits 'by memory'
leaves " of the login node"
keys 'exit' Enter
await 10 eval '! screen has-session -t top 2> /dev/null'
touch "$scratch/stop"
finish
check "the program ends well" all_of 'status_is 0' 'says "^went on: 1"'
check_nothing_left "top"
