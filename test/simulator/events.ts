import { readFileSync } from 'node:fs'
import { EventCatalogue } from '../../lib/events/catalogue.ts'
import type { NewMessage } from '../../lib/events/schemas.ts'
import { idOf } from '../../lib/receive/identify.ts'

/** An event that can be posted. */
export interface Planned {
  /** Such as `b2`, the second of conversation b. */
  readonly name: string
  readonly lane: string
  readonly id: string
  readonly body: Uint8Array
  /** Not of its schema. */
  readonly isInvalid: boolean
}

const LANES = ['a', 'b', 'c'] as const

/** Events of one lane: the valid ones, and then as many that are not. */
export const MOST_OF_A_LANE = 5

/** Compiled once. */
export const catalogue = new EventCatalogue({})

const planned = LANES.map((lane) => [false, true].flatMap((isInvalid) => Array.from({ length: MOST_OF_A_LANE }, (_, i) => plan(lane, i + 1, isInvalid))))

export function eventOf (lane: number, number: number, isInvalid: boolean): Planned {
  const event = planned[lane]?.[number + (isInvalid ? MOST_OF_A_LANE : 0)]
  if (event === undefined) throw new Error(`there is no event ${number} in lane ${lane}`)
  return event
}

/** What a report calls the event. */
export function nameOf (id: string): string {
  return planned.flat().find((event) => event.id === id)?.name ?? id
}

/** Of all events that a lane may have. */
export function idsOfLane (lane: number): string[] {
  return (planned[lane] ?? []).map(({ id }) => id)
}

export function laneNameOf (lane: number): string {
  return LANES[lane] ?? 'a'
}

function plan (lane: string, number: number, isInvalid: boolean): Planned {
  const name = `${lane}${isInvalid ? 'x' : ''}${number}`
  const event = JSON.parse(readFileSync(new URL('../fixtures/new-message.json', import.meta.url), 'utf8')) as NewMessage // it is what the schema was made from
  event.message.content = name
  event.message.conversation_id = lane
  event.conversation.id = lane
  const body = Buffer.from(JSON.stringify(isInvalid ? { ...event, conversation: { ...event.conversation, read: 'no' } } : event))
  return { name, lane, id: idOf(body), body, isInvalid }
}
