import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import './signals.ts'

/** A folder that is gone when this process is, unless it is killed. */
export function temporaryFolder () {
  const folder = mkdtempSync(join(tmpdir(), 'oneroute-webhooks-bench-'))
  process.on('exit', () => { rmSync(folder, { recursive: true, force: true }) })
  return folder
}
