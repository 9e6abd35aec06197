import tap, { test } from 'tap'
import { sqliteInbox } from '../../../../lib/inbox/sqlite/inbox.ts'
import { temporaryFile } from '../../../helpers/sqlite.ts'
import { chaos, SECRET, startPlain, startPlugin } from './receivers.ts'

tap.jobs = 4 // each has a receiver of its own, and most of its time it waits: for a pause between two requests, or for a second time that something is handled

const ALL = 'repeats=20,reordered=10,delayed=10,truncated=10,forged=10,cut=10,bursts=20'

for (const seed of ['1', '2', '3']) {
  for (const name of ['memory', 'SQLite'] as const) {
    test(`the plugin with the ${name} inbox has a clean verdict, seed ${seed}`, async (t) => {
      const inbox = name === 'SQLite' ? { inbox: sqliteInbox({ path: temporaryFile(t) }) } : {}
      const { url, handled } = await startPlugin(t, { secret: SECRET, ...inbox })
      const { code, stdout } = await chaos(url, ['--count', '400', '--chaos-mix', ALL, '--seed', seed, '--handled', handled])
      t.match(stdout, /^VERDICT: clean$/m, stdout)
      t.match(stdout, /^Plan: events: 400, conversations: 20, repeats: 80, reordered: 40, delayed: 40, truncated: 40, forged: 40, cut: 40, bursts of 50: \d\nThe same again: --seed \d$/m)
      t.match(stdout, /^Handled: 400 lines of these events, 0 of others, 0 that/m)
      t.match(stdout, /200, accepted +3\d\d$/m)
      t.match(stdout, /200, duplicate +\d+$/m)
      t.match(stdout, /401 Unauthorized +\d+/)
      t.match(stdout, /^ {2}cut +40/m)
      t.equal(code, 0, stdout)
    })
  }
}

test('so has an unsigned one, and a receiver that knows nothing of this package', async (t) => {
  const { url, handled } = await startPlugin(t, {})
  const unsigned = await chaos(url, ['--handled', handled, '--count', '200'], { env: {} })
  t.match(unsigned, { code: 0, stdout: /400 Bad Request/ }, unsigned.stdout)
  const plain = await startPlain(t)
  const { code, stdout } = await chaos(plain.url, ['--handled', plain.handled])
  t.equal(code, 0, stdout)
})
