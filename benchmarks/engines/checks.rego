# Ten of Nightlatch's checks in Rego. Each yields, for every thing that it is about, a finding with
# the fields of Nightlatch's own: what was judged, the verdict, why, the evidence, what settles it.
package nightlatch

import rego.v1

findings := {
	"encryption/radio-link": [radio_link(lock) | some lock in input.locks],
	"upnp/off": [upnp_off(router) | some router in input.routers],
	"wifi-security/cipher": [cipher(wifi) | some wifi in input.wifis],
	"wifi-security/wps": [wps(wifi) | some wifi in input.wifis],
	"power-backup/battery": [battery(lock) | some lock in input.locks],
	"default-credentials/no-default-code": [default_code(code) | some code in input.credentials],
	"default-credentials/router-password": [router_password(router) | some router in input.routers],
	"updates/lock-firmware": [lock_firmware(lock) | some lock in input.locks],
	"two-factor/second-factor": [second_factor(account) | some account in input.accounts],
	"least-privilege/not-expired": [not_expired(code) | some code in input.credentials],
}

finding(check, thing, verdict, severity, summary, evidence) := {
	"practice": meta.practice,
	"check": meta.check,
	"section": meta.section,
	"subject": thing.ref,
	"verdict": verdict,
	"severity": severity,
	"title": meta.title,
	"summary": summary,
	"why": meta.why,
	"evidence": evidence,
	"settled_by": meta.settled_by,
	"standards": meta.standards,
} if {
	meta := data.checks[check]
}

passed(check, thing, summary, evidence) := finding(check, thing, "pass", data.checks[check].severity, summary, evidence)

failed(check, thing, summary, evidence) := finding(check, thing, "fail", data.checks[check].severity, summary, evidence)

unknown(check, thing, evidence) := finding(check, thing, "unknown", data.checks[check].severity, data.checks[check].unknown, evidence)

inapplicable(check, thing, summary, evidence) := finding(check, thing, "not_applicable", data.checks[check].severity, summary, evidence)

# What a model can do says nothing of how this one is set.
is_set(fact) if fact.grade != "catalogued"

# The facts known under these names, in their order.
known(thing, names) := [thing.facts[name] | some name in names; thing.facts[name]]

# encryption/radio-link

radio_link(lock) := unknown("encryption/radio-link", lock, []) if {
	not is_set(lock.facts.security)
} else := passed("encryption/radio-link", lock, data.protected[lock.facts.security.value], [lock.facts.security]) if {
	data.protected[lock.facts.security.value]
} else := zigbee_link(lock) if {
	lock.facts.security.value == "zigbee"
} else := unknown("encryption/radio-link", lock, [lock.facts.security]) if {
	lock.facts.security.value == "ble"
} else := finding("encryption/radio-link", lock, "fail", bare.severity, bare.summary, [lock.facts.security]) if {
	data.bare[lock.facts.security.value]
	bare := data.bare[lock.facts.security.value]
}

zigbee_link(lock) := passed("encryption/radio-link", lock, "The Zigbee link is encrypted with a private network key.", [lock.facts.security, key]) if {
	input.hubs[lock.facts.hub.value].facts.network_key.value == "private"
	key := input.hubs[lock.facts.hub.value].facts.network_key
} else := failed("encryption/radio-link", lock, data.bad_key[key.value], [lock.facts.security, key]) if {
	input.hubs[lock.facts.hub.value].facts.network_key
	key := input.hubs[lock.facts.hub.value].facts.network_key
} else := unknown("encryption/radio-link", lock, [lock.facts.security])

# upnp/off

upnp_off(router) := unknown("upnp/off", router, []) if {
	not router.facts.upnp
} else := passed("upnp/off", router, "UPnP is off.", [router.facts.upnp]) if {
	not router.facts.upnp.value
} else := passed("upnp/off", router, "UPnP is on, and you listed it as needed: any device inside can open a port to the internet.", [router.facts.upnp, input.home.facts.needs]) if {
	"upnp" in input.home.facts.needs.value
} else := failed("upnp/off", router, "UPnP is on: any device inside can open a port to the internet.", array.concat([router.facts.upnp], known(input.home, ["needs"])))

# wifi-security/cipher, wifi-security/wps

off_air(wifi) if wifi.facts.enabled.value == false

cipher(wifi) := inapplicable("wifi-security/cipher", wifi, "It is not on the air.", [wifi.facts.enabled]) if {
	off_air(wifi)
} else := unknown("wifi-security/cipher", wifi, known(wifi, ["tkip"])) if {
	not wifi.facts.security
} else := finding("wifi-security/cipher", wifi, "fail", bad.severity, bad.summary, known(wifi, ["security", "tkip"])) if {
	data.bad_cipher[wifi.facts.security.value]
	bad := data.bad_cipher[wifi.facts.security.value]
} else := finding("wifi-security/cipher", wifi, "fail", "high", summary, [wifi.facts.security, wifi.facts.tkip]) if {
	wifi.facts.tkip.value
	summary := concat("", ["It uses ", data.ciphers[wifi.facts.security.value], " but admits the broken TKIP cipher."])
} else := passed("wifi-security/cipher", wifi, "It uses WPA3.", known(wifi, ["security", "tkip"])) if {
	wifi.facts.security.value == "wpa3"
} else := unknown("wifi-security/cipher", wifi, [wifi.facts.security]) if {
	not wifi.facts.tkip
	wifi.facts.security.value != "wpa2_wpa3"
} else := passed("wifi-security/cipher", wifi, "It uses WPA Enterprise with AES.", known(wifi, ["security", "tkip"])) if {
	wifi.facts.security.value == "enterprise"
} else := passed("wifi-security/cipher", wifi, summary, known(wifi, ["security", "tkip"])) if {
	summary := concat("", ["It uses ", data.ciphers[wifi.facts.security.value], " with AES; WPA3 alone would be better."])
}

wps(wifi) := inapplicable("wifi-security/wps", wifi, "It is not on the air.", [wifi.facts.enabled]) if {
	off_air(wifi)
} else := unknown("wifi-security/wps", wifi, []) if {
	not wifi.facts.wps
} else := passed("wifi-security/wps", wifi, "WPS is off.", [wifi.facts.wps]) if {
	not wifi.facts.wps.value
} else := failed("wifi-security/wps", wifi, "WPS is on: its PIN can be guessed, whatever the phrase is.", [wifi.facts.wps])

# power-backup/battery

battery(lock) := battery_of(lock, [lock.facts.battery_percent | is_set(lock.facts.battery_percent)], [lock.facts.battery_low | is_set(lock.facts.battery_low)])

battery_of(lock, level, low) := finding("power-backup/battery", lock, "fail", severity, summary, array.concat(level, low)) if {
	level[0].value < 30
	severity := battery_severity(level[0].value)
	summary := concat("", ["Its battery holds ", format_int(level[0].value, 10), " %."])
} else := failed("power-backup/battery", lock, low_summary(level), array.concat(low, level)) if {
	low[0].value
} else := unknown("power-backup/battery", lock, low) if {
	count(level) == 0
} else := passed("power-backup/battery", lock, summary, array.concat(level, low)) if {
	summary := concat("", ["Its battery holds ", format_int(level[0].value, 10), " %."])
}

battery_severity(level) := "critical" if {
	level < 15
} else := "high"

low_summary(level) := concat("", ["The lock says that its battery is low, although it reads ", format_int(level[0].value, 10), " %."]) if {
	count(level) > 0
} else := "The lock says that its battery is low."

# default-credentials/no-default-code, default-credentials/router-password

default_code(code) := inapplicable("default-credentials/no-default-code", code, concat("", ["It is ", form, ", not a PIN."]), [code.facts.form]) if {
	not code.facts["default"]
	data.not_pins[code.facts.form.value]
	form := data.not_pins[code.facts.form.value]
} else := unknown("default-credentials/no-default-code", code, []) if {
	not code.facts["default"]
} else := passed("default-credentials/no-default-code", code, "It equals no known default code.", known(code, ["default", "form"])) if {
	not code.facts["default"].value
} else := failed("default-credentials/no-default-code", code, "It equals a default code that is published for everybody to read.", known(code, ["default", "slot", "form"]))

router_password(router) := unknown("default-credentials/router-password", router, []) if {
	not router.facts.admin_password_set
} else := passed("default-credentials/router-password", router, "Its administrator has a password.", [router.facts.admin_password_set]) if {
	router.facts.admin_password_set.value
} else := failed("default-credentials/router-password", router, "Its administrator has an empty password: every device in the home can rule the network.", [router.facts.admin_password_set])

# updates/lock-firmware

lock_firmware(lock) := inapplicable("updates/lock-firmware", lock, "The lock's firmware cannot be updated.", [lock.facts.can_update]) if {
	not lock.facts.update_available
	lock.facts.can_update.value == false
} else := unknown("updates/lock-firmware", lock, known(lock, ["firmware", "update_version"])) if {
	not lock.facts.update_available
} else := passed("updates/lock-firmware", lock, concat("", [runs(lock), ", and no newer version is offered."]), known(lock, ["update_available", "firmware"])) if {
	not lock.facts.update_available.value
} else := unknown("updates/lock-firmware", lock, known(lock, ["update_available", "update_version", "firmware"])) if {
	not lock.facts.update_since
} else := passed("updates/lock-firmware", lock, summary, known(lock, ["update_available", "update_since", "update_version", "firmware"])) if {
	input.today - lock.facts.update_since.day <= 30
	summary := concat("", [update(lock), " has been offered since ", lock.facts.update_since.value, ", which is not longer than 30 days."])
} else := failed("updates/lock-firmware", lock, summary, known(lock, ["update_available", "update_since", "update_version", "firmware"])) if {
	summary := concat("", [update(lock), " has been offered since ", lock.facts.update_since.value, ", for ", format_int(input.today - lock.facts.update_since.day, 10), " days."])
}

runs(lock) := concat("", ["It runs ", lock.facts.firmware.value]) if {
	lock.facts.firmware
} else := "It runs the newest version known"

update(lock) := concat("", ["Version ", lock.facts.update_version.value]) if {
	lock.facts.update_version
} else := "An update"

# two-factor/second-factor

second_factor(account) := passed("two-factor/second-factor", account, concat("", ["It asks for ", factor, " as well."]), [account.facts.two_factor]) if {
	data.factors[account.facts.two_factor.value]
	factor := data.factors[account.facts.two_factor.value]
} else := inapplicable("two-factor/second-factor", account, "It cannot open a door.", [account.facts.opens_door]) if {
	account.facts.opens_door.value == false
} else := unknown("two-factor/second-factor", account, known(account, ["opens_door"])) if {
	not account.facts.two_factor
} else := finding("two-factor/second-factor", account, "fail", "medium", "Its second step is a text message, which can be diverted to another phone.", known(account, ["two_factor", "opens_door"])) if {
	account.facts.two_factor.value == "sms"
} else := unknown("two-factor/second-factor", account, [account.facts.two_factor]) if {
	not account.facts.opens_door
} else := failed("two-factor/second-factor", account, "It can open the door and asks for no second factor.", [account.facts.two_factor, account.facts.opens_door])

# least-privilege/not-expired

not_expired(code) := inapplicable("least-privilege/not-expired", code, concat("", ["It is a ", code.facts.role.value, "'s code, which needs no end."]), [code.facts.role]) if {
	not code.facts.ends
	code.facts.role.value in {"resident", "regular"}
} else := unknown("least-privilege/not-expired", code, known(code, ["role"])) if {
	not code.facts.ends
} else := passed("least-privilege/not-expired", code, concat("", ["It works until ", code.facts.ends.value, "."]), [code.facts.ends]) if {
	code.facts.ends.second > input.second
} else := passed("least-privilege/not-expired", code, "Its time is over and the lock no longer accepts it.", [code.facts.ends, code.facts.enabled]) if {
	code.facts.enabled.value == false
} else := failed("least-privilege/not-expired", code, concat("", ["Its time was over on ", code.facts.ends.value, ", and it is still on the lock."]), known(code, ["ends", "enabled", "slot"]))
