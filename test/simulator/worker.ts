import { register } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import type { Range, Report } from './batch.ts'
import type { InboxName } from './kinds.ts'
import type { Patch } from './variants/variants.ts'

/** What a thread is started with. */
export interface Job extends Range {
  readonly inbox: InboxName
  readonly patch?: Patch | undefined
}

/** What it says. */
export type News = { readonly done: number } | { readonly report: Report }

const job = workerData as Job // see run.ts
const tell = (news: News) => { parentPort?.postMessage(news) }

if (job.patch !== undefined) register('./patch-hooks.ts', import.meta.url, { data: job.patch })
const { kinds } = await import('./kinds.ts')
const { runBatch } = await import('./batch.ts')
tell({ report: await runBatch(await kinds[job.inbox](), job, (done) => { tell({ done }) }) })
