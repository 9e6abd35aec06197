import { Readable } from 'node:stream'
import { spec } from 'node:test/reporters'
import type { TestEvent } from 'node:test/reporters'

/** What a test asserts is told if it fails: there are thousands of assertions. */
export default async function * report (source: AsyncIterable<TestEvent>): AsyncGenerator<string | Buffer> {
  yield * Readable.from(toldOf(source)).pipe(new spec()) // eslint-disable-line new-cap -- it is Node's name
}

async function * toldOf (source: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
  for await (const event of source) {
    if (!((event.type === 'test:pass' || event.type === 'test:start') && event.data.nesting > 0)) yield event
  }
}
