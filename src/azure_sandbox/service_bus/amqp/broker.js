'use strict';
// Service Bus namespaces for the sandbox. Commands come as JSON lines over standard input, answers and questions go out
// over standard output; when the input ends, for whatever reason, the broker ends too.
//
//   in   {"id": 1, "do": "putQueue", ...}              {"answer": 7, "rights": ["Listen"], "until": null}
//   out  {"id": 1, "result": ...} or "error": "..."    {"ask": 7, "namespace": "n", "type": "jwt", "token": "...", "path": "q"}

const fs = require('node:fs');
const readline = require('node:readline');
const { Namespace } = require('./namespace');

const [certificate, key] = process.argv.slice(2);
const identity = { cert: fs.readFileSync(certificate), key: fs.readFileSync(key) };
const namespaces = new Map();
const questions = new Map();
let asked = 0;

const COMMANDS = {
  async createNamespace({ namespace }) {
    const created = new Namespace(namespace, judge);
    const port = await created.open(identity);
    namespaces.set(namespace, created);
    return port;
  },
  removeNamespace({ namespace }) {
    namespaces.get(namespace)?.close();
    namespaces.delete(namespace);
  },
  putQueue: ({ namespace, settings }) => namespaces.get(namespace).putQueue(settings),
  removeQueue: ({ namespace, queue }) => namespaces.get(namespace)?.removeQueue(queue),
  counts: ({ namespace, queue }) => namespaces.get(namespace)?.counts(queue),
};

function tell(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Ask the sandbox what a token allows. */
function judge(question) {
  asked += 1;
  const number = asked;
  return new Promise((resolve) => {
    questions.set(number, resolve);
    tell({ ask: number, ...question });
  });
}

async function obey({ id, do: name, ...rest }) {
  try {
    tell({ id, result: (await COMMANDS[name](rest)) ?? null });
  } catch (error) {
    tell({ id, error: String(error.stack ?? error) });
  }
}

function hear(line) {
  const heard = JSON.parse(line);
  if (heard.answer === undefined) {
    obey(heard);
    return;
  }
  questions.get(heard.answer)(heard);
  questions.delete(heard.answer);
}

readline.createInterface({ input: process.stdin }).on('line', hear).on('close', () => process.exit(0));
