'use strict';
// A queue: who holds which message, and until when. It knows nothing of AMQP links.

const { at } = require('./alarm');
const lockToken = require('./lock_token');
const { lockLost, messageNotFound } = require('./refusal');

const bySequence = (one, other) => one.sequence - other.sequence;
const STATES = { active: 0, deferred: 1, scheduled: 2 };

class Queue {
  #ready = [];
  #deferred = new Map();
  #scheduled = new Map();
  #locks = new Map();
  #outlets = new Set();
  #expiries = new Map();
  #sequence = 0;

  /**
   * @param {object} settings lockSeconds, maxDeliveryCount, maxMessageBytes, timeToLive, deadLetterExpired.
   * @param {Queue|null} deadLetters Its dead-letter queue; null for a queue that is one.
   */
  constructor(settings, deadLetters) {
    this.settings = settings;
    this.deadLetters = deadLetters;
  }

  // ---- messages come in

  /** Take a message in, now or when it is due. Returns its sequence number. */
  put(message) {
    message.sequence = ++this.#sequence;
    const due = message.scheduledFor;
    if (due > Date.now()) this.#schedule(message, due);
    else this.#enqueue(message);
    return message.sequence;
  }

  /** Take in a message that another queue gives up. It keeps its sequence number. */
  adopt(message) {
    message.expiresAt = Infinity;
    this.#makeReady(message);
  }

  /** Call a scheduled message off. */
  cancel(sequence) {
    const found = this.#scheduled.get(sequence);
    if (!found) throw messageNotFound();
    found.callOff();
    this.#scheduled.delete(sequence);
  }

  #schedule(message, due) {
    message.enqueuedAt = due;
    const callOff = at(due, () => {
      this.#scheduled.delete(message.sequence);
      this.#enqueue(message);
    });
    this.#scheduled.set(message.sequence, { message, callOff });
  }

  #enqueue(message) {
    message.enqueuedAt = Date.now();
    const lifetime = Math.min(message.timeToLive ?? Infinity, (this.settings.timeToLive ?? Infinity) * 1000);
    message.expiresAt = message.enqueuedAt + lifetime;
    if (lifetime < Infinity) this.#expiries.set(message, at(message.expiresAt, () => this.#expire(message)));
    this.#makeReady(message);
  }

  #makeReady(message) {
    let place = this.#ready.length;
    while (place && bySequence(this.#ready[place - 1], message) > 0) place -= 1;
    this.#ready.splice(place, 0, message);
    this.pump();
  }

  // ---- messages go out

  /** An outlet takes messages: `wants()` says whether it can take one, `deliver(message)` gives it one. */
  connect(outlet) {
    this.#outlets.add(outlet);
    this.pump();
  }

  disconnect(outlet) {
    this.#outlets.delete(outlet);
  }

  /** Hand out what is ready, to one outlet after the other. */
  pump() {
    while (this.#ready.length) {
      const outlet = this.#nextOutlet();
      if (!outlet) return;
      outlet.deliver(this.#ready.shift());
    }
  }

  #nextOutlet() {
    for (const outlet of this.#outlets) {
      if (!outlet.wants()) continue;
      this.#outlets.delete(outlet);
      this.#outlets.add(outlet);
      return outlet;
    }
    return undefined;
  }

  /** Up to `count` messages from a sequence number on, as { message, state }. Nothing is locked. */
  peek(from, count) {
    const locked = [...this.#locks.values()];
    const all = [
      ...this.#ready.map((message) => ({ message, state: STATES.active })),
      ...locked.map(({ message, deferred }) => ({ message, state: deferred ? STATES.deferred : STATES.active })),
      ...[...this.#deferred.values()].map((message) => ({ message, state: STATES.deferred })),
      ...[...this.#scheduled.values()].map(({ message }) => ({ message, state: STATES.scheduled })),
    ];
    const wanted = all.filter(({ message }) => message.sequence >= from);
    return wanted.sort((one, other) => bySequence(one.message, other.message)).slice(0, count);
  }

  /** Take deferred messages by their sequence numbers: all of them, or none. */
  takeDeferred(sequences) {
    if (!sequences.every((sequence) => this.#deferred.has(sequence))) throw messageNotFound();
    return sequences.map((sequence) => {
      const message = this.#deferred.get(sequence);
      this.#deferred.delete(sequence);
      return message;
    });
  }

  /** A message that was received for good: nobody will settle it. */
  forget(message) {
    this.#expiries.get(message)?.();
    this.#expiries.delete(message);
  }

  // ---- locks

  /** Lock a message that was taken. Returns { token, until }. */
  lock(message, { deferred = false } = {}) {
    const token = lockToken.create();
    this.#locks.set(token, { message, deferred, ...this.#lease(token) });
    return { token, until: this.#locks.get(token).until };
  }

  #lease(token) {
    const until = Date.now() + this.settings.lockSeconds * 1000;
    return { until, callOff: at(until, () => this.settle(token, 'abandon')) };
  }

  /** Hold a message longer. Returns until when. */
  renew(token) {
    const lock = this.#locks.get(token);
    if (!lock) throw lockLost();
    lock.callOff();
    Object.assign(lock, this.#lease(token));
    return lock.until;
  }

  /**
   * End a lock.
   * @param {string} outcome complete | abandon | release | defer | deadLetter
   * @param {object} properties Application properties that the receiver adds.
   */
  settle(token, outcome, properties = {}) {
    const lock = this.#locks.get(token);
    if (!lock) throw lockLost();
    lock.callOff();
    this.#locks.delete(token);
    if (outcome !== 'complete') lock.message.addProperties(properties);
    this.#after(outcome, lock);
  }

  #after(outcome, { message, deferred }) {
    if (outcome === 'complete') this.forget(message);
    else if (outcome === 'deadLetter') this.#deadLetter(message);
    else if (outcome === 'defer') this.#giveBack(message, true);
    else if (outcome === 'release') this.#giveBack(message, deferred);
    else this.#fail(message, deferred);
  }

  #fail(message, deferred) {
    message.failures += 1;
    const most = this.settings.maxDeliveryCount;
    if (!this.deadLetters || message.failures < most) {
      this.#giveBack(message, deferred);
      return;
    }
    message.addProperties({
      DeadLetterReason: 'MaxDeliveryCountExceeded',
      DeadLetterErrorDescription: `Message could not be consumed after ${most} delivery attempts.`,
    });
    this.#deadLetter(message);
  }

  #giveBack(message, deferred) {
    if (message.expiresAt <= Date.now()) this.#drop(message);
    else if (deferred) this.#deferred.set(message.sequence, message);
    else this.#makeReady(message);
  }

  #deadLetter(message) {
    this.forget(message);
    if (this.deadLetters) this.deadLetters.adopt(message);
    else this.#makeReady(message);
  }

  // ---- time to live

  #expire(message) {
    const place = this.#ready.indexOf(message);
    if (place >= 0) this.#ready.splice(place, 1);
    else if (!this.#deferred.delete(message.sequence)) return; // locked: looked at when the lock ends
    this.#drop(message);
  }

  #drop(message) {
    this.forget(message);
    if (!this.settings.deadLetterExpired || !this.deadLetters) return;
    message.addProperties({
      DeadLetterReason: 'TTLExpiredException',
      DeadLetterErrorDescription: 'The message expired and was dead lettered.',
    });
    this.deadLetters.adopt(message);
  }

  // ---- the whole

  /** How many messages are ready or locked. */
  get size() {
    const locked = [...this.#locks.values()].filter(({ deferred }) => !deferred);
    return this.#ready.length + locked.length;
  }

  /** Stop all timers; nothing is handed out any more. */
  close() {
    for (const callOff of this.#expiries.values()) callOff();
    for (const { callOff } of [...this.#locks.values(), ...this.#scheduled.values()]) callOff();
    this.#outlets.clear();
    this.deadLetters?.close();
  }
}

module.exports = { Queue };
