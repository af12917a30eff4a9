// What a lock does with codes: duplicates, a master code, schedules that bind, changes that it reports; and its faults.
//
// Keys of the stock mock in a node's `state`: UserCode_userCode_N, UserCode_userIdStatus_N, UserCode_adminCode,
// UserCredential_user_N, UserCredential_cred_TYPE_SLOT, ScheduleEntryLock_schedule_USER_SLOT_KIND.
// Keys of ours: scheduleKind_USER (which kind of its schedules binds; absent: none does), clockOffset (minutes that
// the lock's clock is ahead of UTC), and the faults.
module.exports = (zwave, radio) => {
  const { NotificationCCReport, ScheduleEntryLockScheduleKind: Kind, UserIDStatus } = zwave;
  const { UserCodeCCAdminCodeSet, UserCodeCCExtendedUserCodeSet, UserCodeCCGet, UserCodeCCReport, UserCodeCCSet } = zwave;
  const { ScheduleEntryLockCCDailyRepeatingScheduleSet, ScheduleEntryLockCCEnableSet } = zwave;
  const { ScheduleEntryLockCCWeekDayScheduleSet, ScheduleEntryLockCCYearDayScheduleSet } = zwave;
  const { UserCredentialCCCredentialSet, UserCredentialCCUserSet } = zwave;
  const { TimeCCDateGet, TimeCCDateReport, TimeCCTimeGet, TimeCCTimeReport } = zwave;
  const ACCESS_CONTROL = 6;
  const DUPLICATE_CODE = 0x0f;
  const KEYPAD_BUSY = 0x11;
  const MASTER_SLOT = 251; // Yale: the master code is user 251 in User Code version 1
  const KINDS = { year_days: Kind.YearDay, week_days: Kind.WeekDay, daily: Kind.DailyRepeating };
  const FAULTS = ["refuseCodes", "ignoreCodes", "loseCodes", "hideCodes", "busyKeypad", "refuseSchedules", "forgetSchedules", "refuseClock"];

  const text = (value) => (value instanceof Uint8Array ? Buffer.from(value).toString() : value);
  const code = (slot) => `UserCode_userCode_${slot}`;
  const status = (slot) => `UserCode_userIdStatus_${slot}`;
  const schedule = (user, slot, kind) => `ScheduleEntryLock_schedule_${user}_${slot}_${kind}`;
  const hasMaster = (lock) => lock.capabilities.manufacturerId === 0x0129;

  const notify = (lock, event) =>
    radio.report(
      lock,
      new NotificationCCReport({
        nodeId: lock.controller.ownNodeId,
        notificationType: ACCESS_CONTROL,
        notificationEvent: event,
      }),
    );

  function forgetSchedules(lock, user) {
    lock.state.delete(`scheduleKind_${user}`);
    for (const key of [...lock.state.keys()]) {
      if (key.startsWith(`ScheduleEntryLock_schedule_${user}_`)) lock.state.delete(key);
    }
  }

  /** The slots in use with their codes, the master code among them. */
  function* slotsOf(lock) {
    for (const key of lock.state.keys()) {
      const [, number] = /^UserCode_userCode_(\d+)$/.exec(key) ?? [];
      const slot = Number(number);
      if (number && lock.state.get(code(slot)) && lock.state.get(status(slot))) {
        yield { slot, status: lock.state.get(status(slot)), code: text(lock.state.get(code(slot))) };
      }
      const [, type, place] = /^UserCredential_cred_(\d+)_(\d+)$/.exec(key) ?? [];
      if (type) {
        const credential = lock.state.get(key);
        const user = lock.state.get(`UserCredential_user_${credential.userId}`);
        yield {
          slot: Number(place),
          type: Number(type),
          user: credential.userId,
          status: user?.active ? UserIDStatus.Enabled : UserIDStatus.Disabled,
          code: text(credential.credentialData),
        };
      }
    }
    const master = text(lock.state.get("UserCode_adminCode"));
    if (master) yield { slot: 0, status: UserIDStatus.Enabled, code: master };
  }

  /** The schedules of a user by kind, and which kind binds it. */
  function schedulesOf(lock, user) {
    const found = {};
    for (const [name, kind] of Object.entries(KINDS)) {
      const all = Array.from({ length: 8 }, (_, i) => lock.state.get(schedule(user, i + 1, kind))).filter(Boolean);
      if (all.length) found[name] = all;
    }
    const binds = Object.entries(KINDS).find(([, kind]) => kind === lock.state.get(`scheduleKind_${user}`));
    return { ...found, binds: binds?.[0] ?? null };
  }

  const stores = (cc) => cc instanceof UserCodeCCSet || cc instanceof UserCodeCCExtendedUserCodeSet;
  const storesCredential = (cc) => cc instanceof UserCredentialCCCredentialSet || cc instanceof UserCredentialCCUserSet;

  // The faults, first: what the lock does not do.
  const faults = {
    handleCC(controller, lock, cc) {
      const schedules = [ScheduleEntryLockCCYearDayScheduleSet, ScheduleEntryLockCCWeekDayScheduleSet];
      if (schedules.some((one) => cc instanceof one) && lock.state.get("refuseSchedules")) return { action: "fail" };
      if (!stores(cc) && !storesCredential(cc)) return;
      if (lock.state.get("loseCodes")) return { action: "stop" };
      if (lock.state.get("refuseCodes")) return { action: "fail" };
      if (lock.state.get("ignoreCodes")) return { action: "ok" };
      if (lock.state.get("busyKeypad")) {
        void notify(lock, KEYPAD_BUSY);
        return { action: "fail" };
      }
    },
  };

  // A lock takes no code that it holds already, and says so.
  const duplicates = {
    handleCC(controller, lock, cc) {
      if (!stores(cc)) return;
      const given = cc instanceof UserCodeCCSet ? [cc] : cc.userCodes;
      const twice = given.some(
        ({ userId, userIdStatus, userCode }) =>
          userIdStatus !== UserIDStatus.Available &&
          [...slotsOf(lock)].some((held) => held.slot !== userId && held.code === text(userCode)),
      );
      if (twice) {
        void notify(lock, DUPLICATE_CODE);
        return { action: "fail" };
      }
      for (const { userId, userIdStatus } of given) {
        if (userIdStatus === UserIDStatus.Available || lock.state.get("forgetSchedules")) forgetSchedules(lock, userId);
      }
    },
  };

  // The stock mock knows no slot behind the last one, and shows every code.
  const master = {
    handleCC(controller, lock, cc) {
      if (!(cc instanceof UserCodeCCGet)) return;
      const held = text(lock.state.get(code(cc.userId)));
      const isMaster = cc.userId === MASTER_SLOT && hasMaster(lock);
      const hides = lock.state.get("hideCodes") && held;
      if (!isMaster && !hides) return;
      return {
        action: "sendCC",
        cc: new UserCodeCCReport({
          nodeId: controller.ownNodeId,
          userId: cc.userId,
          userIdStatus: lock.state.get(status(cc.userId)) ?? UserIDStatus.Available,
          userCode: hides ? "*".repeat(held.length) : held,
        }),
      };
    },
  };

  // The kind of schedule that was set last binds the user, until schedules are switched off for it.
  const binding = {
    handleCC(controller, lock, cc) {
      if (cc instanceof ScheduleEntryLockCCEnableSet) {
        const any = Object.values(KINDS).find((kind) => lock.state.get(schedule(cc.userId, 1, kind)));
        if (cc.enabled && any) lock.state.set(`scheduleKind_${cc.userId}`, any);
        else lock.state.delete(`scheduleKind_${cc.userId}`);
        return { action: "ok" };
      }
      const sets = [
        [ScheduleEntryLockCCYearDayScheduleSet, Kind.YearDay],
        [ScheduleEntryLockCCWeekDayScheduleSet, Kind.WeekDay],
        [ScheduleEntryLockCCDailyRepeatingScheduleSet, Kind.DailyRepeating],
      ];
      const kind = sets.find(([Set]) => cc instanceof Set)?.[1];
      if (kind !== undefined && cc.action === zwave.ScheduleEntryLockSetAction.Set) {
        lock.state.set(`scheduleKind_${cc.userId}`, kind);
      }
    },
  };

  const minutes = (hour, minute) => hour * 60 + minute;
  const date = (one, of) =>
    Date.UTC(2000 + one[`${of}Year`], one[`${of}Month`] - 1, one[`${of}Day`], one[`${of}Hour`], one[`${of}Minute`]);

  /** Whether a schedule runs at a local time, given as a Date in UTC. */
  const RUNS = {
    year_days: (one, at) => date(one, "start") <= at && at < date(one, "stop"),
    week_days(one, at) {
      const now = minutes(at.getUTCHours(), at.getUTCMinutes());
      const ends = minutes(one.stopHour, one.stopMinute);
      const last = ends === minutes(23, 59) ? 24 * 60 : ends;
      return one.weekday === at.getUTCDay() && minutes(one.startHour, one.startMinute) <= now && now < last;
    },
    daily(one, at) {
      const now = minutes(at.getUTCHours(), at.getUTCMinutes());
      const begins = minutes(one.startHour, one.startMinute);
      const ends = begins + minutes(one.durationHour, one.durationMinute);
      return one.weekdays.includes(at.getUTCDay()) && begins <= now && now < ends;
    },
  };

  /** The slot whose code this is and that may open now; `at` is the lock's local time. */
  function opens(lock, typed, at) {
    const held = [...slotsOf(lock)].find((one) => one.code === typed && (one.type ?? 1) === 1);
    if (!held) return { slot: null, why: "no such code" };
    if (held.status !== UserIDStatus.Enabled) return { slot: null, why: "disabled" };
    const { binds, ...schedules } = schedulesOf(lock, held.slot);
    if (binds && !(schedules[binds] ?? []).some((one) => RUNS[binds](one, at))) return { slot: null, why: "schedule" };
    return { slot: held.slot, user: held.user ?? held.slot, why: "" };
  }

  /** All that the lock keeps of codes. */
  function memory(lock) {
    return [...slotsOf(lock)].map((held) => ({ ...held, schedules: schedulesOf(lock, held.slot) }));
  }

  const localOffset = (lock) => lock.state.get("clockOffset") ?? -new Date().getTimezoneOffset();

  /** The lock's own clock: a Date whose UTC parts are its local time. */
  const now = (lock) => new Date(Date.now() + localOffset(lock) * 60_000);

  // The stock mock has no clock. This one is set and read by Time, and the schedules go by it.
  const clock = {
    handleCC(controller, lock, cc) {
      const nodeId = controller.ownNodeId;
      const at = now(lock);
      if (cc instanceof TimeCCTimeGet) {
        const [hour, minute, second] = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()];
        return { action: "sendCC", cc: new TimeCCTimeReport({ nodeId, hour, minute, second }) };
      }
      if (cc instanceof TimeCCDateGet) {
        const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate()];
        return { action: "sendCC", cc: new TimeCCDateReport({ nodeId, year, month, day }) };
      }
      if (lock.state.get("refuseClock")) return;
      const set = new Date(at);
      if (cc instanceof TimeCCTimeReport) set.setUTCHours(cc.hour, cc.minute, cc.second);
      else if (cc instanceof TimeCCDateReport) set.setUTCFullYear(cc.year, cc.month - 1, cc.day);
      else return;
      lock.state.set("clockOffset", localOffset(lock) + Math.round((set - at) / 60_000));
      return { action: "ok" };
    },
  };

  // The stock mock keeps an administrator's code as it came.
  const admin = {
    handleCC(controller, lock, cc) {
      if (cc instanceof UserCodeCCAdminCodeSet && lock.state.get("refuseCodes")) return { action: "fail" };
    },
  };

  return { FAULTS, all: [faults, duplicates, master, binding, clock, admin], code, memory, now, opens, status, text };
};
