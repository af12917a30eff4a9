// The locks of the house, each joined and keeping codes in its own way.
module.exports = ({ CommandClasses: CC, SecurityClass, UserCredentialType }, behaviours, txDelay) => {
  // Signed, as the interview reports them: a factory value of 255 in one byte reads -1.
  const parameter = (number, bytes, factory, min, max) => ({
    "#": number,
    name: `P${number}`,
    valueSize: bytes,
    defaultValue: factory,
    minValue: min ?? -(2 ** (8 * bytes - 1)),
    maxValue: max ?? 2 ** (8 * bytes - 1) - 1,
  });
  const dayCounter = (number) => parameter(number, 4, 0, 0, 9999);

  function lock({ id, product, firmwareVersion, joinedWith, codes, parameters, doorSensor = false, schedules }) {
    const [manufacturerId, productType, productId] = product;
    const s2 = joinedWith.some((c) => c !== SecurityClass.S0_Legacy);
    const s0 = joinedWith.includes(SecurityClass.S0_Legacy);
    const plain = (ccId, version) => ({ ccId, isSupported: true, version });
    const cc = (ccId, version, more) => ({ ccId, isSupported: true, secure: s2 || s0, version, ...more });
    return {
      id,
      capabilities: {
        manufacturerId,
        productType,
        productId,
        firmwareVersion,
        txDelay,
        isListening: false,
        isFrequentListening: "1000ms",
        supportsBeaming: true,
        supportsSecurity: true,
        genericDeviceClass: 0x40, // Entry Control
        specificDeviceClass: 0x03, // Secure Keypad Door Lock
        securityClasses: new Set(joinedWith),
        commandClasses: [
          plain(CC["Z-Wave Plus Info"], 2),
          plain(CC.Supervision, 1),
          ...(s2 ? [plain(CC["Security 2"], 1)] : []),
          ...(s0 ? [plain(CC.Security, 1)] : []),
          cc(CC.Version, 3),
          cc(CC["Manufacturer Specific"], 2),
          cc(CC.Battery, 1),
          cc(CC["Door Lock"], 4, { travelTime: 0, boltSupported: true, doorSupported: doorSensor, latchSupported: false }),
          ...codes(cc),
          ...(schedules ? [cc(CC["Schedule Entry Lock"], 3, schedules), cc(CC.Time, 1)] : []),
          cc(CC.Notification, 8, {
            supportsV1Alarm: false,
            notificationTypesAndEvents: {
              6: [1, 2, 3, 4, 5, 6, 9, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11], // Access Control
              7: [1, 3, 4], // Home Security: intrusion, tamper by cover, invalid code
              8: [0x0a, 0x0b], // Power Management: battery low, battery empty
            },
          }),
          cc(CC.Configuration, 4, { parameters }),
        ],
      },
      behaviors: behaviours.all,
    };
  }

  const userCodes = (version, slots) => (cc) => [cc(CC["User Code"], version, { numUsers: slots })];
  const credentialSlots = (number, shortest, longest) => ({
    numberOfCredentialSlots: number,
    minCredentialLength: shortest,
    maxCredentialLength: longest,
    maxCredentialHashLength: 0,
    supportsCredentialLearn: false,
  });
  const credentials = (users) => (cc) => [
    cc(CC["User Credential"], 1, {
      numberOfSupportedUsers: users,
      supportedCredentialTypes: new Map([
        [UserCredentialType.PINCode, credentialSlots(users, 4, 8)],
        [UserCredentialType.RFIDCode, credentialSlots(5, 4, 10)],
      ]),
    }),
  ];

  const schlage = lock({
    id: 2, // Schlage BE469ZP
    product: [0x003b, 0x0001, 0x0469],
    firmwareVersion: "0.11",
    joinedWith: [SecurityClass.S2_AccessControl],
    codes: userCodes(1, 30),
    parameters: [
      parameter(3, 1, -1),
      parameter(4, 1, 0),
      parameter(5, 1, 0),
      parameter(6, 4, 0, 0, 536870912),
      parameter(7, 1, 0, 0, 3),
      parameter(8, 1, 3, 1, 5),
      parameter(9, 1, 3, 1, 5),
      parameter(10, 1, 3, 1, 5),
      parameter(11, 1, 0),
      dayCounter(12),
      dayCounter(13),
      dayCounter(14),
      parameter(15, 1, 0),
      parameter(16, 1, 4, 4, 8),
      dayCounter(17),
      parameter(18, 1, 0, 0, 0),
    ],
  });

  const yale = lock({
    id: 3, // Yale YRD450-ZW3
    product: [0x0129, 0x8104, 0x45d5],
    firmwareVersion: "1.50",
    joinedWith: [SecurityClass.S2_Authenticated],
    codes: userCodes(1, 30),
    schedules: { numWeekDaySlots: 1, numYearDaySlots: 1, numDailyRepeatingSlots: 1 },
    doorSensor: true,
    parameters: [
      parameter(1, 1, 2, 1, 3),
      parameter(2, 1, 0),
      parameter(3, 1, 30),
      parameter(4, 1, 5, 3, 10),
      parameter(7, 1, 60),
      parameter(8, 1, 0, 0, 2),
      parameter(11, 1, -1),
      parameter(12, 1, 0),
      parameter(13, 1, -1),
      parameter(28, 1, 0, 0, 7),
    ],
  });

  const kwikset = lock({
    id: 4, // Kwikset 916, of the S0 age
    product: [0x0090, 0x0001, 0x0642],
    firmwareVersion: "4.20",
    joinedWith: [SecurityClass.S0_Legacy],
    codes: userCodes(1, 8),
    parameters: [
      ...Array.from({ length: 30 }, (_, i) => parameter(i + 1, 1, 1, 1, 4)), // kind of user: 1 is an owner
      parameter(31, 1, 0b0010, 0, 0xf), // its dip switches: auto-lock on, buzzer and secure screen off
      parameter(33, 4, 0),
      parameter(34, 4, 0),
      parameter(40, 1, 0, 0, 1), // writing 1 resets it to factory state
    ],
  });

  const unsecured = lock({
    id: 5, // Yale YRD110 that somebody paired without security
    product: [0x0129, 0x0004, 0x0800],
    firmwareVersion: "1.0",
    joinedWith: [],
    codes: userCodes(1, 8),
    parameters: [
      parameter(1, 1, 2, 1, 3),
      parameter(2, 1, 0),
      parameter(3, 1, 30),
      parameter(4, 1, 5, 3, 10),
      parameter(7, 1, 60),
      parameter(8, 1, 0, 0, 2),
    ],
  });

  const homeConnect = lock({
    id: 6, // Kwikset HC620, here with the newer version of User Code
    product: [0x0090, 0x0811, 0x03a8],
    firmwareVersion: "4.10",
    joinedWith: [SecurityClass.S2_AccessControl],
    codes: userCodes(2, 30),
    schedules: { numWeekDaySlots: 7, numYearDaySlots: 2, numDailyRepeatingSlots: 0 },
    parameters: [],
  });

  const newest = lock({
    id: 7, // a lock of the User Credential age, of a maker that nobody knows
    product: [0x7ffe, 0x0001, 0x0001],
    firmwareVersion: "1.0",
    joinedWith: [SecurityClass.S2_AccessControl],
    codes: credentials(30),
    parameters: [],
  });

  return [schlage, yale, kwikset, unsecured, homeConnect, newest];
};
