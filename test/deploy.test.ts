import { posix } from 'node:path'
import { runInNewContext } from 'node:vm'
import { test } from 'tap'
import { parse } from 'yaml'
import { resolveOptions } from '../lib/webhooks/options.ts'
import { manifestOf, root } from './helpers/package.ts'
import { blocks, codes, section, table } from './helpers/pages.ts'

// What the page says of Docker, systemd, PM2 and nginx has to fit together, and with the app. code-blocks/deploy.test.ts runs that.
const page = section('Deploy')
const options = resolveOptions({})

function block (name: string): string {
  const { code } = blocks(page).find(({ file }) => file === name) ?? {}
  if (code === undefined) throw new Error(`no block has the name ${name}`)
  return code
}

function hasBlock (name: string): boolean {
  return blocks(page).some(({ file }) => file === name)
}

/** What follows each `NAME ` or `NAME=` at the beginning of a line. */
function valuesOf (text: string, name: string): string[] {
  return Array.from(text.matchAll(new RegExp(`^${name}[ =](.*)$`, 'gm')), ([, value = '']) => value)
}

/** 'KEY=value OTHER=value' as an object. */
function assignments (text: string): Record<string, string> {
  return Object.fromEntries(Array.from(text.matchAll(/(\w+)=(\S+)/g), ([, name = '', value = '']) => [name, value]))
}

interface Service {
  build?: string
  image?: string
  stop_grace_period?: string
  deploy?: { replicas: number }
  environment?: Record<string, string>
  ports?: string[]
  volumes?: string[]
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test: string[] }
}

interface Compose {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}

function compose (name: string): Compose {
  return parse(block(name)) as Compose // as Compose reads it
}

const COMPOSE_FILES = ['compose.yaml', 'compose.postgres.yaml']
const dockerfile = block('Dockerfile')
const unit = block('/etc/systemd/system/webhooks.service')
const image = assignments(valuesOf(dockerfile, 'ENV').join(' '))

/** The services that are this app. */
function apps (name: string): Service[] {
  return Object.values(compose(name).services).filter(({ build }) => build !== undefined)
}

test('the image runs a file of the page, which gets signals, as a user who may write to the volume', async (t) => {
  const [from = ''] = valuesOf(dockerfile, 'FROM')
  t.ok(Number(/^node:(\d+)-/.exec(from)?.[1]) >= Number(/\d+/.exec(manifestOf(root).engines.node)?.[0]), from)
  const [command = ''] = valuesOf(dockerfile, 'CMD')
  const [program, script = '', ...rest] = JSON.parse(command) as string[] // a list: otherwise a shell would run it
  t.same([program, rest], ['node', []])
  t.ok(hasBlock(script), script)
  const copied = valuesOf(dockerfile, 'COPY').flatMap((files) => files.split(' ').slice(0, -1))
  t.same(copied, ['package.json', 'package-lock.json', script])
  const [user = ''] = valuesOf(dockerfile, 'USER')
  const [volume = ''] = valuesOf(dockerfile, 'VOLUME')
  t.not(user, 'root')
  t.match(valuesOf(dockerfile, 'RUN').join(' && '), `chown ${user}:${user} ${volume}`)
  t.equal(posix.dirname(image.ONEROUTE_INBOX ?? ''), volume)
  t.equal(image.HOST, '0.0.0.0')
})

test('what runs the app gives it the variables that it reads, and no others', async (t) => {
  const [, list = ''] = /const \{ (.+) \} = process\.env/.exec(block('webhooks.mjs')) ?? []
  const reads = list.split(', ').map((name) => name.split(' = '))
  const needs = reads.filter(({ length }) => length === 1).map(([name]) => name)
  t.same(needs, ['ONEROUTE_SECRET', 'ONEROUTE_INBOX', 'CRM_URL'])
  t.same(table(page, 'variable').map(({ variable }) => codes(variable)[0]), reads.map(([name]) => name))
  const given: Record<string, Record<string, string>> = {
    systemd: { ...assignments(valuesOf(unit, 'Environment').join(' ')), ...assignments(block('/etc/webhooks.env').trim().split('\n').slice(1).join(' ')) },
    PM2: { ...ecosystem()[0]?.env, ...assignments(/^(.*) pm2 start/m.exec(page)?.[1] ?? '') }
  }
  for (const file of COMPOSE_FILES) for (const { environment } of apps(file)) given[file] = { ...image, ...environment }
  for (const [who, variables] of Object.entries(given)) {
    t.same(needs.filter((name) => name === undefined || !Object.hasOwn(variables, name)), [], `${who} gives what is needed`)
    t.same(Object.keys(variables).filter((name) => name !== 'NODE_ENV' && !reads.some(([read]) => read === name)), [], `${who} gives nothing else`)
    t.equal(variables.NODE_ENV, 'production', who)
  }
})

for (const file of COMPOSE_FILES) {
  test(`${file} has what it names`, async (t) => {
    const { services, volumes } = compose(file)
    t.equal(apps(file).length, 1)
    for (const { build, volumes: mounted = [], ports = [], deploy, depends_on: others = {} } of Object.values(services)) {
      if (build !== undefined) t.ok(build === '.' && hasBlock('Dockerfile'))
      for (const mount of mounted) {
        const [name = '', path] = mount.split(':')
        t.ok(Object.hasOwn(volumes, name), name)
        if (build !== undefined) t.same([path], valuesOf(dockerfile, 'VOLUME'))
      }
      for (const port of ports) {
        const [host, published = '', inside] = port.split(':')
        const [first, last = first] = published.split('-').map(Number)
        t.equal(host, '127.0.0.1', 'for the proxy only')
        t.same([inside], valuesOf(dockerfile, 'EXPOSE'))
        t.equal(Number(last) - Number(first) + 1, deploy?.replicas ?? 1, 'a port for each')
      }
      for (const [other, { condition }] of Object.entries(others)) {
        t.equal(condition, 'service_healthy')
        t.ok(services[other]?.healthcheck, `${other} says when it is healthy`)
      }
    }
  })
}

test('.env has what Compose is told to find there', async (t) => {
  const texts = COMPOSE_FILES.map(block).join('')
  const wanted = Array.from(texts.matchAll(/\$\{(\w+):\?set it in \.env\}/g), ([, name = '']) => name)
  t.same(Object.keys(assignments(block('.env'))).sort(), [...new Set(wanted)].sort())
})

test('PostgreSQL is where the app looks for it', async (t) => {
  const { services } = compose('compose.postgres.yaml')
  const { username, password, hostname, pathname } = new URL(services.webhooks?.environment?.ONEROUTE_INBOX?.replace(/\$\{.*?\}/, 'password') ?? '')
  const { environment = {} } = services[hostname] ?? {}
  t.same([username, pathname, password], [environment.POSTGRES_USER, `/${environment.POSTGRES_DB ?? ''}`, 'password'])
})

test('systemd runs a file of the page, which may write where its inbox is', async (t) => {
  const [node, script = ''] = valuesOf(unit, 'ExecStart').join().split(' ')
  t.equal(node, '/usr/bin/node')
  t.ok(hasBlock(script), script)
  t.ok(hasBlock(valuesOf(unit, 'EnvironmentFile').join()))
  const { ONEROUTE_INBOX = '' } = assignments(valuesOf(unit, 'Environment').join(' '))
  t.equal(posix.dirname(ONEROUTE_INBOX), `%S/${valuesOf(unit, 'StateDirectory').join()}`)
  t.equal(valuesOf(unit, 'Restart').join(), 'always')
})

interface Pm2App {
  kill_timeout: number
  env: Record<string, string>
}

function ecosystem (): Pm2App[] {
  const module = { exports: { apps: new Array<Pm2App>() } }
  runInNewContext(block('ecosystem.config.cjs'), { module }) // as PM2 does, which requires it
  return module.exports.apps
}

test('everything that stops the app gives it the time that closing may take', async (t) => {
  const [, more = ''] = /`drainTimeout` plus (\d+) seconds/.exec(page) ?? []
  const least = options.drainTimeout / 1_000 + Number(more)
  const times: Record<string, string | undefined> = {
    ...Object.fromEntries(COMPOSE_FILES.flatMap((file) => apps(file).map(({ stop_grace_period: period }) => [file, period]))),
    systemd: valuesOf(unit, 'TimeoutStopSec').join(),
    PM2: `${(ecosystem()[0]?.kill_timeout ?? 0) / 1_000}`,
    'close-with-grace': `${Number(/its `delay` to (\d+) (\d+) /.exec(page)?.slice(1).join('')) / 1_000}`,
    'fastify-cli': `${Number(/--close-grace-delay (\d+)/.exec(page)?.[1]) / 1_000}`
  }
  t.match(page, `${least} seconds with the default`)
  for (const [who, time] of Object.entries(times)) t.equal(Number.parseInt(time ?? ''), least, who)
  const [, sleep, grace] = /sleep: \{ seconds: (\d+) \}.*terminationGracePeriodSeconds: (\d+)/s.exec(page) ?? []
  t.equal(Number(grace), least + Number(sleep), 'Kubernetes')
})

test('nginx passes the route on to where the replicas are', async (t) => {
  const nginx = block('/etc/nginx/conf.d/webhooks.conf')
  const [port = ''] = apps('compose.postgres.yaml').flatMap(({ ports = [] }) => ports)
  const [, first, last] = /:(\d+)-(\d+):/.exec(port) ?? []
  t.same(Array.from(nginx.matchAll(/server 127\.0\.0\.1:(\d+);/g), ([, number]) => number), [first, last])
  t.match(page, `\`server ${apps('compose.yaml').flatMap(({ ports = [] }) => ports)[0]?.split(':').slice(0, 2).join(':') ?? ''};\``)
  t.match(nginx, `location = ${options.path} {`)
  t.equal(Number(/client_max_body_size (\d+)m;/.exec(nginx)?.[1]) * 2 ** 20, options.bodyLimit)
  t.equal(nginx.match(/\{/g)?.length, nginx.match(/\}/g)?.length)
})
