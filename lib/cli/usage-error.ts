import { errorOf } from '../errors/error-of.ts'
import { inQuotes, withoutPasswords } from '../errors/url-passwords.ts'

/** The command line cannot be obeyed: the message says how it should be instead. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** Runs a `parseArgs` of node:util, whose errors are the user's and not the program's. */
export function asUsage<T> (parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new UsageError(remedyOf(errorOf(error).message))
  }
}

/** Node's advice on an unknown option is about arguments that start with a '-': a misspelling is likelier. */
function remedyOf (message: string): string {
  return withoutPasswords(message.startsWith('Unknown option') ? message.replace(/\. .*/s, '') : message)
}

/** Words as a message names them. With a `--secret` on the command line they may be the rest of a key that is not in quotes. */
export function namesOf (words: readonly string[], secret: string | undefined): string {
  return secret === undefined ? words.map(inQuotes).join(', ') : 'what may be a part of the key'
}

export function oneOf<T extends string> (what: string, given: string | undefined, known: readonly T[]): T | undefined {
  const found = known.find((one) => one === given)
  if (found === undefined && given !== undefined) throw new UsageError(`${what} must be one of ${known.join(', ')}, got ${inQuotes(given)}`)
  return found
}
