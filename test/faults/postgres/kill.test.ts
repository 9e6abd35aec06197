import tap from 'tap'
import { postgresUrl } from '../../helpers/postgres.ts'
import { testKillsOn } from '../helpers/fleet-kills.ts'

testKillsOn(await postgresUrl(tap), 3)
