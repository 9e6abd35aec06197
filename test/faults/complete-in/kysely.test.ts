import { testKillsWith } from './kills.ts'

await testKillsWith('Kysely')
