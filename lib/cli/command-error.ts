import { EXIT } from './exit.ts'

/** The command could not do what it was asked: the message says why. */
export class CommandError extends Error {
  override name = 'CommandError'
  readonly exit: number

  constructor (message: string, exit: number = EXIT.failed) {
    super(message)
    this.exit = exit
  }
}
