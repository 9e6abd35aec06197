import { resolve } from 'node:path'
import type { Test } from 'tap'
import { HostProcess } from './host-process.ts'

export const LOCKED = { code: 'FST_ONEROUTE_INBOX_LOCKED', message: /is in use/ }

/** Another process is refused, told which file it is about, and ends by itself. */
export async function isLocked (t: Test, path: string): Promise<void> {
  const host = new HostProcess(t, { path, wait: 0 })
  const said = await host.start()
  if ('port' in said) {
    t.fail(`a second process has opened ${path}`)
    await host.kill()
    return
  }
  t.match(said, LOCKED)
  t.ok(said.message.includes(`'${resolve(path)}'`), 'the file is named, wherever the reader is')
  t.same(await host.ended(), { code: 1, signal: null }, 'it ends by itself')
}
