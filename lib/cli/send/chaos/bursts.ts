import { sample } from './random.ts'
import type { Random } from './random.ts'

/** Actions that are either taken lane by lane, or all at once. */
export interface Phase<Action> {
  readonly burst: boolean
  readonly actions: readonly Action[]
}

/** Requests of one burst. */
export const BURST = 50

/** Makes bursts of so many per cent of the actions. */
export function phasesOf<Action> (random: Random, actions: readonly Action[], percent: number): Array<Phase<Action>> {
  const blocks = Array.from({ length: Math.ceil(actions.length / BURST) }, (_, i) => actions.slice(i * BURST, (i + 1) * BURST))
  const bursts = sample(random, blocks.length, Math.ceil(blocks.length * percent / 100))
  return blocks.map((block, i) => ({ burst: bursts.has(i), actions: block })).reduce<Array<Phase<Action>>>(joinSteady, [])
}

/** Between bursts nothing has to wait for the end of a block. */
function joinSteady<Action> (phases: Array<Phase<Action>>, { burst, actions }: Phase<Action>): Array<Phase<Action>> {
  const last = phases.at(-1)
  if (burst || last === undefined || last.burst) return [...phases, { burst, actions }]
  return [...phases.slice(0, -1), { burst, actions: [...last.actions, ...actions] }]
}
