import { join } from 'node:path'
import tap from 'tap'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'
import { temporaryDirectory } from '../helpers/package.ts'
import { collecting } from './helpers/collecting.ts'

tap.jobs = 4
const directory = temporaryDirectory(tap)

collecting('sqlite', 2, (_t, store) => sqliteInbox({ path: join(directory, `${store}.db`) }))
