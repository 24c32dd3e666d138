'use strict';
// One receiver of a client: hands it messages, within its credit, and takes its verdicts.

const { message: amqp } = require('rhea');
const lockToken = require('./lock_token');
const { unauthorized } = require('./refusal');

const SETTLED_BY_SENDER = 1;

class Outlet {
  #unsent = [];

  /**
   * @param {object} sender rhea's end of the link.
   * @param {Queue} queue Where messages come from.
   * @param {() => boolean} allowed Whether the client's token still holds.
   */
  constructor(sender, queue, allowed) {
    this.sender = sender;
    this.queue = queue;
    this.allowed = allowed;
    this.forGood = sender.snd_settle_mode === SETTLED_BY_SENDER;
    sender.on('accepted', ({ delivery }) => this.#settle(delivery, 'complete'));
    sender.on('released', ({ delivery }) => this.#settle(delivery, 'release'));
    sender.on('rejected', ({ delivery }) => this.#settle(delivery, 'deadLetter', reasons(delivery.remote_state)));
    sender.on('modified', ({ delivery }) => this.#modified(delivery));
    sender.on('sender_flow', () => queue.pump());
    sender.on('sender_draining', () => sender.set_drained(true));
    sender.on('sendable', () => queue.pump());
  }

  /** Whether there is credit, and room in the session, for one more message. */
  wants() {
    const { outgoing } = this.sender.session;
    // rhea takes a credit away when it writes a message, which is later than `send`.
    this.#unsent = this.#unsent.filter((id) => id >= outgoing.next_pending_delivery);
    const free = this.sender.credit - this.#unsent.length;
    if (!this.sender.is_open() || free <= 0 || outgoing.available() === 0) return false;
    if (this.allowed()) return true;
    this.sender.close(unauthorized('Listen', this.queue.settings.name).error); // the token has run out
    return false;
  }

  deliver(message) {
    const { token, until } = this.forGood ? {} : this.queue.lock(message);
    if (this.forGood) this.queue.forget(message);
    const tag = lockToken.toTag(token ?? lockToken.create());
    const delivery = this.sender.send(message.encode({ lockedUntil: until }), tag, 0);
    this.#unsent.push(delivery.id);
  }

  #modified(delivery) {
    const { undeliverable_here: defer, delivery_failed: failed, message_annotations: added } = delivery.remote_state;
    this.#settle(delivery, defer ? 'defer' : failed ? 'abandon' : 'release', added ?? {});
  }

  #settle(delivery, outcome, properties = {}) {
    // The verdict is echoed, but for the reasons of a dead-lettering: an error there would say that it failed.
    let state = outcome === 'deadLetter' ? amqp.rejected().described() : delivery.remote_state.described();
    try {
      this.queue.settle(lockToken.ofTag(delivery.tag), outcome, properties);
    } catch (refusal) {
      state = amqp.rejected({ error: refusal.error }).described();
    }
    if (delivery.remote_settled) return;
    delivery.update(true, state);
    // The client does not answer once more, and rhea keeps a delivery until both have settled it.
    delivery.remote_settled = true;
  }
}

/** Why a receiver dead-letters a message, as the application properties that it then has. */
function reasons(rejected) {
  const { info, description } = rejected.error ?? {};
  const given = Object.fromEntries(Object.entries(info ?? {}).filter(([, value]) => value !== null));
  if (description && !given.DeadLetterErrorDescription) given.DeadLetterErrorDescription = description;
  return given;
}

module.exports = { Outlet };
