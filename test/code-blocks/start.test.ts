import { test } from 'tap'
import { newMessage, sign } from '../../lib/testing/testing.ts'
import { blocks, codes, section } from '../helpers/pages.ts'
import { commandsIn } from './helpers/commands.ts'
import { runCliWith } from './helpers/files.ts'
import { post, start } from './helpers/running.ts'

test('server.mjs runs', async (t) => {
  const [, begin, send] = commandsIn(section('Quick start'))
  t.same(begin?.words, ['node', 'server.mjs'])
  const server = await start(t, 'server.mjs', begin?.env)
  const [, , ...args] = send?.words ?? []
  const sent = await runCliWith(send?.env ?? {}, ...args, '--to', `${server.url}/webhooks/oneroute`)
  t.match(sent, { code: 0 }, sent.output)
  const [logged = ''] = codes(section('Quick start').split('```').at(-1))
  t.match(logged, 'Message Sender: ')
  await server.printed(`"msg":"${logged}"`)
  t.equal(await post(server.url, JSON.stringify(newMessage())), 401, 'the key counts')
  t.equal(await server.end('SIGTERM'), 0, 'it closes, and ends by itself')
})

test('server.cjs runs', async (t) => {
  const server = await start(t, 'server.cjs', { ONEROUTE_SECRET: 'key' })
  const body = JSON.stringify(newMessage({ message: { content: 'by require' } }))
  t.equal(await post(server.url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
  await server.printed('by require')
  await t.rejects(start(t, 'server.cjs'), /`secret` is given, but undefined/, 'an error of the start is shown')
})

test('the quick start has twelve lines at the most', async (t) => {
  const [quickStart] = blocks(section('Quick start'))
  const lines = quickStart?.code.trim().split('\n').filter((line) => !line.startsWith('//')) ?? []
  t.ok(lines.length <= 12, `${lines.length} lines`)
})
