import type { Change, Disk, ChangeOutcome, Files, Torn } from './disk.ts'
import type { Random } from './random.ts'

export interface State {
  /** What became of the changes, in words. */
  readonly about: string
  readonly files: Files
}

/** With so many changes that are not synced, each set of them is tried. */
const EXHAUSTIVE = 5

/** What a disk can have after the power was lost: some states that are worth a try, and `most` others of each kind. */
export function * statesOf (disk: Disk, random: Random, most: number): Generator<State, undefined> {
  const { changes } = disk
  const state = (about: string, outcomes: readonly ChangeOutcome[]): State => ({ about, files: disk.after(outcomes) })
  if (changes.length <= EXHAUSTIVE) {
    for (const outcomes of subsets(changes.length)) yield state(inWords(outcomes), outcomes)
  } else {
    const [all, none] = [changes.map((): ChangeOutcome => 'kept'), changes.map((): ChangeOutcome => 'lost')]
    yield state('all kept', all)
    yield state('all lost', none)
    for (const place of some(changes.length, random, most)) {
      yield state(`only change ${place} lost`, all.with(place, 'lost'))
      yield state(`only change ${place} kept`, none.with(place, 'kept'))
    }
  }
  const writes = changes.flatMap((change, place) => change.kind === 'write' ? [place] : [])
  const last = writes.at(-1)
  if (last === undefined) return
  for (let n = 0; n < most; n++) {
    // What was written last is what is under way most often.
    const place = n % 2 === 0 ? last : writes[random.below(writes.length)] ?? last
    const others = random.oneOf<ChangeOutcome>('kept', 'kept', 'lost')
    yield state(`change ${place} torn, the others ${inWords([others])}`, changes.map(() => others).with(place, tear(random)))
    const outcomes = changes.map((change) => anyOutcome(change, random))
    yield state(inWords(outcomes), outcomes)
  }
}

function * subsets (count: number): Generator<ChangeOutcome[], undefined> {
  for (let set = 0; set < 2 ** count; set++) yield Array.from({ length: count }, (_, place) => (set >> place) % 2 === 0 ? 'kept' : 'lost')
}

/** All places if they are not more than `most`, and otherwise some of them, the last one among them. */
function some (count: number, random: Random, most: number): Iterable<number> {
  if (count <= most) return Array(count).keys()
  return new Set([count - 1, ...Array.from({ length: most - 1 }, () => random.below(count))])
}

function anyOutcome (change: Change, random: Random): ChangeOutcome {
  const outcome = random.oneOf('kept', 'kept', 'lost', 'torn')
  return outcome !== 'torn' ? outcome : change.kind === 'write' ? tear(random) : 'lost'
}

/** It may have stopped at any sector, or written them in any order. */
function tear (random: Random): Torn {
  const sector = random.oneOf(512, 512, 4096)
  const rest = random.oneOf('nothing', 'zeros', 'garbage')
  const end = random.below(9)
  const mask = random.below(2 ** 16)
  const kept = random.oneOf<Torn['kept']>((n) => n < end, (n) => n >= end, (n) => ((mask >> n % 16) & 1) === 1)
  return { sector, kept, rest }
}

function inWords (outcomes: readonly ChangeOutcome[]): string {
  return outcomes.map((outcome) => typeof outcome === 'string' ? outcome : `torn(${outcome.sector}, ${outcome.rest})`).join(', ')
}
