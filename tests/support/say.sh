# What test scripts without a box share: one line a sentence, "ok - ", "not ok - " or "skip - ", as tests/check counts them.

failures=0
ok() { echo "ok - $*"; }
skip() { echo "skip - $1: $2"; }
not_ok() { failures=$((failures + 1)); echo "not ok - $*"; }

# check SENTENCE COMMAND...: ok if the command succeeds; otherwise shows what it wrote.
check() {
  local sentence=$1 said
  shift
  if said=$("$@" 2>&1); then ok "$sentence"; return; fi
  not_ok "$sentence"
  { printf '%s\n' "$*: failed"; printf '%s\n' "$said" | tail -n 40; } | sed 's/^/  | /'
  return 1
}
