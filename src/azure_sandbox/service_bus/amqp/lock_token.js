'use strict';
// Lock tokens are UUIDs. A delivery tag has a token's bytes in the order of a .NET Guid, a map has them as AMQP does.

const { randomUUID } = require('node:crypto');

function swapped(bytes) {
  return Buffer.from([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map((index) => bytes[index]));
}

const create = () => randomUUID().replaceAll('-', '');
const toUuid = (token) => Buffer.from(token, 'hex');
const ofUuid = (bytes) => Buffer.from(bytes).toString('hex');
const toTag = (token) => swapped(toUuid(token));
const ofTag = (tag) => ofUuid(swapped(tag));

module.exports = { create, toUuid, ofUuid, toTag, ofTag };
