import { startChild } from '../child.ts'
import type { FlowState } from './flow.ts'
import type { Verdict } from './record.ts'
import type { Answer, FlowTask, Task } from './worker.ts'

/** A process with one of the queues. */
export interface QueueProcess {
  /** Resolves when it has done so, with its processor time since its start, in microseconds. */
  ask: (task: Task) => Promise<number>
  /** Resolves with how it goes when it has done so. */
  watch: (task: FlowTask) => Promise<FlowState>
  judge: () => Promise<Verdict>
  stop: () => Promise<void>
}

export async function startQueue (name: string, url: string): Promise<QueueProcess> {
  const { answer, tell, stop } = startChild('queues/worker.ts', [name, url])
  await answer()
  const ask = async (task: Task) => {
    tell(task)
    // worker.ts sends nothing else.
    return await answer() as Answer
  }
  return {
    ask: async (task) => (await ask(task)).cpu,
    watch: async (task) => {
      const { flow } = await ask(task)
      if (flow === undefined) throw new Error('no events flow')
      return flow
    },
    judge: async () => {
      const { verdict } = await ask({ kind: 'judge' })
      if (verdict === undefined) throw new Error('no verdict')
      return verdict
    },
    stop
  }
}
