import { setTimeout } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'

/** Settles when all that was delivered is recorded, too. */
export async function settled ({ webhooks: { inbox } }: FastifyInstance) {
  while ((await inbox.stats()).pending > 0) await setTimeout(1)
}
