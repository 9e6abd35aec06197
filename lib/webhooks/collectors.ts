import { InvalidOptionError } from '../errors/errors.ts'
import { check, duration, integer } from '../options/check.ts'
import type { Filled } from '../options/check.ts'
import type { WebhookContext } from './context.ts'
import type { ListenerFunction } from './listener-function.ts'

/** When a burst is complete: whichever of these comes first. */
export interface CollectOptions {
  /** No more of what it collects has come in for so long, in milliseconds. @default 2000 */
  quiet?: number | undefined
  /** Its first event came in so long ago, in milliseconds: `quiet` at least. @default 15000, or `quiet` if that is longer */
  within?: number | undefined
  /** It has so many events, 1 to 100. @default 20 */
  most?: number | undefined
}

/** What a collector gets besides the events. */
export interface CollectContext extends Pick<WebhookContext, 'attempt' | 'log' | 'signal' | 'completeIn'> {
  /** The ids of the events, in their order. */
  readonly ids: readonly [string, ...string[]]
}

export interface Collector extends Filled<CollectOptions> {
  readonly name: string
  readonly listener: ListenerFunction
}

/** An event that waits for collectors as soon as it comes in. */
export interface CollectedAtOnce {
  /** For how many milliseconds. */
  readonly wait: number
  /** To be called if it is not accepted. */
  readonly takeBack: () => void
}

const RULES = { quiet: duration(1), within: duration(1), most: integer(1, 100) }

/** Checks what `collect` was given. */
export function collectorOf (name: string, options: CollectOptions, listener: ListenerFunction): Collector {
  if (typeof listener !== 'function') throw new InvalidOptionError('the listener of `collect` must be a function: its options come before it')
  check('the options of `collect`', options, RULES)
  const { quiet = 2_000, within = Math.max(15_000, quiet), most = 20 } = options
  if (within < quiet) throw new InvalidOptionError(`\`within\` of the options of \`collect\` must be \`quiet\` at least, which is ${quiet}, got ${within}`)
  return { name, listener, quiet, within, most }
}

const NONE: readonly Collector[] = []

/** Whether the inbox remembers both by the same name. */
function isSame (one: ListenerFunction, other: ListenerFunction): boolean {
  return one === other || (one.name !== '' && one.name === other.name)
}

/** The collectors of an `app.webhooks`. */
export class Collectors {
  readonly #all: Collector[] = []

  get areThere (): boolean {
    return this.#all.length > 0
  }

  /** Returns what removes it. One that the inbox could take for another is refused. */
  add (collector: Collector): () => void {
    const { name, listener } = collector
    const other = this.#all.find((other) => isSame(other.listener, listener) && (other.name === name || other.name === 'event' || name === 'event'))
    const what = listener.name === '' ? 'has this function' : `is called '${listener.name}'`
    if (other !== undefined) throw new InvalidOptionError(`a collector of '${other.name}' ${what}, too: give each one of the same events a function and a name of its own`)
    this.#all.push(collector)
    return () => {
      const index = this.#all.indexOf(collector)
      if (index !== -1) this.#all.splice(index, 1)
    }
  }

  /** Those of events of this name, then those of `event`. */
  of (name: string): readonly Collector[] {
    if (this.#all.length === 0 || name === 'invalid') return NONE
    return [name, 'event'].flatMap((wanted) => this.#all.filter((collector) => collector.name === wanted))
  }
}
