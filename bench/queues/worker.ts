// A process with one of the queues: <its name> <the database's address>
import { setTimeout } from 'node:timers/promises'
import { oneRouteBodies } from '../bodies.ts'
import { queueNamed } from './contestants.ts'
import { Flow, type FlowLoad, type FlowState } from './flow.ts'
import { handledCount, listener, verdict, type Verdict } from './record.ts'

/** What a process is told to do; it answers when it has done so. */
export type Task =
  /** Makes events, to be added later. */
  | { kind: 'make', events: number, conversations: number }
  | { kind: 'add' }
  /** Begins to deliver. */
  | { kind: 'deliver', failEvery?: number }
  /** Waits until so many events were handled here, and all events are recorded as done. */
  | { kind: 'settle', handled: number }
  /** Answers with what the listener saw here. */
  | { kind: 'judge' }
  | FlowTask

/** They are answered with how it goes. */
export type FlowTask =
  /** Begins to add events and to deliver them at the same time. */
  | { kind: 'flow', load: FlowLoad }
  | { kind: 'wait', seconds: number }
  /** Waits until so many events were handled. */
  | { kind: 'reach', handled: number }

export interface Answer {
  verdict?: Verdict
  flow?: FlowState
  /** Since its start, microseconds on a processor, of all threads. */
  cpu: number
}

/** Milliseconds: between two looks, and until it is given up. */
const LOOK_EVERY = 5
const PATIENCE = 120_000

process.on('disconnect', () => process.exit())
const [name = '', url = ''] = process.argv.slice(2)
const open = await queueNamed(name).load()
const queue = await open(url)
let bodies: string[] = []
let flow: Flow | undefined
process.on('message', (task: Task) => { void answer(task) })
process.send?.('ready')

async function answer (task: Task) {
  await perform(task)
  const { user, system } = process.cpuUsage()
  process.send?.({ ...task.kind === 'judge' && { verdict: verdict() }, ...flow && { flow: flow.state }, cpu: user + system } satisfies Answer)
}

async function perform (task: Task) {
  switch (task.kind) {
    case 'make':
      bodies = oneRouteBodies(task.events, task.conversations)
      break
    case 'add':
      await queue.add(bodies)
      break
    case 'deliver':
      await queue.deliver(listener(task.failEvery))
      break
    case 'settle':
      await settled(task.handled)
      break
    case 'flow':
      await begin(new Flow(task.load))
      break
    case 'wait':
      await setTimeout(task.seconds * 1_000)
      break
    case 'reach':
      while ((flow?.state.handled ?? 0) < task.handled) await setTimeout(LOOK_EVERY)
      break
    case 'judge':
  }
}

async function begin (events: Flow) {
  flow = events
  await queue.deliver((event) => { events.handle(event) })
  // If an event cannot be added, that ends this process, and so the benchmark.
  void events.add(queue)
}

async function settled (count: number) {
  const deadline = performance.now() + PATIENCE
  const isDone = async () => handledCount() >= count && await queue.pending() === 0
  while (!await isDone()) {
    if (performance.now() > deadline) throw new Error(`${name}: ${handledCount()} of ${count} events handled, ${await queue.pending()} pending`)
    await setTimeout(LOOK_EVERY)
  }
}
