import Fastify from 'fastify'
import { test } from 'tap'
import webhooks, { ONEROUTE_IPS } from '../../index.ts'
import type { WebhooksOptions } from '../../index.ts'
import { createAllowList } from '../../lib/receive/allowed-ips.ts'
import { createApp, fixture } from '../helpers/app.ts'
import { deliveries, exchange, head, isRefusal, JSON_TYPE, listen } from '../helpers/http.ts'

const BODY = fixture('new-message')

const LISTS: Array<{ allowed: string[], yes: string[], no: string[] }> = [
  {
    allowed: ['174.138.104.128'],
    yes: ['174.138.104.128', '174.138.104.128:51234', '[::ffff:174.138.104.128]:443', '::ffff:174.138.104.128', '::ffff:ae8a:6880', '0:0:0:0:0:FFFF:174.138.104.128'],
    no: ['174.138.104.129', '::174.138.104.128', '::ffff:174.138.104.129', '::1', '64:ff9b::ae8a:6880']
  },
  {
    allowed: ['10.0.0.0/8', '192.168.1.64/26'],
    yes: ['10.0.0.0', '10.255.255.255', '192.168.1.64', '192.168.1.127', '::ffff:10.1.2.3'],
    no: ['9.255.255.255', '11.0.0.0', '192.168.1.63', '192.168.1.128', '::10.1.2.3', '::a00:1']
  },
  { allowed: ['1.2.3.4/32'], yes: ['1.2.3.4'], no: ['1.2.3.5'] },
  { allowed: ['0.0.0.0/0'], yes: ['1.2.3.4', '255.255.255.255', '::ffff:1.2.3.4'], no: ['2001:db8::1', '::1'] },
  { allowed: ['2001:db8::1'], yes: ['2001:db8::1', '2001:DB8:0:0::1', '[2001:db8::1]', '[2001:DB8::1]:65535'], no: ['2001:db8::2', '[2001:db8::2]:1', '1.2.3.4'] },
  { allowed: ['2001:db8::/33'], yes: ['2001:db8:7fff::1'], no: ['2001:db8:8000::1', '2001:db9::'] },
  { allowed: ['::1/128', 'fe80::/10'], yes: ['::1', 'fe80::1', 'febf::1'], no: ['::2', 'fec0::1', '127.0.0.1'] },
  { allowed: ['::ffff:1.2.3.4'], yes: ['1.2.3.4', '::ffff:1.2.3.4'], no: ['1.2.3.5'] }
]

for (const { allowed, yes, no } of LISTS) {
  test(`${allowed.join(' and ')} allows its own addresses, and no others`, (t) => {
    const allows = createAllowList(allowed)
    for (const address of yes) t.equal(allows(address), true, address)
    for (const address of no) t.equal(allows(address), false, address)
    t.end()
  })
}

const NO_ADDRESSES = [
  '', ' ', 'unknown', 'localhost', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1.2.3.4:', '1.2.3.4:x', '1.2.3.4:123456', ':80', '::1]',
  '[::1', '[]', '[]:80', '[::1]:', '[::1]:123456', '[1.2.3.4', '[::1%lo]', '[[::1]]', '1.2.3.4:80:80', '1.2.3.4/8', ' 1.2.3.4',
  '0x01020304', '16909060', ':::', '::ffff:1.2.3', 'fe80::1%', 'x'.repeat(100_000), '1.2.3.4\0', '__proto__'
]

test('what is no address is allowed nowhere, and harms nobody', (t) => {
  const allows = createAllowList(['0.0.0.0/0', '::/0'])
  for (const address of NO_ADDRESSES) t.equal(allows(address), false, JSON.stringify(address.slice(0, 40)))
  for (const address of ['fe80::1%eth0', `::1%${'x'.repeat(1_000)}`]) t.doesNotThrow(() => allows(address), address.slice(0, 40))
  t.end()
})

for (const entry of [
  '', 'oneroute.io', '1.2.3', '1.2.3.4/', '1.2.3.4/33', '1.2.3.4/-1', '1.2.3.4/+8', '1.2.3.4/8.0', '1.2.3.4/0x8', '1.2.3.4/8/8', '/8',
  '1.2.3.4/255.0.0.0', '::1/129', '::1/', '1.2.3.4-1.2.3.9', '1.2.3.*', ' 1.2.3.4', '1.2.3.4, 1.2.3.5', '[::1]', '1.2.3.4:80'
]) {
  test(`'${entry}' is refused at start as an entry of allowedIps`, async (t) => {
    const app = Fastify()
    t.teardown(async () => { await app.close() })
    await t.rejects(async () => { await app.register(webhooks, { allowedIps: ['1.2.3.4', entry] }) }, {
      code: 'FST_ONEROUTE_INVALID_OPTION',
      message: `, got '${entry}'`
    })
  })
}

test('addresses that are not allowed get 403, before anything else of the request is looked at', async (t) => {
  const { app } = await createApp(t, { allowedIps: ONEROUTE_IPS, secret: 'k' })
  const heard = deliveries(app)
  const from = async (remoteAddress: string, type = 'application/json') => await app.inject({
    method: 'POST', url: '/webhooks/oneroute', remoteAddress, headers: { 'content-type': type }, payload: BODY
  })
  for (const type of ['application/json', 'text/plain']) {
    const reply = await from('174.138.104.129', type)
    t.equal(reply.statusCode, 403)
    isRefusal(t, reply, 'FST_ONEROUTE_ADDRESS_NOT_ALLOWED', type)
  }
  t.equal((await from('174.138.104.128')).statusCode, 401, 'an address is no signature')
  t.strictSame(heard, [])
})

test('the address of a socket counts, and by default no header', async (t) => {
  const admitted = await createApp(t, { allowedIps: ['127.0.0.0/8'] })
  const refused = await createApp(t, { allowedIps: ONEROUTE_IPS })
  const spoofed = head([JSON_TYPE, `X-Forwarded-For: ${ONEROUTE_IPS.join()}`, 'X-Real-IP: 174.138.104.128'], BODY.length)
  t.match(await exchange(await listen(admitted.app), spoofed, BODY), { statusCode: 200 })
  t.match(await exchange(await listen(refused.app), spoofed, BODY), { statusCode: 403 })
})

/** Fastify takes a number of proxies too, its types do not. */
type TrustProxy = boolean | string | string[]

const hops = 1 as unknown as TrustProxy

const FORWARDED: Array<[forwarded: string, trustProxy: TrustProxy, statusCode: number]> = [
  ['174.138.104.128', '127.0.0.1', 200],
  ['1.2.3.4', '127.0.0.1', 403],
  ['1.2.3.4, 174.138.104.128', '127.0.0.1', 200],
  ['174.138.104.128, 1.2.3.4', '127.0.0.1', 403],
  ['174.138.104.128, 10.0.0.1', ['127.0.0.1', '10.0.0.0/8'], 200],
  ['174.138.104.128', ['10.0.0.0/8'], 403],
  ['174.138.104.128, 1.2.3.4', hops, 403],
  ['174.138.104.128, 1.2.3.4', true, 200],
  ['', true, 403],
  ['unknown', true, 403],
  [', , ,', true, 403],
  ['174.138.104.128:443', true, 200],
  ['174.138.104.128:51234', '127.0.0.1', 200],
  ['[::ffff:174.138.104.128]:443', '127.0.0.1', 200],
  ['1.2.3.4, 174.138.104.128:51234', '127.0.0.1', 200],
  ['174.138.104.128:1, 1.2.3.4:2', '127.0.0.1', 403],
  ['1.2.3.4:443', '127.0.0.1', 403],
  ['[2001:db8::1]', '127.0.0.1', 403],
  ['fe80::1%lo', true, 403],
  ["' or 1=1 --", true, 403],
  ['1.2.3.4, '.repeat(1_000), true, 403]
]

test('behind a proxy the forwarded address counts as far as `trustProxy` goes, and garbage is nobody', async (t) => {
  for (const [forwarded, trustProxy, statusCode] of FORWARDED) {
    const { app } = await createApp(t, { allowedIps: ONEROUTE_IPS }, { trustProxy })
    const headers = { 'content-type': 'application/json', 'x-forwarded-for': forwarded }
    const reply = await app.inject({ method: 'POST', url: '/webhooks/oneroute', headers, payload: BODY })
    t.equal(reply.statusCode, statusCode, `${forwarded.slice(0, 40)} with ${JSON.stringify(trustProxy)}`)
  }
})

const TRUST: Array<[trustProxy: TrustProxy, warnings: RegExp[]]> = [
  [true, [/`allowedIps` .*`trustProxy: true`/]], [false, []], ['10.0.0.1', []], [['10.0.0.1', '10.0.0.2'], []], [hops, []]
]

for (const [trustProxy, expected] of TRUST) {
  test(`trustProxy: ${JSON.stringify(trustProxy)} is ${expected.length > 0 ? 'warned of' : 'fine'} where allowedIps is set`, async (t) => {
    const warningsOf = async (options: WebhooksOptions) => {
      const { lines } = await createApp(t, { secret: 'k', ...options }, { trustProxy })
      return lines.filter(({ level }) => level >= 40).map(({ msg }) => msg)
    }
    const warnings = await warningsOf({ allowedIps: ONEROUTE_IPS })
    t.equal(warnings.length, expected.length)
    t.match(warnings, expected)
    t.strictSame(await warningsOf({}), [], 'and nowhere else')
  })
}

test('the warning is also given in a scope below the app', async (t) => {
  const lines: string[] = []
  const app = Fastify({ trustProxy: true, logger: { stream: { write: (line: string) => { lines.push(line) } } } })
  t.teardown(async () => { await app.close() })
  await app.register(async (scope) => { await scope.register(webhooks, { allowedIps: ONEROUTE_IPS }) }, { prefix: '/v1' })
  t.match(lines.join(''), '`trustProxy: true`')
})

test('ONEROUTE_IPS is what the documentation says, and cannot be changed', (t) => {
  t.strictSame(ONEROUTE_IPS, ['174.138.104.128'])
  t.ok(Object.isFrozen(ONEROUTE_IPS))
  t.end()
})
