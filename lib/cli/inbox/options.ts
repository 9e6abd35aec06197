import { parseArgs } from 'node:util'
import { inQuotes } from '../../errors/url-passwords.ts'
import type { EventFilter } from '../../inbox/inbox.ts'
import { integer } from '../../options/check.ts'
import type { Io } from '../io.ts'
import { namesIn } from '../names.ts'
import { asUsage, oneOf, UsageError } from '../usage-error.ts'
import { filterIn } from './filter.ts'
import { limitsIn } from './limits.ts'
import type { Limits } from './limits.ts'
import { checkedDb, checkedNewSchema, checkedSchema, isPostgres } from './where.ts'

export interface InboxOptions {
  readonly action: Action
  /** Of events, whole or the beginning of each. */
  readonly ids: readonly string[]
  /** Empty if there is none, which only `migrate --sql` does without. */
  readonly db: string
  readonly schema: string
  /** With `forget`, its conversation is the one to be forgotten. */
  readonly filter: EventFilter
  readonly limit: number
  /** Instead of some ids, all events of this state are replayed. */
  readonly all: 'dead' | 'invalid' | undefined
  /** Replayed for all listeners, and not only for those that failed. */
  readonly allListeners: boolean
  readonly yes: boolean
  /** What `migrate` would do is printed, and not done. */
  readonly sql: boolean
  readonly limits: Limits
  readonly json: boolean
  /** Names of fields that are not shown. */
  readonly redact: readonly string[]
}

const ACTIONS = ['stats', 'list', 'show', 'replay', 'discard', 'forget', 'watch', 'migrate', 'recount'] as const
type Action = typeof ACTIONS[number]

const OPTIONS = {
  db: { type: 'string' },
  schema: { type: 'string', default: 'oneroute_webhooks' },
  state: { type: 'string' },
  failing: { type: 'boolean', default: false },
  name: { type: 'string' },
  conversation: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  text: { type: 'string' },
  limit: { type: 'string' },
  dead: { type: 'boolean', default: false },
  invalid: { type: 'boolean', default: false },
  'all-listeners': { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  sql: { type: 'boolean', default: false },
  'max-dead': { type: 'string' },
  'max-failing': { type: 'string' },
  'max-silence': { type: 'string' },
  json: { type: 'boolean', default: false },
  redact: { type: 'string', default: 'credentials' },
  help: { type: 'boolean', short: 'h', default: false }
} as const

const FILTER = ['state', 'failing', 'name', 'conversation', 'since', 'until', 'text']

/** What each action takes besides `db`, `schema` and `json`. */
const TAKES: Record<Action, readonly string[]> = {
  stats: ['max-dead', 'max-failing', 'max-silence'],
  list: [...FILTER, 'limit', 'redact'],
  show: ['redact'],
  replay: ['dead', 'invalid', 'conversation', 'since', 'until', 'all-listeners', 'yes'],
  discard: [],
  forget: ['yes'],
  watch: [...FILTER, 'redact'],
  migrate: ['sql'],
  recount: []
}
/** Which are about a server, and why not about a file. */
const ONLY_POSTGRES: ReadonlyMap<Action, string> = new Map([
  ['migrate', 'its app brings a SQLite file up to date'],
  ['recount', 'a SQLite file is changed by this package only']
])
const ALL_TAKE = ['db', 'schema', 'json']

interface Chosen {
  readonly dead: boolean
  readonly invalid: boolean
  readonly conversation?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly sql: boolean
  readonly json: boolean
}

/** Says what is wrong with the words behind an action. */
type Check = (words: readonly string[], chosen: Chosen) => string | undefined

const takesNone = (words: readonly string[]) => words.length === 0
  ? undefined
  : `takes no ${words.map(inQuotes).join(', ')}: a text with spaces has to be in quotes`

const WRONG: Record<Action, Check> = {
  stats: takesNone,
  list: takesNone,
  watch: takesNone,
  migrate: (words, { sql, json }) => sql && json ? 'takes either --sql or --json' : takesNone(words),
  recount: takesNone,
  show: ({ length }) => length === 1 ? undefined : `takes one id, got ${length}`,
  replay ({ length }, { dead, invalid, conversation, since, until }) {
    const ways = [length > 0, dead || (conversation !== undefined && !invalid), invalid].filter(Boolean).length
    const isWrong = ways !== 1 || (length > 0 && [conversation, since, until].some((one) => one !== undefined))
    return isWrong ? 'takes either ids, or --dead, or --invalid; --conversation, --since and --until go with the last two' : undefined
  },
  discard: ({ length }) => length > 0 ? undefined : 'takes one id or more, got 0',
  forget: ({ length, 0: conversation }) => length === 1 && conversation !== '' ? undefined : `takes one conversation, got ${conversation === '' ? "''" : length}`
}

/** What may be an id, or the beginning of one, that begins as an option does. */
const ID_LIKE_AN_OPTION = /^-[\w-]{5,}$/
/** An id, or what `list` prints of it. */
const AS_PRINTED = /^-(?:[\w-]{9}|[\w-]{42})$/
/** What may have been meant as an option. An id hardly ever has letters only, and is longer. */
const LIKE_AN_OPTION = /^(?:-[a-z][a-z-]{0,18}|--[a-zA-Z][a-zA-Z-]{0,17})$/

/** Reads the command line, with every default filled in, or returns 'help' if that is all it asks for. */
export function parseInboxOptions (argv: string[], env: Io['env']): InboxOptions | 'help' {
  const { values, positionals, tokens } = asUsage(() => parseArgs({ args: idsLast(argv), options: OPTIONS, allowPositionals: true, tokens: true }))
  if (values.help) return 'help'
  const [given, ...words] = positionals
  const action = oneOf('The first word after inbox', given, ACTIONS)
  if (action === undefined) throw new UsageError(`Which of them: ${ACTIONS.join(', ')}?`)
  for (const token of tokens) if (token.kind === 'option') refuseStranger(action, token.name)
  const problem = WRONG[action](words, values)
  if (problem !== undefined) throw new UsageError(`inbox ${action} ${problem}`)
  const { conversation, dead, invalid, yes, sql, json, schema } = values
  return {
    action,
    ids: action === 'forget' ? [] : words,
    db: whichDb(action, values.db, env, sql),
    schema: action === 'migrate' ? checkedNewSchema(schema) : checkedSchema(schema),
    filter: filterIn(action === 'forget' ? { ...values, conversation: words[0] } : values),
    limit: limitOf(values.limit),
    all: invalid ? 'invalid' : dead || (action === 'replay' && conversation !== undefined) ? 'dead' : undefined,
    allListeners: values['all-listeners'],
    yes,
    sql,
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
  if (action !== 'show' && action !== 'replay' && action !== 'discard') return [...argv]
  const isId = (word: string, at: number) => !isValue(at) && !Object.keys(OPTIONS).includes(word.slice(2)) &&
    (AS_PRINTED.test(word) || (ID_LIKE_AN_OPTION.test(word) && !LIKE_AN_OPTION.test(word)))
  return [...words.filter((word, at) => !isId(word, at)), '--', ...words.filter(isId), ...argv.slice(end + 1)]
}

function refuseStranger (action: Action, option: string): void {
  if (!ALL_TAKE.includes(option) && !TAKES[action].includes(option)) throw new UsageError(`inbox ${action} has no --${option}: leave it out`)
}

function whichInbox (option: string | undefined, { ONEROUTE_INBOX }: Io['env']): string {
  const db = option ?? ONEROUTE_INBOX ?? ''
  if (db.trim() !== '') return checkedDb(option === undefined ? 'The environment variable ONEROUTE_INBOX' : '--db', db)
  throw new UsageError('Which inbox? Give a SQLite file or a PostgreSQL address with --db, or in the environment variable ONEROUTE_INBOX')
}

/** Of `migrate` and `recount` it is a server. Without an address, `migrate --sql` begins with nothing. */
function whichDb (action: Action, option: string | undefined, env: Io['env'], sql: boolean): string {
  if (sql && option === undefined && (env.ONEROUTE_INBOX ?? '').trim() === '') return ''
  const db = whichInbox(option, env)
  const why = ONLY_POSTGRES.get(action)
  if (why !== undefined && !isPostgres(db)) throw new UsageError(`inbox ${action} takes the address of a PostgreSQL server, got ${inQuotes(db)}: ${why}`)
  return db
}

function limitOf (text: string | undefined): number {
  const { fits, must } = integer(1)
  const limit = text === undefined ? 50 : Number(text)
  if (!fits(limit)) throw new UsageError(`--limit must ${must}, got ${inQuotes(String(text))}`)
  return limit
}
