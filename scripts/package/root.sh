# A Debian of another suite in a folder, for a command at a time; sourced by check-packages and check-release.
#
# What runs there has its own mount, process, host name and IPC namespaces, so that nothing outlives the command.
# The machine's network is its own, for apt. Root is needed.

package_folder=$(dirname "${BASH_SOURCE[0]}")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/atoll
root='' suite='' child=''

fail() { echo "$(basename "$0"): $*" >&2; exit 1; }

need_root_rights() {
  [ "$(id -u)" = 0 ] || fail "only root can make a Debian in a folder and enter it; run it as root"
  [ -x "$(type -P debootstrap /usr/sbin/debootstrap | head -n 1)" ] ||
    fail "debootstrap is missing: install the Debian package debootstrap"
  unshare --mount --pid --fork --uts --ipc true 2> /dev/null || fail "the kernel refuses namespaces to root here"
}

# archive_of LABEL DEFAULT: where this machine's apt gets the archive that calls itself so.
archive_of() {
  local found
  found=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 2> /dev/null | sed -n "s|^$1 \(http[^ ]*[^/ ]\)/*\$|\1|p" | head -n 1)
  echo "${found:-$2}"
}

write_sources() {  # SUITE MIRROR
  printf 'deb %s %s main\n' "$2" "$1" "$2" "$1-updates"
  printf 'deb %s %s-security main\n' "$(archive_of Debian-Security http://deb.debian.org/debian-security)" "$1"
}

# make_root SUITE FOLDER: a fresh minimal Debian. Its first form stays in the cache for two weeks; the folder is the caller's.
make_root() {
  local tarball=$cache/roots/$1.tar mirror
  suite=$1 root=$2
  mirror=$(archive_of Debian http://deb.debian.org/debian)
  mkdir -p "$cache/roots" "$cache/apt/$suite/partial" "$root" || return
  if [ -z "$(find "$tarball" -mtime -14 2> /dev/null)" ]; then
    echo "making a Debian $suite from $mirror"
    PATH=$PATH:/usr/sbin:/sbin patiently debootstrap --variant=minbase "$suite" "$root" "$mirror" > "$root.log" 2>&1 ||
      { tail -n 5 "$root.log" >&2; rm -f "$root.log"; return 1; }
    rm -f "$root.log"
    tar -C "$root" --numeric-owner -cf "$tarball.$$" . && mv "$tarball.$$" "$tarball" || return
  else
    tar -C "$root" --numeric-owner -xpf "$tarball" || return
  fi
  write_sources "$suite" "$mirror" > "$root/etc/apt/sources.list"
  [ -e "$root/etc/hosts" ] || echo '127.0.0.1 localhost' > "$root/etc/hosts"
  # Maintainer scripts ask it before they start a service: 101 is no.
  printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
}

# patiently COMMAND...: a signal to this script ends its wait at once.
patiently() {
  "$@" &
  child=$!
  wait "$child"
  local code=$?
  child=''
  return $code
}

# in_root COMMAND...: as root in the Debian of make_root; binds is "FROM:TO ..." besides apt's cache. Its exit code.
in_root() {
  ROOT_BINDS="$cache/apt/$suite:/var/cache/apt/archives ${binds-}" ATOLL_BOX_DIR=/run/atoll-root-$$ \
    patiently unshare --mount --pid --fork --uts --ipc --kill-child --propagation private "$package_folder/enter" "$root" "$@"
}

# use_root COMMAND...: in_root, whose lines "ok - ", "not ok - " and "skip - " are shown and kept in $scratch/said.
use_root() {
  local status shown
  # Ctrl-C reaches tee too; were it gone, the shell's next word would end it before its trap has cleaned up.
  exec {shown}> >(trap '' INT TERM HUP; exec tee -a "$scratch/said")
  local tee=$!
  in_root "$@" >&"$shown" 2>&1 {shown}>&-
  status=$?
  exec {shown}>&-
  wait "$tee"
  return $status
}

# finish STATUS: the closing line; 0 if nothing failed.
finish() {
  local count=() kind
  for kind in ok 'not ok' skip; do count+=("$(grep -c "^$kind - " "$scratch/said")"); done
  if [ "$1" != 0 ] && [ "${count[1]}" = 0 ]; then echo "not ok - $(basename "$0"): ended with status $1"; count[1]=1; fi
  echo "${count[0]} passed, ${count[1]} failed, ${count[2]} skipped"
  [ "${count[1]}" = 0 ]
}

# end_root: ends what still runs there, and removes the folder and the box's cgroups. For a trap.
end_root() {
  [ -z "$child" ] || { kill -KILL "$child" 2> /dev/null; wait "$child" 2> /dev/null; }
  find /sys/fs/cgroup/freezer -mindepth 1 -depth -path "*/atoll-box:run:atoll-root-$$:*" -type d -exec rmdir {} + 2> /dev/null
  [ -z "$root" ] || rm -rf --one-file-system "$root" "$root.log" "$cache/roots/$suite.tar.$$"
}
