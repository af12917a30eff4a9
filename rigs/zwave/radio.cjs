// What the stock mock lacks on the wire: whole serial frames in, secured reports out.
const { setTimeout: sleep } = require("node:timers/promises");

module.exports = ({
  Bytes,
  CommandClasses,
  MockZWaveFrameType,
  Security2CC,
  Security2CCNonceGet,
  Security2CCNonceReport,
  SecurityCC,
  SecurityCCNonceGet,
  SecurityCCNonceReport,
  SPANState,
  createMockZWaveRequestFrame,
}) => {
  const CONTROLLER = 1;
  const START_OF_FRAME = 0x01;
  const SINGLE_BYTES = [0x06, 0x15, 0x18]; // ACK, NAK, CAN

  // The mock controller takes one TCP chunk for one serial frame. Under load the kernel joins an ACK
  // and the frame behind it, and the mock crashes: cut the stream into frames ourselves.
  let received = Buffer.alloc(0);
  const frameByFrame = {
    onHostData(controller, data) {
      received = Buffer.concat([received, data]);
      while (received.length) {
        if (received[0] !== START_OF_FRAME) {
          const byte = received[0];
          received = received.subarray(1);
          if (SINGLE_BYTES.includes(byte)) void controller.serialOnData(byte);
          continue;
        }
        const length = received.length > 1 ? received[1] + 2 : Infinity;
        if (received.length < length) break;
        const frame = received.subarray(0, length);
        received = received.subarray(length);
        void controller.serialOnData(Bytes.from(frame));
      }
      return true;
    },
  };

  const send = (node, cc, ackRequested) => node.sendToController(createMockZWaveRequestFrame(cc, { ackRequested }));

  /** Sends `question` and resolves with the controller's `Answer` that satisfies `fits`. */
  async function exchange(node, question, Answer, fits = () => true) {
    const answer = node.expectControllerFrame(
      (frame) =>
        frame.type === MockZWaveFrameType.Request && frame.payload instanceof Answer && fits(frame.payload),
      { timeout: 2000 },
    );
    await send(node, question, false);
    return (await answer).payload;
  }

  /** Resolves with whether `fits` came true before the time was up. */
  async function until(fits, milliseconds) {
    const deadline = Date.now() + milliseconds;
    while (!fits() && Date.now() < deadline) await sleep(5);
    return fits();
  }

  // A driver that has just started agrees on a nonce with the lock when it first asks. What the lock reports in
  // that moment waits until they are done: the stock mock would drop it.
  async function reportS2(node, s2, cc) {
    const agreed = () => ![SPANState.None, SPANState.LocalEI].includes(s2.getSPANState(CONTROLLER).type);
    for (let attempt = 0; attempt < 5; attempt++) {
      const beingAgreed = s2.getSPANState(CONTROLLER).type === SPANState.LocalEI;
      if (!agreed() && !(beingAgreed && (await until(agreed, 2000)))) {
        await exchange(node, new Security2CCNonceGet({ nodeId: CONTROLLER }), Security2CCNonceReport, (r) => r.SOS);
      }
      const secured = Security2CC.encapsulate(cc, node.id, node.securityManagers);
      await send(node, secured, true);
      // It is encrypted as it goes out, which fails if the driver asked for another nonce in between.
      if (await until(() => secured.ciphertext, 1000)) return;
    }
    throw new Error(`node ${node.id} could not send its report`);
  }

  /** Sends a report that nobody asked for, secured as the node joined: S2, S0 or in the clear. A dead lock sends none. */
  async function report(node, cc) {
    if (node.link.silent) return;
    const { securityManager: s0, securityManager2: s2 } = node.securityManagers;
    if (s2) return reportS2(node, s2, cc);
    if (s0) {
      const { nonce } = await exchange(node, new SecurityCCNonceGet({ nodeId: CONTROLLER }), SecurityCCNonceReport);
      cc = SecurityCC.encapsulate(node.id, s0, cc);
      cc.nonce = nonce;
    }
    await send(node, cc, true);
  }

  /** The stock mock gives an S2 lock every S2 key, so it would answer for classes that it never joined. */
  function keepJoinedKeysOnly(node) {
    const keys = node.securityManagers.securityManager2?.networkKeys;
    for (const securityClass of keys?.keys() ?? []) {
      if (!node.capabilities.securityClasses.has(securityClass)) keys.delete(securityClass);
    }
  }

  const TRANSPORT = ["Security", "Security 2", "Supervision", "Transport Service"].map((name) => CommandClasses[name]);

  /** Counts what is sent to a lock, and loses or delays it as `node.link` says. */
  function tap(node) {
    node.link = { silent: false, dropTo: 0, dropFrom: 0, slow: 0, frames: 0, commands: {} };
    const { link } = node;
    const receive = node.onControllerFrame.bind(node);
    const send = node.sendToController.bind(node);
    node.onControllerFrame = async (frame) => {
      const request = frame.type === MockZWaveFrameType.Request;
      if (request) link.frames += 1;
      if (link.silent) return;
      if (request && link.dropTo > 0) link.dropTo -= 1;
      else await receive(frame);
    };
    node.sendToController = async (frame) => {
      if (link.silent) return;
      const request = frame.type === MockZWaveFrameType.Request;
      if (request && link.dropFrom > 0) {
        link.dropFrom -= 1;
        return;
      }
      // The stock mock answers changes of users and credentials in the clear, which the driver does not believe.
      const bare = request && frame.payload.ccId === CommandClasses["User Credential"];
      if (bare && node.securityManagers.securityManager2) return report(node, frame.payload);
      return send(frame);
    };
  }

  // What reached the lock and was understood: commands by their names, without what secures and carries them.
  const counted = {
    async handleCC(controller, lock, cc) {
      if (!lock.link || TRANSPORT.includes(cc.ccId)) return;
      lock.link.commands[cc.constructor.name] = (lock.link.commands[cc.constructor.name] ?? 0) + 1;
      if (lock.link.slow) await sleep(lock.link.slow);
    },
  };

  return { counted, frameByFrame, keepJoinedKeysOnly, report, tap };
};
