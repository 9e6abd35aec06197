import { conformance, durableConformance } from './conformance.ts'
import { sqliteInbox } from '../../lib/inbox/sqlite.ts'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const create = () => sqliteInbox({ path: join(mkdtempSync(join(tmpdir(), 'oneroute-')), 'inbox.db') })
conformance('sqliteInbox', create)
durableConformance('sqliteInbox', create)
