import { createRequire } from 'node:module'

/** Prometheus's own engine for PromQL, compiled to WebAssembly by qryn, which has it for a store of another kind. */
interface Engine {
  pqlRangeQuery: (query: string, start: number, end: number, step: number, getData: (matchers: Matcher[]) => Uint8Array) => Promise<string>
  pqlMatchers: (query: string) => unknown
}

type Matcher = [label: string, type: '=' | '!=' | '=~' | '!~', value: string]
type Labels = Record<string, string>

interface Series {
  readonly labels: Labels
  readonly points: Array<readonly [time: number, value: bigint]>
}

/** What an expression had as its value, and when, in milliseconds. */
export interface Result {
  readonly labels: Labels
  readonly points: ReadonlyArray<readonly [time: number, value: number]>
}

const { pqlRangeQuery, pqlMatchers } = createRequire(import.meta.url)('qryn/wasm_parts/main.js') as Engine // what its source exports

/** It loads by itself, and does not say when it has. */
async function loaded (): Promise<void> {
  for (;;) {
    try {
      pqlMatchers('up')
      return
    } catch {
      await new Promise((resolve) => { setImmediate(resolve) })
    }
  }
}

/** What Prometheus stores for a series that a scrape no longer has. */
const STALE = 0x7ff0_0000_0000_0002n

/** What a Prometheus would have stored, and the answers that it would give. */
export class PromQl {
  readonly #series = new Map<string, Series>()
  readonly #last = new Map<string, Set<string>>()

  /** Takes in the text of a registry, as a scrape of a target does. Times are whole seconds, and rise. */
  scrape (time: number, target: Labels, text: string): void {
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const seen = new Set(lines.map((line) => this.#add(time, target, line.slice(0, line.lastIndexOf(' ')), bitsOf(Number(line.slice(line.lastIndexOf(' ') + 1))))))
    this.#endOthers(time, target, seen)
  }

  /** The target is gone: all that it had ends. */
  end (time: number, target: Labels): void {
    this.#endOthers(time, target, new Set())
  }

  /** The values of an expression, once a minute. */
  async query (expression: string, start: number, end: number): Promise<Result[]> {
    await loaded()
    const answer = JSON.parse(await pqlRangeQuery(expression, start, end, 60_000, (matchers) => this.#select(matchers))) as {
      data: { result: Array<{ metric: Labels, values: Array<[seconds: number, value: string]> }> }
    } // as Prometheus's HTTP API has it
    return answer.data.result.map(({ metric, values }) => ({ labels: metric, points: values.map(([seconds, value]) => [seconds * 1_000, Number(value)] as const) }))
  }

  #add (time: number, target: Labels, sample: string, value: bigint): string {
    const key = JSON.stringify([sample, target])
    let series = this.#series.get(key)
    if (series === undefined) {
      series = { labels: { ...labelsOf(sample), ...target }, points: [] }
      this.#series.set(key, series)
    }
    series.points.push([time, value])
    return key
  }

  #endOthers (time: number, target: Labels, seen: Set<string>): void {
    const name = JSON.stringify(target)
    for (const key of this.#last.get(name) ?? []) if (!seen.has(key)) this.#series.get(key)?.points.push([time, STALE])
    this.#last.set(name, seen)
  }

  #select (matchers: Matcher[]): Uint8Array {
    const found = [...this.#series.values()].filter(({ labels }) => matchers.every(([label, type, value]) => {
      if (type !== '=') throw new Error(`no selector of the rules has ${type}`)
      return (labels[label] ?? '') === value
    }))
    return Buffer.concat(found.flatMap(({ labels, points }) => [encodeLabels(labels), encodePoints(points)]))
  }
}

function labelsOf (sample: string): Labels {
  const [name = ''] = sample.split('{', 1)
  return { __name__: name, ...Object.fromEntries(Array.from(sample.matchAll(/(\w+)="([^"]*)"/g), ([, label = '', value = '']) => [label, value])) }
}

function bitsOf (value: number): bigint {
  return new BigUint64Array(Float64Array.of(value).buffer)[0] ?? 0n
}

function encodeLabels (labels: Labels): Buffer {
  const texts = Object.entries(labels).sort(([a], [b]) => a < b ? -1 : 1).flat().map((text) => Buffer.from(text))
  return Buffer.concat([lengthOf(texts.length / 2), ...texts.flatMap((text) => [lengthOf(text.length), text])])
}

function encodePoints (points: Series['points']): Buffer {
  return Buffer.concat([lengthOf(points.length), Buffer.from(BigUint64Array.from(points.flatMap(([time, value]) => [BigInt(time), value])).buffer)])
}

/** As LEB128, the low bits first. */
function lengthOf (length: number): Buffer {
  const bytes: number[] = []
  for (; length > 0x7f; length >>>= 7) bytes.push((length & 0x7f) | 0x80)
  return Buffer.from([...bytes, length])
}
