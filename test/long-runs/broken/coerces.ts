import type { Inbox, UnknownEvent } from '../../../index.ts'

/** What is null arrives as an empty text, as Fastify's own validator makes it of a field that is to be a text. */
export default function coerces (inbox: Inbox): Inbox {
  const add = inbox.add.bind(inbox)
  inbox.add = (event) => add({ ...event, event: JSON.parse(JSON.stringify(event.event, (_, value: unknown) => value ?? '')) as UnknownEvent }) // it has its name still
  return inbox
}
