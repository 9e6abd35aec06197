import { join } from 'node:path'
import tap from 'tap'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { temporaryDirectory } from '../helpers/package.ts'
import { collectingAtOnce } from './helpers/collecting-at-once.ts'

tap.jobs = 4
const directory = temporaryDirectory(tap)

collectingAtOnce('sqlite', (_t, store) => sqliteInbox({ path: join(directory, `${store}.db`) }))
