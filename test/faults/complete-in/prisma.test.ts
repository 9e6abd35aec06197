import { testKillsWith } from './kills.ts'

await testKillsWith('Prisma')
