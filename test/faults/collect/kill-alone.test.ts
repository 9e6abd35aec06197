import { join } from 'node:path'
import tap from 'tap'
import { newSchema, postgresUrl } from '../../helpers/postgres.ts'
import { testCollectingKills } from '../helpers/collecting-kills.ts'
import { folder } from '../helpers/folder.ts'

const connectionString = await postgresUrl(tap)

testCollectingKills('SQLite', (t) => ({ path: join(folder(t), 'inbox.db') }), { processes: 1, kills: 4, alone: true })
testCollectingKills('PostgreSQL', () => ({ postgres: { connectionString, schema: newSchema(), lease: 1_000 } }), { processes: 3, kills: 2, alone: true })
