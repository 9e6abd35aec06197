import { test } from 'tap'
import { HostProcess } from '../helpers/host-process.ts'
import { command, handled } from '../helpers/request-change.ts'
import { until } from '../helpers/until.ts'

test('commands replay beside the process that has the file, several at once, and each event once', async (t) => {
  const { settings: { path }, host, ids, done, requests } = await handled(t, 6)
  const [a = '', b = '', c = ''] = ids
  const said = await Promise.all([[a, b], [c], ids.slice(3)].map(async (some) => await command(t, 'replay', ...some, '--db', path).ended))
  t.same(said.map(({ code, stdout }) => [code, stdout]), [[0, '2 events replayed\n'], [0, '1 event replayed\n'], [0, '3 events replayed\n']])
  await until(() => done().length === 12)
  t.same(done().slice(6).toSorted(), [0, 1, 2, 3, 4, 5])
  t.equal(requests(), 0)
  t.same(await host.kill('SIGTERM'), { code: 0, signal: null })
})

test('an app that starts while commands replay has the file all the same', async (t) => {
  const { settings, host, ids, done } = await handled(t, 1)
  await host.kill()
  const commands = Array.from({ length: 4 }, async () => await command(t, 'replay', ...ids, '--db', settings.path).ended)
  await new HostProcess(t, settings).port()
  for (const { code, stderr } of await Promise.all(commands)) t.equal(code, 0, stderr)
  await until(() => done().length >= 2)
})
