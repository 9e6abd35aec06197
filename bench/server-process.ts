import { startChild } from './child.ts'
import type { Question, Usage } from './servers/report.ts'

export interface ServerProcess {
  port: number
  begin: () => Promise<Usage>
  /** Settles when so many events in all have reached the listener and nothing is left to do for them, or after a while. */
  end: (events: number) => Promise<Usage>
  stop: () => Promise<void>
}

/** Starts one of the files in `servers/` as a process of its own. `store`: where it keeps events, if it does. */
export async function startServer (name: string, store?: string): Promise<ServerProcess> {
  const { answer, tell, stop } = startChild(`servers/${name}.ts`, store === undefined ? [] : [store])
  const ask = async (question: Question) => {
    tell(question)
    // The declarations cannot know what a server sends: report.ts sends its port first, and then only usages.
    return await answer() as Usage
  }
  return {
    port: await answer() as number,
    begin: () => ask({ kind: 'begin' }),
    end: (events) => ask({ kind: 'end', events }),
    stop
  }
}
