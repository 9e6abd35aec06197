import { setTimeout } from 'node:timers/promises'
import { Client } from 'undici'
import { startChild } from '../child.ts'
import { openStores } from '../growth/stores.ts'
import { showProgress } from '../progress.ts'
import { requestsOf } from '../requests.ts'
import { shuffled } from '../shuffled.ts'
import { percentile, quartiles, ratios, type Quartiles } from '../statistics.ts'
import type { Listening, Lookups } from './server.ts'

export interface InspectorPlan {
  rounds: number
  /** Done events in the file. */
  events: number
}

export interface InspectorFigures {
  title: string
  /** Of a webhook's answer, in milliseconds. */
  p50: Quartiles
  p99: Quartiles
  /** By that of the same round while nobody searches. */
  p50Ratio: Quartiles
  p99Ratio: Quartiles
  /** Events that were looked at in a second. */
  scanned: Quartiles
}

export interface Inspected {
  events: number
  lookups: Lookups
  figures: InspectorFigures[]
}

/** What one round has of one of them. */
interface Turn {
  p50: number
  p99: number
  scanned: number
}

/** Webhooks of a turn, and the milliseconds between an answer and the next one. */
const WEBHOOKS = 300
const PAUSE = 20
const TEXT = 'neither here nor there'

/** An app that has both cores: webhooks come in while somebody searches for a text that no event has, and while nobody does. */
export async function measureInspector ({ rounds, events }: InspectorPlan): Promise<Inspected> {
  const child = startChild('inspector/server.ts', [await openStores().make(events, 0)])
  // server.ts says that first, and then only lookups.
  const { port } = await child.answer() as Listening
  const origin = `http://127.0.0.1:${port}`
  await turn(origin, false) // warms up
  child.tell({})
  const lookups = await child.answer() as Lookups
  const quiet: Turn[] = []
  const searching: Turn[] = []
  for (let round = 1; round <= rounds; round++) {
    showProgress(`searches in the inspector, round ${round} of ${rounds}`)
    for (const own of shuffled([quiet, searching])) own.push(await turn(origin, own === searching))
  }
  showProgress('')
  await child.stop()
  return { events, lookups, figures: [figuresOf('nobody searches', quiet, quiet), figuresOf('a text that no event has is searched for', searching, quiet)] }
}

async function turn (origin: string, isSearching: boolean): Promise<Turn> {
  const end = new AbortController()
  const startedAt = performance.now()
  const scanning = isSearching ? search(origin, end.signal) : 0
  const latencies = await post(origin)
  const seconds = (performance.now() - startedAt) / 1_000
  end.abort()
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99), scanned: await scanning / seconds }
}

async function post (origin: string) {
  const client = new Client(origin)
  const latencies = new Float64Array(WEBHOOKS)
  for (const [index, { path, headers, body }] of requestsOf.manyConversations(WEBHOOKS).entries()) {
    const startedAt = performance.now()
    const reply = await client.request({ method: 'POST', path, headers, body })
    await reply.body.dump()
    latencies[index] = performance.now() - startedAt
    if (reply.statusCode !== 200) throw new Error(`answered ${reply.statusCode}`)
    await setTimeout(PAUSE)
  }
  await client.close()
  return latencies
}

/** As the page does: it asks again until there is no more. And then for the same once more. Resolves to how many events were looked at. */
async function search (origin: string, signal: AbortSignal) {
  const client = new Client(origin)
  let scanned = 0
  for (let before: number | null = null; !signal.aborted;) {
    const query = new URLSearchParams({ text: TEXT, ...before !== null && { before: String(before) } })
    const { body } = await client.request({ method: 'GET', path: `/inspector/api/events?${query.toString()}` })
    // The inspector's API says so.
    const found = await body.json() as { scanned: number, before: number | null }
    scanned += found.scanned
    before = found.before
  }
  await client.close()
  return scanned
}

function figuresOf (title: string, turns: Turn[], quiet: Turn[]): InspectorFigures {
  const each = (figure: keyof Turn, of = turns) => of.map((turn) => turn[figure])
  return {
    title,
    p50: quartiles(each('p50')),
    p99: quartiles(each('p99')),
    p50Ratio: quartiles(ratios(each('p50'), each('p50', quiet))),
    p99Ratio: quartiles(ratios(each('p99'), each('p99', quiet))),
    scanned: quartiles(each('scanned'))
  }
}
