'use strict';
// One sender of a client: takes its messages into the queue.

const { message: amqp } = require('rhea');
const { messagesIn } = require('./message');
const { Refusal, unauthorized } = require('./refusal');

/**
 * @param {object} receiver rhea's end of the link.
 * @param {Queue} queue Where messages go.
 * @param {() => boolean} allowed Whether the client's token still holds.
 */
function openInlet(receiver, queue, allowed) {
  receiver.on('message', ({ message: bytes, format, delivery }) => {
    if (!receiver.is_open()) return; // refused before; the client has not read that yet
    try {
      check(bytes, queue, allowed);
      messagesIn(bytes, format).forEach((message) => queue.put(message));
      delivery.update(true, amqp.accepted().described()); // settled at once, as clients of either settle mode expect
    } catch (refusal) {
      refuse(receiver, delivery, refusal);
    }
  });
}

function check(bytes, queue, allowed) {
  if (!allowed()) throw unauthorized('Send', queue.settings.name);
  const most = queue.settings.maxMessageBytes;
  if (bytes.length <= most) return;
  const text = `The received message (size: ${bytes.length} bytes) exceeds the limit (${most} bytes) of the link.`;
  throw new Refusal('amqp:link:message-size-exceeded', text);
}

function refuse(receiver, delivery, refusal) {
  if (!(refusal instanceof Refusal)) throw refusal;
  if (refusal.condition === 'amqp:decode-error') delivery.update(true, amqp.rejected({ error: refusal.error }).described());
  else receiver.close(refusal.error);
}

module.exports = { openInlet };
