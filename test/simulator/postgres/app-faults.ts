import type { Fault } from '../kind.ts'
import type { App } from './app.ts'
import type { SimulatedConnection } from './connection.ts'
import type { SimulatedPool } from './pool.ts'
import type { PostgresStore } from './store.ts'

/** How often they come up, among the other faults. */
const WEIGHTS = { end: 1, cut: 3, refuse: 2, stop: 6 }

/** What may go wrong while a statement of an app is under way. */
export function appFaults (store: PostgresStore, { pools }: App): Fault[] {
  const { world } = store
  const asking = [...pools.values()].filter((pool) => world.up.includes(pool.life) && askedOf(pool).length > 0)
  if (asking.length === 0) return []
  const pool = () => asking.splice(world.tape.choose(asking.length), 1)
  const connection = () => pool().flatMap(askedOf).slice(0, 1)
  return [
    ...times(WEIGHTS.end, 'a process ends in a transaction', () => { for (const { life } of pool()) world.crash(life) }),
    ...times(WEIGHTS.cut, 'a connection of an app is cut, and its statement is run later', () => { for (const asked of connection()) asked.cut({ losesStatement: false }) }),
    ...times(WEIGHTS.refuse, 'a statement of an app is refused', () => { for (const asked of connection()) asked.refuse('40001') }),
    ...times(WEIGHTS.stop, 'a process stands still, and what it has sent is on its way', () => { for (const stopped of pool()) standStill(store, stopped) })
  ]
}

function askedOf ({ connections }: SimulatedPool): SimulatedConnection[] {
  return connections.filter(({ isAsked, isOpen }) => isAsked && isOpen)
}

function times (weight: number, name: string, begin: () => void): Fault[] {
  return Array<Fault>(weight).fill({ name, begin })
}

/** As its machine does. When it goes on, its leases may be another's, and the server gets its statement only then. */
function standStill (store: PostgresStore, pool: SimulatedPool): void {
  const asked = askedOf(pool)
  for (const connection of asked) connection.hangs = true
  store.standStill(pool.life, () => { for (const connection of asked) connection.hangs = false })
}
