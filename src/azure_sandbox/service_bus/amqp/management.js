'use strict';
// `<queue>/$management`: what AMQP itself has no words for.

const rhea = require('rhea');
const lockToken = require('./lock_token');
const { checkSize } = require('./inlet');
const { messagesIn } = require('./message');
const { Refusal, unauthorized, notCovered } = require('./refusal');

const { types } = rhea;
const FOR_GOOD = 0;
const OUTCOMES = { completed: 'complete', abandoned: 'abandon', defered: 'defer', suspended: 'deadLetter' };

const arrayOf = (values, type) => types.wrap_array(values, type.typecode);

function renewLock(queue, body) {
  const expirations = body['lock-tokens'].map((token) => queue.renew(lockToken.ofUuid(token)));
  return { expirations: arrayOf(expirations, types.Timestamp) };
}

function peek(queue, body) {
  const found = queue.peek(Number(body['from-sequence-number']), Number(body['message-count']));
  return listed(found.map(({ message, state }) => ({ message: message.encode({ state }) })));
}

function receiveDeferred(queue, body) {
  const taken = queue.takeDeferred(body['sequence-numbers'].map(Number));
  const forGood = Number(body['receiver-settle-mode']) === FOR_GOOD;
  return listed(taken.map((message) => (forGood ? received(queue, message) : locked(queue, message))));
}

function received(queue, message) {
  queue.forget(message);
  return { message: message.encode({ state: 1 }) };
}

function locked(queue, message) {
  const { token, until } = queue.lock(message, { deferred: true });
  const encoded = message.encode({ lockedUntil: until, state: 1 });
  return { message: encoded, 'lock-token': types.wrap_uuid(lockToken.toUuid(token)) };
}

/** An answer that lists messages; undefined for an empty list, which has a status of its own. */
function listed(messages) {
  return messages.length ? { messages } : undefined;
}

function updateDisposition(queue, body) {
  const outcome = OUTCOMES[body['disposition-status']];
  if (!outcome) throw new Refusal('amqp:invalid-field', `Unknown disposition '${body['disposition-status']}'.`);
  const properties = { ...body['properties-to-modify'] };
  if (outcome === 'deadLetter') Object.assign(properties, reasons(body));
  body['lock-tokens'].forEach((token) => queue.settle(lockToken.ofUuid(token), outcome, properties));
  return {};
}

function reasons(body) {
  const named = {
    DeadLetterReason: body['deadletter-reason'],
    DeadLetterErrorDescription: body['deadletter-description'],
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value));
}

function schedule(queue, body) {
  body.messages.forEach(({ message }) => checkSize(message, queue));
  const messages = body.messages.flatMap(({ message }) => messagesIn(message, 0));
  return { 'sequence-numbers': arrayOf(messages.map((message) => queue.put(message)), types.Long) };
}

function cancel(queue, body) {
  body['sequence-numbers'].forEach((sequence) => queue.cancel(Number(sequence)));
  return {};
}

const OPERATIONS = {
  'com.microsoft:renew-lock': ['Listen', renewLock],
  'com.microsoft:peek-message': ['Listen', peek],
  'com.microsoft:receive-by-sequence-number': ['Listen', receiveDeferred],
  'com.microsoft:update-disposition': ['Listen', updateDisposition],
  'com.microsoft:schedule-message': ['Send', schedule],
  'com.microsoft:cancel-scheduled-message': ['Send', cancel],
};

/**
 * Handle one request.
 * @param {object} request The decoded message.
 * @param {Queue} queue
 * @param {(right: string) => boolean} allowed Whether the connection's claims hold for the queue.
 */
function manage(request, queue, allowed) {
  const name = request.application_properties?.operation;
  try {
    const [right, run] = OPERATIONS[name] ?? [];
    if (!run) throw notCovered(`the operation '${name}'`);
    if (!allowed(right)) throw unauthorized(right, queue.settings.name);
    const body = run(queue, request.body);
    return body ? answer(200, 'OK', { body }) : answer(204, 'No Content', { body: {} });
  } catch (error) {
    const refusal = error instanceof Refusal ? error : malformed(name, error);
    return answer(refusal.status, refusal.message, { body: {} }, refusal.condition);
  }
}

function malformed(name, error) {
  console.error(error);
  return new Refusal('amqp:invalid-field', `The request '${name}' cannot be read: ${error.message}.`);
}

function answer(status, description, message, condition) {
  const properties = { statusCode: types.wrap_int(status), statusDescription: description };
  if (condition) properties.errorCondition = types.wrap_symbol(condition);
  return { ...message, application_properties: properties };
}

module.exports = { manage };
