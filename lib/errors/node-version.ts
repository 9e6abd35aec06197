import { NodeTooOldError } from './errors.ts'

/** What `engines` in package.json names; the error's message has it, too. */
const OLDEST = { major: 22, minor: 13 } as const

/** The error to be thrown if this version of Node.js is too old. */
export function nodeTooOld (version: string): Error | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor)
  if (!isOld) return undefined
  const error = new NodeTooOldError(version)
  // One line, and not none: Node.js shows of a rejection that nobody handles no more than its stack.
  error.stack = `${error.name}: ${error.message}`
  return error
}
