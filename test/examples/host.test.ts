import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { test } from 'tap'
import { ENV, FLAGS } from '../helpers/environment.ts'
import { root, temporaryDirectory } from '../helpers/package.ts'

test('the example receives an event from itself, and remembers it the next time', async (t) => {
  const env = { ...ENV, DATA_DIR: temporaryDirectory(t), PORT: '0' }
  for (const earlier of [0, 1]) {
    const child = spawn(process.execPath, [...FLAGS, 'examples/host.ts', '--once'], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
    const [output] = await Promise.all([text(child.stdout), once(child, 'exit')])
    t.equal(child.exitCode, 0)
    t.match(output, `webhooks.db has ${earlier} events that were delivered, and 0 that wait`)
    t.match(output, /Message Sender: Hello World!/)
    t.match(output, /→ 200 \{"status":"accepted"/)
  }
})
