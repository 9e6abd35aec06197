import Fastify from 'fastify'
import webhooks from '../../dist/index.js'
import { secret } from '../secret.ts'

/** Where it listens, said once. */
export interface Listening { port: number }

/** Microseconds of the processor since the process began, said when asked for. */
export type ProcessorTime = number

const app = Fastify()
await app.register(webhooks, { secret })
app.webhooks.on('event', () => { throw new Error('nothing is signed') })
const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)

process.on('disconnect', () => process.exit())
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.(user + system satisfies ProcessorTime)
})
process.send?.({ port } satisfies Listening)
