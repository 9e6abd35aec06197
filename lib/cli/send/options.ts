import { parseArgs } from 'node:util'
import { ENCODED, inQuotes } from '../../errors/url-passwords.ts'
import { duration, integer } from '../../options/check.ts'
import type { Rule } from '../../options/check.ts'
import type { Io } from '../io.ts'
import { secretOf } from '../secret.ts'
import { asUsage, namesOf, UsageError } from '../usage-error.ts'
import { CHAOS_DEFAULTS, chaosOf, GREATEST_SEED } from './chaos/options.ts'
import type { ChaosOptions } from './chaos/options.ts'

export interface SendOptions {
  /** A name of an event, a path, or '-' for standard input. */
  readonly event: string
  /** What messages call it. */
  readonly eventName: string
  readonly to: URL
  readonly secret: string | undefined
  readonly timeout: number
  readonly content: string | undefined
  readonly conversation: string | undefined
  /** Undefined if it was not given: a file then keeps the conversation it has. */
  readonly conversations: number | undefined
  readonly count: number
  readonly rate: number | undefined
  readonly concurrency: number
  readonly repeat: boolean
  /** Undefined unless it is to be a bad day. */
  readonly chaos: ChaosOptions | undefined
}

const OPTIONS = {
  to: { type: 'string', default: 'http://localhost:3000/webhooks/oneroute' },
  secret: { type: 'string' },
  timeout: { type: 'string' },
  content: { type: 'string' },
  conversation: { type: 'string' },
  conversations: { type: 'string' },
  count: { type: 'string' },
  rate: { type: 'string' },
  concurrency: { type: 'string' },
  repeat: { type: 'boolean', default: false },
  chaos: { type: 'boolean', default: false },
  'chaos-mix': { type: 'string' },
  seed: { type: 'string' },
  handled: { type: 'string' },
  settle: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false }
} as const

/** Slower would be more than a timer can wait, and faster than one can tell apart. */
const RATE: Rule = {
  fits: (value) => typeof value === 'number' && value >= 0.001 && value <= 1_000_000,
  must: 'be a number of events a second, from 0.001 to 1000000'
}

/** Reads the command line, with every default filled in, or returns 'help' if that is all it asks for. */
export function parseSendOptions (argv: string[], env: Io['env']): SendOptions | 'help' {
  const { values, positionals } = asUsage(() => parseArgs({ args: argv, options: OPTIONS, allowPositionals: true }))
  if (values.help) return 'help'
  const [event = 'newMessage', ...more] = positionals
  if (more.length > 0) throw new UsageError(`One event at a time, got ${namesOf(positionals, values.secret)}: a text with spaces has to be in quotes`)
  const defaults = values.chaos ? CHAOS_DEFAULTS : { count: 1, conversations: undefined, concurrency: 1 }
  const conversations = number('--conversations', values.conversations, integer(1)) ?? (values.conversation === undefined ? defaults.conversations : undefined)
  const secret = secretOf(values.secret, env, 'post unsigned')
  const options: SendOptions = {
    event,
    // After `--secret` it may be the rest of a key that is not in quotes.
    eventName: values.secret === undefined ? inQuotes(event) : 'EVENT',
    to: address(values.to),
    secret,
    timeout: number('--timeout', values.timeout, duration(1)) ?? 30_000,
    content: values.content,
    conversation: values.conversation,
    conversations,
    count: number('--count', values.count, integer(1)) ?? defaults.count,
    rate: number('--rate', values.rate, RATE),
    concurrency: number('--concurrency', values.concurrency, integer(1)) ?? Math.min(defaults.concurrency, conversations ?? 1), // more would be of one conversation, at once
    repeat: values.repeat,
    chaos: chaosOf({
      chaos: values.chaos,
      chaosMix: values['chaos-mix'],
      seed: number('--seed', values.seed, integer(0, GREATEST_SEED)),
      handled: values.handled,
      settle: number('--settle', values.settle, duration(1))
    }, { event, repeat: values.repeat, signed: secret !== undefined })
  }
  refuseContradictions(options)
  return options
}

function refuseContradictions ({ conversation, conversations = 1, repeat }: SendOptions): void {
  if (conversation?.trim() === '') throw new UsageError("--conversation must be an id, got '': leave it out for a new one")
  if (conversations === 1) return
  if (conversation !== undefined) {
    throw new UsageError(`--conversation is one, --conversations ${conversations} is several: leave one of them out`)
  }
  if (repeat) throw new UsageError(`--repeat posts the same event, so --conversations ${conversations} cannot be: leave one of them out`)
}

function address (text: string): URL {
  const url = URL.parse(text)
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new UsageError(`--to must be a whole address, such as http://localhost:3000/webhooks/oneroute, got ${inQuotes(text)}`)
  }
  if (url.hash.includes('@')) throw new UsageError(`--to is an address that cannot be read, ${inQuotes(text)}: ${ENCODED}`)
  if (!isDecodable(url.username + url.password)) {
    throw new UsageError(`--to has a user or a password that cannot be decoded, for ${url.origin}: write a '%' as '%25'`)
  }
  return url
}

/** What `http.request` decodes, and would fail on for every event. */
function isDecodable (text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

function number (option: string, text: string | undefined, { fits, must }: Rule): number | undefined {
  if (text === undefined) return undefined
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (!fits(value)) throw new UsageError(`${option} must ${must}, got ${inQuotes(text)}`)
  return value
}
