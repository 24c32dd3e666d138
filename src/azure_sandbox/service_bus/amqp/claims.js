'use strict';
// What a connection may do: the tokens that it has put, by entity.

/** `amqps://host/Queue/$DeadLetterQueue` -> `queue/$deadletterqueue`: names are compared without regard to case. */
function pathOf(address) {
  return address.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/^\/+|\/+$/g, '').toLowerCase();
}

class Claims {
  #granted = new Map();

  /** Keep what a token allows: rights, until a time (ms since 1970). A newer token of the same entity replaces it. */
  grant(path, rights, until) {
    this.#granted.set(path, { rights: new Set(rights), until });
  }

  /** Whether a token allows this for the entity, by its own name or by one that it lies below. */
  allow(path, right) {
    const now = Date.now();
    for (const [granted, { rights, until }] of this.#granted) {
      const covers = granted === '' || path === granted || path.startsWith(`${granted}/`);
      if (covers && rights.has(right) && until > now) return true;
    }
    return false;
  }
}

module.exports = { Claims, pathOf };
