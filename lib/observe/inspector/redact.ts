import type { UnknownEvent } from '../../events/schemas.ts'
import { trustedJson } from '../../events/trusted-json.ts'
import type { StoredEvent } from '../../inbox/inbox.ts'
import { storedConversation } from '../../inbox/stored-conversation.ts'
import { Secrets } from './secrets.ts'
import { REDACTED } from './page-constants.ts'

/** Returns a function that copies an event, but for what fields of these names hold. */
export function createEventRedact (names: readonly string[]): (event: UnknownEvent) => UnknownEvent {
  const copy = createCopy(names)
  return (event) => copy(event).event
}

/** Returns a function that does so with an event of an inbox, where its lane and its errors may say the same. */
export function createRedact (names: readonly string[]): (stored: StoredEvent) => StoredEvent {
  const copy = createCopy(names)
  return (stored) => {
    const { event, held } = copy(stored.event)
    if (held.length === 0) return { ...stored, event }
    const secrets = new Secrets(held)
    const { lane, error, deliveries } = stored
    const conversation = storedConversation(stored)
    return {
      ...stored,
      event,
      lane: conversation !== null && secrets.areIn(conversation) ? REDACTED : lane,
      error: error && secrets.removedFrom(error),
      deliveries: deliveries.map((delivery) => ({
        ...delivery,
        failures: delivery.failures.map((failure) => ({ ...failure, error: secrets.removedFrom(failure.error) }))
      }))
    }
  }
}

interface Copy {
  readonly event: UnknownEvent
  /** What is not in it. */
  readonly held: readonly unknown[]
}

function createCopy (names: readonly string[]): (event: UnknownEvent) => Copy {
  const hidden = new Set(names)
  return (event) => {
    const held: unknown[] = []
    /** A field that holds nothing is shown: that there is nothing is no secret. */
    const replace = (name: string, value: unknown) => {
      if (!hidden.has(name) || value === null) return value
      held.push(value)
      return REDACTED
    }
    try {
      return { event: trustedJson(JSON.stringify(event, replace)), held }
    } catch {
      // Which fields are not shown is not known to the end: none of it is.
      return { event: { event: event.event, redacted: 'it is nested too deeply to be shown' }, held: names.length === 0 ? [] : [event] }
    }
  }
}
