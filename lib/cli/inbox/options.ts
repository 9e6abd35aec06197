import { parseArgs } from 'node:util'
import { integer } from '../../check.ts'
import type { EventState } from '../../inbox/inbox.ts'
import type { EventFilter } from '../../inbox/search.ts'
import { inQuotes } from '../../passwords.ts'
import type { Io } from '../io.ts'
import { namesIn } from '../names.ts'
import { asUsage, UsageError } from '../usage-error.ts'
import { limitsIn } from './limits.ts'
import type { Limits } from './limits.ts'
import { checkedDb, checkedSchema } from './where.ts'

export interface InboxOptions {
  readonly action: Action
  /** Of events, whole or the beginning of each. */
  readonly ids: readonly string[]
  readonly db: string
  readonly schema: string
  readonly filter: EventFilter
  readonly limit: number
  /** Instead of some ids, all events of this state are replayed. */
  readonly all: 'dead' | 'invalid' | undefined
  readonly yes: boolean
  readonly limits: Limits
  readonly json: boolean
  /** Names of fields that are not shown. */
  readonly redact: readonly string[]
}

const ACTIONS = ['stats', 'list', 'show', 'replay', 'watch'] as const
type Action = typeof ACTIONS[number]
const STATES = ['pending', 'done', 'dead', 'invalid'] as const satisfies readonly EventState[]

const OPTIONS = {
  db: { type: 'string' },
  schema: { type: 'string', default: 'oneroute_webhooks' },
  state: { type: 'string' },
  name: { type: 'string' },
  conversation: { type: 'string' },
  text: { type: 'string' },
  limit: { type: 'string' },
  dead: { type: 'boolean', default: false },
  invalid: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  'max-dead': { type: 'string' },
  'max-failing': { type: 'string' },
  'max-silence': { type: 'string' },
  json: { type: 'boolean', default: false },
  redact: { type: 'string', default: 'credentials' },
  help: { type: 'boolean', short: 'h', default: false }
} as const

/** What each action takes besides `db`, `schema` and `json`. */
const TAKES: Record<Action, readonly string[]> = {
  stats: ['max-dead', 'max-failing', 'max-silence'],
  list: ['state', 'name', 'conversation', 'text', 'limit', 'redact'],
  show: ['redact'],
  replay: ['dead', 'invalid', 'yes'],
  watch: ['state', 'name', 'conversation', 'text', 'redact']
}
const ALL_TAKE = ['db', 'schema', 'json']

/** What may be an id, or the beginning of one, that begins as an option does. */
const ID_LIKE_AN_OPTION = /^-[\w-]{5,}$/
/** What may have been meant as an option. An id hardly ever has letters only, and is longer. */
const LIKE_AN_OPTION = /^(?:-[a-z][a-z-]{0,18}|--[a-zA-Z][a-zA-Z-]{0,17})$/

/** Reads the command line, with every default filled in, or returns 'help' if that is all it asks for. */
export function parseInboxOptions (argv: string[], env: Io['env']): InboxOptions | 'help' {
  const { values, positionals, tokens } = asUsage(() => parseArgs({ args: idsLast(argv), options: OPTIONS, allowPositionals: true, tokens: true }))
  if (values.help) return 'help'
  const [given, ...ids] = positionals
  const action = oneOf('The first word after inbox', given, ACTIONS)
  if (action === undefined) throw new UsageError(`Which of them: ${ACTIONS.join(', ')}?`)
  for (const token of tokens) if (token.kind === 'option') refuseStranger(action, token.name)
  refuseContradictions(action, ids, values)
  const { name, conversation, text, dead, invalid, yes, json, schema } = values
  return {
    action,
    ids,
    db: whichInbox(values.db, env),
    schema: checkedSchema(schema),
    filter: { state: oneOf('--state', values.state, STATES), name, conversation, text },
    limit: limitOf(values.limit),
    all: dead ? 'dead' : invalid ? 'invalid' : undefined,
    yes,
    limits: limitsIn(values),
    json,
    redact: namesIn(values.redact)
  }
}

/** `parseArgs` would take an id that begins with '-' for options: behind '--' it does not. */
function idsLast (argv: readonly string[]): string[] {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  const words = argv.slice(0, end)
  const isValue = (at: number) => Object.entries(OPTIONS).some(([name, { type }]) => type === 'string' && words[at - 1] === `--${name}`)
  const action = words.find((word, at) => !word.startsWith('-') && !isValue(at))
  if (action !== 'show' && action !== 'replay') return [...argv]
  const isId = (word: string, at: number) => ID_LIKE_AN_OPTION.test(word) && !LIKE_AN_OPTION.test(word) && !isValue(at)
  return [...words.filter((word, at) => !isId(word, at)), '--', ...words.filter(isId), ...argv.slice(end + 1)]
}

function oneOf<T extends string> (what: string, given: string | undefined, known: readonly T[]): T | undefined {
  const found = known.find((one) => one === given)
  if (found === undefined && given !== undefined) throw new UsageError(`${what} must be one of ${known.join(', ')}, got ${inQuotes(given)}`)
  return found
}

function refuseStranger (action: Action, option: string): void {
  if (!ALL_TAKE.includes(option) && !TAKES[action].includes(option)) throw new UsageError(`inbox ${action} has no --${option}: leave it out`)
}

function refuseContradictions (action: Action, ids: readonly string[], { dead, invalid }: { dead: boolean, invalid: boolean }): void {
  if (action === 'show' && ids.length !== 1) throw new UsageError(`inbox show takes one id, got ${ids.length}`)
  if (action === 'replay' && [ids.length > 0, dead, invalid].filter(Boolean).length !== 1) throw new UsageError('inbox replay takes either ids, or --dead, or --invalid')
  if (action !== 'show' && action !== 'replay' && ids.length > 0) {
    throw new UsageError(`inbox ${action} takes no ${ids.map(inQuotes).join(', ')}: a text with spaces has to be in quotes`)
  }
}

function whichInbox (option: string | undefined, { ONEROUTE_INBOX }: Io['env']): string {
  const db = option ?? ONEROUTE_INBOX ?? ''
  if (db.trim() !== '') return checkedDb(option === undefined ? 'The environment variable ONEROUTE_INBOX' : '--db', db)
  throw new UsageError('Which inbox? Give a SQLite file or a PostgreSQL address with --db, or in the environment variable ONEROUTE_INBOX')
}

function limitOf (text: string | undefined): number {
  const { fits, must } = integer(1)
  const limit = text === undefined ? 50 : Number(text)
  if (!fits(limit)) throw new UsageError(`--limit must ${must}, got ${inQuotes(String(text))}`)
  return limit
}
