'use strict';
// One sender of a client: takes its messages into the queue.

const { message: amqp } = require('rhea');
const { messagesIn } = require('./message');
const { Refusal, unauthorized } = require('./refusal');

const REFUSED_LINK_MS = 500;
const SIZE_EXCEEDED = 'amqp:link:message-size-exceeded';
const OF_ONE_MESSAGE = new Set([SIZE_EXCEEDED, 'amqp:decode-error']);

/**
 * @param {object} receiver rhea's end of the link.
 * @param {Queue} queue Where messages go.
 * @param {() => boolean} allowed Whether the client's token still holds.
 */
function openInlet(receiver, queue, allowed) {
  receiver.on('message', ({ message: bytes, format, delivery }) => {
    if (!receiver.is_open()) return; // closed by us; the client has not read that yet
    try {
      check(bytes, queue, allowed);
      messagesIn(bytes, format).forEach((message) => queue.put(message));
      // Settled at once, as clients of either settle mode expect.
      delivery.update(true, amqp.accepted().described());
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refuse(receiver, delivery, error);
    }
  });
}

/**
 * Attach, but take no message. A link that is closed at once leaves some clients with a message on its way and no idea
 * why it was lost, so the reason comes as the answer to the first message, or else a little later.
 */
function refuseInlet(receiver, refusal) {
  const timer = setTimeout(() => receiver.close(refusal.error), REFUSED_LINK_MS);
  receiver.on('message', ({ delivery }) => {
    clearTimeout(timer);
    if (receiver.is_open()) refuse(receiver, delivery, refusal);
  });
}

/** Refuse a message that a queue cannot take because of its size. */
function checkSize(bytes, queue) {
  const most = queue.settings.maxMessageBytes;
  if (bytes.length <= most) return;
  const text = `The received message (size: ${bytes.length} bytes) exceeds the limit (${most} bytes) of the queue.`;
  throw new Refusal(SIZE_EXCEEDED, text);
}

function check(bytes, queue, allowed) {
  if (!allowed()) throw unauthorized('Send', queue.settings.name);
  checkSize(bytes, queue);
}

function refuse(receiver, delivery, refusal) {
  delivery.update(true, amqp.rejected({ error: refusal.error }).described());
  if (!OF_ONE_MESSAGE.has(refusal.condition)) receiver.close(refusal.error);
}

module.exports = { openInlet, refuseInlet, checkSize };
