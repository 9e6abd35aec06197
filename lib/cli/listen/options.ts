import { parseArgs } from 'node:util'
import { inQuotes, looksLikeAddress } from '../../errors/url-passwords.ts'
import { integer } from '../../options/check.ts'
import { checkedDb, checkedSchema } from '../inbox/where.ts'
import type { Io } from '../io.ts'
import { namesIn } from '../names.ts'
import { secretOf } from '../secret.ts'
import { asUsage, namesOf, UsageError } from '../usage-error.ts'

export interface ListenOptions {
  readonly port: number
  readonly host: string
  readonly path: string
  readonly secret: string | undefined
  readonly db: string | undefined
  readonly schema: string
  readonly json: boolean
  /** Names of fields that are not shown. */
  readonly redact: readonly string[]
}

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string', default: '127.0.0.1' },
  path: { type: 'string', default: '/webhooks/oneroute' },
  secret: { type: 'string' },
  db: { type: 'string' },
  schema: { type: 'string', default: 'oneroute_webhooks' },
  json: { type: 'boolean', default: false },
  redact: { type: 'string', default: 'credentials' },
  help: { type: 'boolean', short: 'h', default: false }
} as const

/** Reads the command line, with every default filled in, or returns 'help' if that is all it asks for. */
export function parseListenOptions (argv: string[], env: Io['env']): ListenOptions | 'help' {
  const { values, positionals } = asUsage(() => parseArgs({ args: argv, options: OPTIONS, allowPositionals: true }))
  if (values.help) return 'help'
  if (positionals.length > 0) throw new UsageError(`listen takes options only, got ${namesOf(positionals, values.secret)}`)
  const { host, path, db, schema, json } = values
  if (!/^\/[^?#:*\s]*$/.test(path)) throw new UsageError(`--path must be a path such as /webhooks/oneroute, got ${inQuotes(path)}`)
  if (host.trim() === '' || looksLikeAddress(host)) throw new UsageError(`--host must be an address of this machine, got ${inQuotes(host)}`)
  if (db?.trim() === '') throw new UsageError(`--db must be a SQLite file or a PostgreSQL address, got ${inQuotes(db)}`)
  return {
    port: portOf(values.port),
    host,
    path,
    secret: secretOf(values.secret, env, 'accept unsigned events'),
    db: db === undefined ? undefined : checkedDb('--db', db),
    schema: checkedSchema(schema),
    json,
    redact: namesIn(values.redact)
  }
}

function portOf (text: string | undefined): number {
  const { fits, must } = integer(0, 65_535)
  const port = text === undefined ? 3_000 : Number(text)
  if (text?.trim() === '' || !fits(port)) throw new UsageError(`--port must ${must}, got ${inQuotes(String(text))}`)
  return port
}
