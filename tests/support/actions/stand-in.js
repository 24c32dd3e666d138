// The one program of all stand-ins: refuses an input that action.yml lacks, or lacks one that it requires; keeps the others.
const fs = require('fs')
const path = require('path')

const text = fs.readFileSync(path.join(__dirname, 'action.yml'), 'utf8')
const declared = text.slice(text.indexOf('\ninputs:'), text.search(/\n(outputs|runs):/))
const names = [...declared.matchAll(/^  ([\w-]+):/gm)].map((one) => one[1])
const required = [...declared.matchAll(/^  ([\w-]+): \{ required: true \}/gm)].map((one) => one[1])
const given = {}
for (const [name, value] of Object.entries(process.env)) {
  if (name.startsWith('INPUT_') && value !== '') given[name.slice('INPUT_'.length).toLowerCase()] = value
}
const unknown = Object.keys(given).filter((name) => !names.map((one) => one.toLowerCase()).includes(name))
const missing = required.filter((name) => !(name.toLowerCase() in given))
for (const name of unknown) console.log(`::error::There is no input ${name}`)
for (const name of missing) console.log(`::error::The input ${name} is required`)
if (unknown.length || missing.length) process.exit(1)
const action = /^name: Stand-in for (.*)$/m.exec(text)[1]
fs.appendFileSync(path.join(process.env.KEPT, 'actions.jsonl'), `${JSON.stringify({ action, given })}\n`)
