import type { SendOptions } from './options.ts'

/** The id of the conversation that an event belongs to, by the event's number: the given one, or new ones in turn. */
export function conversationIds (
  { conversation, conversations = 1 }: SendOptions, newId: () => string
): (index: number) => string {
  if (conversation !== undefined) return () => conversation
  const ids: string[] = []
  return (index) => {
    const id = ids[index % conversations] ??= newId()
    return id
  }
}
