import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import tap from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { temporaryDirectory } from '../../helpers/package.ts'
import { conformance, durableConformance } from '../conformance.ts'

tap.setTimeout(120_000)

const directory = temporaryDirectory(tap)
const fileOf = (store: string) => join(directory, `${store}.db`)
let count = 0

/** What a process leaves that is killed. */
function kill (store: string): string {
  for (const end of ['', '-wal']) copyFileSync(fileOf(store) + end, fileOf(`${store}_left`) + end)
  return `${store}_left`
}

conformance('sqliteInbox', (store) => sqliteInbox({ path: fileOf(store) }), { kill })
durableConformance('sqliteInbox', () => sqliteInbox({ path: fileOf(String(++count)) }))
