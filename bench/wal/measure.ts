import type { Postgres } from '../postgres/server.ts'
import { showProgress } from '../progress.ts'
import { ours } from '../queues/contestants.ts'
import { startQueue } from '../queues/process.ts'
import { shuffled } from '../shuffled.ts'
import { quartiles, type Quartiles } from '../statistics.ts'
import { fill } from './fill.ts'
import { tryWal, type WalTrial } from './trial.ts'

export interface WalPlan {
  rounds: number
  /** Added and delivered in a round. */
  events: number
  /** Done events in the tables, of those that are not empty. */
  stored: number
}

/** For each event that is added and delivered. */
export interface WalFigures {
  stored: number
  eventsPerSecond: Quartiles
  /** Bytes. */
  log: Quartiles
  images: Quartiles
  /** Bytes. */
  disk: Quartiles
}

/** Empty tables and full ones in turn. The empty ones are new each time. */
export async function measureWal (postgres: Postgres, { rounds, events, stored }: WalPlan): Promise<WalFigures[]> {
  const filled = await databaseWith(postgres, stored)
  const trials = new Map<number, WalTrial[]>([[0, []], [stored, []]])
  for (let round = 1; round <= rounds; round++) {
    for (const [size, own] of shuffled([...trials])) {
      showProgress(`write-ahead log, round ${round} of ${rounds}: ${size} stored`)
      const database = size === 0 ? await databaseWith(postgres, 0) : filled
      own.push(await tryWal(database, events))
      if (database !== filled) await database.drop()
    }
  }
  await filled.drop()
  showProgress('')
  return [...trials].map(([size, own]) => figuresOf(size, own))
}

async function databaseWith (postgres: Postgres, stored: number) {
  const database = await postgres.createDatabase()
  // It makes the tables.
  const queue = await startQueue(ours.name, database.url)
  if (stored > 0) await fill(queue, stored)
  await queue.stop()
  return database
}

function figuresOf (stored: number, trials: WalTrial[]): WalFigures {
  const each = (value: (trial: WalTrial) => number) => quartiles(trials.map((trial) => value(trial) / trial.events))
  return {
    stored,
    eventsPerSecond: quartiles(trials.map(({ events, wall }) => events / wall * 1_000)),
    log: each(({ log }) => log),
    images: each(({ images }) => images),
    disk: each(({ disk }) => disk)
  }
}
