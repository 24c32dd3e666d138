'use strict';
// A namespace: its queues by name, and which link goes where.

const { Claims, pathOf } = require('./claims');
const { putToken } = require('./cbs');
const { openInlet, refuseInlet } = require('./inlet');
const { listen, openContainer } = require('./listener');
const { manage } = require('./management');
const { Outlet } = require('./outlet');
const { Queue } = require('./queue');
const { Refusal, disabled, notCovered, notFound, unauthorized } = require('./refusal');
const { answerRequests } = require('./request_link');

const CBS = '$cbs';
const MANAGEMENT = '/$management';
const DEAD_LETTERS = '/$deadletterqueue';
const SESSION_FILTER = 'com.microsoft:session-filter';

class Namespace {
  #queues = new Map();
  #claims = new WeakMap();
  #links = new Set();
  #listener;

  /** @param {(question: object) => Promise<object>} judge Judges tokens. */
  constructor(name, judge) {
    this.name = name;
    this.judge = (question) => judge({ namespace: name, ...question });
  }

  /** Listen; returns the port. */
  async open(identity) {
    const container = openContainer(this.name);
    container.on('sender_open', ({ sender }) => this.#attach(sender, sender.source, (to) => this.#openOutlet(sender, to)));
    container.on('receiver_open', ({ receiver }) =>
      this.#attach(receiver, receiver.target, (to) => this.#openInlet(receiver, to)));
    container.on('sender_close', ({ sender }) => this.#detached((link) => link === sender));
    container.on('receiver_close', ({ receiver }) => this.#detached((link) => link === receiver));
    container.on('session_close', ({ session }) => this.#detached((link) => link.session === session));
    for (const event of ['connection_close', 'disconnected', 'connection_error']) {
      container.on(event, ({ connection }) => this.#detached((link) => link.connection === connection));
    }
    for (const event of ['session_error', 'sender_error', 'receiver_error']) container.on(event, () => {});
    for (const event of ['protocol_error', 'error']) container.on(event, (error) => console.error(String(error)));
    this.#listener = await listen(container, identity);
    return this.#listener.port;
  }

  // ---- queues

  putQueue(settings) {
    const name = settings.name.toLowerCase();
    const found = this.#queues.get(name);
    if (found) this.#change(found, settings);
    else this.#queues.set(name, new Queue(settings, new Queue(settings, null)));
  }

  /** Links for what a queue does not do any more are closed. */
  #change(queue, settings) {
    queue.settings = settings;
    for (const entry of this.#links) {
      if (entry.right && entry.queue === queue && isDisabled(queue, entry.right)) {
        entry.link.close(disabled(settings.name).error);
      }
    }
  }

  removeQueue(name) {
    const queue = this.#queues.get(name.toLowerCase());
    if (!queue) return;
    this.#queues.delete(name.toLowerCase());
    queue.close();
    for (const entry of this.#links) {
      if (entry.queue === queue || entry.queue === queue.deadLetters) entry.link.close(notFound(name).error);
    }
  }

  /** { active, deadLettered }; undefined for a queue that is not there. */
  counts(name) {
    const queue = this.#queues.get(name.toLowerCase());
    return queue && { active: queue.size, deadLettered: queue.deadLetters.size };
  }

  close() {
    this.#listener?.close();
    for (const queue of this.#queues.values()) queue.close();
  }

  // ---- links

  #attach(link, terminus, open) {
    const address = terminus?.address;
    agree(link);
    try {
      if (!address) throw notCovered('links without an address');
      open(pathOf(address));
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      if (link.is_receiver()) refuseInlet(link, refusal);
      else link.close(refusal.error);
    }
  }

  #openOutlet(sender, path) {
    if (path === CBS) return;
    if (path.endsWith(MANAGEMENT)) {
      this.#find(path.slice(0, -MANAGEMENT.length));
      return;
    }
    const queue = this.#find(path);
    const allowed = this.#allow(sender, path, 'Listen');
    if (isDisabled(queue, 'Listen')) throw disabled(path);
    if (SESSION_FILTER in (sender.source.filter ?? {})) throw notCovered('sessions');
    const outlet = new Outlet(sender, queue, allowed);
    this.#links.add({ link: sender, queue, outlet, right: 'Listen' });
    queue.connect(outlet);
  }

  #openInlet(receiver, path) {
    if (path === CBS) {
      const agent = String(receiver.connection.remote.open.properties?.['user-agent'] ?? '');
      answerRequests(receiver, path, (request) => putToken(request, this.#claimsOf(receiver), this.judge, agent));
    } else if (path.endsWith(MANAGEMENT)) {
      this.#openManagement(receiver, path);
    } else {
      this.#openQueueInlet(receiver, path);
    }
  }

  #openManagement(receiver, path) {
    const entity = path.slice(0, -MANAGEMENT.length);
    const queue = this.#find(entity);
    const claims = this.#claimsOf(receiver);
    answerRequests(receiver, path, (request) => manage(request, queue, (right) => claims.allow(entity, right)));
    this.#links.add({ link: receiver, queue });
  }

  #openQueueInlet(receiver, path) {
    const queue = this.#find(path);
    if (!queue.deadLetters) throw new Refusal('amqp:not-allowed', 'Nothing can be sent to a dead-letter queue.');
    receiver.local.attach.max_message_size = queue.settings.maxMessageBytes;
    const allowed = this.#allow(receiver, path, 'Send');
    if (isDisabled(queue, 'Send')) throw disabled(path);
    openInlet(receiver, queue, allowed);
    this.#links.add({ link: receiver, queue, right: 'Send' });
  }

  /** The queue, or the dead-letter queue, with that path. */
  #find(path) {
    const isDeadLetters = path.endsWith(DEAD_LETTERS);
    const queue = this.#queues.get(isDeadLetters ? path.slice(0, -DEAD_LETTERS.length) : path);
    if (!queue) throw notFound(path);
    return isDeadLetters ? queue.deadLetters : queue;
  }

  /** A check of the connection's claims, which has to hold now. */
  #allow(link, path, right) {
    const claims = this.#claimsOf(link);
    if (!claims.allow(path, right)) throw unauthorized(right, path);
    return () => claims.allow(path, right);
  }

  #claimsOf({ connection }) {
    if (!this.#claims.has(connection)) this.#claims.set(connection, new Claims());
    return this.#claims.get(connection);
  }

  /**
   * Forget links that are gone. Locks of their messages stay until they run out, as in Service Bus: the client may
   * still settle them over `$management`.
   */
  #detached(isGone) {
    for (const entry of this.#links) {
      if (!isGone(entry.link)) continue;
      this.#links.delete(entry);
      if (entry.outlet) entry.queue.disconnect(entry.outlet);
    }
  }
}

const DISABLED_FOR = { Listen: ['Disabled', 'ReceiveDisabled'], Send: ['Disabled', 'SendDisabled'] };

/** Whether a queue takes or gives no messages now. What was dead-lettered can be had at any time. */
function isDisabled(queue, right) {
  return queue.deadLetters !== null && DISABLED_FOR[right].includes(queue.settings.status);
}

/** Attach as the client asks. Both ends are named also for a link that is closed at once: some clients insist. */
function agree(link) {
  link.set_source({ address: link.source?.address });
  link.set_target({ address: link.target?.address });
  link.local.attach.snd_settle_mode = link.snd_settle_mode;
  link.local.attach.rcv_settle_mode = link.rcv_settle_mode;
}

module.exports = { Namespace };
