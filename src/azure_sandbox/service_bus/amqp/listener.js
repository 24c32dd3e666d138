'use strict';
// One port of one namespace. TLS and plain AMQP come in over the same port: clients that are told to use a development
// emulator speak plain AMQP.

const net = require('node:net');
const tls = require('node:tls');
const rhea = require('rhea');

const TLS_HANDSHAKE = 0x16;
const MAX_FRAME_BYTES = 65536; // as Service Bus announces it
const SESSION_DELIVERIES = 65536; // deliveries that a client may hold unsettled in one session

/**
 * Listen on a free port of 127.0.0.1.
 * @param {object} container rhea's container, which gets all events.
 * @param {{cert: Buffer, key: Buffer}} identity The server's certificate.
 * @returns {Promise<{port: number, close: () => void}>}
 */
function listen(container, identity) {
  const sockets = new Set();
  const accept = (socket) => container.create_connection(options()).accept(socket);
  const secure = tls.createServer(identity, accept);
  secure.on('tlsClientError', () => {}); // a client that does not trust us says so itself
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setNoDelay(true);
    socket.once('data', (first) => route(socket, first, secure, accept));
  });
  const close = () => {
    server.close();
    sockets.forEach((socket) => socket.destroy());
  };
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve({ port: server.address().port, close }));
  });
}

function route(socket, first, secure, accept) {
  socket.pause();
  socket.unshift(first);
  if (first[0] === TLS_HANDSHAKE) secure.emit('connection', socket);
  else accept(socket);
  process.nextTick(() => socket.resume());
}

function options() {
  return { max_frame_size: MAX_FRAME_BYTES, session_buffer_size: SESSION_DELIVERIES, reconnect: false };
}

/** A container of rhea's that lets everybody in: in Service Bus tokens decide, not SASL. */
function openContainer(name) {
  const container = rhea.create_container({
    id: name,
    receiver_options: { autoaccept: false },
    sender_options: { treat_modified_as_released: false },
  });
  const everybody = () => ({ outcome: undefined, start() { this.outcome = true; } });
  for (const mechanism of ['MSSBCBS', 'ANONYMOUS', 'EXTERNAL']) container.sasl_server_mechanisms[mechanism] = everybody;
  return container;
}

module.exports = { listen, openContainer };
