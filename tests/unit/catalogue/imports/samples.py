"""Small valid documents of every kind that can be imported. All names and numbers are made up."""

from __future__ import annotations

from typing import Any

CVE: dict[str, Any] = {
    "dataType": "CVE_RECORD",
    "dataVersion": "5.1",
    "cveMetadata": {"cveId": "CVE-2099-0001", "state": "PUBLISHED", "datePublished": "2099-01-02T03:04:05.000Z"},
    "containers": {
        "cna": {
            "affected": [
                {
                    "vendor": "Nuki",
                    "product": "Smart Lock 3.0",
                    "defaultStatus": "unaffected",
                    "versions": [{"version": "0", "status": "affected", "lessThan": "9.9.9", "versionType": "semver"}],
                },
                {
                    "vendor": "Nuki",
                    "product": "Smart Lock 3.0 App",
                    "versions": [{"version": "1.2", "status": "affected"}],
                },
            ],
            "descriptions": [{"lang": "en", "value": "A made-up flaw."}],
            "metrics": [{"cvssV3_1": {"version": "3.1", "baseScore": 7.5, "vectorString": "CVSS:3.1/AV:A"}}],
            "problemTypes": [{"descriptions": [{"cweId": "CWE-287", "lang": "en", "description": "x"}]}],
            "references": [{"url": "https://example.org/advisory"}],
        }
    },
}

NVD: dict[str, Any] = {
    "format": "NVD_CVE",
    "vulnerabilities": [
        {
            "cve": {
                "id": "CVE-2099-0002",
                "published": "2099-02-03T00:00:00.000",
                "vulnStatus": "Analyzed",
                "descriptions": [{"lang": "en", "value": "A made-up flaw."}],
                "metrics": {
                    "cvssMetricV31": [
                        {"cvssData": {"version": "3.1", "baseScore": 9.8, "vectorString": "CVSS:3.1/AV:N"}}
                    ]
                },
                "weaknesses": [{"description": [{"lang": "en", "value": "CWE-306"}]}],
                "configurations": [
                    {
                        "nodes": [
                            {
                                "cpeMatch": [
                                    {
                                        "vulnerable": True,
                                        "criteria": "cpe:2.3:o:nuki:smart_lock_3.0_firmware:*:*:*:*:*:*:*:*",
                                        "versionEndExcluding": "9.9.9",
                                    },
                                    {"vulnerable": False, "criteria": "cpe:2.3:h:nuki:smart_lock_3.0:-:*:*:*:*:*:*:*"},
                                ]
                            }
                        ]
                    }
                ],
            }
        },
        {"cve": {"id": "CVE-2099-0003", "vulnStatus": "Rejected", "descriptions": []}},
        {
            "cve": {
                "id": "CVE-2099-0004",
                "vulnStatus": "Deferred",
                "descriptions": [{"lang": "en", "value": "The Danalock V3 forgets its key."}],
            }
        },
    ],
}

CSAF: dict[str, Any] = {
    "document": {
        "category": "csaf_security_advisory",
        "title": "A made-up advisory",
        "tracking": {"id": "EX-2099-01", "initial_release_date": "2099-03-04T00:00:00Z"},
    },
    "product_tree": {
        "branches": [
            {
                "category": "vendor",
                "name": "Schlage",
                "branches": [
                    {
                        "category": "product_name",
                        "name": "BE469ZP",
                        "branches": [
                            {
                                "category": "product_version_range",
                                "name": "<10.2",
                                "product": {"name": "Schlage BE469ZP <10.2", "product_id": "P1"},
                            },
                            {
                                "category": "product_version",
                                "name": "10.2",
                                "product": {"name": "Schlage BE469ZP 10.2", "product_id": "P2"},
                            },
                        ],
                    }
                ],
            }
        ]
    },
    "vulnerabilities": [
        {
            "cve": "CVE-2099-0005",
            "cwe": {"id": "CWE-284", "name": "x"},
            "notes": [{"category": "summary", "text": "A made-up flaw."}],
            "product_status": {"known_affected": ["P1"], "fixed": ["P2"]},
            "scores": [
                {"products": ["P1"], "cvss_v3": {"version": "3.1", "baseScore": 6.1, "vectorString": "CVSS:3.1/AV:P"}}
            ],
            "remediations": [{"category": "vendor_fix", "details": "Update to 10.2."}],
        }
    ],
}

OSV: dict[str, Any] = {
    "id": "EX-2099-7",
    "modified": "2099-04-05T00:00:00Z",
    "published": "2099-04-04T00:00:00Z",
    "aliases": ["CVE-2099-0006"],
    "summary": "A made-up flaw.",
    "affected": [
        {
            "package": {"name": "nuki/smart-lock-3.0", "ecosystem": "firmware"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "9.9.9"}]}],
        }
    ],
    "references": [{"type": "ADVISORY", "url": "https://example.org/osv"}],
}

ZIGBEE_OTA: list[dict[str, Any]] = [
    {
        "fileName": "115C-0004-11040000-X_DanalockV3_17.4.0_20221213143911.ota",
        "fileVersion": 285474816,
        "fileSize": 204794,
        "url": "https://example.org/17.4.0.ota",
        "imageType": 4,
        "manufacturerCode": 4444,
        "sha512": "00",
        "modelId": "V3-BTZBE",
    },
    {
        "fileName": "115C-0004-11070000-X_DanalockV3_17.7.0_20240201155008.ota",
        "fileVersion": 285671424,
        "fileSize": 204522,
        "url": "https://example.org/17.7.0.ota",
        "imageType": 4,
        "manufacturerCode": 4444,
        "sha512": "00",
    },
    {"fileName": "other.ota", "fileVersion": 300000000, "imageType": 5, "manufacturerCode": 4444},
]

ZWAVE_FIRMWARE = """{
    // what it is for
    "devices": [
        {"brand": "Ultraloq", "model": "U-BOLT",
         "manufacturerId": "0x0452", "productType": "0x0004", "productId": "0x0001"},
    ],
    "upgrades": [
        {"version": "1.4", "changelog": "* \\"quoted\\" // not a comment", "url": "https://example.org/1.4"},
        {"version": "1.10", "$if": "firmwareVersion >= 1.4", "url": "https://example.org/1.10"},
        {"version": "2.0", "channel": "beta", "url": "https://example.org/2.0"}, /* soon */
    ]
}
"""

ZWAVE_CONFIG = {
    "config/devices/templates/master_template.json": """{
    "enable": {"label": "set me", "valueSize": 1, "defaultValue": 0,
      "options": [{"label": "Disable", "value": 0}, {"label": "Enable", "value": 255}]}
}""",
    "config/devices/0x0129/templates/yale_template.json": """{
    "auto_relock": {"$import": "~/templates/master_template.json#enable", "label": "Auto Relock"},
    "reset": {"label": "Reset to Factory Defaults", "defaultValue": 0} // never write it
}""",
    "config/devices/0x0129/yrd999-zw9.json": """{
    "manufacturer": "Yale",
    "manufacturerId": "0x0129",
    "label": "YRD999-ZW9",
    "description": "Made-up Deadbolt",
    "devices": [{"productType": "0x9999", "productId": "0x0001"}],
    "firmwareVersion": {"min": "0.0", "max": "255.255"},
    "paramInformation": [
        {"#": "2", "$import": "templates/yale_template.json#auto_relock", "defaultValue": 255},
        {"#": "4", "label": "Wrong Code Limit", "minValue": 3, "maxValue": 10, "defaultValue": 5},
        {"#": "15", "$import": "templates/yale_template.json#reset"},
        {"#": "31[0x02]", "label": "Buzzer", "defaultValue": 0, "readOnly": true},
        {"#": "99", "label": "Colour of the LED", "defaultValue": 1},
    ]
}""",
    "config/devices/0x0001/dimmer.json": """{
    "manufacturer": "Other", "manufacturerId": "0x0001", "label": "Dimmer", "description": "Child lock switch",
    "devices": [{"productType": "0x0001", "productId": "0x0001"}]
}""",
}
