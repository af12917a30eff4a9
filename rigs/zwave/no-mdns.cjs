// Preloaded into the mock server, which always announces itself by mDNS: a rig must stay unseen.
const ciao = require.resolve("@homebridge/ciao");
const nothing = async () => {};
const service = { advertise: nothing, end: nothing, destroy: nothing };
const responder = { createService: () => service, shutdown: nothing };
require.cache[ciao] = { id: ciao, filename: ciao, loaded: true, exports: { getResponder: () => responder } };
