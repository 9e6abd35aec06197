import { parseArgs } from 'node:util'
import { integer } from '../../check.ts'
import type { EventState } from '../../inbox/inbox.ts'
import type { EventFilter } from '../../inbox/search.ts'
import type { Io } from '../io.ts'
import { namesIn } from '../names.ts'
import { asUsage, UsageError } from '../usage-error.ts'
import { limitsIn } from './limits.ts'
import type { Limits } from './limits.ts'

export interface InboxOptions {
  readonly action: Action
  /** Of events, whole or the beginning of each. */
  readonly ids: readonly string[]
  readonly db: string
  readonly schema: string
  readonly filter: EventFilter
  readonly limit: number
  readonly dead: boolean
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
  replay: ['dead', 'yes'],
  watch: ['state', 'name', 'conversation', 'text', 'redact']
}
const ALL_TAKE = ['db', 'schema', 'json']

/** An id may begin with '-', and no option is so long. */
const ID_LIKE_AN_OPTION = /^-[\w-]{15,}$/

/** Reads the command line, with every default filled in, or returns 'help' if that is all it asks for. */
export function parseInboxOptions (argv: string[], env: Io['env']): InboxOptions | 'help' {
  const { values, positionals, tokens } = asUsage(() => parseArgs({ args: idsLast(argv), options: OPTIONS, allowPositionals: true, tokens: true }))
  if (values.help) return 'help'
  const [given, ...ids] = positionals
  const action = oneOf('The first word after inbox', given, ACTIONS)
  if (action === undefined) throw new UsageError(`Which of them: ${ACTIONS.join(', ')}?`)
  for (const token of tokens) if (token.kind === 'option') refuseStranger(action, token.name)
  refuseContradictions(action, ids, values.dead)
  const { name, conversation, text, dead, yes, json, schema } = values
  return {
    action,
    ids,
    db: whichInbox(values.db, env),
    schema,
    filter: { state: oneOf('--state', values.state, STATES), name, conversation, text },
    limit: limitOf(values.limit),
    dead,
    yes,
    limits: limitsIn(values),
    json,
    redact: namesIn(values.redact)
  }
}

function idsLast (argv: readonly string[]): string[] {
  const ids = argv.filter((word) => ID_LIKE_AN_OPTION.test(word))
  return ids.length === 0 ? [...argv] : [...argv.filter((word) => !ids.includes(word) && word !== '--'), '--', ...ids]
}

function oneOf<T extends string> (what: string, given: string | undefined, known: readonly T[]): T | undefined {
  const found = known.find((one) => one === given)
  if (found === undefined && given !== undefined) throw new UsageError(`${what} must be one of ${known.join(', ')}, got '${given}'`)
  return found
}

function refuseStranger (action: Action, option: string): void {
  if (!ALL_TAKE.includes(option) && !TAKES[action].includes(option)) throw new UsageError(`inbox ${action} has no --${option}: leave it out`)
}

function refuseContradictions (action: Action, ids: readonly string[], dead: boolean): void {
  if (action === 'show' && ids.length !== 1) throw new UsageError(`inbox show takes one id, got ${ids.length}`)
  if (action === 'replay' && (ids.length > 0) === dead) throw new UsageError('inbox replay takes either ids or --dead')
  if (action !== 'show' && action !== 'replay' && ids.length > 0) {
    throw new UsageError(`inbox ${action} takes no '${ids.join("', '")}': a text with spaces has to be in quotes`)
  }
}

function whichInbox (option: string | undefined, { ONEROUTE_INBOX }: Io['env']): string {
  const db = option ?? ONEROUTE_INBOX ?? ''
  if (db.trim() !== '') return db
  throw new UsageError('Which inbox? Give a SQLite file or a PostgreSQL address with --db, or in the environment variable ONEROUTE_INBOX')
}

function limitOf (text: string | undefined): number {
  const { fits, must } = integer(1)
  const limit = text === undefined ? 50 : Number(text)
  if (!fits(limit)) throw new UsageError(`--limit must ${must}, got '${String(text)}'`)
  return limit
}
