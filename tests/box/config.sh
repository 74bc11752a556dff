# The files a box is configured with; all of them live in its state folder.

box_address() { printf '10.77.0.%s' "$1"; }
login_address=10.77.0.254

write_settings() {
  local key
  for key in box_name box_nodes box_gpus box_cpus box_memory box_topology box_switches box_pmix box_plugstack box_pin box_userns box_cgroup box_slurmd_timeout box_timeout; do
    printf '%s=%q\n' "$key" "${!key}"
  done >"$state/settings"
}

write_config() {
  local user node
  user=$(id -un)
  mkdir -p "$state"/{etc,log,pid,cut,stage,munge/run}
  chmod 755 "$state" "$state"/{etc,log,munge,munge/run}
  write_hosts >"$state/etc/hosts"
  write_slurm_conf "$user" >"$state/etc/slurm.conf"
  write_gres_conf >"$state/etc/gres.conf"
  # Without cgroups too, slurmd asks which plugin it would be.
  printf '%s\n' CgroupPlugin=cgroup/v1 CgroupAutomount=no >"$state/etc/cgroup.conf"
  : >"$state/etc/plugstack.conf"
  [[ -z $box_plugstack ]] || printf 'include %s\n' "$box_plugstack" >"$state/etc/plugstack.conf"
  [[ -z $box_switches ]] || write_switches >"$state/etc/topology.conf"
  head -c 128 /dev/urandom >"$state/munge/key"
  chmod 400 "$state/munge/key"
  ((box_pmix)) || copy_plugins
  for node in $(seq "$box_nodes"); do mkdir "$state/stage/n$node"; done
  mkdir "$state/stage/login"
  write_shared >"$state/shared"
}

write_hosts() {
  local node
  printf '127.0.0.1 localhost\n%s login\n' "$login_address"
  for node in $(seq "$box_nodes"); do printf '%s n%s\n' "$(box_address "$node")" "$node"; done
}

write_slurm_conf() {
  local user=$1 range="n[1-$box_nodes]" gres='' proctrack=linuxproc
  ((box_cgroup == 0)) || proctrack=cgroup
  ((box_nodes > 1)) || range=n1
  ((box_gpus == 0)) || gres="Gres=gpu:$box_gpus"
  cat <<CONF
ClusterName=$box_name
SlurmctldHost=login($login_address)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=/run/munge/munge.socket.2
MpiDefault=none
ProctrackType=proctrack/$proctrack
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=$((box_memory / box_cpus > 0 ? box_memory / box_cpus : 1))
SlurmdParameters=config_overrides
GresTypes=gpu
ReturnToService=2
PlugStackConfig=$state/etc/plugstack.conf
StateSaveLocation=/run/slurmctld
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmdSpoolDir=/run/slurmd
SlurmctldLogFile=$state/log/slurmctld.log
SlurmdLogFile=$state/log/%n.log
TmpFS=/tmp
MailProg=/bin/true
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdTimeout=$box_slurmd_timeout
SlurmctldTimeout=30
MessageTimeout=10
InactiveLimit=0
KillWait=5
UnkillableStepTimeout=30
CompleteWait=0
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=1
NodeName=$range CPUs=$box_cpus Boards=1 SocketsPerBoard=1 CoresPerSocket=$box_cpus ThreadsPerCore=1 RealMemory=$box_memory $gres State=UNKNOWN
PartitionName=box Nodes=$range Default=YES MaxTime=INFINITE State=UP
CONF
  [[ -z $box_switches ]] || printf 'TopologyPlugin=topology/tree\n'
  ((box_pmix)) || printf 'PluginDir=%s\n' "$state/plugins"
  ((${#box_conf[@]} == 0)) || printf '%s\n' "${box_conf[@]}"
}

# write_switches: the leaves that were asked for, and one switch above them.
write_switches() {
  local leaf leaves='' all
  read -ra all <<<"$box_switches"
  for leaf in "${all[@]}"; do
    printf 'SwitchName=%s Nodes=%s\n' "${leaf%%=*}" "${leaf#*=}"
    leaves+=${leaves:+,}${leaf%%=*}
  done
  printf 'SwitchName=top Switches=%s\n' "$leaves"
}

write_gres_conf() {
  local files="[0-$((box_gpus - 1))]"
  ((box_gpus > 1)) || files=0
  ((box_gpus == 0)) || printf 'Name=gpu File=/run/atoll/gpu%s\n' "$files"
}

# copy_plugins: this machine's plugins by symbolic link, without the PMIx ones.
copy_plugins() {
  local plugin
  mkdir "$state/plugins"
  for plugin in "$plugin_folder"/*; do
    [[ $plugin == */mpi_pmix* ]] || ln -s "$plugin" "$state/plugins/"
  done
}

# write_shared: what must be seen through the nodes' own /tmp.
write_shared() {
  local folder
  for folder in "$(readlink -f "$box_home/../..")" "$(pwd -P)" "$state" "${box_topology%/*}" "${box_plugstack%/*}"; do
    [[ $folder != /tmp/* ]] || printf '%s\n' "$folder"
  done | sort -u
}
