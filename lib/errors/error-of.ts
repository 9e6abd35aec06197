import { inspect } from 'node:util'

/** Of a message, in characters: somebody's whole page of HTML is no message. */
const LONGEST_MESSAGE = 4_096
const LONGEST_NAME = 256
const LONGEST_STACK = 16_384

/**
 * What was thrown, as an error that can be logged, sent and kept. Anything can be thrown, and to look at it can throw again: a message
 * may be a symbol or a getter, an object a revoked proxy. This cannot throw, and nothing else looks at what listeners throw.
 */
export function errorOf (thrown: unknown): Error {
  const { name, message, stack } = seen(thrown)
  const error = new Error(message)
  Object.defineProperty(error, 'name', { value: name, enumerable: false })
  error.stack = shortened(stack ?? `${name}: ${message}`, LONGEST_STACK)
  return error
}

interface Seen {
  readonly name: string
  readonly message: string
  readonly stack?: string | undefined
}

function seen (thrown: unknown): Seen {
  if (!isError(thrown)) return { name: 'Error', message: shortened(textOf(thrown), LONGEST_MESSAGE) }
  const name = shortened(fieldOf(thrown, 'name') ?? '', LONGEST_NAME) || 'Error'
  const message = fieldOf(thrown, 'message') ?? ''
  return { name, message: shortened(message, LONGEST_MESSAGE) || name, stack: fieldOf(thrown, 'stack') }
}

function isError (thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error
  } catch {
    return false
  }
}

/** As a text. undefined if it is not there, or cannot be read. */
function fieldOf (error: Error, field: 'name' | 'message' | 'stack'): string | undefined {
  try {
    const value: unknown = error[field]
    return value === undefined || value === null ? undefined : textOf(value)
  } catch {
    return undefined
  }
}

function textOf (value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return inspect(value, { depth: 0, customInspect: false, maxStringLength: LONGEST_MESSAGE, maxArrayLength: 16 })
  } catch {
    return `what was thrown cannot be shown (${typeof value})`
  }
}

export function shortened (text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

/** The `code` of an error, as Node.js and the drivers of databases set one; empty if there is none. */
export function codeOf (error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Says something, and goes on if that fails: a logger is the app's own, and what it does with an error is, too. */
export function quietly (work: () => void): void {
  try {
    work()
  } catch {
    // There is nobody left to tell.
  }
}

/** For what fails and is nobody's concern, or somebody else is told of. */
export function ignore (): void {}
