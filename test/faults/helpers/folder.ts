import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Scope } from '../../helpers/scope.ts'

/** A folder for one test. */
export function folder (t: Scope): string {
  const path = mkdtempSync(join(tmpdir(), 'oneroute-faults-'))
  t.teardown(() => { rmSync(path, { recursive: true, force: true }) })
  return path
}
