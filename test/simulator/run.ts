import { Worker } from 'node:worker_threads'
import { ENV, FLAGS } from '../helpers/environment.ts'
import type { Report } from './batch.ts'
import type { Job, News } from './worker.ts'

/** The warning is about `module.register`: `registerHooks`, its successor, is not in Node 22.13. */
const OPTIONS = [...FLAGS, '--disable-warning=DEP0205']

interface Options extends Job {
  /** @default 1 */
  readonly workers?: number
  readonly onProgress?: (done: number) => void
}

/** Runs schedules in threads of their own: only there is Node's time replaced. */
export async function run ({ workers = 1, onProgress = () => {}, ...whole }: Options): Promise<Report> {
  const { seed, schedules } = whole
  const share = Math.ceil(schedules / workers)
  const jobs = Array.from({ length: workers }, (_, i): Job => ({ ...whole, seed: seed + i * share, schedules: Math.min(share, schedules - i * share) }))
  return merge(await Promise.all(jobs.map(async (job) => await runJob(job, onProgress))))
}

async function runJob (job: Job, onProgress: (done: number) => void): Promise<Report> {
  return await new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: job, execArgv: OPTIONS, env: ENV })
    worker.on('error', reject)
    worker.on('message', (news: News) => {
      if ('done' in news) onProgress(news.done)
      else resolve(news.report)
    })
    worker.on('exit', () => { reject(new Error('a thread of the simulator has ended before its schedules')) })
  })
}

function merge (reports: readonly Report[]): Report {
  const counts: Record<string, number> = {}
  for (const report of reports) for (const [what, count] of Object.entries(report.counts)) counts[what] = (counts[what] ?? 0) + count
  return { schedules: reports.reduce((sum, { schedules }) => sum + schedules, 0), counts, findings: reports.flatMap(({ findings }) => findings) }
}
