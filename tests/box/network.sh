# The box's network: a bridge in the login's network namespace, one virtual cable to each node.

# The bridge has an address of its own: else it takes the lowest of its cables', and when that one goes with a killed node,
# the others send to the old address for many seconds.
open_network() {
  ip -batch - <<IP
link set lo up
link add reef address 02:a7:01:00:00:fe type bridge
addr add $login_address/24 dev reef
link set reef up
IP
}

# plug_in NODE...: lays the cable of each node, whose first process is alive. Its end is eth0, ours to-nI.
plug_in() {
  local node batch=
  for node; do
    pid_of "$node" || { say "$node ended while it started: see $state/log/$node.out"; return 1; }
    # The cable of the node's former life goes with its network, but not at once.
    [[ ! -e /sys/class/net/to-$node ]] || ip link delete "to-$node" 2>/dev/null
    batch+="link add to-$node type veth peer name eth0 netns $pid"$'\n'
    batch+="link set to-$node master reef up"$'\n'
  done
  ip -batch - <<<"$batch"
}

# open_node_network NODE: inside the node; waits for the cable.
open_node_network() {
  await 30 test -e /sys/class/net/eth0
  ip -batch - <<IP
link set lo up
addr add $(box_address "${1#n}")/24 dev eth0
link set eth0 up
IP
  # As most machines have it. Where the host chose BBR, what is sent is paced by what went before, and a burst waits.
  { echo reno >/proc/sys/net/ipv4/tcp_congestion_control; } 2>/dev/null || true
}

# set_link NODE up|down: by the keeper.
set_link() { ip link set "to-$1" "$2"; }
