import { testKillsWith } from './kills.ts'

await testKillsWith('Drizzle')
