import { isObject } from '../../../options/check.ts'
import type { Answer } from '../poster.ts'
import type { Due } from './ledger.ts'

/** What an answer has to be. */
export interface Expected {
  /** As a person reads it. */
  readonly text: string
  readonly fits: (answer: Answer) => boolean
}

/** What a receiver says of an event that it answers 200, if it says it as this plugin does. */
export function saidOf ({ status, detail }: Answer): string | undefined {
  if (status !== 200) return undefined
  try {
    const said: unknown = JSON.parse(detail)
    return isObject(said) && typeof said.status === 'string' ? said.status : undefined
  } catch {
    return undefined // a receiver may say what it likes
  }
}

export const EXPECTED: Readonly<Record<Due, Expected>> = {
  accepted: { text: '200, accepted', fits: (answer) => answer.status === 200 && saidOf(answer) !== 'duplicate' },
  duplicate: { text: '200, duplicate', fits: (answer) => answer.status === 200 && saidOf(answer) !== 'accepted' },
  either: { text: '200', fits: ({ status }) => status === 200 }
}

export const UNAUTHORIZED: Expected = { text: '401', fits: ({ status }) => status === 401 }

/** Without a signature it is only that it is no JSON, or that there has to be a signature. */
export const BAD_REQUEST: Expected = { text: '400 or 401', fits: ({ status }) => status === 400 || status === 401 }

/** The end of the connection comes before the end of the body: there may be an answer, but it must not be a good one, nor none for ever. */
export const INCOMPLETE: Expected = {
  text: '400, 401, 408 or a closed connection',
  fits: ({ status, label }) => status === undefined ? label !== 'timeout' : [400, 401, 408].includes(status)
}

/** Milliseconds to wait before the same is posted again, if that is what the receiver asks for. */
export function waitOf ({ status, retryAfter }: Answer, now = Date.now()): number | undefined {
  if (status !== 503 || retryAfter === undefined) return undefined
  const milliseconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - now
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds)
}
