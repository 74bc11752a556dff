# The keeper: the login's first process. It alone may change the box's network and start nodes once the box
# is up (an ordinary user who enters the namespaces later has no rights in them), so it takes requests.
#
# A request is one line in the pipe $state/hold; the answer is the file $state/reply: the exit code, then words.

# ask_keeper REQUEST ARG...: under the box's lock; prints the keeper's words, returns its code.
ask_keeper() {
  local code words
  login_alive || { say "the login process of box '$name' is gone; run 'box down --name $name'"; return 1; }
  rm -f "$state/reply"
  printf '%s\n' "$*" >"$state/hold"
  await 60 test -e "$state/reply" || { say "box '$name' did not answer '$*' for 60 s"; return 1; }
  { read -r code; IFS= read -r -d '' words; } <"$state/reply"
  [[ -z $words ]] || printf '%s' "$words" >&2
  return "$code"
}

keep() {
  local hold request argument code
  set +e
  mkfifo -m 600 "$state/hold"
  exec {hold}<>"$state/hold"
  : >"$state/ready"
  while :; do
    read -r -u "$hold" request argument
    # In this very shell, so that the nodes are its children and it takes in their end.
    case $request in
      spawn) spawn_nodes "${argument#n}" ;;
      link) set_link $argument ;;
      share) share_in_nodes "$argument" ;;
      *) say "the keeper knows no request '$request'"; false ;;
    esac >"$state/words" 2>&1
    code=$?
    { printf '%s\n' "$code"; cat "$state/words"; } >"$state/.reply"
    mv "$state/.reply" "$state/reply"
  done
}

# wait_forever FIFO: stays, takes in processes that lost their parent, and costs nothing.
wait_forever() {
  local hold
  mkfifo "$1"
  exec {hold}<>"$1"
  while :; do read -r -u "$hold" _; done
}
