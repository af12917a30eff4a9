// The control port: what people, weather and time do to a lock, and a look into its memory.
const http = require("node:http");

module.exports = (zwave, radio, { behaviours, codes }, controller, port) => {
  const { BatteryCCReport, Bytes, DoorLockMode, NotificationCCReport } = zwave;
  const ACCESS_CONTROL = 6;
  const KEYPAD_LOCK = 5;
  const KEYPAD_UNLOCK = 6;
  const nodeId = controller.ownNodeId;

  function lockOf(id) {
    const lock = controller.nodes.get(id);
    if (!lock) throw new Error(`there is no node ${id}`);
    return lock;
  }

  function forget(lock, key, value) {
    if (value === null || value === undefined) lock.state.delete(key);
    else lock.state.set(key, value);
  }

  const actions = {
    /** The lock reports an event; `params` is hexadecimal. */
    notification: ({ node, type, event, params }) =>
      radio.report(
        lockOf(node),
        new NotificationCCReport({
          nodeId,
          notificationType: type,
          notificationEvent: event,
          eventParameters: params ? Bytes.from(params, "hex") : undefined,
        }),
      ),

    /** Somebody types the code of slot `user`; `lock: true` locks instead of unlocking. */
    async keypad({ node, user, lock = false }) {
      const userCodeReport = Buffer.from([0x63, 0x03, user, 0x01]).toString("hex");
      await actions.notification({ node, type: ACCESS_CONTROL, event: lock ? KEYPAD_LOCK : KEYPAD_UNLOCK, params: userCodeReport });
      await actions.mode({ node, mode: lock ? DoorLockMode.Secured : DoorLockMode.Unsecured });
    },

    /** The bolt moves: 0 unsecured, 255 secured. */
    async mode({ node, mode }) {
      lockOf(node).state.set("DoorLock_currentMode", mode);
      await radio.report(lockOf(node), behaviours.operationReport(lockOf(node)));
    },

    /** The door moves: `open` or `closed`. */
    async door({ node, door }) {
      lockOf(node).state.set("door", door);
      await radio.report(lockOf(node), behaviours.operationReport(lockOf(node)));
    },

    async battery({ node, level }) {
      lockOf(node).state.set("battery", level);
      await radio.report(lockOf(node), new BatteryCCReport({ nodeId, level }));
    },

    ...require("./keypad.cjs")(zwave, radio, codes, lockOf, (...given) => actions[given[0]](given[1])),

    /** Changes a configuration parameter at the lock, unseen by the hub; `value: null` restores the factory value. */
    async parameter({ node, parameter, value }) {
      forget(lockOf(node), `Configuration_value_${parameter}`, value);
    },

    /** Faults: `jam` and those of codes.cjs; `value: true` or `false`. */
    async fault({ node, fault, value }) {
      if (![...codes.FAULTS, "jam"].includes(fault)) throw new Error(`there is no fault ${fault}`);
      lockOf(node).state.set(fault, value);
    },

    /** A dead lock: neither acknowledges nor answers while `value` is true. */
    async silent({ node, value }) {
      lockOf(node).link.silent = value;
    },

    /** The next frames `to` the lock are lost without an acknowledgement, and those `from` it behind one. */
    async drop({ node, to = 0, from = 0 }) {
      Object.assign(lockOf(node).link, { dropTo: to, dropFrom: from });
    },

    /** The lock thinks for so long before it does anything. */
    async slow({ node, milliseconds }) {
      lockOf(node).link.slow = milliseconds;
    },

    /** What was sent to the lock: radio frames, and by name the commands that reached it; `forget` starts anew. */
    async sent({ node, forget = false }) {
      const { link } = lockOf(node);
      const { frames, commands } = link;
      if (forget) Object.assign(link, { frames: 0, commands: {} });
      return { frames, commands };
    },

    /** The lock's own memory: what is true, whatever the hub believes. */
    async state({ node }) {
      return Object.fromEntries([...lockOf(node).state].map(([key, value]) => [key, codes.text(value)]));
    },
  };

  async function answer(request) {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { do: name, ...given } = JSON.parse(body);
    if (!Object.hasOwn(actions, name)) throw new Error(`there is no action ${name}`);
    return (await actions[name](given)) ?? null;
  }

  http
    .createServer(async (request, response) => {
      try {
        response.end(JSON.stringify({ result: await answer(request) }));
      } catch (error) {
        response.statusCode = 400;
        response.end(JSON.stringify({ error: error.message }));
      }
    })
    .listen(port, "127.0.0.1");
};
