# Run inside the new namespace, which becomes the router: a namespace for each segment, joined to it by a cable.

# Names of namespaces are kept in /run, which is the machine's: this one is the rig's own.
mount -t tmpfs rig /run
mkdir /run/netns
# Without the wait for duplicate addresses, which can't exist here, IPv6 is usable at once.
echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv6/conf/all/forwarding

# name, then for IPv4 and IPv6 the router's address and the host's
segment() {
    ip netns add "$1"
    ip netns exec "$1" sh -c 'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad'
    ip link add "$1"0 type veth peer name eth0 netns "$1"
    for address in "$2" "$4"; do ip address add "$address" dev "$1"0; done
    ip link set "$1"0 up
    for address in "$3" "$5"; do ip -n "$1" address add "$address" dev eth0; done
    ip -n "$1" link set lo up
    ip -n "$1" link set eth0 up
    ip -n "$1" route add default via "${2%/*}"
    ip -n "$1" -6 route add default via "${4%/*}"
}

segment lan 10.77.10.1/24 10.77.10.50/24 fd77:a::1/64 fd77:a::50/64
segment iot 10.77.20.1/24 10.77.20.30/24 fd77:b::1/64 fd77:b::30/64
segment wan 198.18.0.2/24 198.18.0.1/24 fd77:c::2/64 fd77:c::1/64
