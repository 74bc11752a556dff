# box check-clean: what boxes left behind. A box that is up is no left-over, unless --name asks for that one.

box_check_clean() {
  local asked='' argument left
  for argument; do [[ $argument != --name* ]] || asked=1; done
  parse_options "" "$@"
  ((${#rest[@]} == 0)) || usage_error "'box check-clean' takes no argument '${rest[0]}'"
  choose_box "$name"
  [[ -z $asked ]] || asked=$state
  left=$(left_processes; left_mounts; left_links; left_cgroups; left_memory; left_folders)
  [[ -n $left ]] || return 0
  printf '%s\n' "$left"
  exit 1
}

# left_over STATE: whether what belongs to the box of that folder counts.
left_over() {
  if [[ -n $asked ]]; then [[ $1 == "$asked" ]]; else ! alive_at "$1"; fi
}
alive_at() {
  local state=$1
  login_alive
}

left_processes() {
  local file process owner
  while IFS=: read -r file owner; do
    process=${file#/proc/}
    process=${process%%/*}
    owner=${owner#atoll-box:}
    ! left_over "$owner" ||
      printf 'process %s of %s: %s\n' "$process" "$owner" "$(tr '\0' ' ' 2>/dev/null <"/proc/$process/cmdline")"
  done < <(grep -osm1 '^atoll-box:[^ ]*' /proc/[0-9]*/mounts)
}

left_cgroups() {
  local folder owner
  for folder in "$freezer"/atoll-box*; do
    owner=${folder##*/atoll-box}
    ! left_over "${owner//:/\/}" || printf 'cgroup: %s\n' "$folder"
  done
}

left_folders() {
  local folder
  for folder in "$base"/*/; do
    folder=${folder%/}
    [[ $folder == *.logs ]] || ! left_over "$folder" || printf 'folder: %s\n' "$folder"
  done
}

# Nothing of a box is ever in the machine's own mounts, network or shared memory; this would tell if it were.
left_mounts() { inside_a_box || sed -n '/atoll-box/s/^/mount: /p' /proc/self/mounts; }
left_links() { inside_a_box || ip -o link 2>/dev/null | sed -nE '/ (reef|to-n[0-9]+)[@:]/s/^/network link: /p'; }
left_memory() { find /dev/shm -maxdepth 1 -name 'atoll-box*' -printf 'shared memory: %p\n' 2>/dev/null; }
inside_a_box() { grep -q '^atoll-box:' /proc/self/mounts; }
