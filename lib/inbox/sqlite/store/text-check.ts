// Only SQLite: it has no regular expressions. PostgreSQL's server looks for a text by one (postgres/text-pattern.ts).
import { ESCAPES, mayBeInNumber, OTHER_NUMBER } from '../../sql/json-writing.ts'
import { DAMAGED } from '../../sql/rows.ts'

const NUMBER = new RegExp(OTHER_NUMBER)

/**
 * Says of an event's id, name, conversation and body, as they are written, whether the text may be in it. Whether it is, only matcherOf
 * says: but parsing a body takes longer than all the rest of a search.
 */
export function textCheckOf (text: string): (written: string) => boolean {
  const wanted = small(text)
  if (small(DAMAGED).includes(wanted)) return () => true // may be said of any body
  // What no JSON has to escape is written by its number, or as it is.
  const escape = Array.from(wanted).some((character) => character in ESCAPES) ? '\\' : '\\u'
  const isOfNumber = mayBeInNumber(wanted)
  return (written) => small(written).includes(wanted) || written.includes(escape) || (isOfNumber && NUMBER.test(written))
}

/** Which of the two small letters a Σ has depends on what is around it. */
function small (text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ')
}
