// How the simulated locks answer where the stock mock has no answer, or a wrong one; and their faults.
//
// A node's `state` is the lock's own memory. Keys of ours: battery, door, jam; those of codes are in codes.cjs.
// Keys of the stock mock: DoorLock_currentMode, UserCode_userCode_N, Configuration_value_N, ...
module.exports = (zwave, radio, codes) => {
  const { BatteryCCGet, BatteryCCReport, DoorLockCCOperationGet, DoorLockCCOperationReport, DoorLockCCOperationSet } = zwave;
  const { DoorLockMode, NotificationCCGet, NotificationCCReport } = zwave;
  const ACCESS_CONTROL = 6;
  const LOCK_JAMMED = 0x0b;
  const MOTOR_TRAVEL_MS = 300;

  const answer = (cc) => ({ action: "sendCC", cc });

  /** The bolt, the door and the mode as this lock would report them now. */
  function operationReport(node) {
    const mode = node.state.get("DoorLock_currentMode") ?? DoorLockMode.Unsecured;
    const handles = [false, false, false, false];
    return new DoorLockCCOperationReport({
      nodeId: node.controller.ownNodeId,
      currentMode: mode,
      targetMode: mode,
      outsideHandlesCanOpenDoor: handles,
      insideHandlesCanOpenDoor: handles,
      boltStatus: mode === DoorLockMode.Secured ? "locked" : "unlocked",
      doorStatus: node.state.get("door") ?? "closed",
      latchStatus: "closed",
    });
  }

  const batteryLevel = {
    handleCC(controller, lock, cc) {
      if (!(cc instanceof BatteryCCGet)) return;
      return answer(new BatteryCCReport({ nodeId: controller.ownNodeId, level: lock.state.get("battery") ?? 87 }));
    },
  };

  // Without an answer the interview waits for a timeout per notification type.
  const nothingHappened = {
    handleCC(controller, lock, cc) {
      if (!(cc instanceof NotificationCCGet)) return;
      return answer(
        new NotificationCCReport({
          nodeId: controller.ownNodeId,
          notificationType: cc.notificationType || ACCESS_CONTROL,
          notificationEvent: 0,
        }),
      );
    },
  };

  // The stock mock never fills bolt, door and latch: it would always say "bolt locked, door open".
  const boltAndDoor = {
    handleCC(controller, lock, cc) {
      if (cc instanceof DoorLockCCOperationGet) return answer(operationReport(lock));
    },
  };

  // Fault `jam`: the lock says OK, the bolt does not move, a jam notification follows.
  const jam = {
    handleCC(controller, lock, cc) {
      if (!(cc instanceof DoorLockCCOperationSet) || !lock.state.get("jam")) return;
      const jammed = new NotificationCCReport({
        nodeId: controller.ownNodeId,
        notificationType: ACCESS_CONTROL,
        notificationEvent: LOCK_JAMMED,
      });
      setTimeout(() => void radio.report(lock, jammed), MOTOR_TRAVEL_MS);
      return { action: "ok" };
    },
  };

  return { operationReport, all: [radio.counted, batteryLevel, nothingHappened, boltAndDoor, jam, ...codes.all] };
};
