# box check-clean: what boxes left behind. A box that is up is no left-over, unless --name asks for it.

box_check_clean() {
  local asked='' argument left
  for argument; do [[ $argument != --name* ]] || asked=1; done
  parse_options "" "$@"
  ((${#rest[@]} == 0)) || usage_error "'box check-clean' takes no argument '${rest[0]}'"
  choose_box "$name"
  [[ -n $asked ]] || state='' mark=''
  left=$(left_processes; left_mounts; left_links; left_cgroups; left_memory; left_folders)
  [[ -n $left ]] || return 0
  printf '%s\n' "$left"
  exit 1
}

# live_box STATE: true while that box's login lives, and we were not asked for that very box.
live_box() {
  [[ $1 != "$state" ]] || return 1
  (state=$1; login_alive)
}

left_processes() {
  local file process owner
  while IFS=: read -r file owner; do
    process=${file#/proc/}
    process=${process%%/*}
    owner=${owner#atoll-box:}
    live_box "$owner" || { [[ -n $state && $owner != "$state" ]]; } ||
      printf 'process %s of %s: %s\n' "$process" "$owner" "$(tr '\0' ' ' 2>/dev/null <"/proc/$process/cmdline")"
  done < <(grep -osm1 '^atoll-box:[^ ]*' /proc/[0-9]*/mounts)
}

left_mounts() { grep -s 'atoll-box' /proc/self/mounts | sed 's/^/mount: /'; }
left_links() { ip -o link 2>/dev/null | grep -E ' (reef|to-n[0-9]+)[@:]' | sed 's/^/network link: /'; }
left_cgroups() { find /sys/fs/cgroup -maxdepth 4 -type d \( -name 'slurm*' -o -name 'atoll-box*' \) -printf 'cgroup: %p\n' 2>/dev/null; }
left_memory() { find /dev/shm -maxdepth 1 -name 'atoll-box*' -printf 'shared memory: %p\n' 2>/dev/null; }

left_folders() {
  local folder
  base_folder
  for folder in "$base"/*/; do
    folder=${folder%/}
    [[ $folder == *.logs ]] || live_box "$folder" || { [[ -n $state && $folder != "$state" ]]; } ||
      printf 'folder: %s\n' "$folder"
  done
}
