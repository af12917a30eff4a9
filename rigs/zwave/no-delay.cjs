// Preloaded into both programs: a frame follows its ACK byte at once instead of waiting 40 ms for
// the other side's TCP acknowledgement (Nagle's algorithm), as it would over a serial line.
const net = require("node:net");

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...target) {
  return connect.apply(this, target).setNoDelay(true);
};

const { createServer } = net;
net.createServer = (onSocket) => createServer({ noDelay: true }, onSocket);
