// What the stock mock lacks on the wire: whole serial frames in, secured reports out.
module.exports = ({
  Bytes,
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

  /** Sends a report that nobody asked for, secured as the node joined: S2, S0 or in the clear. */
  async function report(node, cc) {
    const { securityManager: s0, securityManager2: s2 } = node.securityManagers;
    if (s2) {
      if (s2.getSPANState(CONTROLLER).type === SPANState.None) {
        await exchange(node, new Security2CCNonceGet({ nodeId: CONTROLLER }), Security2CCNonceReport, (r) => r.SOS);
      }
      cc = Security2CC.encapsulate(cc, node.id, node.securityManagers);
    } else if (s0) {
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

  return { frameByFrame, keepJoinedKeysOnly, report };
};
