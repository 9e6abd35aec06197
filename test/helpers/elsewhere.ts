// A process that makes an inbox, goes to another folder, and opens it there. Then its thread ends once.
import { subscribe } from 'node:diagnostics_channel'
import { setTimeout } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import Fastify from 'fastify'
import { sqliteInbox } from '../../lib/inbox/sqlite/inbox.ts'

const workers: Worker[] = []
subscribe('worker_threads', (message) => { workers.push((message as { worker: Worker }).worker) }) // as Node documents the channel
const inbox = sqliteInbox({ path: 'inbox.db' })
process.chdir(String(process.argv[2]))
await inbox.open({ log: Fastify().log, maxBacklog: 10, wake: () => {} })
const event = { event: 'newMessage' }
const body = Buffer.from(JSON.stringify(event))
await inbox.add({ id: 'before', name: event.event, lane: 'a', state: 'pending', body, event, receivedAt: Date.now(), problems: null })
await workers[0]?.terminate()
while (await Promise.resolve(inbox.get('before')).catch(() => undefined) === undefined) await setTimeout(10)
await inbox.close()
