/**
 * Interfaces and addresses as the configurations of the corpus use them: shell lines for a new
 * network and mount namespace.
 */
export const CORPUS_NETWORK: readonly string[] = [
  "mount -t tmpfs none /run",
  "ip link set lo up",
  "for i in eth0 eth1 eth2; do ip link add $i type veth peer name p$i; ip link set p$i up; ip link set $i up; done",
  "ip addr add 10.0.0.1/24 dev eth0",
  "ip addr add 192.168.1.1/24 dev eth0",
  "ip addr add 10.1.0.1/24 dev eth1",
];
