// Configuration of zwave-js's mock server: a controller and the simulated locks. Start: rig.py.
const env = require("./env.cjs");

exports.default = ({ require: fromZwaveJs }) => {
  const zwave = { ...fromZwaveJs("@zwave-js/cc"), ...fromZwaveJs("@zwave-js/core"), ...fromZwaveJs("@zwave-js/testing") };
  const { Bytes } = fromZwaveJs("@zwave-js/shared");
  const radio = require("./radio.cjs")({ ...zwave, Bytes });
  const codes = require("./codes.cjs")(zwave, radio);
  const behaviours = require("./behaviours.cjs")(zwave, radio, codes);
  const locks = require("./nodes.cjs")(zwave, behaviours, env.txDelay);

  return {
    controller: {
      homeId: 0x7e570001,
      ownNodeId: 1,
      securityKeys: env.securityKeys,
      behaviors: [radio.frameByFrame],
    },
    nodes: locks.filter((lock) => env.nodes.includes(lock.id)),
    onInit(controller, nodes) {
      nodes.forEach(radio.keepJoinedKeysOnly);
      nodes.forEach(radio.tap);
      require("./control.cjs")({ ...zwave, Bytes }, radio, { behaviours, codes }, controller, env.controlPort);
    },
  };
};
