import type { NewMessage } from '../servers/new-message.ts'

/** What became of the events, as the listener saw it. */
export interface Verdict {
  /** Events that were handled. */
  handled: number
  /** Times that an event was handled once more. */
  twice: number
  /** Events that were handled after a later one of their conversation. */
  overtaken: number
}

/** The number that each body has. */
const NUMBER = /\((\d+)\)$/

const handled: Array<{ conversation: string, number: number }> = []
const failed = new Set<number>()

/** The listener of all contestants. With `failEvery`, it fails at the first attempt for every so many-th event. */
export function listener (failEvery?: number) {
  return ({ message, conversation }: NewMessage) => {
    const number = numberIn(message)
    if (failEvery !== undefined && number % failEvery === 0 && !failed.has(number)) {
      failed.add(number)
      throw new Error('as it should')
    }
    handled.push({ conversation: conversation.id, number })
  }
}

export function numberIn ({ content }: NewMessage['message']) {
  return Number(NUMBER.exec(content ?? '')?.[1])
}

export function handledCount () {
  return handled.length
}

export function verdict (): Verdict {
  const latest = new Map<string, number>()
  const seen = new Set<number>()
  let overtaken = 0
  for (const { conversation, number } of handled) {
    const before = latest.get(conversation) ?? 0
    if (seen.has(number)) continue
    seen.add(number)
    if (number < before) overtaken++
    else latest.set(conversation, number)
  }
  return { handled: seen.size, twice: handled.length - seen.size, overtaken }
}
