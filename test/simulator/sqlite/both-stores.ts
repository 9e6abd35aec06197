import { deepStrictEqual } from 'node:assert/strict'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ASIDE, COLLECT } from '../../../lib/inbox/sql/next-lane.ts'
import type { Done, Opening, Work } from '../../../lib/inbox/sqlite/messages.ts'
import { Store } from '../../../lib/inbox/sqlite/store/store.ts'
import type { Row } from '../kind.ts'
import type { Engine } from './engine.ts'
import { collecting, sqliteWith } from './kind.ts'
import { ModelStore } from './model-store.ts'

/** The file of the database, and what SQLite may have beside it. */
const SUFFIXES = ['', '-wal']

type Opened = ReturnType<Engine['open']>

/** Has the real store do what the model does, on a file of its own, and throws if they differ. */
export class BothStores implements Engine {
  readonly #model = new ModelStore()
  readonly #folder = mkdtempSync(join(tmpdir(), 'oneroute-simulator-'))
  #file = 0
  #store: Store | undefined

  get #path (): string {
    return join(this.#folder, `${this.#file}.db`)
  }

  open (opening: Opening): Opened {
    // The file has another name after a crash, and so another number.
    const store = this.#store = new Store({ ...opening, path: this.#path, again: opening.again && existsSync(this.#path), file: undefined })
    const opened = this.#model.open(opening)
    deepStrictEqual({ nextDue: timeOf(store.nextDue()), recovering: opening.restarted !== true && store.isRecovering }, { ...opened, nextDue: timeOf(opened.nextDue) })
    this.#compareRows()
    return opened
  }

  run (work: Work): Done {
    const done = this.#model.run(work)
    const { nextDue, ...real } = this.#opened().run(work)
    deepStrictEqual({ ...real, nextDue: timeOf(nextDue) }, { ...done, nextDue: timeOf(done.nextDue) })
    this.#compareRows()
    return done
  }

  close (): void {
    this.#store?.close()
    this.#store = undefined
    this.#model.close()
  }

  /** What a crash leaves is what is in the files just now. */
  crash (): void {
    const before = this.#path
    this.#file++
    for (const suffix of SUFFIXES) if (existsSync(before + suffix)) copyFileSync(before + suffix, this.#path + suffix)
    this.#store?.close()
    this.#store = undefined
  }

  rows (): readonly Row[] {
    return this.#model.rows()
  }

  end (): void {
    this.#store?.close()
    rmSync(this.#folder, { recursive: true })
  }

  #opened (): Store {
    if (this.#store === undefined) throw new Error('the store is not open')
    return this.#store
  }

  #compareRows (): void {
    const rows = this.#opened().ask({ method: 'list', options: { limit: 1_000 } }).reverse()
    deepStrictEqual(rows.map(({ seq, id, lane, aside, collected, state, attempts }) => ({ seq, id, lane: placeOf({ id, lane, aside, collected }), state, attempts })), this.rows().map((row) => ({ ...row, lane: withoutFirst(row.lane) })))
  }
}

/** Of a burst that is aside, the store does not tell whose id its lane has. */
function placeOf ({ id, lane, aside = false, collected = false }: { id: string, lane: string, aside: boolean | undefined, collected: boolean | undefined }): string {
  if (aside) return collected ? COLLECT + ASIDE : ASIDE + id
  return collected ? COLLECT + lane : lane
}

function withoutFirst (lane: string): string {
  return lane.startsWith(COLLECT + ASIDE) ? COLLECT + ASIDE : lane
}

/** 0 for a lane that is ready: what the store has there says how long it has been so. */
function timeOf (due: number | null): number | null {
  return due === null ? null : Math.max(0, due)
}

export const sqliteStore = sqliteWith(() => new BothStores())
export const sqliteCollectStore = collecting(sqliteStore)
