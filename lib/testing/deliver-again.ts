import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import type { UnknownEvent } from '../events/schemas.ts'
import { trustedJson } from '../events/trusted-json.ts'
import type { Receipt } from '../webhooks/webhooks.ts'
import { partsOf } from './parts-of.ts'
import { settled } from './settled.ts'

/**
 * Once an event that was posted is through, has all its listeners called again, so many times, as if the process had ended before their
 * success was recorded. What was refused, or is a repeat, was not delivered, and is not now.
 */
export async function deliverAgain (app: Pick<FastifyInstance, 'ready'>, body: Uint8Array, reply: LightMyRequestResponse, times: number): Promise<void> {
  const { inbox, runner } = partsOf(app, 'posting with `deliveries`')
  if (reply.statusCode !== 200) return
  const receipt = reply.json<Receipt>()
  if (receipt.status === 'duplicate') return
  await settled(app)
  const { id } = receipt
  // An inbox in memory need not have it any more, or has what a listener has changed.
  const stored = await inbox.get(id)
  const text = new TextDecoder().decode(body)
  for (let i = 0; i < times; i++) {
    const event = trustedJson<UnknownEvent>(text) // it was accepted
    await runner.run({
      seq: stored?.seq ?? 0,
      id,
      name: event.event,
      event,
      receivedAt: stored?.receivedAt.getTime() ?? Date.now(),
      attempt: 1,
      completed: [],
      problems: receipt.status === 'invalid' ? receipt.problems : null
    })
  }
}
