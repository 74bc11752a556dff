# What the box says: one sentence for what, where and what to do; and waiting with a deadline.

say() { printf 'box: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
usage_error() { say "$*; see 'box --help'"; exit 2; }

# await SECONDS COMMAND...: true as soon as COMMAND is; false when the deadline passed.
await() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.05
  done
}

# whole_number VALUE LOW HIGH WHAT
whole_number() {
  [[ $1 =~ ^[0-9]{1,9}$ ]] && ((10#$1 >= $2 && 10#$1 <= $3)) ||
    usage_error "$4 must be a whole number from $2 to $3, not '$1'"
}

# parse_options ALLOWED ARG...: options every command shares are read here; the rest is left in `rest`.
# Sets `name`. ALLOWED lists the command's own flags without a value, separated by spaces; each sets opt_FLAG=1.
parse_options() {
  local allowed=" $1 "
  shift
  rest=()
  name=${ATOLL_BOX:-box}
  while (($#)); do
    case $1 in
      --name) (($# > 1)) || usage_error "--name wants a name"; name=$2; shift 2 ;;
      --name=*) name=${1#*=}; shift ;;
      -h | --help) box_help; exit 0 ;;
      --?*)
        [[ $allowed == *" ${1#--} "* ]] || usage_error "unknown option '$1'"
        local flag=${1#--}
        printf -v "opt_${flag//-/_}" 1
        shift
        ;;
      *) rest+=("$1"); shift ;;
    esac
  done
  valid_name "$name"
}
