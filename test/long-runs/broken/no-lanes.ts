import type { Inbox } from '../../../index.ts'

/** Each event has a lane of its own, so nothing keeps the order of a conversation. */
export default function noLanes (inbox: Inbox): Inbox {
  const add = inbox.add.bind(inbox)
  inbox.add = (event) => add({ ...event, lane: event.id })
  return inbox
}
