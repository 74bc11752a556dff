# Where root has a freezer cgroup, Slurm tracks a step's processes with it, as real sites do, so that scancel ends
# detached ones too. Each node sees a folder of its own as the whole freezer. Elsewhere: proctrack/linuxproc.

freezer=/sys/fs/cgroup/freezer

# freezer_of STATE: prints the box's folder, named after its state folder.
freezer_of() { printf '%s/atoll-box%s' "$freezer" "${1//\//:}"; }

can_freeze() { ((EUID == 0 && !box_userns)) && grep -qs " $freezer cgroup rw" /proc/self/mounts && [[ -w $freezer ]]; }

# mount_freezer NODE: in the node, with the new /sys on the stage.
mount_freezer() {
  ((box_cgroup)) || return 0
  local own
  own=$(freezer_of "$state")/$1
  remove_freezer "$own"
  mkdir -p "$own"
  mount --bind "$own" "$stage/fs/cgroup/freezer"
}

# thaw: a frozen process (Slurm freezes a step for a moment to signal it) does not even die.
thaw() {
  local own
  own=$(freezer_of "$state")
  [[ ! -d $own ]] || find "$own" -name freezer.state -exec sh -c 'for f; do echo THAWED >"$f"; done' thaw {} + 2>/dev/null
}

# remove_freezer FOLDER: and all below; its processes have ended, though the kernel may need a moment.
remove_freezer() { [[ ! -d $1 ]] || await 10 remove_freezer_once "$1"; }
remove_freezer_once() {
  find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
  [[ ! -d $1 ]]
}
