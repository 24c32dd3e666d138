'use strict';
// Requests and answers over a pair of links, as `$cbs` and `$management` have them.

const { message: amqp } = require('rhea');
const { pathOf } = require('./claims');
const { decode } = require('./message');

/**
 * Answer what comes over `receiver`, on the client's link from the same address.
 * @param {(request: object) => Promise<object>|object} handle Gives the answer, but for its correlation id.
 */
function answerRequests(receiver, path, handle) {
  const respond = async (bytes) => {
    const request = decode(bytes);
    const answer = await handle(request);
    wayBack(receiver.connection, path, request.reply_to)?.send({ correlation_id: request.message_id, ...answer });
  };
  receiver.on('message', ({ message: bytes, delivery }) => {
    delivery.update(true, amqp.accepted().described());
    respond(bytes).catch((error) => console.error(`A request at ${path} cannot be answered: ${error.stack}`));
  });
}

/** The client's receiving link: by the name that `reply-to` gives, or else by what it receives from. */
function wayBack(connection, path, replyTo) {
  const fromHere = (link) => link.is_open() && pathOf(link.source.address) === path;
  const named = (link) => fromHere(link) && link.target?.address === replyTo;
  return connection.find_sender(named) ?? connection.find_sender(fromHere);
}

module.exports = { answerRequests };
