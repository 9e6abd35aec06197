import type { UnknownEvent } from '../events.ts'

const REDACTED = '[redacted]'

/** Returns a function that copies an event, but for what fields of these names hold. */
export function createRedact (names: readonly string[]): (event: UnknownEvent) => UnknownEvent {
  const hidden = new Set(names)
  /** A field that holds nothing is shown: that there is nothing is no secret. */
  const replace = (name: string, value: unknown) => hidden.has(name) && value !== null ? REDACTED : value
  return (event) => {
    try {
      return JSON.parse(JSON.stringify(event, replace)) as UnknownEvent // it was JSON
    } catch {
      return { event: event.event, redacted: 'it is nested too deeply to be shown' }
    }
  }
}
