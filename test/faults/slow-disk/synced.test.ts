import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { Client, job } from '../helpers/client.ts'
import { folder } from '../helpers/folder.ts'
import { HostProcess } from '../helpers/host-process.ts'

/** With a filter, it stops a process only at the calls that it traces. */
const STRACE = ['strace', '-f', '--seccomp-bpf', '-qq', '-y', '-s', '300']
const hasStrace = spawnSync('strace', [...STRACE.slice(1), '-e', 'inject=fdatasync:delay_enter=1', '-o', '/dev/null', 'true']).status === 0

if (hasStrace) {
  test('no 200 leaves before what it answers is synced to the disk', async (t) => {
    const dir = folder(t)
    const trace = join(dir, 'trace')
    const wrap = [...STRACE, '-o', trace, '-e', 'trace=fsync,fdatasync,write,writev,sendto,sendmsg', '-e', 'inject=fsync,fdatasync:delay_enter=100000']
    const host = new HostProcess(t, { path: join(dir, 'inbox.db') }, wrap)
    const client = new Client(t, await host.port())
    const { body: { pid = 0 } } = await client.get('/alive') // strace ends with its process, and not the other way round
    t.teardown(() => { if (host.process.exitCode === null) process.kill(pid, 'SIGKILL') })
    const started = readFileSync(trace, 'utf8').length
    for (let n = 0; n < 5; n++) t.equal((await client.post(job('a', n))).statusCode, 200)
    t.same(what(readFileSync(trace, 'utf8').slice(started)), ['synced', '200', 'synced', '200', 'synced', '200', 'synced', '200', 'synced', '200'])
    process.kill(pid, 'SIGTERM')
    t.same(await host.ended(), { code: 0, signal: null })
  })
}

/** In the order of the trace: that the log of the database was synced, however often, and that a request was answered. */
function what (trace: string): string[] {
  const syncing = new Set<string>()
  const found: string[] = []
  for (const line of trace.split('\n')) {
    const [thread = ''] = line.split(' ')
    const begins = /f(?:data)?sync\(\d+<[^>]*-wal>/.test(line)
    if (begins && line.includes('<unfinished')) syncing.add(thread)
    const returns = (begins && / = 0/.test(line)) || (syncing.has(thread) && /<\.\.\. f(?:data)?sync resumed>.* = 0/.test(line))
    if (returns) syncing.delete(thread)
    if (returns && found.at(-1) !== 'synced') found.push('synced')
    if (/HTTP\/1\.1 200 OK/.test(line)) found.push('200')
  }
  return found
}
