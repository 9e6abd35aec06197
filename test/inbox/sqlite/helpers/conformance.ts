import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import tap from 'tap'
import { sqliteInbox } from '../../../../lib/inbox/sqlite/inbox.ts'
import { temporaryDirectory } from '../../../helpers/package.ts'
import { durableConformance, partOfConformance } from '../../conformance.ts'

const directory = temporaryDirectory(tap)
const fileOf = (store: string) => join(directory, `${store}.db`)
let count = 0

/** What a process leaves that is killed. */
function kill (store: string): string {
  for (const end of ['', '-wal']) copyFileSync(fileOf(store) + end, fileOf(`${store}_left`) + end)
  return `${store}_left`
}

export function testPart (part: number): void {
  partOfConformance([part, 6], 'sqliteInbox', (store) => sqliteInbox({ path: fileOf(store) }), { kill, collects: true })
}

export function testLarge (): void {
  durableConformance('sqliteInbox', () => sqliteInbox({ path: fileOf(String(++count)) }))
}
