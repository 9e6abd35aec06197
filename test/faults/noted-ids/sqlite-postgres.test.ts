import { testKillsWith } from './kills.ts'

testKillsWith('SQLite', 'PostgreSQL')
