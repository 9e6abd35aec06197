import type { UnknownEvent } from '../events.ts'

export const REDACTED = '[redacted]'

/** Puts something else in the place of every field with one of these names, however deep. */
export function createRedact (names: readonly string[]): (event: UnknownEvent) => UnknownEvent {
  const hidden = new Set(names)
  const replace = (name: string, value: unknown): unknown => value !== null && hidden.has(name) ? REDACTED : value
  return (event) => {
    try {
      return JSON.parse(JSON.stringify(event, replace)) as UnknownEvent // as it was, but for those fields
    } catch {
      return { event: event.event, problem: 'nested too deeply to be shown' }
    }
  }
}

/** A list such as 'credentials,email'. */
export function namesIn (list: string): string[] {
  return list.split(',').map((name) => name.trim()).filter((name) => name !== '')
}
