import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'tap'
import type { Test } from 'tap'
import { openHandled } from '../../../../lib/cli/send/chaos/handled.ts'
import { becomesReachable } from '../../../../lib/cli/send/chaos/reachable.ts'
import { temporaryDirectory } from '../../../helpers/package.ts'
import { createReceiver } from '../../helpers.ts'
import { chaos, SECRET, startPlain, startPlugin, takeWell } from './receivers.ts'

function read (path: string, given: { stdin?: PassThrough, signal?: AbortSignal } = {}) {
  const { stdin = new PassThrough(), signal = new AbortController().signal } = given
  return openHandled(path, { stdin, stdout: process.stdout, stderr: process.stderr, env: {}, signal })
}

function file (t: Test): string {
  return join(temporaryDirectory(t), 'handled.jsonl')
}

test('lines are read as they come, whatever their pieces are', async (t) => {
  const path = file(t)
  writeFileSync(path, '{"id":"earlier"}\n')
  const handled = await read(path)
  appendFileSync(path, '{"id":"1"}\n{"id":2}\nno JSON\n\n[]\n{"id":"ö')
  await handled.settle(1, () => false)
  t.same(handled.ids, ['1'])
  t.equal(handled.unreadable, 3)
  appendFileSync(path, '"}\n')
  await handled.settle(1, () => false)
  t.same(handled.ids, ['1', 'ö'])
  handled.stop()
})

test('a file may come later, and may begin anew', async (t) => {
  const path = file(t)
  const handled = await read(path)
  await handled.settle(1, () => false)
  writeFileSync(path, '{"id":"first"}\n{"id":"second"}\n')
  await handled.settle(1, () => false)
  writeFileSync(path, '{"id":"anew"}\n')
  await handled.settle(1, () => false)
  t.same(handled.ids, ['first', 'second', 'anew'])
})

test('it waits for what is missing as long as something comes', async (t) => {
  const path = file(t)
  const handled = await read(path)
  let lines = 0
  // Each time that it looks again there is one more.
  await handled.settle(2_000, () => {
    if (lines < 5) appendFileSync(path, `{"id":"${++lines}"}\n`)
    return handled.ids.length === 5
  })
  t.same(handled.ids, ['1', '2', '3', '4', '5'])
})

test('standard input is read too, and not waited for at the end', async (t) => {
  const stdin = new PassThrough()
  const handled = await read('-', { stdin })
  stdin.write('{"id":"1"}\n')
  await handled.settle(100, () => handled.ids.length === 1)
  t.same(handled.ids, ['1'])
  handled.stop()
  t.equal(stdin.destroyed, true)
})

test('Ctrl-C ends the wait', async (t) => {
  const interrupt = new AbortController()
  const handled = await read(file(t), { signal: interrupt.signal })
  const settled = handled.settle(100_000, () => false)
  interrupt.abort()
  await settled
  t.same(handled.ids, [])
})

test('what is handled can come on standard input', async (t) => {
  const stdin = new PassThrough()
  const { url, app } = await startPlugin(t, { secret: SECRET })
  app.webhooks.on('newMessage', (_event, { id }) => { stdin.write(`${JSON.stringify({ id })}\n`) })
  const { code, stdout } = await chaos(url, ['--count', '100', '--handled', '-'], { stdin })
  t.match(stdout, /^Handled: 100 lines of these events, 0 of others/m)
  t.match(stdout, /^VERDICT: clean$/m)
  t.equal(code, 0, stdout)
})

test('without it, only the answers are checked, and it is said what was not looked at', async (t) => {
  const { url } = await startPlugin(t, { secret: SECRET })
  const { code, stdout } = await chaos(url, ['--count', '40'])
  t.match(stdout, /^VERDICT: clean\nNot looked at: lost, handled twice, forged, order broken\. For these/m)
  t.notMatch(stdout, 'Handled:')
  t.equal(code, 0)
})

test('nothing that was handled is a hint at the wrong file', async (t) => {
  const { url } = await startPlugin(t, { secret: SECRET })
  const path = file(t)
  writeFileSync(path, '')
  const onOutput = (text: string) => { if (text.startsWith('Plan:')) appendFileSync(path, '{"id":"of another"}\n') } // by then it reads
  const { code, stdout } = await chaos(url, ['--count', '20', '--settle', '500', '--handled', path], { onOutput })
  t.match(stdout, /^Handled: 0 lines of these events, 1 of others, 0 that are no JSON with an id\nNone of these events: does the receiver/m)
  t.match(stdout, /20 × lost/)
  t.equal(code, 1)
})

test('a receiver that had the same events before is not blamed without a hint', async (t) => {
  const { url } = await startPlugin(t, { secret: SECRET })
  const argv = ['--count', '20', '--seed', '1']
  t.match(await chaos(url, argv), { code: 0 })
  const { code, stdout } = await chaos(url, argv)
  t.match(stdout, /event: 200, duplicate; it had to be 200, accepted/)
  t.match(stdout, /The receiver had these events before: it remembers a run with the same seed/)
  t.equal(code, 1)
})

test('where nobody listens nothing is posted', async (t) => {
  const { code, stdout, stderr } = await chaos('http://127.0.0.1:1/', ['--timeout', '100'])
  t.match(stdout, /^Plan: [^\n]*\nThe same again: --seed \d+\n$/)
  t.equal(stderr, 'Nothing listens at http://127.0.0.1:1: start your app, or give its address with --to.\n')
  t.equal(code, 1)
  // The ports of the protocols, and an address in brackets.
  for (const url of ['http://[::1]/', 'https://127.0.0.1/']) t.match(await chaos(url, ['--timeout', '1']), { code: 1, stderr: /^Nothing listens/ })
})

test('the wait for somebody who listens ends whatever the garbage collector takes', async (t) => {
  setFlagsFromString('--expose-gc')
  const collector = setInterval(runInNewContext('gc') as () => void, 1)
  t.teardown(() => { clearInterval(collector) })
  t.equal(await becomesReachable(new URL('http://127.0.0.1:1/'), 100, new AbortController().signal), false)
})

test('Ctrl-C ends it, without a verdict', async (t) => {
  for (const argv of [[], ['--rate', '50'], ['--chaos-mix', 'bursts=100,delayed=100'], ['--chaos-mix', 'cut=100']]) {
    const interrupt = new AbortController()
    const { url } = await startPlain(t, {
      take: (handling) => {
        if (handling.number === 10) interrupt.abort()
        takeWell(handling)
      }
    })
    const { code, stdout } = await chaos(url, argv, { interrupt })
    t.match(stdout, /\nInterrupted: no verdict\.\n$/)
    t.equal(code, 130)
  }
})

test('Ctrl-C while it waits for somebody who listens ends it, too', async (t) => {
  const interrupt = new AbortController()
  const { code } = await chaos('http://127.0.0.1:1/', [], { interrupt, onOutput: () => { interrupt.abort() } })
  t.equal(code, 130)
})

test('a terminal sees how far it is', async (t) => {
  const { url } = await createReceiver(t)
  const { stderr } = await chaos(url, ['--count', '60', '--chaos-mix', 'delayed=5'], { terminal: 100 })
  t.match(stderr, /60\/60 \| wrong: 0 \|/)
})
