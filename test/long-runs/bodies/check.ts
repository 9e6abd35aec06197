import { hash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { fits, listenerOf } from '../../helpers/fuzzed-bodies.ts'
import type { Heard } from './receiver.ts'
import type { Expected } from './requests.ts'

export interface Answer {
  readonly status: number | undefined
  readonly detail: string
}

/** What a 200 says. */
export interface Receipt {
  readonly status: 'accepted' | 'duplicate' | 'invalid'
  readonly id: string
}

export function receiptOf ({ status, detail }: Answer): Receipt | undefined {
  return status === 200 ? JSON.parse(detail) as Receipt : undefined // of our route; if it says something else, the checks find it
}

/** What is wrong with an answer, if anything. */
export function wrongAnswer (answer: Answer, { statuses, event, bytes }: Expected): string | undefined {
  if (answer.status === undefined || !statuses.includes(answer.status)) return `answered ${answer.status ?? answer.detail}, and not ${statuses.join(' or ')}`
  const receipt = receiptOf(answer)
  if (receipt === undefined || event === undefined) return undefined
  const id = hash('sha256', bytes, 'base64url')
  if (receipt.id !== id) return `its id is ${receipt.id}, and not ${id}`
  const said = fits(event) ? 'accepted' : 'invalid'
  return receipt.status === said || receipt.status === 'duplicate' ? undefined : `it is said to be ${receipt.status}, and not ${said}`
}

/** What is wrong with a delivery, if anything. `times`: how often the event was accepted. */
export function wrongDelivery ({ event, bytes }: Expected, times: number, heard: readonly Heard[], added: Uint8Array | undefined): string | undefined {
  if (event === undefined) return undefined
  if (heard.length !== times) return `accepted ${times} times, and delivered ${heard.length} times`
  if (times > 0 && Buffer.compare(bytes, added ?? Buffer.of()) !== 0) return 'other bytes were given to the inbox'
  const listener = fits(event) ? listenerOf(event) : 'invalid'
  for (const one of heard) {
    if (one.listener !== listener) return `delivered to listeners of ${one.listener}, and not of ${listener}`
    if (!isDeepStrictEqual(one.event, event) || JSON.stringify(one.event) !== JSON.stringify(event)) return 'delivered as another event'
  }
  return undefined
}
