import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { cli } from './helpers.ts'

test('--help and -h print what there is, on stdout', async (t) => {
  const { code, stdout, stderr } = await cli(['--help'])
  t.equal(code, 0)
  t.match(stdout, /Usage: fastify-oneroute-webhooks <command>/)
  for (const command of ['send', 'listen', 'inbox']) t.match(stdout, new RegExp(`^ {2}${command} {2,}\\w`, 'm'))
  t.equal(stderr, '')
  t.same(await cli(['-h']), { code, stdout, stderr })
})

test('no command prints the same, but is a mistake', async (t) => {
  const { stdout: help } = await cli(['--help'])
  t.same(await cli([]), { code: 2, stdout: '', stderr: help })
})

test('--version and -v print the version of the package', async (t) => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string } // npm asks for one
  for (const option of ['--version', '-v']) t.same(await cli([option]), { code: 0, stdout: `${manifest.version}\n`, stderr: '' })
})

test('a command that there is not is refused, and those that there are named', async (t) => {
  for (const [name, message] of [
    ['sned', "Unknown command 'sned': it must be one of send, listen, inbox"],
    ['toString', "Unknown command 'toString': it must be one of send, listen, inbox"],
    ['', "Unknown command '': it must be one of send, listen, inbox"],
    ['postgres://u:S3CRET@h/x', "Unknown command 'postgres://***@h/x': it must be one of send, listen, inbox"],
    ['--to', "Unknown option '--to': the command comes first, one of send, listen, inbox"],
    ['--secret=hidden', "Unknown option '--secret': the command comes first, one of send, listen, inbox"]
  ] as const) {
    t.same(await cli([name]), { code: 2, stdout: '', stderr: `fastify-oneroute-webhooks: ${message}\nSee fastify-oneroute-webhooks --help\n` })
  }
})

test('every help fits a terminal', async (t) => {
  for (const argv of [['--help'], ['send', '--help'], ['listen', '--help'], ['inbox', '--help']]) {
    const { stdout } = await cli(argv)
    t.ok(stdout.endsWith('\n'))
    for (const line of stdout.split('\n')) t.ok(line.length <= 100 && line === line.trimEnd(), line)
  }
})
