# The private folders of the login and of each node. Called inside their mount namespace, where nothing
# spreads to the machine. A new folder is made ready on a stage and then moved over the old one.
# Nothing is written to the machine's mount table (-n): it lies in /run.
mount() { command mount -n "$@"; }

stage_tmpfs() {
  mount -t tmpfs -o "mode=$1" "$mark" "$stage"
}

# bind_through FOLDER TARGET: FOLDER of the machine stays visible at TARGET on the stage.
bind_through() {
  mkdir -p "$2" && mount --bind "$1" "$2"
}

mount_run_common() {
  mkdir -p "$stage/atoll" "$stage/munge" "$stage/lock"
  mount --bind "$state/munge/run" "$stage/munge"
  [[ $state != /run/* ]] || mountpoint -q "$stage${state#/run}" || bind_through "$state" "$stage${state#/run}"
}

# A node sees nothing of the machine's /run.
mount_node_run() {
  local gpu topology
  stage_tmpfs 755
  mount_run_common
  mkdir -p "$stage/slurmd" "$stage/atoll/machine-tmp"
  [[ -z ${XDG_RUNTIME_DIR-} || $XDG_RUNTIME_DIR != /run/* ]] || mkdir -p -m 700 "$stage${XDG_RUNTIME_DIR#/run}"
  mount --bind /tmp "$stage/atoll/machine-tmp"
  for ((gpu = 0; gpu < box_gpus; gpu++)); do ln -s /dev/null "$stage/atoll/gpu$gpu"; done
  if topology=$(topology_of "$1"); then
    : >"$stage/atoll/topology" && mount --bind "$topology" "$stage/atoll/topology"
  fi
  mount --move "$stage" /run
}

# The login keeps the machine's /run, entry by entry, with the box's munge folder in it.
mount_login_run() {
  local entry new
  stage_tmpfs 755
  for entry in /run/* /run/.[!.]*; do
    new=$stage/${entry##*/}
    if [[ $entry == /run/munge || $entry == /run/atoll || $entry == /run/slurmctld ]]; then continue
    elif [[ -L $entry ]]; then cp -P "$entry" "$new"
    elif [[ -d $entry ]]; then mkdir "$new" && mount --rbind "$entry" "$new"
    else : >"$new" && mount --bind "$entry" "$new"; fi
  done
  mount_run_common
  mkdir -p "$stage/slurmctld"
  mount --move "$stage" /run
}

mount_node_tmp() {
  local folder
  stage_tmpfs 1777
  while read -r folder; do
    [[ ! -d $folder ]] || bind_through "$folder" "$stage${folder#/tmp}"
  done <"$state/shared"
  mount --move "$stage" /tmp
}

# /sys shows the network of whoever mounts it; UCX reads its devices there. The cgroup mounts stay.
mount_sys() {
  mount -t sysfs sysfs "$stage" 2>/dev/null || return 0
  [[ ! -d /sys/fs/cgroup ]] || mount --rbind /sys/fs/cgroup "$stage/fs/cgroup"
  [[ $1 == login ]] || mount_freezer "$1"
  mount --move "$stage" /sys
}

# mount_common login|NODE
mount_common() {
  mount -t tmpfs -o mode=1777 "$mark" /dev/shm
  mount_sys "$1"
  mount --bind "$state/etc/hosts" /etc/hosts
  [[ ! -d /etc/slurm ]] || mount --bind "$state/etc" /etc/slurm
}

# topology_of NODE: prints the file that describes the node, if there is one.
topology_of() {
  [[ -n $box_topology ]] || return 1
  if [[ ! -d $box_topology ]]; then printf '%s' "$box_topology"
  elif [[ -f $box_topology/$1.topo ]]; then printf '%s' "$box_topology/$1.topo"
  elif [[ -f $box_topology/default.topo ]]; then printf '%s' "$box_topology/default.topo"
  else return 1; fi
}

# share_folder FOLDER: makes a folder under /tmp visible in every node, now and after a restart.
share_folder() {
  local folder=$1
  ! is_shared "$folder" || return 0
  lock_box
  is_shared "$folder" || ask_keeper share "$folder" || fail "cannot make $folder visible in the nodes of box '$name'"
  exec {lock_fd}>&-
}

is_shared() {
  local known
  while read -r known; do
    [[ $1/ != "$known"/* ]] || return 0
  done <"$state/shared"
  return 1
}

# share_in_nodes FOLDER: by the keeper.
share_in_nodes() {
  local index
  for ((index = 1; index <= box_nodes; index++)); do
    pid_of "n$index" || continue
    nsenter --target "$pid" --mount sh -c 'mkdir -p "$2" && mount -n --bind "$1" "$2"' \
      share "/run/atoll/machine-tmp${1#/tmp}" "$1" || return 1
  done
  printf '%s\n' "$1" >>"$state/shared"
}
