import pg from 'pg'
import type { Test } from 'tap'
import type { Claim, Inbox, InboxHost, Outcome } from '../../index.ts'
import { done } from '../inbox/conformance.ts'
import { turns } from './app.ts'
import { beginEpoch } from './epochs.ts'
import { ID } from './postgres-ids.ts'
import { openInbox, schemas } from './postgres.ts'
import type { LossyPool } from './postgres.ts'

/** Processes that share an inbox, as it were. Their leases do not run out by themselves. */
export class Processes {
  readonly schema: string
  readonly tables: string
  readonly #t: Test
  readonly #admin: pg.Pool
  readonly #url: string

  constructor (t: Test, admin: pg.Pool, url: string) {
    this.schema = schemas(t, url)()
    this.tables = pg.escapeIdentifier(this.schema)
    this.#t = t
    this.#admin = admin
    this.#url = url
  }

  async open ({ pool, ...host }: Partial<InboxHost> & { pool?: LossyPool } = {}): Promise<Inbox> {
    const source = pool === undefined ? { connectionString: this.#url } : { pool }
    return await openInbox(this.#t, { ...source, schema: this.schema, lease: 60_000 }, host)
  }

  /** All leases run out, as if their processes had ended. */
  async expire (): Promise<void> {
    await this.#admin.query(`UPDATE ${this.tables}.lanes SET due = now() WHERE holder IS NOT NULL`)
  }

  /** A new epoch begins. */
  async rotate (): Promise<void> {
    await beginEpoch(this.#admin, this.tables)
  }

  async lanes (): Promise<unknown[]> {
    const { rows } = await this.#admin.query<Record<string, unknown>>(`SELECT lane, suspect, holder IS NOT NULL AS held FROM ${this.tables}.lanes ORDER BY lane`)
    return rows
  }

  /** Of each pending event, whether it is suspect, and how often it was delivered. */
  async trials (): Promise<string[]> {
    const { rows } = await this.#admin.query<Record<string, string>>(
      `SELECT ${ID} AS id, trial, attempts FROM ${this.tables}.pending JOIN ${this.tables}.events USING (seq) ORDER BY 1`)
    return rows.map(({ id, trial, attempts }) => `${String(id)} ${trial ?? '-'} ${String(attempts)}`)
  }
}

/** Each claim's events, and for which attempt: with an exclamation mark, if that is over. */
export function ids (claims: readonly Claim[]): string[] {
  return claims.map(({ lane, events }) => `${lane}: ${events.map(({ id, attempt, interrupted }) => `${id} ${attempt}${interrupted === true ? '!' : ''}`).join(' ')}`)
}

/** What was due before the last look is found by the next that looks through everything. */
export async function claimSoon (inbox: Inbox, lanes: number): Promise<readonly Claim[]> {
  for (;;) {
    const claims = await inbox.claim(lanes)
    if (claims.length > 0) return claims
    await turns()
  }
}

/** The first event of a claim is to be tried again, at once. */
export function failed ({ events: [event] }: Claim, more: Partial<Outcome> = {}): Outcome[] {
  return event === undefined ? [] : [{ seq: event.seq, state: 'pending', dueAt: 1, completed: [], error: 'broken', ...more }]
}

export async function settleAll (inbox: Inbox, claims: readonly Claim[], outcomes = done): Promise<void> {
  for (const claim of claims) await inbox.settle(claim, outcomes(claim))
  await inbox.stats() // until it is recorded
}
