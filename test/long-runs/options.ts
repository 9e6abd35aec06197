import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { BROKEN } from './broken/variants.ts'

export const NAMES = ['kills', 'bodies', 'steady', 'recovery'] as const
export const INBOXES = ['sqlite', 'postgres', 'memory'] as const

export type Name = typeof NAMES[number]
export type InboxName = typeof INBOXES[number]

export interface Options {
  readonly name: Name
  readonly inboxes: readonly InboxName[]
  readonly seed: number
  readonly kills: number
  readonly bodies: number
  readonly minutes: number
  /** Seconds between two rows of a steady load. */
  readonly every: number
  readonly times: number
  /** Events a second. */
  readonly rate: number
  /** Of PostgreSQL, while processes are killed, in milliseconds. */
  readonly lease: number
  /** The address of a module that breaks the inbox. */
  readonly replace: string | undefined
  readonly save: boolean
  /** As it was typed. */
  readonly command: string
}

const text = (value: string) => ({ type: 'string', default: value }) as const

const known = {
  inbox: { type: 'string' },
  seed: { type: 'string' },
  kills: text('1000'),
  bodies: text('1000000'),
  minutes: text('60'),
  every: text('60'),
  times: text('10'),
  rate: text('200'),
  lease: text('5000'),
  broken: { type: 'string' },
  save: { type: 'boolean', default: true },
  help: { type: 'boolean', default: false }
} as const

/** Nothing if it is help that is wanted. @throws if something is unknown, or has a bad value. */
export function readOptions (args: string[]): Options | undefined {
  const { values, positionals } = parseArgs({ args, options: known, allowNegative: true, allowPositionals: true })
  if (values.help) return undefined
  const name = oneOf(NAMES, positionals[0], 'the name of a run')
  const seed = values.seed === undefined ? randomInt(2 ** 31) : wholeNumber(values.seed, '--seed', 0)
  const given = args.filter((_, i) => args[i] !== '--seed' && args[i - 1] !== '--seed')
  return {
    name,
    inboxes: values.inbox === undefined ? INBOXES.filter((inbox) => isFor(name, inbox)) : values.inbox.split(',').map((inbox) => inboxOf(name, inbox)),
    seed,
    kills: wholeNumber(values.kills, '--kills', 1),
    bodies: wholeNumber(values.bodies, '--bodies', 1),
    minutes: wholeNumber(values.minutes, '--minutes', 1),
    every: wholeNumber(values.every, '--every', 1),
    times: wholeNumber(values.times, '--times', 1),
    rate: wholeNumber(values.rate, '--rate', 1),
    lease: wholeNumber(values.lease, '--lease', 1_000),
    replace: values.broken === undefined ? undefined : BROKEN[oneOf(faultsFor(name), values.broken, '--broken')],
    save: values.save && values.broken === undefined,
    command: `npm run long-run -- ${[...given, '--seed', seed].join(' ')}`
  }
}

/** What ends with its process loses what it has by design. */
function isFor (name: Name, inbox: InboxName): boolean {
  return name === 'bodies' || inbox !== 'memory'
}

/** Those that a run can find. */
function faultsFor (name: Name): string[] {
  if (name !== 'kills' && name !== 'bodies') throw new Error(`--broken is for kills and bodies: ${name} measures`)
  return Object.keys(BROKEN)
}

function inboxOf (name: Name, text: string): InboxName {
  return oneOf(INBOXES.filter((inbox) => isFor(name, inbox)), text, '--inbox')
}

function oneOf<T extends string> (known: readonly T[], text: string | undefined, what: string): T {
  const found = known.find((one) => one === text)
  if (found === undefined) throw new Error(`${what} must be one of ${known.join(', ')}, got ${text ?? 'none'}`)
  return found
}

function wholeNumber (text: string, option: string, least: number): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < least) throw new Error(`${option} must be a whole number from ${least} on, got ${text}`)
  return number
}
