import { memoryInbox } from '../../../index.ts'
import { CommandScope } from '../../helpers/command-scope.ts'
import { prototypes } from '../../helpers/fuzzed-bodies.ts'
import { broken } from '../broken/variants.ts'
import { ofAll } from '../figures.ts'
import { INBOXES } from '../options.ts'
import type { InboxName } from '../options.ts'
import { csvOf } from '../results.ts'
import type { Columns } from '../results.ts'
import type { Found, Run } from '../run-context.ts'
import { inboxOn, openStore } from '../stores.ts'
import { Batches } from './batches.ts'
import type { Answered } from './batches.ts'
import { startReceiver } from './receiver.ts'

/** Of a hundred bodies: the slower an inbox is, the fewer. */
const SHARES: Readonly<Record<InboxName, number>> = { memory: 50, sqlite: 35, postgres: 15 }
const BATCH = 50
/** Batches of one inbox at most: each batch has a seed of its own. */
const SEEDS = 1_000_000
/** Bodies for each row of the results. */
const ROW = 10_000
/** Milliseconds: what is done is forgotten soon, or the store would grow without end. */
const KEEP = 10_000

interface Row {
  readonly bodies: number
  readonly seconds: number
  readonly answered: Answered
}

const COLUMNS: Columns<Row> = {
  bodies: ({ bodies }) => bodies,
  seconds: ({ seconds }) => seconds.toFixed(0),
  ...Object.fromEntries(['200 accepted', '200 duplicate', '200 invalid', '400', '401', '413', '415', 'other'].map((kind) => [
    `answered_${kind.replace(' ', '_')}`, ({ answered }: Row) => answered.get(kind) ?? 0
  ]))
}

/** Bodies of all kinds are posted to the route, half of them to one that wants a signature; each answer and each delivery is checked. */
export async function postBodies ({ scope, inbox, options: { seed, bodies, inboxes, replace }, signal, say }: Run): Promise<Found> {
  const share = bodies * SHARES[inbox] / inboxes.reduce((sum, name) => sum + SHARES[name], 0)
  const own = new CommandScope()
  scope.teardown(async () => { await own.end() })
  const store = inbox === 'memory' ? undefined : await openStore(own, inbox, { keep: KEEP })
  const batches = new Batches(own, seed + INBOXES.indexOf(inbox) * SEEDS)
  const before = prototypes()
  const rows: Row[] = []
  const startedAt = performance.now()
  for (const signed of [false, true]) { // one after the other: a SQLite file has one owner
    const turn = new CommandScope()
    const receiver = await startReceiver(turn, await broken(replace, store === undefined ? memoryInbox({ keep: KEEP }) : inboxOn(store)), signed)
    const end = signed ? share : share / 2
    while (batches.posted < end && !signal.aborted && batches.problems.length === 0) {
      await batches.post(receiver, BATCH)
      if (batches.posted % ROW < BATCH) rows.push({ bodies: batches.posted, seconds: (performance.now() - startedAt) / 1_000, answered: batches.taken() })
      say(`${inbox}: ${batches.posted} of ${Math.round(share)} bodies`)
    }
    await turn.end()
    batches.problems.push(...receiver.errors.map((line) => `logged: ${line}`))
  }
  batches.expectSame(before, prototypes())
  await own.end()
  if ((rows.at(-1)?.bodies ?? 0) < batches.posted) rows.push({ bodies: batches.posted, seconds: (performance.now() - startedAt) / 1_000, answered: batches.taken() })
  return { database: store?.database ?? 'no database', problems: batches.problems, csv: csvOf(COLUMNS, rows), summary: summaryOf(batches, (performance.now() - startedAt) / 1_000) }
}

function summaryOf ({ posted, overSockets, all, delivered, problems }: Batches, seconds: number): Array<[string, string]> {
  return [
    ['bodies', `${ofAll(posted)}, ${ofAll(overSockets)} of them over a socket, in ${ofAll(seconds)} s`],
    ...[...all].sort().map(([kind, count]): [string, string] => [`answered ${kind}`, ofAll(count)]),
    ['events delivered, each compared with its body', ofAll(delivered)],
    ['wrong answers, wrong deliveries, errors logged', ofAll(problems.length)]
  ]
}
