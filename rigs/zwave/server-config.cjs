// Options of the real driver. Keys and cache folder are the rig's, the rest is as an owner would run it.
const env = require("./env.cjs");

module.exports = {
  securityKeys: env.securityKeys,
  storage: { cacheDir: env.cacheFolder },
  logConfig: { enabled: true, level: env.logLevel, logToFile: false, forceConsole: true },
  enableSoftReset: false, // the mock controller does not come back from one
  interview: { queryAllUserCodes: true },
};
