import { join } from 'node:path'
import { testCollectingKills } from '../helpers/collecting-kills.ts'
import { folder } from '../helpers/folder.ts'

testCollectingKills('SQLite', (t) => ({ path: join(folder(t), 'inbox.db') }), { processes: 1, kills: 4, alone: true })
