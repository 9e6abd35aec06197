import type { SendOptions } from '../options.ts'
import { phasesOf } from './bursts.ts'
import type { Phase } from './bursts.ts'
import type { Mix, Trouble } from './mix.ts'
import type { ChaosOptions } from './options.ts'
import { pick, randomFrom, sample } from './random.ts'
import type { Random } from './random.ts'

/** Of the request that is cut: while its body is on the way, or while its answer is. */
type Cut = 'body' | 'answer'
/** 'chunks' of the body with pauses between them, or one 'pause' before it. */
type Delay = 'chunks' | 'pause'
/** Whether the length that is declared is that of the whole body, or of the part that comes. */
type Declared = 'whole' | 'part'
export type Flaw = 'wrong key' | 'no signature' | 'malformed signature' | 'signature of another body'

interface Request {
  /** The number of the event, from 0. That of a forged body is beyond the number of events: it must never be handled. */
  readonly index: number
  /** Requests of one lane are made one after another. */
  readonly lane: number
  /** From 0 to less than 1, for what a kind has to choose: where a body is cut, how long a pause is. */
  readonly dice: number
}

/** One step of a bad day. */
export type Action = Request & (
  | { readonly kind: 'event', readonly twice: boolean, readonly cut: Cut | undefined, readonly delay: Delay | undefined }
  | { readonly kind: 'repeat' }
  | { readonly kind: 'truncated', readonly declared: Declared }
  | { readonly kind: 'forged', readonly flaw: Flaw }
)

export interface Plan {
  readonly phases: ReadonlyArray<Phase<Action>>
  readonly actions: number
  /** How often each kind comes. */
  readonly counts: Readonly<Record<Trouble, number>>
}

/** How many actions later a repeat comes at the most. */
const LATEST_REPEAT = 100

/** The bad day of a seed: nothing but the options decides about it. */
export function createPlan ({ count, conversations = 1 }: Pick<SendOptions, 'count' | 'conversations'>, { seed, mix }: Pick<ChaosOptions, 'seed' | 'mix'>): Plan {
  const random = randomFrom(seed)
  const order = reorder(random, count, conversations, shareOf(mix.reordered, count))
  const draw = (trouble: Trouble) => sample(random, count, shareOf(mix[trouble], count))
  const chosen = { repeats: draw('repeats'), delayed: draw('delayed'), truncated: draw('truncated'), forged: draw('forged'), cut: draw('cut') }
  const steps: Array<readonly [place: number, Action]> = []
  let forged = 0

  order.events.forEach((index, place) => {
    const request = { index, lane: index % conversations, dice: random() }
    const again = chosen.repeats.has(index) ? pick(random, ['at once', 'later']) : undefined
    if (chosen.truncated.has(index)) steps.push([place, { ...request, kind: 'truncated', declared: pick(random, ['whole', 'part']) }])
    if (chosen.forged.has(index)) steps.push([place, { ...forge(random, count + forged++, conversations), dice: random() }])
    steps.push([place, {
      ...request,
      kind: 'event',
      twice: again === 'at once',
      cut: chosen.cut.has(index) ? pick(random, ['body', 'answer']) : undefined,
      delay: chosen.delayed.has(index) ? pick(random, ['chunks', 'pause']) : undefined
    }])
    if (again === 'later') steps.push([place + Math.ceil(random() * LATEST_REPEAT), { ...request, kind: 'repeat' }])
  })

  const actions = steps.sort(([a], [b]) => a - b).map(([, action]) => action)
  const phases = phasesOf(random, actions, mix.bursts)
  return { phases, actions: actions.length, counts: countsOf(chosen, order.swaps, phases) }
}

/** At least one, if there are to be any. */
function shareOf (percent: number, count: number): number {
  return percent === 0 ? 0 : Math.max(1, Math.round(count * percent / 100))
}

/** The numbers of the events, some of them after the next one of their conversation. */
function reorder (random: Random, count: number, conversations: number, size: number): { events: number[], swaps: number } {
  const events = Array.from({ length: count }, (_, i) => i)
  let swaps = 0
  for (const place of sample(random, Math.max(0, count - conversations), count)) {
    if (swaps === size) break
    const next = place + conversations
    // Neither of them has been moved.
    if (events[place] !== place || events[next] !== next) continue
    events[place] = next
    events[next] = place
    swaps++
  }
  return { events, swaps }
}

function forge (random: Random, index: number, conversations: number) {
  const flaw = pick<Flaw>(random, ['wrong key', 'no signature', 'malformed signature', 'signature of another body'])
  return { kind: 'forged', index, lane: index % conversations, flaw } as const
}

function countsOf (chosen: Record<Exclude<Trouble, 'reordered' | 'bursts'>, Set<number>>, reordered: number, phases: ReadonlyArray<Phase<Action>>): Record<keyof Mix, number> {
  const { repeats, delayed, truncated, forged, cut } = chosen
  const bursts = phases.filter(({ burst }) => burst).length
  return { repeats: repeats.size, reordered, delayed: delayed.size, truncated: truncated.size, forged: forged.size, cut: cut.size, bursts }
}
