// Every environment variable the rig understands, read once. README.md says the same in prose.
const { createHash } = require("node:crypto");

const read = (name, fallback) => process.env[`ZWAVE_RIG_${name}`] ?? fallback;
const seed = read("SEED", "nightlatch");

/** A 16-byte network key that both sides of the simulated radio derive from the same seed. */
const key = (name) => createHash("sha256").update(`${seed}/${name}`).digest().subarray(0, 16);

module.exports = {
  nodes: read("NODES", "2,3,4,5").split(",").map(Number),
  controlPort: Number(read("CONTROL_PORT", "5556")),
  txDelay: Number(read("TX_DELAY", "0")),
  cacheFolder: read("CACHE", "./cache"),
  logLevel: read("LOG", "info"),
  securityKeys: Object.fromEntries(
    ["S0_Legacy", "S2_Unauthenticated", "S2_Authenticated", "S2_AccessControl"].map((name) => [name, key(name)]),
  ),
};
