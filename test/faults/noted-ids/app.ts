// An app that saves each message and the id of its event in one transaction. It is killed in the step that the message names.
import { appendFileSync, readFileSync } from 'node:fs'
import Fastify from 'fastify'
import webhooks from '../../../index.ts'
import type { NewMessage } from '../../../index.ts'
import { postgresSaver, sqliteSaver } from '../../helpers/noting-savers.ts'
import { endingDatabase, endingPool } from '../helpers/ends-in.ts'
import type { NextEnd, Step } from '../helpers/ends-in.ts'
import { until } from '../helpers/until.ts'
import { inboxOf } from './places.ts'
import type { Places } from './places.ts'
import type { StepName } from './kills.ts'

const STEPS: Record<StepName, Step> = {
  noted: { statement: 'into handled', isAnswered: true },
  saved: { statement: 'into messages', isAnswered: true },
  committing: { statement: 'commit', isAnswered: false },
  committed: { statement: 'commit', isAnswered: true }
}

const places = JSON.parse(process.argv[2] ?? '') as Places // as kills.ts makes it
let step: Step | undefined
const save = await saverOf(places, () => step)
const app = Fastify()
await app.register(webhooks, { inbox: inboxOf(places), concurrency: 1, retry: { minDelay: 1, maxDelay: 1 } })
app.webhooks.on('newMessage', async function saveMessage (event, context) {
  const isFirst = !readFileSync(places.calls, 'utf8').includes(context.id)
  appendFileSync(places.calls, `${context.id}\n`)
  step = isFirst ? STEPS[event.message.content as StepName] : undefined // as kills.ts writes them
  await save(event, context)
  step = undefined
})
await app.listen({ port: 0, host: '127.0.0.1' })
await until(async () => (await app.webhooks.inbox.stats()).pending === 0)
await app.close()
process.exit() // the pool of the block is open

async function saverOf ({ blocks, data }: Places, next: NextEnd): Promise<(event: NewMessage, context: { id: string }) => void | Promise<void>> {
  if ('url' in data) {
    const { save } = await postgresSaver(blocks)
    const pool = endingPool(data.url, next)
    return (event, context) => save(pool, event, context)
  }
  const { open, save } = await sqliteSaver(blocks)
  const db = endingDatabase(await open(data.path), next)
  return (event, context) => save(db, event, context)
}
