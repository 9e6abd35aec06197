import { performance } from 'node:perf_hooks'
import { EXIT } from '../exit.ts'
import type { Io } from '../io.ts'
import { sendChaos } from './chaos/chaos.ts'
import { HELP } from './help.ts'
import { parseSendOptions } from './options.ts'
import type { SendOptions } from './options.ts'
import { createPoster } from './poster.ts'
import { startProgress } from './progress.ts'
import { queuesOf } from './queues.ts'
import { createRateLimiter } from './rate-limiter.ts'
import { openSource } from './source.ts'
import type { Source } from './source.ts'
import { summaryOf } from './summary.ts'
import { Tally } from './tally.ts'

/** `fastify-oneroute-webhooks send`: posts events as OneRoute does. Settles with the exit code. */
export async function send (argv: string[], io: Io): Promise<number> {
  const options = parseSendOptions(argv, io.env)
  if (options === 'help') {
    io.stdout.write(HELP)
    return EXIT.ok
  }
  if (options.secret !== options.secret?.trim()) {
    io.stderr.write('The key begins or ends with a blank, which is a part of it: take the blank away if no signature fits.\n')
  }
  if (options.chaos !== undefined) return await sendChaos(options, options.chaos, io)
  const source = await openSource(options, io)
  const start = performance.now()
  const tally = await sendAll(options, source, io)
  io.stdout.write(summaryOf(options, tally, performance.now() - start))
  if (io.signal.aborted) return EXIT.interrupted
  return tally.ok === options.count ? EXIT.ok : EXIT.failed
}

async function sendAll (options: SendOptions, source: Source, { stderr, signal }: Io): Promise<Tally> {
  const { count, conversations = 1 } = options
  const tally = new Tally()
  const poster = createPoster(options, signal)
  const progress = startProgress(stderr, count)
  const due = createRateLimiter(options.rate, signal)

  async function work (queue: Iterable<number>): Promise<void> {
    for (const index of queue) {
      if (!await due(index)) return
      const answer = await poster.post(source(index))
      tally.add(answer)
      progress.step(answer.status === 200)
    }
  }

  await Promise.all(queuesOf(count, conversations, Math.min(options.concurrency, count)).map(work))
  progress.stop()
  poster.close()
  return tally
}
