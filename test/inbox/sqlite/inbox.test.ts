import { join } from 'node:path'
import tap from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { temporaryDirectory } from '../../helpers/package.ts'
import { conformance, durableConformance } from '../conformance.ts'

const directory = temporaryDirectory(tap)
let count = 0
const create = () => sqliteInbox({ path: join(directory, `${++count}.db`) })

conformance('sqliteInbox', create)
durableConformance('sqliteInbox', create)
