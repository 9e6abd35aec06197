import { testKills } from './helpers/kills.ts'

testKills(7)
