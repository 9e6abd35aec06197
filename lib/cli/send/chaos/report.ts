import type { SendOptions } from '../options.ts'
import { latencies, placeOf, rows, short } from '../summary.ts'
import type { Answers } from './answers.ts'
import { BURST } from './bursts.ts'
import type { Finding } from './finding.ts'
import type { Handled } from './handled.ts'
import type { Ledger } from './ledger.ts'
import type { ChaosOptions } from './options.ts'
import type { Plan } from './plan.ts'

/** What is going to be done, and how to have the same again. */
export function planOf ({ count, conversations = 1 }: SendOptions, { seed }: ChaosOptions, { counts }: Plan): string {
  const { bursts, ...others } = counts
  const troubles = Object.entries({ ...others, [`bursts of ${BURST}`]: bursts }).filter(([, number]) => number > 0)
  const plan = [['events', count], ['conversations', conversations], ...troubles].map(([name, number]) => `${name}: ${number}`)
  return `Plan: ${plan.join(', ')}\nThe same again: --seed ${seed}\n`
}

/** What was posted, and what came back. */
export function tallyOf ({ to, secret }: SendOptions, { tally }: Answers, ledger: Ledger, milliseconds: number): string {
  return [
    `${tally.total} requests for ${ledger.events.size} events, ${secret === undefined ? 'unsigned' : 'signed'}, to ${placeOf(to)} in ${short(milliseconds / 1_000)} s`,
    ...rows([...tally.groups.values()], false),
    ...latencies(tally),
    ''
  ].join('\n')
}

export function handledOf ({ ids, unreadable }: Pick<Handled, 'ids' | 'unreadable'>, ledger: Ledger): string {
  const others = ids.filter((id) => !ledger.events.has(id) && !ledger.refusable.has(id)).length
  const lines = [`Handled: ${ids.length - others} lines of these events, ${others} of others, ${unreadable} that are no JSON with an id`]
  if (ids.length === others) lines.push('None of these events: does the receiver write the file that --handled reads, with the SHA-256 of the body as id?')
  return lines.join('\n') + '\n'
}

/** The end of it all. */
export function verdictOf (findings: readonly Finding[], wasHandledLookedAt: boolean, answers: Answers): string {
  const lines = findings.map(({ title, count, examples }) => `  ${count} × ${title}\n      ${examples.join(', ')}${count > examples.length ? ', …' : ''}\n`)
  const verdict = findings.length === 0 ? 'VERDICT: clean\n' : `VERDICT: not clean\n${lines.join('')}`
  return verdict + (wasHandledLookedAt ? '' : NOT_LOOKED_AT) + (knowsThemAll(answers) ? KNOWN : '')
}

const NOT_LOOKED_AT = 'Not looked at: lost, handled twice, forged, order broken. For these, have the receiver write what it\nhandles, and give the file with --handled: see --help.\n'

const KNOWN = 'The receiver had these events before: it remembers a run with the same seed. Take another --seed, or an\nempty inbox.\n'

function knowsThemAll ({ tally }: Answers): boolean {
  return tally.groups.has('200, duplicate') && !tally.groups.has('200, accepted')
}
