// The control port: what people, weather and time do to a lock, and a look into its memory.
const http = require("node:http");

module.exports = (zwave, radio, behaviours, controller, port) => {
  const { BatteryCCReport, Bytes, DoorLockMode, NotificationCCReport, UserIDStatus } = zwave;
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

    /** Writes `code` into slot `slot` at the keypad, unseen by the hub; `code: null` empties the slot. */
    async plant({ node, slot, code }) {
      forget(lockOf(node), `UserCode_userCode_${slot}`, code);
      forget(lockOf(node), `UserCode_userIdStatus_${slot}`, code === null ? null : UserIDStatus.Enabled);
    },

    /** Changes a configuration parameter at the lock, unseen by the hub; `value: null` restores the factory value. */
    async parameter({ node, parameter, value }) {
      forget(lockOf(node), `Configuration_value_${parameter}`, value);
    },

    /** Faults: `jam`, `refuseCodes`; `value: true` or `false`. */
    async fault({ node, fault, value }) {
      if (!["jam", "refuseCodes"].includes(fault)) throw new Error(`there is no fault ${fault}`);
      lockOf(node).state.set(fault, value);
    },

    /** A dead lock: neither acknowledges nor answers while `value` is true. */
    async silent({ node, value }) {
      if (value) lockOf(node).onControllerFrame = async () => {};
      else delete lockOf(node).onControllerFrame;
    },

    /** The lock's own memory: what is true, whatever the hub believes. */
    async state({ node }) {
      const text = (value) => (value instanceof Uint8Array ? Buffer.from(value).toString() : value);
      return Object.fromEntries([...lockOf(node).state].map(([key, value]) => [key, text(value)]));
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
