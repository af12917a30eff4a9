"""An OpenWrt router as many owners have it, with four doors open, and a `nightlatch.toml` that names its backup."""

BACKUP = """
[[hubs]]
id = "pi"
name = "Raspberry Pi"

[[answers]]
about = "hub:pi"
fact = "lan_address"
value = "192.168.20.5"
on = 2026-10-01

[[sources]]
kind = "openwrt"
path = "backup.tar.gz"
"""
GUEST_KEY = "come in 4242"
HOME_KEY = "trellis9 Pumice quarto-vane"
FILES = {
    "etc/config/network": """
config interface 'loopback'
	option device 'lo'
	option proto 'static'
	list ipaddr '127.0.0.1/8'

config interface 'lan'
	option device 'br-lan.10'
	option proto 'static'
	list ipaddr '192.168.10.1/24'
	option ip6assign '60'

config interface 'iot'
	option device 'br-lan.20'
	option proto 'static'
	option ipaddr '192.168.20.1'
	option netmask '255.255.255.0'

config interface 'guest'
	option device 'br-guest'
	option proto 'static'
	option ipaddr '192.168.30.1'
	option netmask '255.255.255.0'

config interface 'wan'
	option device 'eth1'
	option proto 'dhcp'
""",
    "etc/config/firewall": """
config defaults
	option input 'REJECT'
	option output 'ACCEPT'
	option forward 'REJECT'

config zone
	option name 'lan'
	list network 'lan'
	option input 'ACCEPT'
	option output 'ACCEPT'
	option forward 'ACCEPT'

config zone
	option name 'iot'
	option network 'iot'
	option input 'REJECT'
	option output 'ACCEPT'
	option forward 'REJECT'

config zone
	option name 'guest'
	option network 'guest'
	option input 'REJECT'
	option output 'ACCEPT'
	option forward 'REJECT'

config zone
	option name 'wan'
	list network 'wan'
	option input 'REJECT'
	option output 'ACCEPT'
	option forward 'REJECT'
	option masq '1'

config forwarding
	option src 'lan'
	option dest 'wan'

config forwarding
	option src 'lan'
	option dest 'iot'

config forwarding
	option src 'iot'
	option dest 'lan'

config forwarding
	option src 'guest'
	option dest 'wan'
""",
    "etc/config/wireless": f"""
config wifi-device 'radio0'
	option type 'mac80211'
	option band '5g'

config wifi-iface 'default_radio0'
	option device 'radio0'
	option network 'lan'
	option mode 'ap'
	option ssid 'elm-inside'
	option encryption 'sae'
	option key '{HOME_KEY}'

config wifi-iface
	option device 'radio0'
	option network 'guest'
	option mode 'ap'
	option ssid 'elm-guests'
	option encryption 'psk-mixed'
	option key '{GUEST_KEY}'
	option isolate '1'
""",
    "etc/config/upnpd": """
config upnpd 'config'
	option enabled '1'
	option enable_upnp '1'
	option enable_natpmp '1'
	option internal_iface 'lan'
""",
    "etc/config/system": """
config system
	option hostname 'hallway'
	option timezone 'CET-1CEST,M3.5.0,M10.5.0/3'
""",
    "etc/config/dropbear": """
config dropbear
	option PasswordAuth 'on'
	option Port '22'
	option Interface 'lan'
""",
    "etc/shadow": "root::0:0:99999:7:::\ndaemon:*:0:0:99999:7:::\n",
}
FLAT = FILES | {
    "etc/config/network": """
config interface 'lan'
	option device 'br-lan'
	option proto 'static'
	option ipaddr '192.168.10.1'
	option netmask '255.255.255.0'

config interface 'wan'
	option device 'eth1'
	option proto 'dhcp'
""",
    "etc/config/firewall": """
config defaults
	option input 'REJECT'
	option output 'ACCEPT'
	option forward 'REJECT'

config zone
	option name 'lan'
	list network 'lan'
	option input 'ACCEPT'
	option output 'ACCEPT'
	option forward 'ACCEPT'

config zone
	option name 'wan'
	list network 'wan'
	option input 'REJECT'
	option output 'ACCEPT'
	option forward 'REJECT'
	option masq '1'

config forwarding
	option src 'lan'
	option dest 'wan'
""",
    "etc/config/wireless": f"""
config wifi-device 'radio0'
	option type 'mac80211'
	option band '5g'

config wifi-iface 'default_radio0'
	option device 'radio0'
	option network 'lan'
	option mode 'ap'
	option ssid 'elm-inside'
	option encryption 'sae'
	option key '{HOME_KEY}'
""",
    "etc/config/dhcp": """
config dhcp 'lan'
	option interface 'lan'
	option start '100'
	option limit '150'
""",
}
"""The same router before anybody made a second zone."""
