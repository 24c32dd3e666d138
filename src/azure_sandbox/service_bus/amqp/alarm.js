'use strict';
// Calls a function at a time, also one that is weeks away: a timer of Node.js holds 24.8 days at most.

const LONGEST = 2 ** 31 - 1;

/** Run `action` at `time` (ms since 1970). Returns a function that calls it off. */
function at(time, action) {
  let timer;
  const arm = () => {
    const left = time - Date.now();
    if (left > LONGEST) timer = setTimeout(arm, LONGEST);
    else timer = setTimeout(action, Math.max(left, 0));
  };
  arm();
  return () => clearTimeout(timer);
}

module.exports = { at };
