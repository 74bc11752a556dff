# Builds Atoll for /usr and installs it into a folder, for packages to be cut from; sourced by deb and rpm.
#
# From make: MAKE, B (the build folder), VERSION and SLURM_VERSION ("" without Slurm's headers).

packages=$(realpath -m "${B:-build}/packages")
stage=$packages/stage
# Two builds of one commit are equal, byte by byte.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2> /dev/null || stat -c %Y NEWS.md)}

fail() { echo "make $(basename "$0"): $*" >&2; exit 1; }

need() {  # PROGRAM PACKAGE
  [ -n "$(type -P "$1")" ] || fail "$1 is missing: install the Debian package $2"
}

# The libraries are where the system looks for them, so no program needs a path to one.
without_rpath() { sed -nE "/^$1 *= */{s///;s/-Wl,-rpath,? *(-Wl,)?[^ ]+//g;s/-Wl,--enable-new-dtags//g;p}" config.mk; }

# fill_stage LIBDIR PLUGIN-DIR: with a build folder of its own, since the plugin and atoll.pc have the paths in them.
fill_stage() {
  rm -rf "$stage" && mkdir -p "$stage" || return
  $MAKE --no-print-directory B="${B:-build}/packages/build" DESTDIR="$stage" prefix=/usr libdir="$1" plugin_dir="$2" \
    PMIX_LIBS="$(without_rpath PMIX_LIBS)" OMPI_LIBS="$(without_rpath OMPI_LIBS)" LDFLAGS='-Wl,-z,relro,-z,now' install || return
  strip --strip-unneeded --remove-section=.comment --remove-section=.note "$stage"/usr/bin/* || return
  strip --strip-debug --remove-section=.comment --enable-deterministic-archives "$stage$1/libatoll.a" || return
  [ ! -e "$stage$2/spank_atoll.so" ] || strip --strip-unneeded --remove-section=.comment "$stage$2/spank_atoll.so"
}

# The topmost section of NEWS.md, one "- " line a change.
news() { awk '/^## /{ if (++sections > 1) exit; next } sections && /^- /' NEWS.md; }
