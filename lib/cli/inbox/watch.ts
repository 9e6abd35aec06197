import { setTimeout as wait } from 'node:timers/promises'
import type { StoredEvent } from '../../inbox/inbox.ts'
import { search } from '../../inbox/find.ts'
import { recordOf } from '../../inbox/record.ts'
import { createRedact } from '../../observe/inspector/redact.ts'
import { EXIT } from '../exit.ts'
import type { Io } from '../io.ts'
import { columnsOf, isTerminal, paintFor } from '../terminal.ts'
import type { InboxOptions } from './options.ts'
import { clock, linesOf } from './row.ts'
import type { Source } from './source.ts'

/** Between two looks, in milliseconds. */
const LOOK_EVERY = 1_000
/** Events that are shown at the start. */
const AT_FIRST = 10
/** As wide as most events need them, for the next ones are not known yet. */
const WIDTHS = [8, 17, 10, 36, 8, 1]

/** The newest events, and what of them is new. */
class Watcher {
  readonly #source: Source
  readonly #options: InboxOptions
  /** How each of the last look was. */
  #known: Map<string, string> | undefined
  /** The newest event then, whether it was to be shown or not. */
  #last = 0

  constructor (source: Source, options: InboxOptions) {
    this.#source = source
    this.#options = options
  }

  /** Those that are new or have changed, the oldest first. */
  async news (): Promise<StoredEvent[]> {
    const events = await this.#newest()
    const before = this.#known
    const changed = events.filter((event) => before?.get(event.id) !== lookOf(event))
    this.#known = new Map(events.map((event) => [event.id, lookOf(event)]))
    return (before === undefined ? changed.slice(0, AT_FIRST) : changed).reverse()
  }

  /** A page of them, or as many as there are since the last look. */
  async #newest (): Promise<StoredEvent[]> {
    const { filter, redact } = this.#options
    const found: StoredEvent[] = []
    const last = this.#last
    const [top] = await this.#source.list({ state: filter.state, limit: 1 })
    for await (const { events, before } of search(this.#source, filter, { redact: createRedact(redact) })) {
      found.push(...events)
      if (this.#known === undefined || before === null || before <= last) break
    }
    this.#last = top?.seq ?? 0
    return found
  }
}

/** What is told of when it changes. */
function lookOf ({ seq, state, attempts }: StoredEvent): string {
  return `${seq} ${state} ${attempts}`
}

export async function watch (source: Source, options: InboxOptions, { stdout, env, signal }: Io): Promise<number> {
  const watcher = new Watcher(source, options)
  const paint = paintFor(stdout, env)
  const print = options.json || !isTerminal(stdout)
    ? recordOf
    : (event: StoredEvent) => linesOf([{ when: clock(new Date()), event }], paint, { width: columnsOf(stdout), least: WIDTHS }).join('')
  while (!signal.aborted) {
    for (const event of await watcher.news()) stdout.write(`${print(event)}\n`)
    await wait(LOOK_EVERY, undefined, { signal }).catch(() => undefined)
  }
  return EXIT.interrupted
}
