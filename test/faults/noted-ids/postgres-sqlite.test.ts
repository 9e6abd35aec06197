import { testKillsWith } from './kills.ts'

testKillsWith('PostgreSQL', 'SQLite')
