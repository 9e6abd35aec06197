import { test } from 'tap'
import { ONEROUTE_IPS } from '../../index.ts'
import { newMessage, sign } from '../../lib/testing/testing.ts'
import { post, start } from './helpers/running.ts'

test('limited.mjs runs', async (t) => {
  const { url, printed } = await start(t, 'limited.mjs', { ONEROUTE_SECRET: 'key' })
  const body = JSON.stringify(newMessage({ message: { content: 'below the limit' } }))
  const answer = await fetch(`${url}/webhooks/oneroute`, { method: 'POST', body, headers: { 'x-oneroute-signature': sign(body, 'key') } })
  t.match([answer.status, answer.headers.get('x-ratelimit-limit'), answer.headers.get('x-ratelimit-remaining')], [200, '6000', '5999'])
  await printed('below the limit')
  t.equal((await fetch(url)).headers.get('x-ratelimit-limit'), '100', 'other routes have their own')
})

test('members.mjs runs', async (t) => {
  const { url, printed } = await start(t, 'members.mjs', { ONEROUTE_SECRET: 'key', PASSWORD: 'right' })
  const body = JSON.stringify(newMessage({ message: { content: 'without a login' } }))
  t.equal(await post(url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
  await printed('without a login')
  const look = async (password: string) => (await fetch(url, { headers: { authorization: `Basic ${btoa(`somebody:${password}`)}` } })).status
  t.same([(await fetch(url)).status, await look('wrong'), await look('right')], [401, 401, 200])
})

test('token.mjs runs', async (t) => {
  const { url, printed, output } = await start(t, 'token.mjs', { WEBHOOK_TOKEN: 'the-right-token' })
  const conversation = { id: 'with a token' }
  const send = async (query: string) => {
    const body = JSON.stringify(newMessage({ conversation }))
    return (await fetch(`${url}/webhooks/oneroute${query}`, { method: 'POST', body })).status
  }
  t.same([await send(''), await send('?token='), await send('?token=the-wrong-token'), await send('?token=the-right-token')], [401, 401, 401, 200])
  await printed('with a token')
  await printed('"msg":"request completed"')
  t.notMatch(output(), 'the-right-token')
})

test('guarded.mjs runs', async (t) => {
  const [oneroute = ''] = ONEROUTE_IPS
  const send = async (url: string, key: string, address = oneroute) => {
    const body = JSON.stringify(newMessage())
    return await post(url, body, { 'x-oneroute-signature': sign(body, key), 'x-forwarded-for': address })
  }
  const { url } = await start(t, 'guarded.mjs', { ONEROUTE_SECRET: 'new', ONEROUTE_OLD_SECRET: 'old' })
  t.same([await send(url, 'new'), await send(url, 'old'), await send(url, 'other'), await send(url, 'new', '192.0.2.1')], [200, 200, 401, 403])
  const { url: changed } = await start(t, 'guarded.mjs', { ONEROUTE_SECRET: 'new' })
  t.same([await send(changed, 'new'), await send(changed, 'old')], [200, 401], 'it starts without an old key, too')
  await t.rejects(start(t, 'guarded.mjs', { ONEROUTE_OLD_SECRET: 'old' }), /`secret` of .* must be a key/, 'but not without the new one')
})
