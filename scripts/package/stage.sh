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

# library FLAG [FOLDER...]: the file that the linker takes for "-lNAME", given the folders of -L.
library() {
  local folder name=lib${1#-l}.so
  for folder in "${@:2}"; do [ ! -e "$folder/$name" ] || { realpath -s "$folder/$name"; return; }; done
  realpath -s "$(g++ -print-file-name="$name")"
}

# uses LIBATOLL FILE: whether libatoll.a has an undefined symbol that this shared library defines.
uses() {
  grep -qxFf <(nm -D --defined-only --format=just-symbols "$2" 2> /dev/null | sed 's/@.*//') \
    <(nm --undefined-only --format=just-symbols --quiet "$1" | sort -u)
}

# trim_libraries LIBDIR: leaves in atoll.pc only libraries that libatoll.a uses, and prints their files.
trim_libraries() {
  local pc=$stage$1/pkgconfig/atoll.pc word file folders=() kept=()
  for word in $(sed -n 's/^Libs: //p' "$pc"); do
    case $word in
      -latoll | -ldl | '-L${libdir}') kept+=("$word") ;;
      -L/*) folders+=("${word#-L}") ;;
      -l*) file=$(library "$word" "${folders[@]}"); if uses "$stage$1/libatoll.a" "$file"; then kept+=("$word"); echo "$file"; fi ;;
      *) kept+=("$word") ;;
    esac
  done
  sed -i "s|^Libs: .*|Libs: ${kept[*]}|" "$pc"
}

# fill_stage LIBDIR PLUGIN-DIR: with a build folder of its own, since the plugin and atoll.pc have the paths in them.
fill_stage() {
  rm -rf "$stage" && mkdir -p "$stage" || return
  $MAKE --no-print-directory B="${B:-build}/packages/build" DESTDIR="$stage" prefix=/usr libdir="$1" plugin_dir="$2" \
    PMIX_LIBS="$(without_rpath PMIX_LIBS)" OMPI_LIBS="$(without_rpath OMPI_LIBS)" LDFLAGS='-Wl,-z,relro,-z,now' install || return
  strip --strip-unneeded --remove-section=.comment --remove-section=.note "$stage"/usr/bin/* || return
  strip --strip-debug --remove-section=.comment --enable-deterministic-archives "$stage$1/libatoll.a" || return
  trim_libraries "$1" > "$packages/libraries" || return
  [ ! -e "$stage$2/spank_atoll.so" ] || strip --strip-unneeded --remove-section=.comment "$stage$2/spank_atoll.so"
}

# The topmost section of NEWS.md, one "- " line a change.
news() { awk '/^## /{ if (++sections > 1) exit; next } sections && /^- /' NEWS.md; }
