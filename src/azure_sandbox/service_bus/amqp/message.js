'use strict';
// A message that a queue holds. What the sender wrote stays as it was sent, byte by byte; only the header and the
// annotations, which are the broker's to write, are encoded anew for each delivery.

const rhea = require('rhea');
const { Refusal } = require('./refusal');

const { types } = rhea;
const decode = rhea.message.decode;
// rhea decodes each message that arrives. A broker hands bytes on, so here decoding is left to those who read them.
rhea.message.decode = (bytes) => bytes;

const SECTIONS = {
  'amqp:header:list': 0x70,
  'amqp:delivery-annotations:map': 0x71,
  'amqp:message-annotations:map': 0x72,
  'amqp:properties:list': 0x73,
  'amqp:application-properties:map': 0x74,
};
const [HEADER, , ANNOTATIONS, PROPERTIES, APPLICATION_PROPERTIES] = Object.values(SECTIONS);
const SCHEDULED = 'x-opt-scheduled-enqueue-time';
const BROKER_WRITES = new Set([
  'x-opt-enqueued-time', 'x-opt-sequence-number', 'x-opt-locked-until', 'x-opt-message-state',
]);

/** The sections before the body, by code, and the bytes from the body on. */
function split(bytes) {
  const reader = new types.Reader(bytes);
  const sections = {};
  let end = 0;
  while (reader.remaining() > 0) {
    const start = reader.position;
    const section = reader.read();
    if (!section.descriptor) throw new Error('a section has no descriptor');
    const code = SECTIONS[section.descriptor.value] ?? section.descriptor.value;
    if (code > APPLICATION_PROPERTIES) break;
    end = reader.position;
    sections[code] = { value: section.value, bytes: bytes.subarray(start, end) };
  }
  return { sections, body: bytes.subarray(end) };
}

/** An AMQP map's entries as [name, typed value] pairs. */
function pairs(section) {
  const flat = section ? section.value : [];
  return Array.from({ length: flat.length / 2 }, (_, i) => [String(flat[2 * i].value), flat[2 * i + 1]]);
}

function mapSection(code, entries, wrapName) {
  const flat = entries.flatMap(([name, value]) => [wrapName(name), types.wrap(value)]);
  return types.described(types.wrap_ulong(code), types.Map32(flat));
}

function encoded(section) {
  const writer = new types.Writer();
  writer.write(section);
  return writer.toBuffer();
}

class Message {
  /** @param {Buffer} bytes One encoded AMQP message. */
  constructor(bytes) {
    const { sections, body } = parsed(split, bytes);
    const header = sections[HEADER] ? sections[HEADER].value.map((field) => field.value) : [];
    [this.durable, this.priority, this.timeToLive] = header;
    this.annotations = pairs(sections[ANNOTATIONS]).filter(([name]) => !BROKER_WRITES.has(name));
    this.properties = sections[PROPERTIES]?.bytes ?? Buffer.alloc(0);
    this.applicationProperties = pairs(sections[APPLICATION_PROPERTIES]);
    this.body = body;
    this.sequence = 0;
    this.enqueuedAt = 0;
    this.expiresAt = Infinity;
    /** Deliveries that came to nothing: an abandoned message, or a lock that ran out. */
    this.failures = 0;
  }

  /** When the sender wants it to be there (ms since 1970); undefined for at once. */
  get scheduledFor() {
    const found = this.annotations.find(([name]) => name === SCHEDULED);
    return found && found[1].value ? Number(found[1].value) : undefined;
  }

  /** Add application properties, over those of the same name. */
  addProperties(added) {
    const kept = this.applicationProperties.filter(([name]) => !(name in added));
    this.applicationProperties = [...kept, ...Object.entries(added)];
  }

  /** As it goes to a receiver. */
  encode({ lockedUntil, state = 0 } = {}) {
    const header = rhea.message.header({
      durable: this.durable, priority: this.priority, ttl: this.timeToLive, delivery_count: this.failures,
    });
    const parts = [
      encoded(header.described()),
      encoded(mapSection(ANNOTATIONS, this.#annotations(lockedUntil, state), types.wrap_symbol)),
      this.properties,
    ];
    if (this.applicationProperties.length) {
      parts.push(encoded(mapSection(APPLICATION_PROPERTIES, this.applicationProperties, types.wrap_string)));
    }
    return Buffer.concat([...parts, this.body]);
  }

  #annotations(lockedUntil, state) {
    const written = [
      ...this.annotations,
      ['x-opt-enqueued-time', types.wrap_timestamp(this.enqueuedAt)],
      ['x-opt-sequence-number', types.wrap_long(this.sequence)],
      ['x-opt-message-state', types.wrap_int(state)],
    ];
    if (lockedUntil) written.push(['x-opt-locked-until', types.wrap_timestamp(lockedUntil)]);
    return written;
  }
}

/** What `read` makes of the bytes; a refusal when they are no AMQP message. */
function parsed(read, bytes) {
  try {
    return read(bytes);
  } catch (error) {
    throw new Refusal('amqp:decode-error', `The message cannot be decoded: ${error.message}.`);
  }
}

/** The messages in one transfer: one, or a batch's. Service Bus marks a batch by its message format. */
function messagesIn(bytes, format) {
  if (format !== 0x80013700) return [new Message(bytes)];
  const contents = parsed((batch) => [decode(batch).body.content].flat(), bytes);
  return contents.map((one) => new Message(one));
}

module.exports = { Message, messagesIn, decode };
