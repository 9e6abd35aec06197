import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isInboxName, kinds } from './kinds.ts'
import type { InboxName } from './kinds.ts'

const INBOXES = Object.keys(kinds).filter(isInboxName)

export const help = `Runs schedules of the simulator: what may happen to an app, its listeners and its inbox, in virtual time.

npm run simulate -- [options]

--schedules N   how many [default: 10000]
--seed N        of the first one; each next one has the next number [default: by the clock]
--inbox NAME    ${INBOXES.join(', ')} [default: each of them]
                sqlite has a model of the store; sqlite-store compares each answer of it with the real store, and is slow
                postgres-complete-in has listeners that complete events in transactions of the app
                sqlite-collect, postgres-collect and sqlite-collect-store have collectors beside listeners
--workers N     threads [default: one for each processor, ${availableParallelism()} here]
--most N        ends when so many schedules have violated something [default: 3]
--broken        puts each fault into the code that is kept for that, one at a time, and says which schedule is the first that finds it, of
                at most --schedules
--help          shows this

It says how often each kind of thing happened, and what was violated, with the shortest schedule that was found for it. Ends with 1 if
anything was, or with --broken if a fault was not found.
`

export interface Options {
  readonly schedules: number
  readonly seed: number
  readonly inboxes: readonly InboxName[]
  readonly workers: number
  readonly most: number
  readonly broken: boolean
}

/** Nothing if it is help that is wanted. @throws if something is unknown, or has a bad value. */
export function readOptions (args: string[]): Options | undefined {
  const text = (value: number) => ({ type: 'string', default: String(value) }) as const
  const { values } = parseArgs({
    args,
    options: {
      schedules: text(10_000),
      seed: text(Date.now() % 1_000_000_000),
      inbox: { type: 'string' },
      workers: text(availableParallelism()),
      most: text(3),
      broken: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false }
    }
  })
  if (values.help) return undefined
  return {
    schedules: wholeNumber('--schedules', values.schedules, 1),
    seed: wholeNumber('--seed', values.seed, 0),
    inboxes: values.inbox === undefined ? INBOXES : [inboxOf(values.inbox)],
    workers: wholeNumber('--workers', values.workers, 1),
    most: wholeNumber('--most', values.most, 1),
    broken: values.broken
  }
}

function inboxOf (name: string): InboxName {
  if (!isInboxName(name)) throw new Error(`--inbox must be one of ${INBOXES.join(', ')}, got '${name}'`)
  return name
}

function wholeNumber (option: string, text: string, least: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : NaN
  if (!Number.isSafeInteger(number) || number < least) throw new Error(`${option} must be a whole number of ${least} or more, got '${text}'`)
  return number
}
