import type { Inbox } from '../../../index.ts'

/** It says that an event is safe before it is. */
export default function answersEarly (inbox: Inbox): Inbox {
  const add = inbox.add.bind(inbox)
  inbox.add = (event) => {
    void add(event)
    return 'accepted'
  }
  return inbox
}
