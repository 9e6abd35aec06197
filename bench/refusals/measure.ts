import { Client } from 'undici'
import { startChild, type Child } from '../child.ts'
import { showProgress } from '../progress.ts'
import { shuffled } from '../shuffled.ts'
import { quartiles, ratios, type Quartiles } from '../statistics.ts'
import type { Listening, ProcessorTime } from './server.ts'
import { base, refusalVariants, type RefusalVariant } from './variants.ts'

export interface RefusalsPlan {
  cycles: number
  /** In a turn. */
  requests: number
}

export interface RefusalsFigures {
  title: string
  /** By the size of the bodies. */
  sizes: Array<{
    size: number
    /** Processor time of a request, by that of a text of the same size in the same cycle. */
    ratio: Quartiles
    microseconds: Quartiles
  }>
}

const SIZES = [16_384, 262_144, 1_048_576]
const WRONG = 'a'.repeat(128)

/** What a request costs that is refused for its signature: bodies of the same size, in turn, to one server. */
export async function measureRefusals (plan: RefusalsPlan): Promise<RefusalsFigures[]> {
  const child = startChild('refusals/server.ts', [])
  // server.ts says that first.
  const { port } = await child.answer() as Listening
  const client = new Client(`http://127.0.0.1:${port}`)
  const bySize: Array<{ size: number, costs: Awaited<ReturnType<typeof costsOf>> }> = []
  for (const size of SIZES) bySize.push({ size, costs: await costsOf(size, plan, child, client) })
  showProgress('')
  await client.close()
  await child.stop()
  return refusalVariants.map(({ name, title }) => ({
    title,
    sizes: bySize.map(({ size, costs }) => {
      const own = costs.get(name) ?? []
      return { size, ratio: quartiles(ratios(own, costs.get(base) ?? [])), microseconds: quartiles(own) }
    })
  }))
}

async function costsOf (size: number, { cycles, requests }: RefusalsPlan, child: Child, client: Client) {
  const bodies = refusalVariants.map((variant) => ({ variant, body: variant.body(size) }))
  const costs = new Map(refusalVariants.map(({ name }) => [name, [] as number[]]))
  for (let cycle = 0; cycle <= cycles; cycle++) {
    showProgress(`requests of ${size} bytes that are refused, cycle ${cycle} of ${cycles}`)
    for (const { variant, body } of shuffled(bodies)) {
      const cost = await turn(variant, body, requests, child, client)
      if (cycle > 0) costs.get(variant.name)?.push(cost) // the first one warms up
    }
  }
  return costs
}

async function turn ({ signature = WRONG }: RefusalVariant, body: Buffer, requests: number, child: Child, client: Client) {
  const headers = { 'content-type': 'application/json', ...signature !== '' && { 'x-oneroute-signature': signature } }
  const before = await processorTime(child)
  for (let i = 0; i < requests; i++) {
    const reply = await client.request({ method: 'POST', path: '/webhooks/oneroute', headers, body })
    await reply.body.dump()
    if (reply.statusCode !== 401) throw new Error(`answered ${reply.statusCode}`)
  }
  return (await processorTime(child) - before) / requests
}

async function processorTime (child: Child) {
  child.tell({})
  // server.ts answers with nothing else.
  return await child.answer() as ProcessorTime
}
