import type { Finding, Report } from './batch.ts'

/** The text of a run's results. */
export function reportOf (inbox: string, { schedules, counts, findings }: Report, took: string): string {
  const width = Math.max(0, ...Object.values(counts)).toString().length
  const lines = Object.entries(counts).sort(([a], [b]) => a < b ? -1 : 1).map(([what, count]) => `  ${String(count).padStart(width)}  ${what}`)
  return [
    `${inbox}: ${schedules} schedules in ${took}`,
    ...lines,
    ...findings.map((finding) => textOf(inbox, finding)),
    findings.length === 0 ? 'No invariant was violated.' : `${findings.length} schedules have violated an invariant.`
  ].join('\n')
}

function textOf (inbox: string, { seed, violation: { invariant, text }, lines, tape }: Finding): string {
  return [
    '',
    `The schedule with the seed ${seed} violates ${invariant}: ${text}`,
    'The shortest one that was found for it, with virtual milliseconds in front of each line:',
    ...lines.map((line) => `  ${line}`),
    'The same as a test, for test/simulator/schedules.test.ts, with what was wrong:',
    `  ['${inbox}', [${tape.join(', ')}], '${invariant}: '],`,
    ''
  ].join('\n')
}
