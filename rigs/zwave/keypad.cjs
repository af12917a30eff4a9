// What people do at a lock's keypad, and what the lock keeps of codes.
module.exports = (zwave, radio, codes, lockOf, act) => {
  const { Bytes, DoorLockMode, UserCredentialModifierType: Modifier, UserIDStatus } = zwave;
  const { UserCredentialCCCredentialReport, UserCredentialCredentialReportType: Change } = zwave;
  const ACCESS_CONTROL = 6;
  const HOME_SECURITY = 7;
  const INVALID_CODE = 4;
  const ALL_DELETED = 0x0c;
  const DELETED = 0x0d;
  const ADDED = 0x0e;
  const PIN = 1;

  const hasUsers = (lock) => lock.implementedCCs.has(zwave.CommandClasses["User Credential"]);
  const userOf = (slot) => Buffer.from([0x63, 0x03, slot, 0x01]).toString("hex");
  const tell = (node, event, slot) =>
    act("notification", { node, type: ACCESS_CONTROL, event, params: slot ? userOf(slot) : undefined });

  /** The code of a slot becomes `code`; null empties it. */
  function write(lock, slot, code) {
    for (const [key, value] of [
      [codes.code(slot), code],
      [codes.status(slot), UserIDStatus.Enabled],
    ]) {
      if (code === null) lock.state.delete(key);
      else lock.state.set(key, value);
    }
  }

  /** The same at a lock of users and credentials; `type` 1 is a PIN. */
  function writeCredential(lock, slot, code, type) {
    const modifier = { modifierType: Modifier.Locally, modifierNodeId: 0 };
    if (code === null) {
      lock.state.delete(`UserCredential_cred_${type}_${slot}`);
      lock.state.delete(`UserCredential_user_${slot}`);
      return;
    }
    lock.state.set(`UserCredential_user_${slot}`, {
      ...modifier,
      userType: 0,
      active: true,
      credentialRule: 1,
      expiringTimeoutMinutes: 0,
      nameEncoding: 0,
      userName: "",
    });
    const credentialData = Bytes.from(code, "utf8");
    lock.state.set(`UserCredential_cred_${type}_${slot}`, { ...modifier, userId: slot, credentialData });
  }

  const credentialReport = (lock, slot, code, type) =>
    radio.report(
      lock,
      new UserCredentialCCCredentialReport({
        nodeId: lock.controller.ownNodeId,
        reportType: code === null ? Change.CredentialDeleted : Change.CredentialAdded,
        userId: slot,
        credentialType: type,
        credentialSlot: slot,
        credentialReadBack: code !== null,
        credentialData: code === null ? undefined : Bytes.from(code, "utf8"),
        modifierType: Modifier.Locally,
        modifierNodeId: 0,
      }),
    );

  return {
    /** Writes `code` into slot `slot` at the keypad; null empties it. The hub hears of it where `report` is true. */
    async plant({ node, slot, code, report = false, type = PIN }) {
      const lock = lockOf(node);
      if (hasUsers(lock)) {
        writeCredential(lock, slot, code, type);
        if (report) await credentialReport(lock, slot, code, type);
        return;
      }
      write(lock, slot, code);
      if (report) await tell(node, code === null ? DELETED : ADDED, slot);
    },

    /** Somebody resets the codes at the keypad; the hub hears of it where `report` is true. */
    async forget_codes({ node, report = false }) {
      const { state } = lockOf(node);
      for (const key of [...state.keys()]) if (/^(UserCode|UserCredential|ScheduleEntry|scheduleKind)_/.test(key)) state.delete(key);
      if (report) await tell(node, ALL_DELETED);
    },

    /**
     * Somebody types a code: the door opens by its slot, or the lock tells of a wrong one. `at` is the lock's
     * own time, local and without a zone ("2026-11-23T10:00"); left out: what its clock shows.
     */
    async type({ node, code, at = undefined }) {
      const now = at ? new Date(`${at}Z`) : codes.now(lockOf(node));
      const { slot, user, why } = codes.opens(lockOf(node), code, now);
      if (slot === null) await act("notification", { node, type: HOME_SECURITY, event: INVALID_CODE });
      else {
        lockOf(node).state.set("DoorLock_currentMode", DoorLockMode.Unsecured);
        await act("keypad", { node, user });
      }
      return { slot, why };
    },

    /** The lock's clock is so many minutes ahead of UTC. */
    async clock({ node, offset }) {
      lockOf(node).state.set("clockOffset", offset);
    },

    /** What the lock itself keeps of codes: slot, status (1 enabled, 2 disabled), code, schedules and which kind binds. */
    async memory({ node }) {
      return codes.memory(lockOf(node));
    },
  };
};
