# Run inside the new namespace, in the rig's folder: a network for mDNS, and a root with a /data of its own.

# Without the wait for duplicate addresses, which can't exist here, IPv6 is usable at once.
echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad
# Matter leaves loopback out, so lock and server meet on an interface that multicasts.
ip link add matter0 type veth peer name matter1
ip link set matter0 up
ip link set matter1 up
ip address add 10.78.0.1/24 dev matter0

# The Matter SDK writes to /data, whatever it is told. The machine's own / stays as it is: the server gets a
# root that shows every folder of the machine, and /data in this folder.
mkdir -p root data
mount -t tmpfs rig root
for path in /*; do
    name=$(basename "$path")
    if [ -L "$path" ]; then
        cp -P "$path" "root/$name"
    elif [ -d "$path" ] && [ "$name" != data ]; then
        mkdir "root/$name"
        mount --rbind "$path" "root/$name"
    fi
done
mkdir root/data
mount --bind data root/data
