import { descriptionOf } from '../events/description.ts'
import { folded } from '../events/folded.ts'
import { storedConversation } from './stored-conversation.ts'
import type { EventFilter, StoredEvent } from './stored-event.ts'

/** Characters of an id that are enough to find it by: fewer would fit many that nobody meant. */
export const SHORTEST_ID = 6

/** Says of an event whether all that is looked for is true of it. */
export function matcherOf ({ state, failing, name, conversation, since, until, id, text }: EventFilter): (event: StoredEvent) => boolean {
  const holds = text === undefined ? undefined : textMatcherOf(text)
  return (event) => (state === undefined || event.state === state) &&
    (failing !== true || (event.state === 'pending' && event.attempts > 0)) &&
    (name === undefined || event.name === name) &&
    (conversation === undefined || storedConversation(event) === conversation) &&
    (since === undefined || event.receivedAt >= since) &&
    (until === undefined || event.receivedAt < until) &&
    (id === undefined || event.id.startsWith(id)) &&
    (holds === undefined || holds(event))
}

/** Whether the text is a part of any text or number that is shown of an event. See `folded` for which texts are the same. */
function textMatcherOf (text: string): (event: StoredEvent) => boolean {
  const wanted = folded(text)
  const has = (value: string | null) => value !== null && folded(value).includes(wanted)
  return (stored) => {
    const { id, name, error, deliveries, event } = stored
    return (text.length >= SHORTEST_ID && id.startsWith(text)) || has(name) || has(storedConversation(stored)) || has(error) ||
      deliveries.some(({ failures }) => failures.some((failure) => has(failure.listener) || has(failure.error))) ||
      holds(event, has) || has(descriptionOf(event).media)
  }
}

/** Not by recursion: an event may be nested more deeply than calls may. */
function holds (event: unknown, has: (value: string) => boolean): boolean {
  const values: unknown[] = [event]
  while (values.length > 0) {
    const value = values.pop()
    if ((typeof value === 'string' || typeof value === 'number') && has(String(value))) return true
    if (typeof value === 'object' && value !== null) for (const field of Object.values(value)) values.push(field)
  }
  return false
}
