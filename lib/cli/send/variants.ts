import { randomUUID } from 'node:crypto'
import { isObject } from '../../options/check.ts'
import { merge } from '../../testing/merge.ts'
import { UsageError } from '../usage-error.ts'
import { conversationIds } from './conversation-ids.ts'
import type { SendOptions } from './options.ts'

type Event = Readonly<Record<string, unknown>>

/** Where the documented events have a field that may hold any string, and that no two of them share. */
const EXTERNAL_ID_IN: ReadonlyMap<unknown, string> = new Map([['newMessage', 'message'], ['smsDeliveryReport', 'conversation']])

/**
 * Makes events of a recorded one, with the fields that the command line gives, and different if there are to be several. `newId` is
 * told what the id is for.
 */
export function variantsOf (bytes: Uint8Array, options: SendOptions, newId: (name: string) => string = () => randomUUID()): (index: number) => Event {
  const recorded = parse(bytes, options.eventName)
  const hasMessage = isObject(recorded.message)
  if (options.content !== undefined && !hasMessage) {
    throw new UsageError(`--content is the text of a message, and the event of ${options.eventName} has none: leave it out`)
  }
  const { content, conversation, conversations, count, repeat } = options
  const keepsId = conversation === undefined && conversations === undefined
  const idOf = conversationIds(options, (place) => newId(`conversation ${place}`))

  return (index) => {
    const id = keepsId ? undefined : idOf(index)
    const event = merge(recorded, {
      message: hasMessage ? { content, conversation_id: id } : undefined,
      conversation: keepsId ? undefined : { id }
    })
    return count > 1 && !repeat ? differentFromOthers(event, newId(`event ${index}`)) : event
  }
}

function differentFromOthers (event: Event, id: string): Event {
  const part = EXTERNAL_ID_IN.get(event.event)
  return merge(event, part !== undefined && isObject(event[part])
    ? { [part]: { externalId: id } }
    : { sendId: id })
}

function parse (bytes: Uint8Array, name: string): Event {
  const parsed = jsonOf(bytes)
  if (isObject(parsed)) return parsed
  throw new UsageError(`${name} is not a JSON object, so no events can be made of it: ` +
    'post it as it is, once or with --repeat, and without --content, --conversation and --conversations')
}

function jsonOf (bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
