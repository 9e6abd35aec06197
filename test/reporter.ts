import { Readable } from 'node:stream'
import { spec } from 'node:test/reporters'
import type { TestEvent } from 'node:test/reporters'
import { stripVTControlCharacters } from 'node:util'

/** An assertion that holds, and the beginning of a test: of the first, there are thousands, and the end says the same as the second. */
const DETAIL = /^(?:\s+✔|\s*▶)/

/** As Node's own `spec`, with a line for each test, and all that has failed. */
export default async function * report (source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const reporter = Readable.from(source).pipe(new spec()) // eslint-disable-line new-cap -- it is Node's name
  for await (const text of reporter) {
    const lines = String(text).split('\n')
    yield lines.filter((line) => !DETAIL.test(stripVTControlCharacters(line))).join('\n')
  }
}
