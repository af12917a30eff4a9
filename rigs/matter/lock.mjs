// A Matter door lock over IP: `node lock.mjs STORE PORT`. What a person would do at the door comes in as
// JSON lines on stdin, {"id": 1, "act": "turn", ...}; each is answered by {"done": 1, ...} or {"failed": 1, ...}.
import { createInterface } from "node:readline";
import { Bytes, Environment, Logger, ServerNode, Supervision } from "@matter/main";
import { DoorLockServer, LockAuth } from "@matter/main/behaviors/door-lock";
import { TimeSynchronizationServer } from "@matter/main/behaviors/time-synchronization";
import { PowerSourceServer } from "@matter/main/behaviors/power-source";
import { DoorLock } from "@matter/main/clusters/door-lock";
import { PowerSource } from "@matter/main/clusters/power-source";
import { StatusCode, StatusResponseError } from "@matter/main/types";
import { DoorLockDevice } from "@matter/main/devices/door-lock";

const [store, port] = process.argv.slice(2);
const environment = Environment.default;
environment.vars.set("runtime.signals", false); // we end it ourselves, below
environment.vars.set("storage.path", store);
Logger.level = "notice";

const say = what => process.stdout.write(JSON.stringify(what) + "\n");

// matter.js 0.17.9 gives a user whom SetCredential creates the unique id 0xFFFFFFFF, which its own nullable
// 32-bit type then refuses to store. The Matter specification's value for "none" is null.
class Users extends LockAuth.Store {
    addUser(user) {
        super.addUser({ ...user, userUniqueId: user.userUniqueId === 0xffffffff ? null : user.userUniqueId });
    }
}

// How the lock takes orders from now on: well, jammed (the bolt gets stuck), stubborn (it declines) or
// feigning (it says yes to whatever changes a code, and does nothing).
let mood = "well";

// The lock's own clock: so many seconds ahead of the machine's, and its zone so many minutes east of Greenwich.
let clock = { ahead: 0, east: 0, lost: false };
const Y2000 = 946_684_800_000_000; // in µs
const Duplicate = 2, Occupied = 3; // status codes of the Door Lock cluster
const Days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const UserTypes = { unrestricted: 0, yearDay: 1, weekDay: 2, restricted: 8 };

class LockServer extends DoorLockServer.with(
    "User", "PinCredential", "CredentialOverTheAirAccess", "WeekDayAccessSchedules", "YearDayAccessSchedules",
    "HolidaySchedules", "DoorPositionSensor",
) {
    get auth() {
        return new Users(this.state, this.cipher);
    }

    lockDoor(request) {
        return this.moves(() => super.lockDoor(request));
    }

    unlockDoor(request) {
        return this.moves(() => super.unlockDoor(request));
    }

    // matter.js 0.17.9 answers Failure to a code that is there already; the specification has codes of its own.
    setCredential(request) {
        const { operationType, credential: { credentialType, credentialIndex }, credentialData } = request;
        const no = status => {
            const answer = { status, userIndex: null, nextCredentialIndex: null };
            Supervision(answer, "status").validate = false; // it knows the statuses of all clusters only
            return answer;
        };
        if (mood === "feigning") return no(StatusCode.Success);
        if (mood === "stubborn") return no(StatusCode.Failure);
        if (this.auth.isDuplicateCredential(credentialType, credentialData, credentialIndex)) return no(Duplicate);
        const adding = operationType === DoorLock.DataOperationType.Add;
        if (adding && this.auth.findCredential(credentialType, credentialIndex)) return no(Occupied);
        return super.setCredential(request);
    }

    setUser(request) {
        return this.changes(() => super.setUser(request));
    }

    clearUser(request) {
        return this.changes(() => super.clearUser(request));
    }

    setYearDaySchedule(request) {
        return this.changes(() => super.setYearDaySchedule(request));
    }

    setWeekDaySchedule(request) {
        return this.changes(() => super.setWeekDaySchedule(request));
    }

    changes(change) {
        if (mood === "stubborn") throw new StatusResponseError("it will not", StatusCode.Failure);
        if (mood !== "feigning") return change();
    }

    // Somebody types a PIN: the user whom it lets in now, or why it lets in nobody.
    typed(pin) {
        const digits = Bytes.fromString(pin);
        const credential = this.auth.credentials.find(each =>
            each.credentialType === DoorLock.CredentialType.Pin
            && Bytes.areEqual(this.auth.decrypt(each.credentialData), digits));
        const userIndex = credential && this.auth.findUserIndexForCredential(1, credential.credentialIndex);
        const user = userIndex && this.auth.findUser(userIndex);
        const { InvalidCredential, DisabledUserDenied, Restricted } = DoorLock.OperationError;
        if (!user) return { error: InvalidCredential };
        if (user.userStatus !== DoorLock.UserStatus.OccupiedEnabled) return { error: DisabledUserDenied };
        if (!this.within(user)) return { error: Restricted };
        return { userIndex, credentialIndex: credential.credentialIndex };
    }

    // Whether the schedules of a user let them in by the lock's own clock.
    within({ userIndex, userType }) {
        const { unrestricted, yearDay, weekDay, restricted } = UserTypes;
        if (userType === unrestricted) return true;
        if (clock.lost) return false;
        const local = new Date(Date.now() + clock.ahead * 1000 + clock.east * 60_000);
        const minute = local.getUTCHours() * 60 + local.getUTCMinutes();
        const days = Object.values(this.state.yearDaySchedules).filter(each => each.userIndex === userIndex)
            .map(each => each.localStartTime <= local / 1000 && local / 1000 < each.localEndTime);
        const week = Object.values(this.state.weekDaySchedules).filter(each => each.userIndex === userIndex)
            .map(each => each.daysMask[Days[local.getUTCDay()]]
                && each.startHour * 60 + each.startMinute <= minute
                && (minute < each.endHour * 60 + each.endMinute || (each.endHour === 23 && each.endMinute === 59)));
        const some = (kinds, all) => all.length > 0 && kinds.includes(userType) && all.some(each => each);
        if (userType === restricted && days.length && week.length) {
            return some([restricted], days) && some([restricted], week);
        }
        return some([yearDay, restricted], days) || some([weekDay, restricted], week);
    }

    moves(move) {
        if (mood === "stubborn") throw new StatusResponseError("it will not", StatusCode.Failure);
        if (mood !== "jammed") return move();
        this.state.lockState = DoorLock.LockState.NotFullyLocked;
        this.events.doorLockAlarm.emit({ alarmCode: DoorLock.AlarmCode.LockJammed }, this.context);
    }
}

const node = await ServerNode.create(ServerNode.RootEndpoint.with(TimeSynchronizationServer.with("TimeZone")), {
    id: "lock",
    network: { port: Number(port) },
    timeSynchronization: {
        utcTime: null, localTime: null, granularity: 2, timeZone: [{ offset: 0, validAt: Y2000 }], dstOffset: [],
        timeZoneDatabase: 2, timeZoneListMaxSize: 1, dstOffsetListMaxSize: 1,
    },
    commissioning: { passcode: 20202021, discriminator: 3840 },
    productDescription: { name: "Virtual Deadbolt", deviceType: DoorLockDevice.deviceType },
    basicInformation: {
        vendorId: 0xfff1, vendorName: "Acme Locks", productId: 0x8001, productName: "Virtual Deadbolt 1",
        nodeLabel: "Front door", serialNumber: "VL-0001", uniqueId: "VL-0001",
        hardwareVersion: 2, hardwareVersionString: "rev2", softwareVersion: 10203, softwareVersionString: "1.2.3",
    },
});

// Set up as many owners leave it: anyone in the app opens the door without a PIN.
const lock = await node.add(DoorLockDevice.with(LockServer, PowerSourceServer.with("Battery", "Replaceable")), {
    id: "lock",
    doorLock: {
        lockState: DoorLock.LockState.Locked,
        lockType: DoorLock.LockType.DeadBolt,
        actuatorEnabled: true,
        operatingMode: DoorLock.OperatingMode.Normal,
        doorState: DoorLock.DoorState.DoorClosed,
        doorOpenEvents: 0,
        doorClosedEvents: 0,
        numberOfTotalUsersSupported: 20,
        numberOfPinUsersSupported: 20,
        numberOfCredentialsSupportedPerUser: 5,
        credentialRulesSupport: { single: true, dual: false, tri: false },
        minPinCodeLength: 4,
        maxPinCodeLength: 8,
        numberOfWeekDaySchedulesSupportedPerUser: 3,
        numberOfYearDaySchedulesSupportedPerUser: 3,
        numberOfHolidaySchedulesSupported: 5,
        autoRelockTime: 0,
        wrongCodeEntryLimit: 3,
        userCodeTemporaryDisableTime: 5,
        requirePinForRemoteOperation: false,
        sendPinOverTheAir: true,
        enableOneTouchLocking: true,
        enableLocalProgramming: false,
        localProgrammingFeatures: {},
        soundVolume: 1,
        language: "en",
    },
    powerSource: {
        status: PowerSource.PowerSourceStatus.Active,
        order: 0,
        description: "Batteries",
        batPercentRemaining: 174, // half percents
        batChargeLevel: PowerSource.BatChargeLevel.Ok,
        batReplacementNeeded: false,
        batReplaceability: PowerSource.BatReplaceability.UserReplaceable,
        batReplacementDescription: "AA",
        batQuantity: 4,
        endpointList: [],
    },
});

const { AlarmCode, DoorState, LockOperationType, LockState, OperationSource } = DoorLock;
const { BatChargeLevel } = PowerSource;
const acts = {
    // The thumb turn, or the keypad when `userIndex` says whose PIN was typed.
    turn: async ({ to, userIndex = null }) => {
        const locking = to === "locked";
        await lock.set({ doorLock: { lockState: locking ? LockState.Locked : LockState.Unlocked } });
        await lock.act(agent => lock.events.doorLock.lockOperation.emit({
            lockOperationType: locking ? LockOperationType.Lock : LockOperationType.Unlock,
            operationSource: userIndex === null ? OperationSource.Manual : OperationSource.Keypad,
            userIndex,
            fabricIndex: null,
            sourceNode: null,
            credentials: userIndex === null ? null : [{ credentialType: 1, credentialIndex: userIndex }],
        }, agent.context));
    },
    // Somebody types a PIN; `userIndex` in the answer is who it let in, 0 when nobody.
    type: async ({ pin }) => {
        const { error, userIndex, credentialIndex } = await lock.act(agent => agent.get(LockServer).typed(pin));
        const common = {
            lockOperationType: LockOperationType.Unlock, operationSource: OperationSource.Keypad,
            userIndex: userIndex ?? null, fabricIndex: null, sourceNode: null,
        };
        if (error !== undefined) {
            const told = { ...common, operationError: error };
            await lock.act(agent => lock.events.doorLock.lockOperationError.emit(told, agent.context));
            return { userIndex: 0, error };
        }
        await lock.set({ doorLock: { lockState: LockState.Unlocked } });
        const told = { ...common, credentials: [{ credentialType: 1, credentialIndex }] };
        await lock.act(agent => lock.events.doorLock.lockOperation.emit(told, agent.context));
        return { userIndex };
    },
    // Its clock: so many seconds ahead, its zone so many minutes east; or `lost`, as after new batteries.
    clock: ({ ahead = 0, east = 0, lost = false }) => {
        clock = { ahead, east, lost };
        return showTime();
    },
    // Somebody types a code that the lock does not hold.
    wrongCode: () => lock.act(agent => lock.events.doorLock.lockOperationError.emit({
        lockOperationType: LockOperationType.Unlock,
        operationSource: OperationSource.Keypad,
        operationError: DoorLock.OperationError.InvalidCredential,
        userIndex: null,
        fabricIndex: null,
        sourceNode: null,
    }, agent.context)),
    mood: ({ is }) => { mood = is; },
    // It neither hears nor says anything for some seconds, as with a flat battery or out of reach.
    freeze: ({ seconds }) => void setTimeout(() => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
    }, 50),
    // A Matter AlarmCode by name: "lockJammed", "wrongCodeEntryLimit", "frontEsceutcheonRemoved", ...
    alarm: async ({ name }) => {
        const code = AlarmCode[name[0].toUpperCase() + name.slice(1)];
        if (code === undefined) throw new Error(`no alarm is called ${name}`);
        await lock.act(agent => lock.events.doorLock.doorLockAlarm.emit({ alarmCode: code }, agent.context));
    },
    door: ({ open }) => lock.set({ doorLock: { doorState: open ? DoorState.DoorOpen : DoorState.DoorClosed } }),
    battery: ({ percent }) => lock.set({ powerSource: {
        batPercentRemaining: percent * 2,
        batChargeLevel: percent < 10 ? BatChargeLevel.Critical : percent < 25 ? BatChargeLevel.Warning : BatChargeLevel.Ok,
        batReplacementNeeded: percent < 10,
    } }),
    // The lock's own memory, the ground truth for tests: users, and which credential slots are taken.
    memory: () => {
        const { lockState, doorState, users, credentials, yearDaySchedules, weekDaySchedules } = lock.state.doorLock;
        return {
            lockState,
            doorState,
            users: users.map(each => ({ ...each })),
            yearDays: yearDaySchedules.map(each => ({ ...each })),
            weekDays: weekDaySchedules.map(each => ({ ...each })),
            credentials: credentials.map(({ credentialType, credentialIndex }) => ({ credentialType, credentialIndex })),
        };
    },
};

createInterface({ input: process.stdin }).on("line", async line => {
    const { id, act, ...details } = JSON.parse(line);
    try {
        if (!(act in acts)) throw new Error(`a lock cannot ${act}`);
        say({ done: id, ...(await acts[act](details)) });
    } catch (error) {
        say({ failed: id, reason: String(error) });
    }
});

const end = async () => {
    await node.close();
    process.exit(0);
};
process.on("SIGINT", () => void end());
process.on("SIGTERM", () => void end());

async function showTime() {
    const utc = Math.round(Date.now() + clock.ahead * 1000) * 1000;
    const shown = clock.lost
        ? { utcTime: null, localTime: null }
        : { utcTime: utc, localTime: utc + clock.east * 60_000_000 };
    await node.set({ timeSynchronization: shown });
}

await node.start();
await showTime();
setInterval(showTime, 1000).unref();
say({ ready: node.state.commissioning.pairingCodes.manualPairingCode });
