import tap from 'tap'
import { newSchema, postgresUrl } from '../../helpers/postgres.ts'
import { testCollectingKills } from '../helpers/collecting-kills.ts'

const connectionString = await postgresUrl(tap)

testCollectingKills('PostgreSQL', () => ({ postgres: { connectionString, schema: newSchema(), lease: 2_000 } }), { processes: 3, kills: 2 })
