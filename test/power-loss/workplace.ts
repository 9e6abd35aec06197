import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** On Linux, a folder in memory: nothing there waits for a disk. */
const MEMORY = '/dev/shm'

/** A folder where hundreds of databases are made and synced. Whoever wants it removes it. */
export function makeWorkplace (): string {
  return mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'power-loss-'))
}
