import assert from 'node:assert/strict'

/**
 * Fails unless a value is like the expected one as far as that goes: of objects, only the fields that the expected one has are compared.
 * `Date` stands for any date, and `{ 0: first }` for a list that begins so.
 */
export function match (actual: unknown, expected: unknown): void {
  assert.deepEqual(comparable(actual, expected), expected)
}

function comparable (actual: unknown, expected: unknown): unknown {
  if (expected === Date) return actual instanceof Date ? Date : actual
  if (Array.isArray(actual) && Array.isArray(expected)) return actual.map((item: unknown, i) => i < expected.length ? comparable(item, expected[i]) : item)
  if (!isPlain(expected) || typeof actual !== 'object' || actual === null) return actual
  return Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, comparable(Reflect.get(actual, name), value)]))
}

function isPlain (value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
