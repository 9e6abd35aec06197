import { hash } from 'node:crypto'
import type { NewEvent } from '../dist/index.js'

/** As the plugin makes one of a request. */
export function newEvent (text: string): NewEvent {
  const body = Buffer.from(text)
  const event = JSON.parse(text)
  const id = hash('sha256', body, 'base64url')
  return { id, name: event.event, lane: event.conversation.id, state: 'pending', body, event, receivedAt: Date.now(), problems: null }
}
