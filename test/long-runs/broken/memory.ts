import { memoryInbox } from '../../../index.ts'
import type { Inbox } from '../../../index.ts'

/** It says that it is durable, and is not: it answers at once, and has lost everything when its process ends. */
export default function onlyMemory (): Inbox {
  const inbox = memoryInbox()
  const add = inbox.add.bind(inbox)
  inbox.add = (event) => {
    void (async () => await add(event))().catch(() => {})
    return 'accepted'
  }
  return inbox
}
