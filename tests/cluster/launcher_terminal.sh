#!/bin/bash
# `atoll run` typed at a shell's prompt: who has the terminal, Ctrl-C, Ctrl-Z. A player is the daemon: no Slurm, no box.
. "$(dirname "$0")/lib.sh"

if ! type -P python3 > /dev/null; then
  skip launcher_terminal "there is no python3 to hold the other end of a terminal"
  exit 0
fi
cp "$bin/tests/cluster/fake_atolld" "$scratch/atolld"
mkdir -p "$scratch/tmp"
unset SLURM_JOB_ID
ATOLL_DAEMON=$scratch/atolld TMPDIR=$scratch/tmp timeout 120 python3 - "$bin/atoll" << 'PYTHON' || failures=1
import os, pty, select, sys, time

RUN = sys.argv[1] + " run --quiet --local -- "
pid, terminal = pty.fork()
if pid == 0:
    os.environ["PS1"] = "$ "
    os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
seen, bad = b"", 0

def hear(words, limit=10):
    """Reads until the words come; what came is then forgotten."""
    global seen
    end = time.monotonic() + limit
    while words.encode() not in seen and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 4096)
    heard, last = words.encode() in seen, seen
    seen = b""
    return heard or print("  | awaited %r, had %r" % (words, last)) or False

def type(keys):
    os.write(terminal, keys.encode())

def check(sentence, *steps):
    global bad
    for keys, answer in steps:
        type(keys)
        if not hear(answer):
            bad = 1
            return print("not ok - " + sentence, flush=True)
    print("ok - " + sentence, flush=True)

# --noediting: the line editor redraws a line that fills the terminal, so that what it echoes would depend on the length
# of our path.
#
# Each says so when it has begun: what is typed before that would still be the shell's. The echo of the command says
# "beg""un", which is not it.
CAT = "bash -c 'echo beg\"\"un; exec cat'\n"
LOOP = "bash -c 'trap \"echo heard\" INT; echo beg\"\"un; while :; do sleep 0.1; done'\n"
LAZY = "bash -c 'echo beg\"\"un; sleep 2; echo do\"\"ne'\n"
SLEEP = "bash -c 'echo beg\"\"un; exec sleep 25'\n"

hear("$ ")
check("a program that reads the terminal gets it", (RUN + CAT, "begun"), ("one\n", "one\r\none"))
check("Ctrl-Z stops both for the shell", ("\x1a", "Stopped"), ("jobs\n", "Stopped"))
check("and fg continues both", ("fg\n", "cat'\r\n"), ("two\n", "two\r\ntwo"))
check("the program's end is ours", ("\x04", "$ "), ("echo code $?\n", "code 0"))
check("Ctrl-C is the program's, twice is the end", (RUN + LOOP, "begun"), ("\x03", "heard\r"), ("\x03", "$ "),
      ("echo code $?\n", "code 137"))
check("Ctrl-Z stops a program that never asked for the terminal",
      (RUN + LAZY, "begun"), ("\x1a", "Stopped"),
      ("bg\n", "done"), ("wait; echo all ended\n", "all ended\r"))
check("a shell of its own has job control", (RUN + "bash --norc --noprofile --noediting -i\n", "-i\r\n"),
      ("", "$ "), ("echo inner$((1+1))\n", "inner2"), (SLEEP, "begun"), ("\x03", "$ "), ("echo code $?\n", "code 130"),
      ("exit 4\n", "$ "), ("echo code $?\n", "code 4"))
type("exit\n")
sys.exit(bad)
PYTHON
check "nothing is left" eval '! pgrep -f "^$scratch/atolld" && [ -z "$(ls -A "$scratch/tmp")" ]'
exit $((failures > 0))
