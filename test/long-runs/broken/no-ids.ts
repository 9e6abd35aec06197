import { randomBytes } from 'node:crypto'
import type { Inbox } from '../../../index.ts'

/** It knows no event again: one that is posted twice is stored twice. */
export default function noIds (inbox: Inbox): Inbox {
  const add = inbox.add.bind(inbox)
  inbox.add = (event) => add({ ...event, id: randomBytes(32).toString('base64url') })
  return inbox
}
