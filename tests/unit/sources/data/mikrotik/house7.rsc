# 2026-10-03 19:02:11 by RouterOS 7.16.1
# software id = AAAA-BBBB
#
# model = L009UiGS-2HaxD
# serial number = HX0000000001
/interface bridge
add admin-mac=02:00:00:00:00:01 auto-mac=no comment=defconf name=bridge \
    vlan-filtering=yes
/interface vlan
add interface=bridge name=vlan20-iot vlan-id=20
add interface=bridge name=vlan30-guest vlan-id=30
/interface list
add comment=defconf name=WAN
add comment=defconf name=LAN
/interface wifi datapath
add bridge=bridge client-isolation=yes disabled=no name=guest-path vlan-id=30
/interface wifi security
add authentication-types=wpa2-psk,wpa3-psk disabled=no name=home-sec \
    passphrase="walnut ferry copper lantern 42" wps=disable
add authentication-types=wpa-psk,wpa2-psk disabled=no encryption=tkip,ccmp \
    management-protection=disabled name=guest-sec passphrase=visitor1
/interface wifi configuration
add disabled=no mode=ap name=home security=home-sec ssid=Elm
/interface wifi
set [ find default-name=wifi1 ] channel.band=2ghz-ax configuration=home \
    configuration.mode=ap disabled=no
add configuration.mode=ap .ssid="Elm Guests" datapath=guest-path disabled=no \
    master-interface=wifi1 name=wifi-guest security=guest-sec
/interface bridge port
add bridge=bridge comment=defconf interface=ether2
add bridge=bridge comment=defconf interface=ether3 pvid=20
add bridge=bridge comment=defconf interface=wifi1
/interface list member
add comment=defconf interface=bridge list=LAN
add comment=defconf interface=ether1 list=WAN
add interface=vlan20-iot list=LAN
/ip address
add address=192.168.88.1/24 comment=defconf interface=bridge network=\
    192.168.88.0
add address=192.168.20.1/24 interface=vlan20-iot network=192.168.20.0
add address=192.168.30.1/24 interface=vlan30-guest network=192.168.30.0
/ip dhcp-client
add comment=defconf interface=ether1
/ip firewall filter
add action=accept chain=input comment=\
    "defconf: accept established,related,untracked" connection-state=\
    established,related,untracked
add action=drop chain=input comment="defconf: drop invalid" connection-state=\
    invalid
add action=accept chain=input comment="defconf: accept ICMP" protocol=icmp
add action=accept chain=input comment=\
    "defconf: accept to local loopback (for CAPsMAN)" dst-address=127.0.0.1
add action=accept chain=input comment="winbox from anywhere" dst-port=8291 \
    protocol=tcp
add action=drop chain=input comment="defconf: drop all not coming from LAN" \
    in-interface-list=!LAN
add action=accept chain=forward comment="defconf: accept in ipsec policy" \
    ipsec-policy=in,ipsec
add action=accept chain=forward comment="defconf: accept established" \
    connection-state=established,related,untracked
add action=drop chain=forward comment="guests stay out" in-interface=\
    vlan30-guest out-interface-list=LAN
add action=drop chain=forward comment=\
    "defconf: drop all from WAN not DSTNATed" connection-nat-state=!dstnat \
    connection-state=new in-interface-list=WAN
/ip firewall nat
add action=masquerade chain=srcnat comment="defconf: masquerade" \
    ipsec-policy=out,none out-interface-list=WAN
add action=dst-nat chain=dstnat comment=bridge-ui dst-port=8443 in-interface-list=\
    WAN protocol=tcp to-addresses=192.168.88.10 to-ports=443
/ip service
set telnet disabled=yes
set ftp disabled=yes
set www disabled=yes
set api disabled=yes
set api-ssl disabled=yes
/ip upnp
set enabled=yes
/ip upnp interfaces
add interface=bridge type=internal
add interface=ether1 type=external
/ipv6 address
add address=2001:db8:1::1 interface=bridge
add address=2001:db8:2::1 interface=vlan20-iot
/ipv6 firewall filter
add action=accept chain=forward comment="defconf: accept established" \
    connection-state=established,related,untracked
add action=drop chain=forward comment="things stay out" in-interface=vlan20-iot
add action=drop chain=forward comment="defconf: drop everything else" \
    in-interface-list=!LAN
add action=drop chain=input comment="defconf: not from LAN" in-interface-list=\
    !LAN
/system clock
set time-zone-name=Europe/Berlin
/system identity
set name=MikroTik
