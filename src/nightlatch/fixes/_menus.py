"""The steps as menu paths, for OPNsense and pfSense: clicked in their web page."""

from __future__ import annotations

from nightlatch.fixes._plain import Plain, Steps
from nightlatch.text import listed


class OpnSense(Plain):
    """OPNsense. Its menus are named after the version 25 and 26."""

    upnp_menu = "Services > Universal Plug and Play > Settings"
    forward_menu = "Firewall > NAT > Port Forward (Destination NAT)"
    rules_menu = "Firewall > Rules"
    user_menu = "System > Access > Users"
    update_menu = "System > Firmware > Status"
    backup_menu = "System > Configuration > Backups"
    general_menu = "System > Settings > General"
    assign_menu = "Interfaces > Devices > VLAN, then Interfaces > Assignments"
    dhcp_menu = "Services > Dnsmasq DNS & DHCP"
    admin_user = "root"

    def disable_upnp(self) -> Steps:
        """Switch the service off."""
        return (
            f"{self.upnp_menu}: clear Enable (or both UPnP IGD and NAT-PMP/PCP), then Save.",
            "Restart the firewall, so that ports already opened are closed.",
        )

    def remove_port_forward(self) -> Steps:
        """Disable the rules."""
        forwards = self.router.port_forwards if self.router is not None else None
        named = tuple(f"Disable: {mapping}" for mapping in forwards.value) if forwards is not None else ()
        return (
            f"{self.forward_menu}: disable the rule, and the filter rule that belongs to it, then Apply.",
            *named,
            "VPN > WireGuard: reach home from outside this way.",
        )

    def separate_iot_zone(self) -> Steps:
        """Use the interface that is there, or make one."""
        zone = self.quiet_zone
        if zone is not None:
            return (
                f"The interface {zone.label} is there already: connect the lock's hub to its VLAN, by the "
                "switch's port or by its Wi-Fi.",
                "Restart the lock's hub, and give its new address to what talks to it.",
            )
        return (
            f"{self.assign_menu}: add a VLAN for devices, and enable it with an address of its own.",
            f"{self.dhcp_menu}: hand out addresses on it.",
            f"{self.rules_menu} > the new interface: first block IPv4+IPv6 from its network to the LAN "
            "network, then pass what the devices need.",
            "Set the same VLAN on the switch's port, or on the Wi-Fi, of the lock's hub.",
        )

    def block_zone_forwarding(self) -> Steps:
        """A rule that blocks goes first."""
        zones = listed(zone.label for zone in self.open_zones) or "the devices' interface"
        main = listed(zone.label for zone in self.main_zones) or "LAN"
        return (
            f"{self.rules_menu} > {zones}: add a rule at the top: Action Block, TCP/IP version IPv4+IPv6, "
            f"Protocol any, Source the interface's network, Destination the network of {main}. Save, then Apply.",
            "Check that floating rules and rules of interface groups do not let it through before.",
        )

    def set_admin_password(self) -> Steps:
        """The administrator's password."""
        return (f"{self.user_menu} > {self.admin_user}: set a new password; let a password manager make and keep it.",)

    def close_wan_admin(self) -> Steps:
        """Remove what lets the internet in."""
        fact = self.router.wan_admin if self.router is not None else None
        found = (f"It is let in by: {fact.where}",) if fact is not None and fact.value else ()
        return (
            *found,
            f"{self.rules_menu} > WAN (and Floating): disable the rule that lets the web page's or SSH's port in, "
            "then Apply.",
            "VPN > WireGuard: administer it from outside this way.",
        )

    def update_router(self) -> Steps:
        """The newest version."""
        return (
            f"{self.backup_menu}: download the configuration.",
            f"{self.update_menu}: check for updates and install them.",
        )

    def update_by_itself(self) -> Steps:
        """These tell of updates and leave the day to the owner."""
        return (
            f"{self.update_menu}: check for updates on the first day of each month; put it in your calendar.",
            "Install them at an hour when nobody needs the door: the firewall may restart.",
        )

    def rename_router(self) -> Steps:
        """A new host name."""
        return (f"{self.general_menu}: change Hostname, then Save.",)


class PfSense(OpnSense):
    """pfSense. Its menus are named after the versions CE 2.8 and Plus 25."""

    upnp_menu = "Services > UPnP IGD & PCP (UPnP & NAT-PMP before)"
    forward_menu = "Firewall > NAT > Port Forward"
    user_menu = "System > User Manager"
    update_menu = "System > Update"
    backup_menu = "Diagnostics > Backup & Restore"
    general_menu = "System > General Setup"
    assign_menu = "Interfaces > Assignments > VLANs, then Interface Assignments"
    dhcp_menu = "Services > DHCP Server"
    admin_user = "admin"
