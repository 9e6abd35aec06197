import { shortened } from '../../errors/error-of.ts'
import { trustedJson } from '../../events/trusted-json.ts'
import type { DeliveryRecord } from '../inbox.ts'
import { wellFormed } from './well-formed.ts'

/** Of what is kept of an event's deliveries, in characters: what is older is cut off. */
export const MOST_KEPT = 16_384
/** Of all errors of one delivery, in characters. */
const MOST_ERRORS = 4_096

/** A record as the stores keep it: a line of JSON, which is added to those that are there. */
export function lineOf ({ attempt, startedAt, duration, completed, failures }: DeliveryRecord): string {
  const most = Math.min(1_000, Math.floor(MOST_ERRORS / Math.max(1, failures.length)))
  const line = {
    attempt,
    startedAt: startedAt.getTime(),
    duration,
    completed,
    failures: failures.map(({ listener, duration, error }) => ({ listener, duration, error: shortened(error, most) }))
  }
  return wellFormed(JSON.stringify(line)) + '\n'
}

/** Reads what the lines have made. */
export function recordsOf (lines: string | null): DeliveryRecord[] {
  return lines === null ? [] : lines.split('\n').flatMap(recordOf)
}

/** The first line may have lost its beginning, and the last one is empty. */
function recordOf (line: string): DeliveryRecord[] {
  try {
    const record = trustedJson<Omit<DeliveryRecord, 'startedAt'> & { startedAt: number }>(line)
    return [{ ...record, startedAt: new Date(record.startedAt) }]
  } catch {
    return []
  }
}
