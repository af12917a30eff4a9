# oct/03/2026 19:02:11 by RouterOS 6.49.17
# software id = AAAA-BBBB
#
# model = RB952Ui-5ac2nD
# serial number = HX0000000002
/interface bridge
add name=bridge
/interface list
add name=WAN
add name=LAN
/interface wireless security-profiles
set [ find default=yes ] authentication-types=wpa2-psk mode=dynamic-keys \
    supplicant-identity=MikroTik wpa2-pre-shared-key="summer holiday radish 8"
add authentication-types=wpa-psk,wpa2-psk group-ciphers=tkip,aes-ccm mode=\
    dynamic-keys name=old unicast-ciphers=tkip,aes-ccm wpa-pre-shared-key=\
    12345678 wpa2-pre-shared-key=12345678
/interface wireless
set [ find default-name=wlan1 ] band=2ghz-b/g/n disabled=no mode=ap-bridge \
    ssid=MikroTik-0A1B2C wps-mode=push-button
add default-forwarding=no disabled=no master-interface=wlan1 name=wlan3 \
    security-profile=old ssid=Visitors wps-mode=disabled
/interface bridge port
add bridge=bridge interface=ether2
add bridge=bridge interface=wlan1
/interface list member
add interface=ether1 list=WAN
add interface=bridge list=LAN
/ip address
add address=192.168.88.1/24 comment=defconf interface=bridge network=192.168.88.0
add address=192.168.50.1/24 interface=wlan3 network=192.168.50.0
/ip dhcp-client
add disabled=no interface=ether1
/ip firewall filter
add action=drop chain=forward dst-address=192.168.88.0/24 src-address=\
    192.168.50.0/24
add action=drop chain=input connection-state=new in-interface-list=WAN
/system identity
set name=attic
