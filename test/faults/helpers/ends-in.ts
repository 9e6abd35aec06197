// Ends the process in a step of a transaction.
import type { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import pg from 'pg'

/** Where the process ends: at a statement that has this text, in small letters, before or after its answer. */
export interface Step {
  readonly statement: string
  readonly isAnswered: boolean
}

/** The step in which the process is to end; undefined while it is not. */
export type NextEnd = () => Step | undefined

function end (): void {
  process.kill(process.pid, 'SIGKILL')
}

function isIn (step: Step | undefined, statement: string): step is Step {
  return step !== undefined && statement.toLowerCase().includes(step.statement)
}

/** A pool whose connections end the process in that step. */
export function endingPool (connectionString: string, next: NextEnd): pg.Pool {
  const pool = new pg.Pool({ connectionString })
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown> // of its signatures, the drivers use those with a promise
    Object.assign(client, {
      query: async (...args: [string | { text: string }, ...unknown[]]) => {
        const [asked] = args
        const step = next()
        const isLast = isIn(step, typeof asked === 'string' ? asked : asked.text)
        const answer = query(...args)
        if (isLast && !step.isAnswered) setImmediate(end) // when it is sent
        const result = await answer
        if (isLast) end()
        return result
      }
    })
  })
  return pool
}

/** A thread that ends the process when it is told to. The main thread cannot: it is in a call of SQLite then. */
function startEnder (): () => void {
  const told = new Int32Array(new SharedArrayBuffer(4))
  const code = "Atomics.wait(require('node:worker_threads').workerData, 0, 0); process.kill(process.pid, 'SIGKILL')"
  new Worker(code, { eval: true, workerData: told }).unref()
  return () => {
    Atomics.store(told, 0, 1)
    Atomics.notify(told, 0)
  }
}

/** A database in a file that ends the process in that step. */
export function endingDatabase (db: DatabaseSync, next: NextEnd): DatabaseSync {
  const endMeanwhile = startEnder()
  const around = <Result>(statement: string, run: () => Result): Result => {
    const step = next()
    const isLast = isIn(step, statement)
    if (isLast && !step.isAnswered) endMeanwhile()
    const result = run()
    if (isLast) end()
    return result
  }
  const [exec, prepare] = [db.exec.bind(db), db.prepare.bind(db)]
  return Object.assign(db, {
    exec: (sql: string) => { around(sql, () => { exec(sql) }) },
    prepare: (sql: string) => {
      const statement = prepare(sql)
      const runPrepared = statement.run.bind(statement) as (...values: unknown[]) => unknown // the blocks give it values only
      return Object.assign(statement, { run: (...values: unknown[]) => around(sql, () => runPrepared(...values)) })
    }
  })
}
