# What a box needs of the machine: programs, the Slurm plugins, namespaces.

declare -A package_of=(
  [slurmctld]=slurmctld [slurmd]=slurmd [srun]=slurm-client [sinfo]=slurm-client [munged]=munge
  [ip]=iproute2 [unshare]=util-linux [nsenter]=util-linux [setpriv]=util-linux [flock]=util-linux
  [mount]=mount [hostname]=hostname
)

need_programs() {
  local program missing=()
  PATH=$PATH:/usr/sbin:/sbin
  for program in "${!package_of[@]}"; do
    [[ -x $(type -P "$program") ]] || missing+=("${package_of[$program]}")
  done
  find_plugins || missing+=(slurm-wlm-basic-plugins)
  ((${#missing[@]} == 0)) ||
    fail "this machine lacks the packages $(printf '%s\n' "${missing[@]}" | sort -u | tr '\n' ' ')- run 'make deps', or install them with apt"
}

# find_plugins: sets plugin_folder, where this machine's Slurm keeps its plugins.
find_plugins() {
  local candidate
  for candidate in /usr/lib/*/slurm-wlm /usr/lib/*/slurm /usr/lib64/slurm /usr/lib/slurm /usr/local/lib/slurm; do
    [[ -e $candidate/auth_munge.so ]] && plugin_folder=$candidate && return
  done
  return 1
}

# need_namespaces: sets box_userns and unshare_login, or says what the kernel refuses.
need_namespaces() {
  local all=(unshare --mount --net --uts --ipc)
  if ((EUID == 0)) && "${all[@]}" true 2>/dev/null; then
    box_userns=0
    unshare_login=("${all[@]}")
  elif "${all[@]}" --user --map-current-user --keep-caps true 2>/dev/null; then
    box_userns=1
    unshare_login=("${all[@]}" --user --map-current-user --keep-caps)
  else
    fail "the kernel refuses namespaces to $(id -un): run box as root, or allow user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone=1)"
  fi
}
