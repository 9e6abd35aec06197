import type { SendOptions } from './options.ts'

/** The id of the conversation that an event belongs to, by the event's number: the given one, or new ones in turn. */
export function conversationIds (
  { conversation, conversations = 1 }: SendOptions, newId: (place: number) => string
): (index: number) => string {
  if (conversation !== undefined) return () => conversation
  const ids: string[] = []
  return (index) => {
    const place = index % conversations
    const id = ids[place] ??= newId(place)
    return id
  }
}
