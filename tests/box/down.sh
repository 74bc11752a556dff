# box down: end every process of the box; its namespaces, mounts and network go with the last of them.

box_down() {
  local opt_all='' opt_keep_logs=''
  parse_options "all keep-logs" "$@"
  ((${#rest[@]} == 0)) || usage_error "'box down' takes no argument '${rest[0]}'"
  if [[ -n $opt_all ]]; then
    base_folder
    local folder
    for folder in "$base"/*/; do
      folder=${folder%/}
      [[ $folder == *.logs ]] || take_down "${folder##*/}"
    done
  else
    take_down "$name"
  fi
}

take_down() {
  name=$1
  choose_box "$name"
  ! grep -qF "$mark " /proc/self/mounts || fail "'box down' would end itself inside box '$name'; run it outside"
  sweep_box || fail "some processes of box '$name' do not end: $(box_processes | tr '\n' ' ')"
  remove_state
}

remove_state() {
  if [[ -n ${opt_keep_logs-} && -d $state/log ]]; then
    rm -rf "$base/$name.logs"
    mv "$state/log" "$base/$name.logs"
  fi
  remove_freezer "$(freezer_of "$state")" || say "the cgroup $(freezer_of "$state") cannot be removed: a process is still in it"
  rm -rf "$state"
  rmdir "$base" 2>/dev/null
  return 0
}
