import { addTo } from './finding.ts'
import type { Finding } from './finding.ts'
import type { Entry, Ledger } from './ledger.ts'

const LOST = 'lost: answered 200, and never handled'
const TWICE = 'handled twice'
const ORDER = 'order broken: handled after a later one of its conversation'
const FORGED = 'forged: handled, though it had to be refused'

/** What the receiver handled, compared with what it was posted and what it answered. `handled` are ids, in order. */
export function checkHandled (ledger: Ledger, handled: readonly string[]): Finding[] {
  const findings = new Map<string, Finding>()
  const seen = new Set<string>()
  const latest = new Map<number, Entry>()

  for (const id of handled) {
    const what = ledger.refusable.get(id)
    if (what !== undefined) addTo(findings, FORGED, `${id} (${what})`)
    const entry = ledger.events.get(id)
    if (entry === undefined) continue
    if (seen.has(id)) addTo(findings, TWICE, nameOf(entry))
    else checkOrder(entry)
    seen.add(id)
  }
  for (const entry of ledger.events.values()) {
    if (entry.answered < Infinity && !seen.has(entry.id)) addTo(findings, LOST, nameOf(entry))
  }
  return [...findings.values()]

  /** One that was answered before another was posted comes before it: of any others the order is not certain. */
  function checkOrder (entry: Entry): void {
    const other = latest.get(entry.conversation)
    if (other === undefined || entry.posted > other.posted) latest.set(entry.conversation, entry)
    if (other !== undefined && entry.answered < other.posted) addTo(findings, ORDER, `${nameOf(entry)} after ${nameOf(other)}`)
  }
}

/** How many of the events that were answered 200 are among the handled. */
export function missingIn (ledger: Ledger, handled: readonly string[]): number {
  const ids = new Set(handled)
  let missing = 0
  for (const { id, answered } of ledger.events.values()) if (answered < Infinity && !ids.has(id)) missing++
  return missing
}

function nameOf ({ index, id }: Entry): string {
  return `event ${index + 1} (${id})`
}
