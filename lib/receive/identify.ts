import { randomBytes } from 'node:crypto'
import { KeyError, LaneError } from '../errors/errors.ts'
import { hash } from '../events/hash.ts'
import type { UnknownEvent } from '../events/schemas.ts'
import { isObject } from '../options/check.ts'
import type { WebhooksOptions } from '../webhooks/options.ts'

const ID_BYTES = 32

/** What an event is known by, and what keeps its order. */
export interface Identity {
  readonly id: string
  readonly lane: string
}

/** `fits`: whether the event is of its schema. */
export type Identify = (bytes: Uint8Array, event: UnknownEvent, fits: boolean) => Identity

/** Makes ids and lanes as the options say. An event that is not of its schema is kept even if it is more than they can deal with. */
export function createIdentify ({ key, lane }: Pick<WebhooksOptions, 'key' | 'lane'>): Identify {
  return (bytes, event, fits) => {
    const id = key === undefined ? idOf(bytes) : orElse(fits, () => idByKey(key(event), bytes), () => idOf(bytes), KeyError)
    const own = lane === undefined ? conversationOf(event) : orElse(fits, () => laneOf(lane(event)), () => conversationOf(event), LaneError)
    return { id, lane: own ?? id }
  }
}

/** SHA-256, base64url. */
export function idOf (content: Uint8Array | string): string {
  return hash('sha256', content, 'base64url')
}

/** What belongs together, unless the `lane` option says otherwise. */
export function conversationOf ({ conversation }: UnknownEvent): string | undefined {
  if (!isObject(conversation)) return undefined
  const { id } = conversation
  // One with a number is not of its schema, or of none: it is found, and forgotten, like all others of the conversation.
  return typeof id === 'string' ? id : Number.isSafeInteger(id) ? String(id) : undefined
}

/** JavaScript callers may return anything. */
function idByKey (key: unknown, bytes: Uint8Array): string {
  if (key === null) return randomBytes(ID_BYTES).toString('base64url')
  if (key === undefined || key === '') return idOf(bytes) // an empty one would make all that have none the same
  if (typeof key !== 'string') throw new KeyError()
  return idOf(key)
}

function laneOf (lane: unknown): string | undefined {
  if (lane === undefined || lane === null) return undefined
  if (typeof lane !== 'string') throw new LaneError()
  return lane
}

function orElse<T> (fits: boolean, option: () => T, fallback: () => T, OptionError: typeof KeyError | typeof LaneError): T {
  try {
    return option()
  } catch (cause) {
    if (!fits) return fallback()
    if (cause instanceof OptionError) throw cause
    const error = new OptionError()
    error.cause = cause
    throw error
  }
}
