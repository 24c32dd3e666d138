'use strict';
// Why something cannot be done, in the words of AMQP and of Service Bus.

class Refusal extends Error {
  /**
   * @param {string} condition An AMQP error condition.
   * @param {string} description What the client shows.
   * @param {number} status The status of a `$management` answer.
   */
  constructor(condition, description, status = 400) {
    super(description);
    this.condition = condition;
    this.status = status;
  }

  /** As an AMQP error. It has all three fields: some clients read the last one without asking whether it is there. */
  get error() {
    return { condition: this.condition, description: this.message, info: {} };
  }
}

const notFound = (path) =>
  new Refusal('amqp:not-found', `The messaging entity '${path}' could not be found.`, 404);
const unauthorized = (right, path) =>
  new Refusal(
    'amqp:unauthorized-access',
    `Unauthorized access. '${right}' claim(s) are required to perform this operation. Resource: '${path}'.`,
    401,
  );
const disabled = (path) =>
  new Refusal('com.microsoft:entity-disabled', `Messaging entity '${path}' is currently disabled.`);
const lockLost = () =>
  new Refusal(
    'com.microsoft:message-lock-lost',
    'The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue.',
    410,
  );
const messageNotFound = () =>
  new Refusal('com.microsoft:message-not-found', 'The queue has no such message.', 404);
const notCovered = (what) =>
  new Refusal('amqp:not-implemented', `The sandbox's Service Bus does not cover ${what}.`, 501);

module.exports = { Refusal, notFound, disabled, unauthorized, lockLost, messageNotFound, notCovered };
