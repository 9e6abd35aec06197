import { closeSync, fdatasyncSync, openSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './folder.ts'
import { median } from './statistics.ts'

/** What Linux calls a file system that is memory. */
const TMPFS = 0x01021994
const SYNCS = 100
const PAGE = Buffer.alloc(8_192, 1)

/** What servers with a file write to. `sync`: how long it takes to have one page safe, in microseconds. */
export function disk () {
  const folder = temporaryFolder()
  return { inMemory: statfsSync(folder).type === TMPFS, sync: median(syncTimes(join(folder, 'sync'))) }
}

function syncTimes (path: string) {
  const file = openSync(path, 'w')
  const times = Array.from({ length: SYNCS }, () => {
    writeSync(file, PAGE)
    const startedAt = performance.now()
    fdatasyncSync(file)
    return (performance.now() - startedAt) * 1_000
  })
  closeSync(file)
  return times
}
