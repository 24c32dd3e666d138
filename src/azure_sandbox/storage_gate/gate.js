'use strict'
// Loaded before Azurite (`node --require gate.js`): asks the sandbox about each request, before Azurite sees it.

const http = require('http')
const https = require('https')

const { SANDBOX_GATE_URL: judge, SANDBOX_GATE_SECRET: secret } = process.env
const SOURCE = 'x-sandbox-source' // `<secret> platform` or `<secret> <ARM id of an app>`; everybody else comes from outside
const agent = new http.Agent({ keepAlive: true })
const emit = https.Server.prototype.emit

// Azurite looks at a token's claims alone. The sandbox has judged it already, whoever signed it.
const claims = { aud: 'https://storage.azure.com', iss: 'https://sts.windows.net/sandbox/', iat: 0, nbf: 0, exp: 2 ** 33 }
const text = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const judged = `Bearer ${text({ alg: 'none' })}.${text(claims)}.`

https.Server.prototype.emit = function (event, request, response) {
  if (event !== 'request') return emit.apply(this, arguments)
  const [word, source = ''] = (request.headers[SOURCE] || '').split(' ')
  const known = word === secret ? source : ''
  if (known === 'platform') return emit.call(this, event, request, response)
  ask(request, known).then((refusal) => {
    if (refusal) return refuse(request, response, refusal)
    if (/^bearer /i.test(request.headers.authorization || '')) request.headers.authorization = judged
    emit.call(this, event, request, response)
  })
  return true
}

function ask (request, source) {
  const { method, url, headers, socket } = request
  const question = { port: socket.localPort, method, url, source, authorization: headers.authorization || '' }
  const failed = (error) => ({ status: 500, headers: {}, body: `The sandbox could not judge the request: ${error}` })
  return new Promise((resolve) => {
    const asked = http.request(judge, { method: 'POST', agent, headers: { authorization: secret } }, (answer) => {
      let heard = ''
      answer.setEncoding('utf8').on('data', (piece) => { heard += piece })
      answer.on('end', () => { resolve(answer.statusCode === 200 ? JSON.parse(heard) : failed(heard)) })
    })
    asked.on('error', (error) => { resolve(failed(error.message)) })
    asked.end(JSON.stringify(question))
  })
}

function refuse (request, response, { status, headers, body }) {
  response.writeHead(status, headers)
  response.end(request.method === 'HEAD' ? undefined : body)
  request.resume() // what is still on its way is read and forgotten, else the client cannot hear the answer
}
