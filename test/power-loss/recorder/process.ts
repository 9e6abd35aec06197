// One process of a scenario, which record.ts starts: node process.ts SCENARIO PART PATH MARKS
import { openSync } from 'node:fs'
import Fastify from 'fastify'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { restart, scenarios } from '../scenarios.ts'
import { User } from './user.ts'

const [,, name = '', number, path = '', marks = ''] = process.argv
const part = { ...scenarios, restart }[name]?.parts[Number(number)]
if (part === undefined) throw new Error(`there is no part ${String(number)} of ${name}`)

const inbox = sqliteInbox({ ...part.inbox, path })
if (part.inbox !== undefined) await inbox.open({ log: Fastify().log, maxBacklog: 1_000_000, wake () {} })
await part.run(new User(inbox, openSync(marks, 'a')), path)
if (part.killed === true) process.kill(process.pid, 'SIGKILL')
await inbox.close()
