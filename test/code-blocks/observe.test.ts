import { test } from 'tap'
import { newMessage, sign } from '../../lib/testing/testing.ts'
import { post, start } from './helpers/running.ts'

test('inspect.mjs runs', async (t) => {
  const { url, printed } = await start(t, 'inspect.mjs', { ONEROUTE_SECRET: 'key' })
  const body = JSON.stringify(newMessage({ message: { content: 'to be looked at' } }))
  t.equal(await post(url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
  await printed('to be looked at')
  t.match(await (await fetch(`${url}/inspector/`)).text(), '<title>OneRoute webhooks</title>')
  t.match(await (await fetch(`${url}/inspector/api/events`)).json(), { events: [{ text: 'to be looked at', state: 'done' }] })
})

test('login.mjs runs', async (t) => {
  const { url } = await start(t, 'login.mjs', { ONEROUTE_SECRET: 'key', INSPECTOR_PASSWORD: 'right' })
  const body = JSON.stringify(newMessage({ message: { content: 'not for everybody' } }))
  t.equal(await post(url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
  const look = async (login: string, path = '/api/events') => await fetch(`${url}/inspector${path}`, { headers: login === '' ? {} : { authorization: `Basic ${btoa(login)}` } })
  for (const login of ['', 'admin:wrong', 'admin:', 'somebody:right', 'admin']) {
    for (const path of ['/', '/api/events', '/api/stream']) {
      const refused = await look(login, path)
      t.match([refused.status, refused.headers.get('www-authenticate')], [401, 'Basic realm="Inspector"'], `${login} ${path}`)
      t.notMatch(await refused.text(), /not for everybody|<title>/)
    }
  }
  t.match(await (await look('admin:right')).json(), { events: [{ text: 'not for everybody' }] })
})

test('measured.mjs runs', async (t) => {
  const { url, printed } = await start(t, 'measured.mjs', { ONEROUTE_SECRET: 'key' })
  const body = JSON.stringify(newMessage({ message: { content: 'to be counted' } }))
  t.equal(await post(url, body, { 'x-oneroute-signature': sign(body, 'key') }), 200)
  await printed('to be counted')
  t.match(await (await fetch(`${url}/metrics`)).text(), 'oneroute_webhooks_listener_runs_total{listener="greet",outcome="succeeded"} 1')
})
