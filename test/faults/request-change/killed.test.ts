import { test } from 'tap'
import { HostProcess } from '../helpers/host-process.ts'
import { command, handled } from '../helpers/request-change.ts'
import { until } from '../helpers/until.ts'

test('a process that is killed while a command waits for it leaves the replay to the command', async (t) => {
  const { settings, host, ids, done, requests } = await handled(t, 1)
  host.process.kill('SIGSTOP')
  const { ended } = command(t, 'replay', ...ids, '--db', settings.path)
  await until(() => requests() === 1)
  await host.kill()
  t.match(await ended, { code: 0, stdout: '1 event replayed\n' })
  t.equal(requests(), 0)
  await new HostProcess(t, settings).port()
  await until(() => done().length === 2)
})

test('a command that is killed while it waits leaves its replay to the process that has the file', async (t) => {
  const { settings, host, ids, done, requests } = await handled(t, 1)
  host.process.kill('SIGSTOP')
  const { child, ended } = command(t, 'replay', ...ids, '--db', settings.path)
  await until(() => requests() === 1)
  child.kill('SIGKILL')
  await ended
  host.process.kill('SIGCONT')
  await until(() => done().length === 2)
  t.match(await command(t, 'stats', '--json', '--db', settings.path).ended, { code: 0, stdout: /"pending":0,"failing":0,"done":1/ })
  t.same(await host.kill('SIGTERM'), { code: 0, signal: null })
})

test('Ctrl-C takes back what was not replayed yet', async (t) => {
  const { settings, host, ids, done, requests } = await handled(t, 1)
  host.process.kill('SIGSTOP')
  const { child, ended } = command(t, 'replay', ...ids, '--db', settings.path)
  await until(() => requests() === 1)
  child.kill('SIGINT')
  t.match(await ended, { code: 130, stdout: '' })
  t.equal(requests(), 0)
  host.process.kill('SIGCONT')
  t.same(await host.kill('SIGTERM'), { code: 0, signal: null })
  t.same(done(), [0])
})
