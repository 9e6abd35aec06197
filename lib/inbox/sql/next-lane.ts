import type { Outcome } from '../inbox.ts'

/** What the lane of an event that has left its own begins with: the id comes behind it. */
export const ASIDE = 'aside:'
/** What the lane of events that wait for collectors begins with: the lane that they came in comes behind it. */
export const COLLECT = 'collect:'

/** Of events that wait for collectors, claimed at once. */
export const MOST_COLLECTED = 100
/** No more of them are claimed once their bodies have so many bytes or characters. */
export const MOST_OF_COLLECTED = 4_194_304

const NONE: readonly never[] = []

/** Where a pending event is. */
export interface Place {
  readonly lane: string
  /** The lane that it came in, if it has left that. */
  readonly home: string | null
}

/** Whether it waits for collectors: there, or aside. */
export function isCollected ({ lane, home }: Place): boolean {
  return home !== null && home !== lane && lane.startsWith(COLLECT)
}

/** Whether it has left its lane, or that for collectors, to be tried again beside it. */
export function isAside (place: Place): boolean {
  return place.home !== null && place.lane !== COLLECT + place.home
}

/** For each outcome of a claim, the lane that its event goes to; undefined if it stays. Of those that wait for collectors, all that go aside go together. */
export function nextLanes (lane: string, events: ReadonlyArray<{ id: string, home: string | null }>, outcomes: readonly Outcome[]): ReadonlyArray<string | undefined> {
  if (!outcomes.some(({ state }) => state === 'pending')) return NONE // which most are
  const first = events[outcomes.findIndex(({ aside }) => aside === true)]
  return outcomes.map((outcome, i) => {
    const { id, home } = events[i] ?? { id: lane, home: null }
    const place = { lane, home }
    const next = nextLane(place, isCollected(place) ? first?.id ?? id : id, outcome)
    return next === lane ? undefined : next
  })
}

/** The lane of an event from now on, if it is pending still. One that is alone in its lane has nobody to keep waiting. */
export function nextLane (place: Place, id: string, { state, aside = false, collects = false, stays = false }: Outcome): string {
  const { lane, home } = place
  if (state !== 'pending') return lane
  if (collects) return stays && isCollected(place) ? lane : COLLECT + (home ?? lane)
  if (!aside || lane === id || isAside(place)) return lane
  return (isCollected(place) ? COLLECT : '') + ASIDE + id
}
