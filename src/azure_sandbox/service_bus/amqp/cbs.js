'use strict';
// Claims-based security: clients put tokens at `$cbs`, the sandbox says what they allow.

const { types } = require('rhea');
const { pathOf } = require('./claims');

/**
 * Handle one request at `$cbs`.
 * @param {object} request The decoded message.
 * @param {Claims} claims The connection's.
 * @param {(question: object) => Promise<object>} judge Gives { rights, until } or { refused }.
 * @param {string} agent How the client calls itself.
 */
async function putToken(request, claims, judge, agent) {
  const { operation, type, name, expiration } = request.application_properties ?? {};
  if (operation !== 'put-token') return answer(400, `The operation '${operation}' is not supported.`);
  const path = pathOf(String(name));
  const { refused, rights, until } = await judge({ type, token: String(request.body), path, agent });
  if (refused) return answer(401, refused);
  claims.grant(path, rights, until ?? (Number(expiration) || Infinity));
  return answer(202, 'Accepted');
}

function answer(status, description) {
  return { application_properties: { 'status-code': types.wrap_int(status), 'status-description': description } };
}

module.exports = { putToken };
