import type { Fault } from '../kind.ts'
import { appFaults } from './app-faults.ts'
import type { SimulatedConnection } from './connection.ts'
import type { PostgresStore } from './store.ts'

interface Refusal {
  readonly name: string
  readonly code: string
}

/** What the server may say instead of running a statement: that it is to be tried again, or that it has waited for a lock in vain. */
const REFUSALS: readonly [Refusal, ...Refusal[]] = [{ name: 'a serialization failure', code: '40001' }, { name: 'a deadlock', code: '40P01' }, { name: 'a lock timeout', code: '55P03' }, { name: 'a cancelled statement', code: '57014' }]

/** Among the other faults. */
const STANDSTILLS = 6

/** What may go wrong now. */
export function faultsOf (store: PostgresStore): Fault[] {
  const connections = store.pools.filter(({ life }) => life.isAlive).flatMap((pool) => pool.connections).filter(({ isOpen }) => isOpen)
  const anyOf = <T>(items: readonly T[]) => items[store.world.tape.choose(items.length)]
  const asked = connections.filter(({ isAsked }) => isAsked)
  const answered = connections.filter(({ isAnswered }) => isAnswered)
  const idle = connections.filter((connection) => !connection.isAsked && !connection.isAnswered)
  const busy = store.world.up.filter((life) => store.world.ledger.isBusy(life))
  const noticed = connections.filter(({ hasNotices }) => hasNotices)
  const faults: Array<Fault & { readonly isPossible: boolean }> = [
    { name: 'a connection is cut before its statement arrives', isPossible: asked.length > 0, begin: () => { anyOf(asked)?.cut({ losesStatement: true }) } },
    { name: 'a connection is cut, and its statement is run later', isPossible: asked.length > 0, begin: () => { anyOf(asked)?.cut({ losesStatement: false }) } },
    { name: 'a connection is cut after the commit', isPossible: answered.length > 0, begin: () => { anyOf(answered)?.cut({ losesStatement: true }) } },
    { name: 'an idle connection is cut', isPossible: idle.length > 0, begin: () => { anyOf(idle)?.cut({ losesStatement: true }) } },
    { name: 'notifications are lost', isPossible: noticed.length > 0, begin: () => { anyOf(noticed)?.loseNotices() } },
    { name: 'a connection hangs', isPossible: asked.length + answered.length > 0, begin: () => { hang(anyOf([...asked, ...answered])) } },
    { name: 'connections go on', isPossible: connections.some(({ hangs }) => hangs), begin: () => { for (const connection of connections) connection.hangs = false } },
    { name: 'a statement is refused', isPossible: asked.length > 0, begin: () => { refuse(store, anyOf(asked)) } },
    { name: 'the server restarts', isPossible: connections.length > 0, begin: () => { for (const connection of connections) connection.cut({ losesStatement: store.world.tape.choose(2) === 0 }) } },
    { name: 'the server goes away', isPossible: !store.isAway && answered.length > 0, begin: () => { goAway(store) } },
    { name: 'the server is back', isPossible: store.isAway, begin: () => { store.isAway = false } },
    ...store.app === undefined ? [] : appFaults(store, store.app).map((fault) => ({ ...fault, isPossible: true })),
    // Much of what leases are for needs this, and little else.
    ...Array.from({ length: STANDSTILLS }, () => ({ name: 'a process stands still', isPossible: busy.length > 0, begin: () => { anyOf(busy.map((life) => () => { store.standStill(life) }))?.() } }))
  ]
  return faults.filter(({ isPossible }) => isPossible)
}

function refuse ({ world }: PostgresStore, connection: SimulatedConnection | undefined): void {
  const { name, code } = world.tape.pick(REFUSALS)
  world.count(`refused: ${name}`)
  connection?.refuse(code)
}

function hang (connection: { hangs: boolean } | undefined): void {
  if (connection !== undefined) connection.hangs = true
}

function goAway (store: PostgresStore): void {
  store.isAway = true
  for (const pool of store.pools) for (const connection of pool.connections) if (connection.isOpen) connection.cut({ losesStatement: true })
}
